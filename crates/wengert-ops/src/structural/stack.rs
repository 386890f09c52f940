//! Operands of one shape along a new first axis.

use smallvec::{SmallVec, smallvec};

use super::concat::zeros;
use super::contiguous::copy;
use super::{At, Entry, Misfit, Reading, Rule, Site};
use crate::algebra::Algebra;
use crate::attributes::Attributes;
use crate::op::Structural;
use crate::real::Scalar;
use crate::shape::Shape;

pub(super) struct Stack;

impl Rule for Stack {
    fn shape(operands: &[&Shape], _: &Attributes) -> Result<Shape, Misfit> {
        let first = operands.first().ok_or(Misfit::Count)?;
        if let Some(right) = operands.iter().position(|shape| shape != first) {
            return Err(Misfit::Pair { left: 0, right, rule: "stacked shapes must be equal" });
        }
        let mut dims: SmallVec<[usize; 4]> = smallvec![operands.len()];
        dims.extend_from_slice(first.dims());
        Ok(Shape::from(dims))
    }

    fn value<S: Scalar>(site: &Site<'_, S>, run: &mut [S]) {
        let each = run.len() / site.operands.len();
        for (part, run) in site.operands.iter().zip(run.chunks_exact_mut(each)) {
            copy(*part, run);
        }
    }

    fn entries<S: Scalar>(site: &Site<'_, S>, visit: &mut impl FnMut(Entry<S>)) {
        let each = site.shape.len() / site.operands.len();
        for (i, part) in site.operands.iter().enumerate().filter(|&(i, _)| !site.cut[i]) {
            for (k, offset) in part.layout.offsets().enumerate() {
                visit(Entry::one(i * each + k, i, part.start + offset));
            }
        }
    }

    fn share<T: Algebra>(at: &At<'_, T>, i: usize, g: T) -> Option<T> {
        Some(g.part(0, i..i + 1).reshaped(&at.operands[i].extents()))
    }

    fn tangent<T: Algebra>(at: &At<'_, T>, i: usize, t: T) -> Option<T> {
        let still =
            at.operands.iter().enumerate().map(|(k, part)| if k == i { t } else { zeros(*part) });
        Some(T::structural(Structural::Stack, &still.collect::<Vec<_>>(), Attributes::None))
    }

    const READING: Reading = Reading::Moved;
}
