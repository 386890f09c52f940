//! Which number of the one side is which of the other, by path; and where the two are not the same
//! structure.

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use super::pairs::Pairs;
use crate::reference::{Quantity, Reference};
use crate::trace::{Adjoint, Label, Precision, Slot, Trace, TraceOperand};

/// Outputs that are named before the rest is counted.
const SHOWN: usize = 4;

/// A difference in what was recorded, not in its numbers. It displays as a line.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Structure {
    /// One computed in `f32`, the other in `f64`.
    Precision {
        /// Of the trace.
        ours: Precision,
        /// Of the other.
        theirs: Precision,
    },
    /// Other numbers were differentiated, or with other cotangents.
    Outputs {
        /// Of the trace.
        ours: String,
        /// Of the other.
        theirs: String,
    },
    /// A node, or a path of a reference, that the trace does not have.
    Missing {
        /// Its path.
        path: String,
        /// Its op; nothing for a row of a reference.
        op: String,
    },
    /// A node that only the trace has.
    Extra {
        /// Its path.
        path: String,
        /// Its op.
        op: String,
    },
    /// The same path, another op.
    Op {
        /// The path.
        path: String,
        /// Of the trace.
        ours: String,
        /// Of the other.
        theirs: String,
    },
    /// The same path, another shape; for a reference, another number of numbers.
    Shape {
        /// The path.
        path: String,
        /// Of the trace.
        ours: Vec<usize>,
        /// Of the other.
        theirs: Vec<usize>,
    },
    /// A comparison that the program branched on came out differently, or is another one.
    Guard {
        /// Its number, from 0.
        guard: usize,
        /// Of the trace: `x > 1 is true`; nothing if it made fewer comparisons.
        ours: String,
        /// Of the other.
        theirs: String,
    },
    /// The same path and op, another operand, axis or position.
    Operands {
        /// The path.
        path: String,
        /// Of the trace.
        ours: String,
        /// Of the other.
        theirs: String,
    },
}

impl Structure {
    /// The path of the node that it is about; empty if it is about the whole.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Structure::Precision { .. } | Structure::Outputs { .. } | Structure::Guard { .. } => "",
            Structure::Missing { path, .. }
            | Structure::Extra { path, .. }
            | Structure::Op { path, .. }
            | Structure::Shape { path, .. }
            | Structure::Operands { path, .. } => path,
        }
    }
}

impl fmt::Display for Structure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let precision = |p: &Precision| if *p == Precision::F32 { "f32" } else { "f64" };
        match self {
            Structure::Precision { ours, theirs } => {
                write!(f, "precision: {} here, {} there", precision(ours), precision(theirs))
            }
            Structure::Guard { guard, ours, theirs } => {
                write!(f, "guard {guard}: {ours} here, {theirs} there")
            }
            Structure::Outputs { ours, theirs } => {
                write!(f, "differentiated: {ours} here, {theirs} there")
            }
            Structure::Missing { path, op } if op.is_empty() => write!(f, "{path}: only there"),
            Structure::Missing { path, op } => write!(f, "{path} ({op}): only there"),
            Structure::Extra { path, op } => write!(f, "{path} ({op}): only here"),
            Structure::Op { path, ours, theirs } => {
                write!(f, "{path}: {ours} here, {theirs} there")
            }
            Structure::Shape { path, ours, theirs } => {
                write!(f, "{path}: shape {ours:?} here, {theirs:?} there")?;
                let reversed = ours.len() > 1 && ours.iter().rev().eq(theirs) && ours != theirs;
                if reversed { f.write_str(": transposed?") } else { Ok(()) }
            }
            Structure::Operands { path, ours, theirs } => {
                write!(f, "{path}: reads {ours} here, {theirs} there")
            }
        }
    }
}

/// What the other side says of each slot of the trace.
#[derive(Debug)]
pub(super) struct Aligned {
    pub(super) values: Vec<Option<f64>>,
    pub(super) adjoints: Vec<Option<Adjoint>>,
    /// The slots of which the other side states a delta.
    pub(super) deltas: BTreeSet<usize>,
    pub(super) structure: Vec<Structure>,
}

impl Aligned {
    fn new(ours: &Trace) -> Self {
        Aligned {
            values: vec![None; ours.len()],
            adjoints: vec![None; ours.len()],
            deltas: BTreeSet::new(),
            structure: Vec::new(),
        }
    }

    pub(super) fn with_reference(ours: &Trace, theirs: &Reference) -> Self {
        let mut aligned = Aligned::new(ours);
        for row in theirs.rows() {
            let Some(part) = ours.find(&row.path) else {
                // Once, of a path with a value and an adjoint.
                let missing = Structure::Missing { path: row.path.clone(), op: String::new() };
                if aligned.structure.last() != Some(&missing) {
                    aligned.structure.push(missing);
                }
                continue;
            };
            if part.slots().len() != row.numbers.len() {
                let (path, ours) = (row.path.clone(), part.shape().to_vec());
                aligned.structure.push(Structure::Shape {
                    path,
                    ours,
                    theirs: vec![row.numbers.len()],
                });
                continue;
            }
            for (slot, number) in part.slots().iter().map(|slot| slot.index()).zip(&row.numbers) {
                match row.quantity {
                    Quantity::Value => aligned.values[slot] = number.number(),
                    Quantity::Adjoint => aligned.adjoints[slot] = Some(number.clone()),
                    Quantity::Delta => {
                        aligned.adjoints[slot] = Some(number.delta());
                        aligned.deltas.insert(slot);
                    }
                }
            }
        }
        aligned
    }

    pub(super) fn with_trace(ours: &Trace, theirs: &Trace) -> Self {
        let mut aligned = Aligned::new(ours);
        aligned.whole(ours, theirs);
        let pairs = Pairs::new(ours, theirs);
        let mut parts: HashMap<&str, Option<Vec<Slot>>> = HashMap::new();
        let mut met = vec![false; theirs.len()];
        for slot in ours.slots() {
            let (label, spot) = (ours.label_of(slot), ours.spot(slot));
            let part = parts.entry(label.path).or_insert_with(|| {
                let (shape, slots) = match pairs.ours[spot.node] {
                    // A node that nobody named, under whatever path its like has.
                    Some(like) if !label.named => (
                        theirs.nodes()[like].shape.clone(),
                        theirs.slots_of(like).collect::<Vec<Slot>>(),
                    ),
                    None if !label.named => return None,
                    _ => {
                        let part = theirs.find(label.path)?;
                        (part.shape().to_vec(), part.slots().to_vec())
                    }
                };
                slots.iter().for_each(|slot| met[slot.index()] = true);
                if shape == label.shape {
                    return Some(slots);
                }
                let (path, ours) = (label.path.to_owned(), label.shape.to_vec());
                aligned.structure.push(Structure::Shape { path, ours, theirs: shape });
                None
            });
            let Some(other) = part.as_ref().map(|slots| slots[label.position]) else { continue };
            aligned.values[slot.index()] = Some(theirs.value(other));
            aligned.adjoints[slot.index()] = Some(theirs.adjoint(other).clone());
        }
        aligned.nodes(ours, theirs, &pairs, &met);
        aligned
    }

    /// What is said of the traces as a whole.
    fn whole(&mut self, ours: &Trace, theirs: &Trace) {
        if ours.precision() != theirs.precision() {
            self.structure
                .push(Structure::Precision { ours: ours.precision(), theirs: theirs.precision() });
        }
        let text = |trace: &Trace| -> String {
            let output = |output: &crate::trace::Output| {
                let label = trace.label(trace.at(output.of));
                if output.cotangent == 1.0 {
                    label
                } else {
                    format!("{} · {label}", output.cotangent)
                }
            };
            let mut texts: Vec<String> = trace.outputs().iter().map(output).collect();
            if texts.len() > SHOWN {
                // Two that differ further on have other numbers.
                let rest = texts.split_off(SHOWN);
                texts.push(format!("{} more", rest.len()));
            }
            if texts.is_empty() { "nothing".to_owned() } else { texts.join(" + ") }
        };
        let (a, b) = (text(ours), text(theirs));
        if a != b {
            self.structure.push(Structure::Outputs { ours: a, theirs: b });
        }
        // The first that differs: what the program did after it is another story.
        let guard = |trace: &Trace, i: usize| -> String {
            let Some(guard) = trace.guards().get(i) else { return "no comparison".to_owned() };
            let side = |spot| {
                let slot = trace.at(spot);
                let constant = trace.nodes()[spot.node].op == "const";
                if constant { trace.value(slot).to_string() } else { trace.label(slot) }
            };
            format!(
                "{} {} {} is {}",
                side(guard.left),
                guard.comparison,
                side(guard.right),
                guard.outcome
            )
        };
        let guards = 0..ours.guards().len().max(theirs.guards().len());
        let texts = guards.map(|i| (i, guard(ours, i), guard(theirs, i)));
        let differs = texts.into_iter().find(|(_, a, b)| a != b);
        self.structure.extend(differs.map(|(guard, ours, theirs)| Structure::Guard {
            guard,
            ours,
            theirs,
        }));
    }

    /// Nodes that one side lacks, and pairs that are not alike.
    fn nodes(&mut self, ours: &Trace, theirs: &Trace, pairs: &Pairs, met: &[bool]) {
        for (i, node) in ours.nodes().iter().enumerate() {
            let path = node.path.clone();
            let Some(j) = pairs.ours[i] else {
                if ours.slots_of(i).all(|slot| self.values[slot.index()].is_none())
                    && !self.has_shape(&path)
                {
                    self.structure.push(Structure::Extra { path, op: node.op.clone() });
                }
                continue;
            };
            let other = &theirs.nodes()[j];
            if node.op != other.op {
                self.structure.push(Structure::Op {
                    path,
                    ours: node.op.clone(),
                    theirs: other.op.clone(),
                });
                continue;
            }
            if node.shape != other.shape {
                if !self.has_shape(&path) {
                    self.structure.push(Structure::Shape {
                        path,
                        ours: node.shape.clone(),
                        theirs: other.shape.clone(),
                    });
                }
                continue;
            }
            // Most pairs read the same, and need no words for it.
            let same = |operand: &TraceOperand| {
                let read = operand.elements.first.node;
                pairs.ours[read] == Some(read)
            };
            if node.operands == other.operands
                && (&node.axes, &node.positions) == (&other.axes, &other.positions)
                && node.operands.iter().all(same)
            {
                continue;
            }
            let own = |node: usize| (ours, node);
            // What the trace has too is called as it is there: a constant by the trace's number,
            // since numbers are compared as such.
            let like = |node: usize| pairs.theirs[node].map_or((theirs, node), own);
            let (ours, theirs) = (reads(ours, i, &own), reads(theirs, j, &like));
            if ours != theirs {
                self.structure.push(Structure::Operands { path, ours, theirs });
            }
        }
        for (j, node) in theirs.nodes().iter().enumerate() {
            if pairs.theirs[j].is_none() && theirs.slots_of(j).all(|slot| !met[slot.index()]) {
                self.structure
                    .push(Structure::Missing { path: node.path.clone(), op: node.op.clone() });
            }
        }
    }

    fn has_shape(&self, path: &str) -> bool {
        self.structure
            .iter()
            .any(|of| matches!(of, Structure::Shape { path: known, .. } if known == path))
    }
}

/// In which trace, and as which node of it, a node is named.
type Called<'a> = &'a dyn Fn(usize) -> (&'a Trace, usize);

/// What a node reads, as a reader calls it: `bias, w, x`; with axes or positions if it has some.
fn reads(trace: &Trace, node: usize, called: Called<'_>) -> String {
    let node = &trace.nodes()[node];
    let mut texts: Vec<String> =
        node.operands.iter().map(|operand| operand_text(trace, operand, called)).collect();
    if !node.axes.is_empty() {
        texts.push(format!("axes {:?}", node.axes));
    }
    if !node.positions.is_empty() {
        texts.push(format!("positions {:?}", node.positions));
    }
    if texts.is_empty() { "nothing".to_owned() } else { texts.join(", ") }
}

fn operand_text(trace: &Trace, operand: &TraceOperand, called: Called<'_>) -> String {
    let elements = &operand.elements;
    let label = trace.label_of(trace.at(elements.first));
    let node = &trace.nodes()[elements.first.node];
    let (of, like) = called(elements.first.node);
    let like = &of.nodes()[like];
    let path = if label.named { label.path } else { &like.path };
    // A constant is known by its number: how many were recorded before it does not matter.
    let text = if node.op == "const" && elements.shape.is_empty() && like.shape == node.shape {
        like.values[elements.first.position].to_string()
    } else if elements.shape == label.shape
        && label.position == 0
        && whole(trace, operand, label.path)
    {
        path.to_owned()
    } else if elements.shape.is_empty() {
        Label { path, ..label }.text()
    } else {
        format!("{:?} from {} on", elements.shape, Label { path, ..label }.text())
    };
    // What constants and data are need not be said.
    let detached = operand.cut && !matches!(node.op.as_str(), "const" | "data");
    if detached { format!("detached {text}") } else { text }
}

/// Whether an operand is all of what a path names, in its order.
fn whole(trace: &Trace, operand: &TraceOperand, path: &str) -> bool {
    let read = trace.resolve(&operand.elements);
    trace
        .find(path)
        .is_some_and(|part| part.slots().iter().map(|slot: &Slot| slot.index()).eq(read.slots()))
}
