//! What a wide step computes, and what it passes on: in the order of its formula, or by a vectorised kernel.

use wengert_ops::adjoints::Adjoints;
use wengert_ops::{edges, elementwise, linear, reduce};

use crate::op::{Op, Structural};
use crate::real::Scalar;
use crate::run::{Layouts, Wide};
pub(crate) use wengert_ops::numerics::Numerics;
pub(crate) use wengert_ops::tensor::Tensor;
pub(crate) use wengert_ops::value::{axes, index, value};

/// Computes the run of a wide step from the values before it.
pub(crate) fn forward<S: Scalar>(numerics: Numerics, wide: &Wide, layouts: &Layouts, before: &[S], run: &mut [S]) {
    #[cfg(feature = "fast")]
    if numerics == Numerics::Fast {
        let task = wengert_kernels::fast::ForwardTask { wide, layouts, before, run };
        if S::on_floats::<wengert_kernels::fast::Forward>(task) {
            return;
        }
    }
    let _ = numerics;
    value(wide, layouts, before, run);
}

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
    #[cfg(feature = "fast")]
    if numerics == Numerics::Fast {
        let adjoints = adjoints.borrow();
        let task = wengert_kernels::fast::ReverseRun { wide, layouts, values, g, adjoints };
        if S::on_floats::<wengert_kernels::fast::Reverse>(task) {
            return;
        }
    }
    let _ = numerics;
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
