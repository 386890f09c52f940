//! What is drawn: a box for every node or named part of a leaf block, a wire for every read.

use std::collections::HashMap;

use petgraph::visit::EdgeRef;

use crate::digits::Digits;
use crate::trace::{Adjoint, Slot, Trace};

/// A node, or a named part of a leaf block.
#[derive(Debug)]
pub(crate) struct Vertex {
    pub(crate) node: usize,
    pub(crate) path: String,
    /// The scope that it stands in, and within a layer the neuron: `hidden/0` for the path
    /// `hidden/0.z`.
    pub(crate) scope: String,
    /// What is left of the path within that scope: `z`.
    pub(crate) name: String,
    pub(crate) slots: Vec<Slot>,
    /// The nodes that this one box stands for, if they were left out; 0 for a box that is itself.
    pub(crate) holds: usize,
    /// The op, with the constants that are not drawn: `mul(_, 0.5)`.
    pub(crate) formula: String,
    /// The same as on paper, `½ Σ error²`, where there is a form and it is short.
    pub(crate) on_paper: Option<String>,
}

/// What one box reads of another.
#[derive(Debug)]
pub(crate) struct Wire {
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// Whether derivatives stop on every one of the reads.
    pub(crate) cut: bool,
    /// The local partials, one for each read of a single number; `None` if there is a read of
    /// several.
    pub(crate) partials: Option<Vec<f64>>,
}

/// The boxes of a trace in its order, and the wires between them.
#[derive(Debug)]
pub(crate) struct Boxes {
    pub(crate) vertices: Vec<Vertex>,
    pub(crate) wires: Vec<Wire>,
    /// The vertex that a slot belongs to, if it is drawn.
    pub(crate) of_slot: Vec<Option<usize>>,
}

/// The scope of what does not lead to what is differentiated.
pub(crate) const AFTER: &str = "after the loss";

impl Boxes {
    /// Constants without a name are drawn only if asked for; else they stand in their readers'
    /// formula.
    pub(crate) fn of(trace: &Trace, constants: bool) -> Self {
        let mut boxes =
            Boxes { vertices: Vec::new(), wires: Vec::new(), of_slot: vec![None; trace.len()] };
        for index in
            (0..trace.nodes().len()).filter(|&index| constants || !is_plain_constant(trace, index))
        {
            boxes.add(trace, index, constants);
        }
        boxes.set_aside(trace);
        boxes.wire(trace);
        super::paper::write(trace, &mut boxes);
        boxes
    }

    /// What was recorded after all that is differentiated, an optimiser's steps for instance, is a
    /// scope of its own, unless it has one or is little.
    fn set_aside(&mut self, trace: &Trace) {
        const LITTLE: usize = 3;
        let Some(last) = trace.outputs().iter().map(|output| output.of.node).max() else { return };
        let after = |vertex: &Vertex| {
            vertex.node > last
                && vertex.scope.is_empty()
                && !trace.nodes()[vertex.node].operands.is_empty()
        };
        if self.vertices.iter().filter(|vertex| after(vertex)).count() <= LITTLE {
            return;
        }
        for vertex in self.vertices.iter_mut().filter(|vertex| after(vertex)) {
            vertex.scope = AFTER.to_owned();
        }
    }

    /// A node as one box, or a leaf block as a box for each named part and one for the rest.
    fn add(&mut self, trace: &Trace, index: usize, constants: bool) {
        let node = &trace.nodes()[index];
        let mut known: HashMap<&str, usize> = HashMap::new();
        for slot in trace.slots_of(index) {
            let label = trace.label_of(slot);
            let whole = !node.operands.is_empty() || label.path == node.path;
            let path = if whole { &node.path } else { label.path };
            let vertex = *known.entry(path).or_insert_with(|| {
                let shape = if whole { node.shape.as_slice() } else { label.shape };
                let formula = formula(trace, index, shape, constants);
                let scope = if whole {
                    &node.scope
                } else {
                    path.rsplit_once('/').map_or("", |(scope, _)| scope)
                };
                let (scope, name) = split(scope, path);
                let path = path.to_owned();
                self.vertices.push(Vertex {
                    node: index,
                    path,
                    scope,
                    name,
                    slots: Vec::new(),
                    holds: 0,
                    formula,
                    on_paper: None,
                });
                self.vertices.len() - 1
            });
            self.vertices[vertex].slots.push(slot);
            self.of_slot[slot.index()] = Some(vertex);
        }
    }

    fn wire(&mut self, trace: &Trace) {
        let graph = trace.graph();
        // In the order of readers and of their operands, which matters where a reader is not
        // symmetric.
        let mut found: HashMap<(usize, usize), usize> = HashMap::new();
        for edge in graph.edge_references() {
            let (from, to, reads) = (graph[edge.source()], graph[edge.target()], edge.weight());
            let Some(to_vertex) = self.of_slot[trace.start(to)] else { continue };
            let slots = trace.slots_read(&trace.nodes()[to].operands[reads.operand]);
            let mut sources: Vec<usize> = slots
                .filter(|&slot| trace.spot(slot).node == from)
                .filter_map(|slot| self.of_slot[slot.index()])
                .collect();
            sources.sort_unstable();
            sources.dedup();
            for source in sources {
                let at = *found.entry((source, to_vertex)).or_insert_with(|| {
                    self.wires.push(Wire {
                        from: source,
                        to: to_vertex,
                        cut: true,
                        partials: Some(Vec::new()),
                    });
                    self.wires.len() - 1
                });
                let wire = &mut self.wires[at];
                wire.cut &= reads.cut;
                match (&mut wire.partials, reads.partial) {
                    (Some(partials), Some(partial)) => partials.push(partial),
                    // A cut read has no partial, and takes none away.
                    (_, None) if reads.cut => {}
                    (partials, _) => *partials = None,
                }
            }
        }
    }
}

impl Vertex {
    /// Whether it is a named part of a block of leaves.
    pub(crate) fn is_part(&self, trace: &Trace) -> bool {
        trace.nodes()[self.node].path != self.path
    }

    /// What a reader knows it by: its name, or if it has none what it is on paper.
    pub(crate) fn known_as(&self, trace: &Trace) -> &str {
        let named = trace.nodes()[self.node].named || self.is_part(trace);
        match &self.on_paper {
            Some(formula) if !named && self.holds == 0 => formula,
            _ => &self.name,
        }
    }

    /// What a pointer over the box is told.
    pub(crate) fn tip(&self) -> String {
        format!("{}: {}", self.path, self.formula)
    }

    /// How the vertex is styled: what its numbers are to a reader.
    pub(crate) fn kind(&self, trace: &Trace) -> &'static str {
        let node = &trace.nodes()[self.node];
        if trace.outputs().iter().any(|output| output.of.node == self.node) {
            return "output";
        }
        match node.op.as_str() {
            "param" => "param",
            "input" | "data" | "const" => "data",
            _ => "op",
        }
    }

    /// The values, the first few of a run.
    pub(crate) fn values(&self, trace: &Trace, digits: usize) -> String {
        few(&self.slots, |slot| Digits::new(trace.value(slot)).significant(digits).to_string())
    }

    /// The adjoints, the first few of a run; an answer that all elements share is given once.
    pub(crate) fn adjoints(&self, trace: &Trace, digits: usize) -> String {
        self.derivatives(trace, digits, |adjoint| adjoint.clone())
    }

    /// The deltas, as the adjoints.
    pub(crate) fn deltas(&self, trace: &Trace, digits: usize) -> String {
        self.derivatives(trace, digits, Adjoint::delta)
    }

    fn derivatives(
        &self,
        trace: &Trace,
        digits: usize,
        shown: impl Fn(&Adjoint) -> Adjoint,
    ) -> String {
        let text = |slot: Slot| match shown(trace.adjoint(slot)) {
            Adjoint::Computed(number) => Digits::new(number).significant(digits).to_string(),
            other => other.to_string(),
        };
        let first = text(self.slots[0]);
        let words = trace.adjoint(self.slots[0]).number().is_none_or(|number| number == 0.0);
        if words && self.slots.iter().all(|&slot| text(slot) == first) {
            first
        } else {
            few(&self.slots, text)
        }
    }
}

impl Wire {
    /// The local partial; of several reads the sum that they are, as a formula.
    pub(crate) fn label(&self, digits: usize) -> Option<String> {
        const TERMS: usize = 3;
        let partials = self.partials.as_deref().filter(|partials| !partials.is_empty())?;
        if partials.len() > TERMS {
            return Some(format!("{} partials", partials.len()));
        }
        let text = |&partial: &f64| Digits::new(partial).significant(digits).to_string();
        let mut label = text(&partials[0]);
        for partial in &partials[1..] {
            match text(partial).strip_prefix('-') {
                Some(size) => label += &format!(" - {size}"),
                None => label += &format!(" + {}", text(partial)),
            }
        }
        Some(label)
    }
}

/// A path's scope and its name in it; the number of a neuron before a point is one more scope.
fn split(scope: &str, path: &str) -> (String, String) {
    let name = if scope.is_empty() {
        path
    } else {
        path.strip_prefix(scope).unwrap_or(path).trim_start_matches('/')
    };
    match name.split_once('.') {
        Some((neuron, name))
            if !neuron.is_empty() && neuron.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            let scope =
                if scope.is_empty() { neuron.to_owned() } else { format!("{scope}/{neuron}") };
            (scope, name.to_owned())
        }
        _ => (scope.to_owned(), name.to_owned()),
    }
}

fn is_plain_constant(trace: &Trace, index: usize) -> bool {
    let node = &trace.nodes()[index];
    node.op == "const" && !node.named && node.shape.is_empty()
}

/// `mul(_, 2)` where an operand is a constant that is not drawn, else the op alone; with the shape
/// of a run.
fn formula(trace: &Trace, index: usize, shape: &[usize], constants: bool) -> String {
    let node = &trace.nodes()[index];
    let constant = |operand: &crate::trace::TraceOperand| {
        let first = operand.elements.first;
        (!constants && is_plain_constant(trace, first.node)).then(|| trace.value(trace.at(first)))
    };
    let mut formula = node.op.clone();
    if node.operands.iter().any(|operand| constant(operand).is_some()) {
        let text = |operand| {
            constant(operand).map_or("_".to_owned(), |value| Digits::new(value).to_string())
        };
        let operands: Vec<String> = node.operands.iter().map(text).collect();
        formula = format!("{formula}({})", operands.join(", "));
    }
    if !shape.is_empty() {
        formula += &format!(" {shape:?}");
    }
    formula
}

/// The first few of some slots, as many as stay short, and how many more there are.
fn few(slots: &[Slot], text: impl Fn(Slot) -> String) -> String {
    const FEW: usize = 3;
    const SHORT: usize = 26;
    /// With what is said of the others.
    const WHOLE: usize = 36;
    let mut shown = text(slots[0]);
    let mut count = 1;
    while count < slots.len().min(FEW) {
        let next = text(slots[count]);
        let both = shown.chars().count() + next.chars().count();
        let others = match slots.len() - count - 1 {
            0 => 0,
            more => format!(", +{more} more").len(),
        };
        if both > SHORT || both + 2 + others > WHOLE {
            break;
        }
        shown += &format!(", {next}");
        count += 1;
    }
    match slots.len() - count {
        0 => shown,
        more => format!("{shown}, +{more} more"),
    }
}
