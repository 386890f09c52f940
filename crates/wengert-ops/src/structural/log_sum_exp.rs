//! `ln Σ eˣ` over some axes, without overflow.

use super::{At, Entry, Misfit, Reading, Rule, Site, extremum, reduction};
use crate::algebra::Algebra;
use crate::attributes::Attributes;
use crate::op::Binary;
use crate::real::{Real, Scalar};
use crate::rules::Partial;
use crate::shape::Shape;

pub(super) struct LogSumExp;

impl Rule for LogSumExp {
    fn shape(operands: &[&Shape], attributes: &Attributes) -> Result<Shape, Misfit> {
        reduction::shape(operands, attributes)
    }

    /// `m + ln Σ e^(x − m)`, m being the largest x.
    fn value<S: Scalar>(site: &Site<'_, S>, run: &mut [S]) {
        let (x, axes) = (site.operands[0], site.attributes.axes());
        let target = reduction::target(x.layout, axes);
        extremum::value(Binary::Max, x, axes, run);
        // The shift cancels, so it stands still: a tie of the largest is no kink of the result.
        for out in run.iter_mut().filter(|out| out.is_finite()) {
            *out = out.detached();
        }
        let mut sums = vec![S::EMPTY; run.len()];
        for (element, out) in x.elements().zip(target.offsets()) {
            // Where the largest is infinite, so is the result, and differences to it would be NaN.
            if run[out].is_finite() {
                sums[out] = sums[out] + (element - run[out]).exp();
            }
        }
        for (out, sum) in run.iter_mut().zip(sums) {
            if out.is_finite() {
                *out = *out + sum.ln();
            }
        }
    }

    fn entries<S: Scalar>(site: &Site<'_, S>, visit: &mut impl FnMut(Entry<S>)) {
        if site.cut[0] {
            return;
        }
        let x = site.operands[0];
        let target = reduction::target(x.layout, site.attributes.axes());
        for (from, out) in x.layout.offsets().zip(target.offsets()) {
            let slot = x.start + from;
            visit(Entry::new(out, 0, slot, Partial::Of((x.data[slot] - site.run[out]).exp())));
        }
    }

    fn share<T: Algebra>(at: &At<'_, T>, _: usize, g: T) -> Option<T> {
        Some(g.kept(at.attributes.axes()).chain(softmax(at)))
    }

    fn tangent<T: Algebra>(at: &At<'_, T>, _: usize, t: T) -> Option<T> {
        let axes: Vec<usize> = at.attributes.axes().iter().map(|&axis| axis as usize).collect();
        Some(t.chain(softmax(at)).summed(&axes))
    }

    const READING: Reading = Reading::Called;

    fn partial<R: Real>(x: R, v: R) -> Option<R> {
        Some((x - v).exp())
    }
}

/// `e^(x − result)`.
fn softmax<T: Algebra>(at: &At<'_, T>) -> T {
    (at.operands[0] - at.value.kept(at.attributes.axes())).exp()
}
