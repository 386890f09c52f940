//! A node's values at other operands, computed by the core.

use wengert::op::{Attributes, Op};
use wengert::{Leaf, Scalar, Tape};

use crate::trace::{Precision, Slot, Trace, TraceOperand, known_op};

/// Numbers, row-major, and their shape.
pub(super) type Array = (Vec<f64>, Vec<usize>);

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
        let node = &trace.nodes()[node];
        let op = known_op(&node.op)?;
        if op.is_leaf() {
            return None;
        }
        let read = |operand: &TraceOperand| -> Array {
            let read = trace.resolve(&operand.elements);
            let values = read.slots().map(|slot| trace.value(Slot(slot))).collect();
            (values, operand.elements.shape.clone())
        };
        let operands: Vec<Array> = node.operands.iter().map(read).collect();
        let (values, _) = self.apply(trace.precision(), op, &operands, node.attributes())?;
        (values.len() == node.values.len()).then_some(values)
    }

    /// An op at operands that are given, in a precision.
    pub(super) fn apply(
        &mut self,
        precision: Precision,
        op: Op,
        operands: &[Array],
        attributes: Attributes,
    ) -> Option<Array> {
        match precision {
            Precision::F64 => {
                self.double.clear();
                on(&self.double, op, operands, attributes)
            }
            Precision::F32 => {
                self.single.clear();
                on(&self.single, op, operands, attributes)
            }
        }
    }
}

fn on<S: Scalar>(
    tape: &Tape<S>,
    op: Op,
    operands: &[Array],
    attributes: Attributes,
) -> Option<Array> {
    let mut vars = Vec::with_capacity(operands.len());
    for (numbers, shape) in operands {
        let numbers: Vec<S> = numbers.iter().map(|&number| S::from_f64(number)).collect();
        vars.push(tape.tensor(Leaf::Input, &numbers, shape.as_slice()).ok()?);
    }
    let result = tape.apply(op, &vars, attributes).ok()?;
    let values = result.values().into_iter().map(|value| value.to_f64()).collect();
    Some((values, result.shape().dims().to_vec()))
}
