//! Operands joined along an axis.

use smallvec::SmallVec;

use super::{At, Entry, Misfit, Reading, Rule, Site};
use crate::algebra::Algebra;
use crate::attributes::Attributes;
use crate::op::Structural;
use crate::real::Scalar;
use crate::shape::{Layout, Shape};

pub(super) struct Concat;

impl Rule for Concat {
    fn shape(operands: &[&Shape], attributes: &Attributes) -> Result<Shape, Misfit> {
        let (&first, &[axis]) = (operands.first().ok_or(Misfit::Count)?, attributes.axes()) else {
            return Err(Misfit::One { operand: 0, rule: "it is joined along one axis".to_owned() });
        };
        let axis = axis as usize;
        if axis >= first.rank() {
            let rule = super::reduction::no_such_axis(axis, first.rank());
            return Err(Misfit::One { operand: 0, rule });
        }
        let mut dims: SmallVec<[usize; 4]> = SmallVec::from_slice(first.dims());
        dims[axis] = 0;
        for (right, shape) in operands.iter().enumerate() {
            let fits = |(i, (a, b)): (usize, (&usize, &usize))| i == axis || a == b;
            if shape.rank() != dims.len() || !shape.dims().iter().zip(&dims).enumerate().all(fits) {
                let rule = "joined shapes must be equal but for the axis";
                return Err(Misfit::Pair { left: 0, right, rule });
            }
            dims[axis] += shape.dims()[axis];
        }
        Ok(Shape::from(dims))
    }

    fn value<S: Scalar>(site: &Site<'_, S>, run: &mut [S]) {
        for (i, (start, place)) in places(site).into_iter().enumerate() {
            for (element, offset) in site.operands[i].elements().zip(place.offsets()) {
                run[start + offset] = element;
            }
        }
    }

    fn entries<S: Scalar>(site: &Site<'_, S>, visit: &mut impl FnMut(Entry<S>)) {
        for (i, (start, place)) in
            places(site).into_iter().enumerate().filter(|&(i, _)| !site.cut[i])
        {
            let part = site.operands[i];
            for (to, from) in place.offsets().zip(part.layout.offsets()) {
                visit(Entry::one(start + to, i, part.start + from));
            }
        }
    }

    fn share<T: Algebra>(at: &At<'_, T>, i: usize, g: T) -> Option<T> {
        let axis = at.attributes.axes()[0] as usize;
        let extent = |part: &T| part.extents().dims()[axis];
        let before: usize = at.operands[..i].iter().map(extent).sum();
        Some(g.part(axis, before..before + extent(&at.operands[i])))
    }

    fn tangent<T: Algebra>(at: &At<'_, T>, i: usize, t: T) -> Option<T> {
        let still =
            at.operands.iter().enumerate().map(|(k, part)| if k == i { t } else { zeros(*part) });
        Some(T::structural(Structural::Concat, &still.collect::<Vec<_>>(), at.attributes.clone()))
    }

    const READING: Reading = Reading::Moved;
}

/// Zeros of a tensor's shape.
pub(super) fn zeros<T: Algebra>(x: T) -> T {
    x.like(0.0).repeated(&x.extents())
}

/// Where each part lies in the result: its first offset, and its layout.
fn places<S: Scalar>(site: &Site<'_, S>) -> Vec<(usize, Layout)> {
    let axis = site.attributes.axes()[0] as usize;
    let extents = site.operands.iter().map(|part| part.layout.dims()[axis]);
    parts(site.shape, axis, extents).collect()
}

/// Where parts of a joined tensor lie, whose extents along `axis` are these: the first offset of
/// each, and its layout.
pub fn parts(
    whole: &Shape,
    axis: usize,
    extents: impl Iterator<Item = usize>,
) -> impl Iterator<Item = (usize, Layout)> {
    let whole = Layout::contiguous(whole.clone());
    let mut before = 0;
    extents.map(move |extent| {
        let place = (before * whole.strides()[axis], whole.narrow(axis, extent));
        before += extent;
        place
    })
}
