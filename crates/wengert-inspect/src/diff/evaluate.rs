//! A node's values at other operands, computed by the core.

use wengert::{Leaf, Scalar, Tape};

use crate::trace::{Precision, Trace, known_op};

/// Evaluates nodes one at a time, on a tape that is emptied in between.
#[derive(Debug, Default)]
pub(crate) struct Evaluator {
    double: Tape<f64>,
    single: Tape<f32>,
}

impl Evaluator {
    /// The values of a node from those that the trace holds of its operands; `None` for a leaf and
    /// an op that this version cannot evaluate.
    pub(crate) fn evaluate(&mut self, trace: &Trace, node: usize) -> Option<Vec<f64>> {
        match trace.precision() {
            Precision::F64 => {
                self.double.clear();
                on(&self.double, trace, node)
            }
            Precision::F32 => {
                self.single.clear();
                on(&self.single, trace, node)
            }
        }
    }
}

fn on<S: Scalar>(tape: &Tape<S>, trace: &Trace, index: usize) -> Option<Vec<f64>> {
    let node = &trace.nodes()[index];
    let op = known_op(&node.op)?;
    let mut operands = Vec::with_capacity(node.operands.len());
    for operand in &node.operands {
        let numbers: Vec<S> =
            trace.slots_read(operand).map(|slot| S::from_f64(trace.value(slot))).collect();
        operands.push(tape.tensor(Leaf::Input, &numbers, operand.elements.shape.as_slice()).ok()?);
    }
    if op.is_leaf() {
        return None;
    }
    let result = tape.apply(op, &operands, node.attributes());
    let values = result.ok()?.values();
    (values.len() == node.values.len())
        .then(|| values.into_iter().map(|value| value.to_f64()).collect())
}
