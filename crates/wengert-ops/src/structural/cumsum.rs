//! The running sum along an axis, from its start or from its end.

use super::{At, Entry, Misfit, Reading, Rule, Site, reduction};
use crate::algebra::Algebra;
use crate::attributes::Attributes;
use crate::elementwise;
use crate::op::Structural;
use crate::real::Scalar;
use crate::shape::{Layout, Shape};
use crate::tensor::Tensor;

pub(super) struct CumSum;
pub(super) struct CumSumBack;

macro_rules! running {
    ($($op:ident, $other:ident, $back:literal;)*) => {$(
        impl Rule for $op {
            fn shape(operands: &[&Shape], attributes: &Attributes) -> Result<Shape, Misfit> {
                reduction::along(operands, attributes)
            }

            fn value<S: Scalar>(site: &Site<'_, S>, run: &mut [S]) {
                value(site.operands[0], site.attributes.axes()[0], $back, run);
            }

            fn entries<S: Scalar>(site: &Site<'_, S>, visit: &mut impl FnMut(Entry<S>)) {
                entries(site, $back, visit);
            }

            /// As a running sum from the other end, which takes n steps where the entries are n².
            fn reverse<S: Scalar>(site: &Site<'_, S>, g: &[S], adjoints: &mut [S]) {
                if site.cut[0] {
                    return;
                }
                let x = site.operands[0];
                let layout = Layout::contiguous(x.layout.shape().clone());
                let mut sums = vec![S::EMPTY; g.len()];
                value(Tensor { data: g, start: 0, layout: &layout }, site.attributes.axes()[0], !$back, &mut sums);
                let sums = Tensor { data: &sums, start: 0, layout: &layout };
                elementwise::accumulate(sums, (x.start, x.layout), adjoints);
            }

            fn composed<T: Algebra>(operands: &[T], attributes: &Attributes) -> Option<T> {
                Some(composed(operands[0], attributes, $back))
            }

            fn share<T: Algebra>(at: &At<'_, T>, _: usize, g: T) -> Option<T> {
                Some(T::structural(Structural::$other, &[g], at.attributes.clone()))
            }

            fn tangent<T: Algebra>(at: &At<'_, T>, _: usize, t: T) -> Option<T> {
                Some(T::structural(Structural::$op, &[t], at.attributes.clone()))
            }

            const READING: Reading = Reading::Added;
        }
    )*};
}
running! {
    CumSum, CumSumBack, false;
    CumSumBack, CumSum, true;
}

fn value<S: Scalar>(x: Tensor<'_, S>, axis: u8, back: bool, run: &mut [S]) {
    let axis = axis as usize;
    let layout = Layout::contiguous(x.layout.shape().clone());
    let (extent, stride) = (layout.dims()[axis], layout.strides()[axis]);
    for (out, element) in run.iter_mut().zip(x.elements()) {
        *out = element;
    }
    for first in layout.narrow(axis, 1).offsets() {
        for i in 1..extent {
            let (to, from) = if back { (extent - 1 - i, extent - i) } else { (i, i - 1) };
            run[first + to * stride] = run[first + from * stride] + run[first + to * stride];
        }
    }
}

/// Slice by slice along the axis, in the order of [`value`].
fn composed<T: Algebra>(x: T, attributes: &Attributes, back: bool) -> T {
    let axis = attributes.axes()[0] as usize;
    let extent = x.extents().dims()[axis];
    let at = |i: usize| if back { extent - 1 - i } else { i };
    let mut sums = vec![x.part(axis, at(0)..at(0) + 1)];
    for i in 1..extent {
        sums.push(sums[i - 1] + x.part(axis, at(i)..at(i) + 1));
    }
    if back {
        sums.reverse();
    }
    T::structural(Structural::Concat, &sums, attributes.clone())
}

/// Element by element, and for each the results that took it in, from the one that took in most.
fn entries<S: Scalar>(site: &Site<'_, S>, back: bool, visit: &mut impl FnMut(Entry<S>)) {
    if site.cut[0] {
        return;
    }
    let (x, axis) = (site.operands[0], site.attributes.axes()[0] as usize);
    let own = Layout::contiguous(site.shape.clone());
    let (extent, stride) = (own.dims()[axis], own.strides()[axis]);
    for (element, offset) in x.layout.offsets().enumerate() {
        let here = element / stride % extent;
        let mut taken_in = |k: usize| {
            let entry = Entry::one(element + k * stride - here * stride, 0, x.start + offset);
            visit(Entry { running: Some(element), ..entry });
        };
        if back {
            (0..=here).for_each(&mut taken_in);
        } else {
            (here..extent).rev().for_each(&mut taken_in);
        }
    }
}
