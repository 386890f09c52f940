//! A node's values at other operands, computed by the core.

use wengert::{Error, Leaf, Op, Scalar, Structural, Tape, Var};

use crate::trace::{Precision, Trace, known_op};

/// Evaluates nodes one at a time, on a tape that is emptied in between.
#[derive(Debug, Default)]
pub(super) struct Evaluator {
    double: Tape<f64>,
    single: Tape<f32>,
}

impl Evaluator {
    /// The values of a node from those that the trace holds of its operands; `None` for a leaf and an op that this version cannot
    /// evaluate.
    pub(super) fn evaluate(&mut self, trace: &Trace, node: usize) -> Option<Vec<f64>> {
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
        let numbers: Vec<S> = trace.slots_read(operand).map(|slot| S::from_f64(trace.value(slot))).collect();
        operands.push(tape.tensor(Leaf::Input, &numbers, operand.elements.shape.as_slice()).ok()?);
    }
    let result = match (op, operands.as_slice()) {
        (Op::Unary(op), &[x]) => x.try_unary(op),
        (Op::Binary(op), &[x, y]) => x.try_binary(op, y),
        (Op::Structural(op), operands) => structural(tape, op, operands, &node.axes, &node.positions, &node.shape)?,
        _ => return None,
    };
    let values = result.ok()?.values();
    (values.len() == node.values.len()).then(|| values.into_iter().map(Scalar::to_f64).collect())
}

fn structural<'t, S: Scalar>(
    tape: &'t Tape<S>,
    op: Structural,
    operands: &[Var<'t, S>],
    axes: &[usize],
    positions: &[usize],
    shape: &[usize],
) -> Option<Result<Var<'t, S>, Error>> {
    Some(match (op, operands) {
        (Structural::Affine, &[bias, w, x]) => Var::try_affine(bias, w, x),
        (Structural::MatMul, &[a, b]) => a.try_matmul(b),
        (Structural::Sum, &[x]) => x.try_sum_axes(axes),
        (Structural::Max, &[x]) => x.try_max_axes(axes),
        (Structural::Min, &[x]) => x.try_min_axes(axes),
        (Structural::LogSumExp, &[x]) => x.try_log_sum_exp(axes),
        (Structural::CumSum, &[x]) => x.try_cumsum(*axes.first()?),
        (Structural::Concat, parts) => tape.try_concat(*axes.first()?, parts),
        (Structural::Stack, parts) => tape.try_stack(parts),
        (Structural::Contiguous, &[x]) => Ok(x),
        (Structural::Gather, &[x]) => x.try_gather(positions),
        (Structural::ScatterAdd, &[x]) => x.try_scatter_add(positions, shape),
        (Structural::Select, &[cond, a, b]) => cond.try_select(a, b),
        _ => return None,
    })
}
