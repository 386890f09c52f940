//! `ln Σ eˣ` over some axes, without overflow.

use super::{At, Entry, Misfit, Reading, Rule, Site, extremum, pairwise, reduction};
use crate::algebra::Algebra;
use crate::attributes::Attributes;
use crate::op::{Binary, Structural};
use crate::real::{Real, Scalar};
use crate::rules::Partial;
use crate::shape::{Layout, Shape};
use crate::tensor::Tensor;

pub(super) struct LogSumExp;

impl Rule for LogSumExp {
    fn shape(operands: &[&Shape], attributes: &Attributes) -> Result<Shape, Misfit> {
        reduction::shape(operands, attributes)
    }

    /// `m + ln Σ e^(x − m)`, m being the largest x.
    fn value<S: Scalar>(site: &Site<'_, S>, run: &mut [S]) {
        let (x, axes) = (site.operands[0], site.attributes.axes());
        extremum::value(Binary::Max, x, axes, run);
        // The shift cancels, so it stands still: a tie of the largest is no kink of the result.
        for out in run.iter_mut().filter(|out| out.detached().is_finite()) {
            *out = out.detached();
        }
        let (_, sums) = powers(x, axes, run);
        for (out, sum) in run.iter_mut().zip(sums) {
            // Where the largest is infinite, so is the result.
            if out.detached().is_finite() {
                *out = *out + sum.ln();
            }
        }
    }

    fn entries<S: Scalar>(site: &Site<'_, S>, visit: &mut impl FnMut(Entry<S>)) {
        if site.cut[0] {
            return;
        }
        let (x, axes) = (site.operands[0], site.attributes.axes());
        let mut largest = vec![S::EMPTY; site.shape.len()];
        extremum::value(Binary::Max, x, axes, &mut largest);
        let (terms, sums) = powers(x, axes, &largest);
        let target = reduction::target(x.layout, axes);
        for ((from, out), term) in x.layout.offsets().zip(target.offsets()).zip(terms) {
            visit(Entry::new(out, 0, x.start + from, Partial::Of(term / sums[out])));
        }
    }

    fn composed<T: Algebra>(operands: &[T], attributes: &Attributes) -> Option<T> {
        let Terms { largest, sums, .. } = terms(operands[0], attributes);
        Some(largest + sums.ln())
    }

    fn share<T: Algebra>(at: &At<'_, T>, _: usize, g: T) -> Option<T> {
        Some(g.kept(at.attributes.axes()).mul_no_nan(softmax(at)))
    }

    fn tangent<T: Algebra>(at: &At<'_, T>, _: usize, t: T) -> Option<T> {
        let axes: Vec<usize> = at.attributes.axes().iter().map(|&axis| axis as usize).collect();
        Some(t.mul_no_nan(softmax(at)).summed(&axes))
    }

    const READING: Reading = Reading::Called;

    fn partial<R: Real>(x: R, v: R) -> Option<R> {
        Some((x - v).exp())
    }
}

/// `e^(x − m)` of every element, and their sums, m being the largest x: what a softmax is made of.
/// Infinite numbers count as the largest finite ones, so that differences are numbers.
fn powers<S: Scalar>(x: Tensor<'_, S>, axes: &[u8], largest: &[S]) -> (Vec<S>, Vec<S>) {
    let target = reduction::target(x.layout, axes);
    let terms: Vec<S> = x
        .elements()
        .zip(target.offsets())
        .map(|(element, out)| (finite(element) - finite(largest[out].detached())).exp())
        .collect();
    let mut sums = vec![S::EMPTY; largest.len()];
    let layout = Layout::contiguous(x.layout.shape().clone());
    pairwise::sum(Tensor { data: &terms, start: 0, layout: &layout }, axes, &mut sums);
    (terms, sums)
}

/// The number, or the nearest finite one.
fn finite<R: Real>(x: R) -> R {
    let bound = x.largest();
    x.min(bound).max(-bound)
}

/// `e^(x − m)/Σ e^(x − m)`, and not `e^(x − result)`, which has lost what the result was rounded
/// by.
fn softmax<T: Algebra>(at: &At<'_, T>) -> T {
    let Terms { powers, sums, .. } = terms(at.operands[0], at.attributes);
    powers / sums.kept(at.attributes.axes())
}

/// What a log-sum-exp and its slope are made of: the largest x, `e^(x − m)`, and its sums.
struct Terms<T> {
    largest: T,
    powers: T,
    sums: T,
}

fn terms<T: Algebra>(x: T, attributes: &Attributes) -> Terms<T> {
    let axes: Vec<usize> = attributes.axes().iter().map(|&axis| axis as usize).collect();
    let largest = T::structural(Structural::Max, &[x], attributes.clone()).still();
    let powers = (finite(x) - finite(largest).kept(attributes.axes())).exp();
    Terms { largest, powers, sums: powers.summed(&axes) }
}
