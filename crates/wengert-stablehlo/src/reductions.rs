//! Sums, extrema, and running sums along axes.

use wengert_ops::algebra::Algebra;
use wengert_ops::real::Real;
use wengert_ops::shape::Shape;

use crate::val::Val;

fn reduce<'w>(x: Val<'w>, axes: &[usize], op: &str, from: f64) -> Val<'w> {
    if axes.is_empty() {
        return x;
    }
    let own = x.shape();
    let kept = (0..own.rank()).filter(|axis| !axes.contains(axis));
    let dims: Vec<usize> = kept.map(|axis| own.dims()[axis]).collect();
    let (to, from) = (x.of_shape(&Shape::from(dims)), x.like(from));
    let axes: Vec<usize> = axes.iter().map(|&axis| x.axis(axis)).collect();
    let text = format!(
        "stablehlo.reduce({x} init: {from}) applies stablehlo.{op} across dimensions = {axes:?} : \
         ({}, {}) -> {}",
        x.ty(),
        from.ty(),
        x.writer.ty(&to)
    );
    x.writer.line(to, text)
}

/// The sum of what differs from row to row, over the rows.
pub(crate) fn sum_of_rows<'w>(x: Val<'w>) -> Val<'w> {
    sum(x.as_one(), &[0])
}

pub(crate) fn sum<'w>(x: Val<'w>, axes: &[usize]) -> Val<'w> {
    reduce(x, axes, "add", 0.0)
}

/// NaN if one element is.
pub(crate) fn max<'w>(x: Val<'w>, axes: &[usize]) -> Val<'w> {
    reduce(x, axes, "maximum", f64::NEG_INFINITY)
}

/// NaN if one element is.
pub(crate) fn min<'w>(x: Val<'w>, axes: &[usize]) -> Val<'w> {
    reduce(x, axes, "minimum", f64::INFINITY)
}

/// `m + ln Σ e^(x − m)`, m being the largest x, or 0 where that is infinite.
pub(crate) fn log_sum_exp<'w>(x: Val<'w>, axes: &[usize]) -> Val<'w> {
    let largest = max(x, axes);
    let finite = largest.abs().compare("LE", largest.all(x.writer.largest));
    let shift = finite.choose(largest, largest.all(0.0));
    let bytes: Vec<u8> = axes.iter().map(|&axis| axis as u8).collect();
    shift + sum((x - shift.kept(&bytes)).exp(), axes).ln()
}

/// Every element with those before it, or behind it: in steps of 1, 2, 4, ..
pub(crate) fn running<'w>(
    x: Val<'w>,
    axis: usize,
    back: bool,
    neutral: f64,
    with: impl Fn(Val<'w>, Val<'w>) -> Val<'w>,
) -> Val<'w> {
    let extent = x.shape().dims()[axis];
    let (mut all, mut step) = (x, 1);
    while step < extent {
        let by = step as i64;
        let shifted = all.padded(axis, if back { (-by, by) } else { (by, -by) }, neutral);
        all = with(shifted, all);
        step *= 2;
    }
    all
}
