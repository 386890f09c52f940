//! The value of a wide step, in the order of its formula, on slices of any scalar.
//!
//! A kernel sees the columns as slices and operands as a start and a layout; it knows no tape and no handle.

use crate::op::{Binary, Leaf, Op, Structural};
use crate::real::Scalar;
use crate::run::{Attr, Layouts, Wide};
use crate::shape::{Layout, Shape};
use crate::tensor::Tensor;
use crate::{elementwise, linear, moves, reduce};

/// Computes the run of a wide step from the values before it.
pub fn value<S: Scalar>(wide: &Wide, layouts: &Layouts, before: &[S], run: &mut [S]) {
    if S::HAS_TANGENT && wide.operands.iter().any(|operand| operand.is_cut()) {
        return detached(wide, layouts, before, run);
    }
    let operand = |i: usize| Tensor::of(before, wide.operands[i], layouts);
    compute(wide, layouts.get(wide.layout).shape(), operand, run);
}

/// As [`value`], with copies of the cut operands that stand still.
fn detached<S: Scalar>(wide: &Wide, layouts: &Layouts, before: &[S], run: &mut [S]) {
    let copies: Vec<(Vec<S>, Layout)> = wide
        .operands
        .iter()
        .map(|&view| {
            let tensor = Tensor::of(before, view, layouts);
            let elements = tensor.elements().map(|x| if view.is_cut() { x.detached() } else { x });
            (elements.collect(), Layout::contiguous(tensor.layout.shape().clone()))
        })
        .collect();
    let operand = |i: usize| Tensor { data: &copies[i].0, start: 0, layout: &copies[i].1 };
    compute(wide, layouts.get(wide.layout).shape(), operand, run);
}

fn compute<'a, S: Scalar>(wide: &Wide, shape: &Shape, operand: impl Fn(usize) -> Tensor<'a, S>, run: &mut [S]) {
    match wide.op {
        // A leaf block holds what it was given.
        Op::Leaf(Leaf::Input | Leaf::Param | Leaf::Data | Leaf::Const) => {}
        Op::Unary(op) => elementwise::map(op, operand(0), run),
        Op::Binary(op) => elementwise::zip(op, operand(0), operand(1), shape, run),
        Op::Structural(op) => match op {
            Structural::Affine => linear::affine(operand(0), operand(1), operand(2), shape, run),
            Structural::MatMul => linear::matmul(operand(0), operand(1), shape, run),
            Structural::Sum => reduce::sum(operand(0), axes(wide), run),
            Structural::Max => reduce::extremum(Binary::Max, operand(0), axes(wide), run),
            Structural::Min => reduce::extremum(Binary::Min, operand(0), axes(wide), run),
            Structural::LogSumExp => reduce::log_sum_exp(operand(0), axes(wide), run),
            Structural::CumSum => reduce::cumulative(operand(0), axes(wide)[0], false, run),
            Structural::CumSumBack => reduce::cumulative(operand(0), axes(wide)[0], true, run),
            Structural::Concat => {
                let mut before = 0;
                for i in 0..wide.operands.len() {
                    let part = operand(i);
                    let (start, place) = moves::part(shape, axes(wide)[0] as usize, before, part.layout.shape());
                    before += part.layout.dims()[axes(wide)[0] as usize];
                    for (element, offset) in part.elements().zip(place.offsets()) {
                        run[start + offset] = element;
                    }
                }
            }
            Structural::Stack => {
                let each = run.len() / wide.operands.len();
                for (i, part) in run.chunks_exact_mut(each).enumerate() {
                    moves::copy(operand(i), part);
                }
            }
            Structural::Contiguous => moves::copy(operand(0), run),
            Structural::Gather => moves::gather(operand(0), index(wide), run),
            Structural::ScatterAdd => moves::scatter_add(operand(0), index(wide), run),
            Structural::Select => elementwise::select(operand(0), operand(1), operand(2), shape, run),
        },
    }
}

pub fn axes(wide: &Wide) -> &[u8] {
    match &wide.attr {
        Attr::Axes(axes) => axes,
        other => unreachable!("{} has axes, not {other:?}", wide.op),
    }
}

pub fn index(wide: &Wide) -> &[u32] {
    match &wide.attr {
        Attr::Index(index) => index,
        other => unreachable!("{} has an index, not {other:?}", wide.op),
    }
}
