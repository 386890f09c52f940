//! The graph in Graphviz's language.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use petgraph::visit::EdgeRef;

use crate::digits::Digits;
use crate::trace::{Slot, Trace, TraceNode};

/// The trace as DOT: a box for every node with its path and op, grouped by scope, an arrow from each operand to its reader.
///
/// Node ids are slots (`v10`), as in listings. Nodes are declared at top level and clusters only list their ids, so that readers that
/// know no clusters see every node. Constants are hidden by default and stand in their readers' formula instead. A block of leaves
/// whose parts have names is drawn as its parts.
///
/// # Examples
///
/// ```
/// use wengert_inspect::{Dot, Trace};
///
/// let tape = wengert::Tape::new();
/// let x = tape.input(3.0).named("x");
/// let y = {
///     let _scope = tape.scope("model");
///     (x * 2.0).named("y")
/// };
/// let trace = Trace::of(&y.backward())?;
/// assert_eq!(Dot::new(&trace).partials(true).to_string(), r#"digraph trace {
///   rankdir=LR;
///   node [shape=box, fontname="monospace"];
///   v0 [label="x\ninput"];
///   v2 [label="model/y\nmul(_, 2)"];
///   v0 -> v2 [label="2"];
///   subgraph cluster_0 {
///     label="model";
///     v2;
///   }
/// }
/// "#);
/// # Ok::<(), wengert_inspect::Stale>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Dot<'a> {
    trace: &'a Trace,
    constants: bool,
    values: bool,
    adjoints: bool,
    partials: bool,
}

impl<'a> Dot<'a> {
    /// Paths and ops only.
    #[must_use]
    pub fn new(trace: &'a Trace) -> Self {
        Dot { trace, constants: false, values: false, adjoints: false, partials: false }
    }

    /// Shows constants as nodes of their own.
    #[must_use]
    pub fn constants(mut self, show: bool) -> Self {
        self.constants = show;
        self
    }

    /// Shows values; of a run its first few.
    #[must_use]
    pub fn values(mut self, show: bool) -> Self {
        self.values = show;
        self
    }

    /// Shows adjoints; of a run its first few.
    #[must_use]
    pub fn adjoints(mut self, show: bool) -> Self {
        self.adjoints = show;
        self
    }

    /// Shows the local partial on each arrow between single numbers.
    #[must_use]
    pub fn partials(mut self, show: bool) -> Self {
        self.partials = show;
        self
    }

    fn hidden(&self, node: usize) -> bool {
        let node = &self.trace.nodes()[node];
        !self.constants && node.op == "const" && !node.named && node.shape.is_empty()
    }

    fn label(&self, part: &Vertex<'_>) -> String {
        let numbers = |text: &dyn Fn(Slot) -> String| few(&part.slots, text);
        let mut lines = vec![part.path.to_owned(), self.formula(&self.trace.nodes()[part.node], part.shape)];
        if self.values {
            lines.push(format!("value {}", numbers(&|slot| Digits::new(self.trace.value(slot)).to_string())));
        }
        if self.adjoints && self.trace.nodes()[part.node].adjoints.is_empty() {
            lines.push("adjoint not computed".to_owned());
        } else if self.adjoints {
            lines.push(format!("adjoint {}", numbers(&|slot| self.trace.adjoint(slot).to_string())));
        }
        lines.join("\n")
    }

    /// A node as one box, or a leaf block as a box for each named part and one for the rest.
    fn boxes(&self, index: usize) -> Vec<Vertex<'a>> {
        let node = &self.trace.nodes()[index];
        let mut boxes: Vec<Vertex<'a>> = Vec::new();
        for slot in self.trace.slots_of(index) {
            let label = self.trace.label_of(slot);
            let whole = !node.operands.is_empty() || label.path == node.path;
            let path = if whole { &node.path } else { label.path };
            if let Some(known) = boxes.iter_mut().find(|known| known.path == path) {
                known.slots.push(slot);
                continue;
            }
            let scope = if whole { node.scope.as_str() } else { path.rsplit_once('/').map_or("", |(scope, _)| scope) };
            let shape = if whole { node.shape.as_slice() } else { label.shape };
            boxes.push(Vertex { node: index, path, scope, shape, slots: vec![slot] });
        }
        boxes
    }
    /// `mul(_, 2)` where an operand is a hidden constant, else the op alone; with the shape of a run.
    fn formula(&self, node: &TraceNode, shape: &[usize]) -> String {
        let constant = |operand: &crate::trace::TraceOperand| {
            let first = operand.elements.first;
            let scalar = operand.elements.shape.is_empty() && self.hidden(first.node);
            scalar.then(|| Digits::new(self.trace.nodes()[first.node].values[first.position]).to_string())
        };
        let constants: Vec<Option<String>> = node.operands.iter().map(constant).collect();
        let mut formula = node.op.clone();
        if constants.iter().any(Option::is_some) {
            let shown: Vec<String> = constants.into_iter().map(|c| c.unwrap_or_else(|| "_".to_owned())).collect();
            formula += &format!("({})", shown.join(", "));
        }
        if !shape.is_empty() {
            formula += &format!(" {shape:?}");
        }
        formula
    }
}

/// What is drawn as one box, by its first slot: a node, or a named part of a leaf block.
struct Vertex<'a> {
    node: usize,
    path: &'a str,
    scope: &'a str,
    shape: &'a [usize],
    slots: Vec<Slot>,
}

fn few(slots: &[Slot], text: &dyn Fn(Slot) -> String) -> String {
    const FEW: usize = 3;
    let shown: Vec<String> = slots.iter().take(FEW).map(|&slot| text(slot)).collect();
    match slots.len().saturating_sub(FEW) {
        0 => shown.join(", "),
        more => format!("{}, +{more} more", shown.join(", ")),
    }
}

/// A text as a quoted string of DOT.
fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\r', "").replace('\n', "\\n");
    format!("\"{escaped}\"")
}

/// The boxes of a scope and the scopes within.
#[derive(Default)]
struct Cluster<'a> {
    vertices: Vec<Slot>,
    /// In the order of first use.
    scopes: Vec<&'a str>,
    inner: BTreeMap<&'a str, Cluster<'a>>,
}

impl<'a> Cluster<'a> {
    fn add(&mut self, scope: &'a str, slot: Slot) {
        if scope.is_empty() {
            return self.vertices.push(slot);
        }
        let (outer, rest) = scope.split_once('/').unwrap_or((scope, ""));
        if !self.inner.contains_key(outer) {
            self.scopes.push(outer);
        }
        self.inner.entry(outer).or_default().add(rest, slot);
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, depth: usize, next: &mut usize) -> fmt::Result {
        for scope in &self.scopes {
            let pad = "  ".repeat(depth);
            writeln!(f, "{pad}subgraph cluster_{next} {{\n{pad}  label={};", quoted(scope))?;
            *next += 1;
            let cluster = &self.inner[scope];
            for slot in &cluster.vertices {
                writeln!(f, "{pad}  {slot};")?;
            }
            cluster.write(f, depth + 1, next)?;
            writeln!(f, "{pad}}}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Dot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let trace = self.trace;
        writeln!(f, "digraph trace {{\n  rankdir=LR;\n  node [shape=box, fontname=\"monospace\"];")?;
        let mut root = Cluster::default();
        let mut box_of = HashMap::new();
        for index in (0..trace.nodes().len()).filter(|&index| !self.hidden(index)) {
            for part in self.boxes(index) {
                let id = part.slots[0];
                writeln!(f, "  {id} [label={}];", quoted(&self.label(&part)))?;
                root.add(part.scope, id);
                box_of.extend(part.slots.iter().map(|&slot| (slot, id)));
            }
        }
        let graph = trace.graph();
        for edge in graph.edge_references() {
            let (from, to, reads) = (graph[edge.source()], graph[edge.target()], edge.weight());
            if self.hidden(from) {
                continue;
            }
            let mut attributes = Vec::new();
            if let (true, Some(partial)) = (self.partials, reads.partial) {
                attributes.push(format!("label={}", quoted(&Digits::new(partial).to_string())));
            }
            if reads.cut {
                attributes.push("style=dashed".to_owned());
            }
            let attributes =
                if attributes.is_empty() { String::new() } else { format!(" [{}]", attributes.join(", ")) };
            let read = trace.slots_read(&trace.nodes()[to].operands[reads.operand]);
            let mut sources: Vec<Slot> = read
                .filter(|&slot| trace.spot(slot).node == from)
                .filter_map(|slot| box_of.get(&slot).copied())
                .collect();
            sources.sort_unstable();
            sources.dedup();
            for source in sources {
                writeln!(f, "  {source} -> v{}{attributes};", trace.start(to))?;
            }
        }
        root.write(f, 1, &mut 0)?;
        writeln!(f, "}}")
    }
}
