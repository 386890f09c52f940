//! What a wide step computes, and what it passes on: in the order of its formula, or by a
//! vectorised kernel.

use wengert_ops::adjoints::Adjoints;
use wengert_ops::value;

use crate::run::{Layouts, Wide};
pub(crate) use wengert_ops::numerics::Numerics;
use wengert_ops::real::Scalar;
pub(crate) use wengert_ops::tensor::Tensor;

/// Computes the run of a wide step from the values before it.
pub(crate) fn forward<S: Scalar>(
    numerics: Numerics,
    wide: &Wide,
    layouts: &Layouts,
    before: &[S],
    run: &mut [S],
) {
    #[cfg(feature = "fast")]
    if numerics == Numerics::Fast {
        let task = wengert_kernels::fast::ForwardTask { wide, layouts, before, run };
        if S::on_floats::<wengert_kernels::fast::Forward>(task) {
            return;
        }
    }
    let _ = numerics;
    value::value(wide, layouts, before, run);
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
    value::reverse(wide, layouts, values, g, adjoints.column);
}
