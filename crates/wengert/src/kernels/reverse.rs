//! What a wide step passes on to the adjoints of its operands.

use super::adjoints::Adjoints;
use super::{Numerics, Tensor, axes, edges, elementwise, fast, linear, reduce};
use crate::op::{Op, Structural};
use crate::real::Scalar;
use crate::run::{Layouts, Wide};

/// Adds the contributions of a step with the adjoints `g`; `values` is the whole column.
pub(crate) fn reverse<S: Scalar>(
    numerics: Numerics,
    wide: &Wide,
    layouts: &Layouts,
    values: &[S],
    g: &[S],
    mut adjoints: Adjoints<'_, S>,
) {
    if wide.op.is_leaf() {
        return;
    }
    let values = &values[..(wide.out + wide.len) as usize];
    if numerics == Numerics::Fast {
        let adjoints = adjoints.borrow();
        if S::on_floats::<fast::Reverse>(fast::ReverseRun { wide, layouts, values, g, adjoints }) {
            return;
        }
    }
    for view in wide.operands.iter().filter(|view| !view.is_cut()) {
        adjoints.touch_view(*view, layouts.get(view.layout()));
    }
    in_order(wide, layouts, values, g, adjoints.column);
}

/// The contributions one by one, in the order in which [`edges`] lists them.
fn in_order<S: Scalar>(wide: &Wide, layouts: &Layouts, values: &[S], g: &[S], adjoints: &mut [S]) {
    let v = &values[wide.out as usize..];
    let operand = |i: usize| (Tensor::of(values, wide.operands[i], layouts), wide.operands[i].is_cut());
    match wide.op {
        Op::Leaf(_) => {}
        Op::Unary(op) => {
            let (x, cut) = operand(0);
            if !cut {
                elementwise::reverse_map(op, x, v, g, adjoints);
            }
        }
        Op::Binary(op) => {
            let shape = layouts.get(wide.layout).shape();
            elementwise::reverse_zip(op, operand(0), operand(1), shape, v, g, adjoints);
        }
        // The two whose Jacobian is best not walked entry by entry.
        Op::Structural(Structural::Affine) if !S::HAS_TANGENT => {
            let shape = layouts.get(wide.layout).shape();
            linear::reverse_affine(operand(0), operand(1), operand(2), shape, g, adjoints);
        }
        Op::Structural(op @ (Structural::CumSum | Structural::CumSumBack)) => {
            let (x, cut) = operand(0);
            if !cut {
                let axis = axes(wide)[0];
                reduce::reverse_cumulative(x, axis, op == Structural::CumSumBack, g, adjoints);
            }
        }
        Op::Structural(op) => edges::structural(op, wide, layouts, values, |entry| {
            let g = g[entry.out];
            if !g.is_zero()
                && let Some(share) = entry.partial.times(g)
            {
                adjoints[entry.slot] = adjoints[entry.slot] + share;
            }
        }),
    }
}
