//! The same elements, moved into a contiguous run.

use super::{At, Entry, Misfit, Reading, Rule, Site, exactly};
use crate::algebra::Algebra;
use crate::attributes::Attributes;
use crate::real::Scalar;
use crate::shape::Shape;
use crate::tensor::Tensor;

pub(super) struct Contiguous;

impl Rule for Contiguous {
    fn shape(operands: &[&Shape], _: &Attributes) -> Result<Shape, Misfit> {
        exactly(operands).map(|[x]| x.clone())
    }

    fn value<S: Scalar>(site: &Site<'_, S>, run: &mut [S]) {
        copy(site.operands[0], run);
    }

    fn entries<S: Scalar>(site: &Site<'_, S>, visit: &mut impl FnMut(Entry<S>)) {
        let x = site.operands[0];
        if !site.cut[0] {
            x.layout
                .offsets()
                .enumerate()
                .for_each(|(out, offset)| visit(Entry::one(out, 0, x.start + offset)));
        }
    }

    fn share<T: Algebra>(_: &At<'_, T>, _: usize, g: T) -> Option<T> {
        Some(g)
    }

    fn tangent<T: Algebra>(_: &At<'_, T>, _: usize, t: T) -> Option<T> {
        Some(t)
    }

    const READING: Reading = Reading::Moved;
}

/// The elements in row-major order.
pub(super) fn copy<S: Scalar>(x: Tensor<'_, S>, run: &mut [S]) {
    if x.layout.is_contiguous() {
        run.copy_from_slice(&x.data[x.start..x.start + run.len()]);
    } else {
        for (out, element) in run.iter_mut().zip(x.elements()) {
            *out = element;
        }
    }
}
