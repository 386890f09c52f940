//! The running product along an axis.
//!
//! Nothing is divided by an element, so that derivatives are right where one is zero: of element j
//! the slope of result i is the product of those before j, which is a result, and of those between
//! j and i.

use super::{At, Entry, Misfit, Reading, Rule, Site, reduction};
use crate::algebra::Algebra;
use crate::attributes::Attributes;
use crate::elementwise;
use crate::op::Structural;
use crate::real::Scalar;
use crate::rules::Partial;
use crate::shape::{Layout, Shape};
use crate::tensor::Tensor;

pub(super) struct CumProd;

impl Rule for CumProd {
    fn shape(operands: &[&Shape], attributes: &Attributes) -> Result<Shape, Misfit> {
        reduction::along(operands, attributes)
    }

    fn value<S: Scalar>(site: &Site<'_, S>, run: &mut [S]) {
        for (out, element) in run.iter_mut().zip(site.operands[0].elements()) {
            *out = element;
        }
        each_lane(site, |lane| {
            for i in 1..lane.extent {
                run[lane.at(i)] = run[lane.at(i - 1)] * run[lane.at(i)];
            }
        });
    }

    /// Element by element, and for each the results that took it in, from the last one.
    fn entries<S: Scalar>(site: &Site<'_, S>, visit: &mut impl FnMut(Entry<S>)) {
        if site.cut[0] {
            return;
        }
        let x = site.operands[0];
        let slots: Vec<usize> = x.layout.offsets().map(|offset| x.start + offset).collect();
        let own = Layout::contiguous(site.shape.clone());
        let axis = site.attributes.axes()[0] as usize;
        let (extent, stride) = (own.dims()[axis], own.strides()[axis]);
        for (element, &slot) in slots.iter().enumerate() {
            let here = element / stride % extent;
            let at = |i: usize| element + i * stride - here * stride;
            // The products of all before the element and of those behind it, one more each.
            let mut products = Vec::with_capacity(extent - here);
            for i in here..extent {
                let product = match products.last() {
                    None if here == 0 => S::EMPTY.like(1.0),
                    None => site.run[at(here - 1)],
                    Some(&product) => product * x.data[slots[at(i)]],
                };
                products.push(product);
            }
            for (i, product) in (here..extent).zip(products).rev() {
                let entry = Entry::new(at(i), 0, slot, Partial::Of(product));
                visit(Entry { running: Some(element), ..entry });
            }
        }
    }

    /// From the end, which takes n steps where the entries are n²: what an element gets, but for
    /// the product of those before it, is `gᵢ + xᵢ₊₁ ·` that of the next one. It is rounded in other
    /// places than the sum of the entries.
    fn reverse<S: Scalar>(site: &Site<'_, S>, g: &[S], adjoints: &mut [S]) {
        if site.cut[0] {
            return;
        }
        let x = site.operands[0];
        let elements: Vec<S> = x.elements().collect();
        let mut shares = g.to_vec();
        each_lane(site, |lane| {
            for i in (1..lane.extent).rev() {
                let (to, from) = (lane.at(i - 1), lane.at(i));
                shares[to] = g[to] + shares[from].mul_no_nan(elements[from]);
            }
            for i in 1..lane.extent {
                shares[lane.at(i)] = shares[lane.at(i)].mul_no_nan(site.run[lane.at(i - 1)]);
            }
        });
        let layout = Layout::contiguous(x.layout.shape().clone());
        let shares = Tensor { data: &shares, start: 0, layout: &layout };
        elementwise::accumulate(shares, (x.start, x.layout), adjoints);
    }

    /// As `reverse`.
    fn share<T: Algebra>(at: &At<'_, T>, _: usize, g: T) -> Option<T> {
        let (x, axis) = (at.operands[0], at.attributes.axes()[0] as usize);
        let extent = x.extents().dims()[axis];
        let slice = |of: T, i: usize| of.part(axis, i..i + 1);
        let mut shares = vec![slice(g, extent - 1)];
        for i in (1..extent).rev() {
            shares.push(slice(g, i - 1) + shares[extent - 1 - i].mul_no_nan(slice(x, i)));
        }
        shares.reverse();
        let before = (1..extent).map(|i| slice(at.value, i - 1));
        for (share, before) in shares[1..].iter_mut().zip(before) {
            *share = share.mul_no_nan(before);
        }
        Some(T::structural(Structural::Concat, &shares, at.attributes.clone()))
    }

    fn tangent<T: Algebra>(at: &At<'_, T>, _: usize, t: T) -> Option<T> {
        let (x, axis) = (at.operands[0], at.attributes.axes()[0] as usize);
        let slice = |of: T, i: usize| of.part(axis, i..i + 1);
        let mut tangents = vec![slice(t, 0)];
        for i in 1..x.extents().dims()[axis] {
            let (before, moving) = (slice(at.value, i - 1), slice(t, i));
            tangents.push(tangents[i - 1].mul_no_nan(slice(x, i)) + moving.mul_no_nan(before));
        }
        Some(T::structural(Structural::Concat, &tangents, at.attributes.clone()))
    }

    fn composed<T: Algebra>(operands: &[T], attributes: &Attributes) -> Option<T> {
        let (x, axis) = (operands[0], attributes.axes()[0] as usize);
        let slice = |i: usize| x.part(axis, i..i + 1);
        let mut products = vec![slice(0)];
        for i in 1..x.extents().dims()[axis] {
            products.push(products[i - 1] * slice(i));
        }
        Some(T::structural(Structural::Concat, &products, attributes.clone()))
    }

    const READING: Reading = Reading::Called;
}

/// The elements along the axis that are multiplied.
struct Lane {
    first: usize,
    stride: usize,
    extent: usize,
}

impl Lane {
    fn at(&self, i: usize) -> usize {
        self.first + i * self.stride
    }
}

fn each_lane<S: Scalar>(site: &Site<'_, S>, mut visit: impl FnMut(Lane)) {
    let layout = Layout::contiguous(site.shape.clone());
    let axis = site.attributes.axes()[0] as usize;
    let (extent, stride) = (layout.dims()[axis], layout.strides()[axis]);
    for first in layout.narrow(axis, 1).offsets() {
        visit(Lane { first, stride, extent });
    }
}
