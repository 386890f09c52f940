//! A run's elements added into a run of zeros, at row-major positions.

use super::gather::moved;
use super::{At, Entry, Misfit, Reading, Rule, Site, exactly};
use crate::algebra::Algebra;
use crate::attributes::Attributes;
use crate::op::Structural;
use crate::real::Scalar;
use crate::shape::Shape;

pub(super) struct ScatterAdd;

impl Rule for ScatterAdd {
    fn shape(operands: &[&Shape], attributes: &Attributes) -> Result<Shape, Misfit> {
        let [x] = exactly(operands)?;
        let bound = match attributes {
            Attributes::Positions { shape, .. } => shape.len(),
            _ => 0,
        };
        let found = attributes.positions().len();
        if found != x.len() {
            return Err(Misfit::One {
                operand: 0,
                rule: format!("{found} positions do not match it"),
            });
        }
        moved(attributes, bound)
    }

    fn value<S: Scalar>(site: &Site<'_, S>, run: &mut [S]) {
        run.fill(S::EMPTY.like(0.0));
        for (element, &i) in site.operands[0].elements().zip(site.attributes.positions()) {
            run[i as usize] = run[i as usize] + element;
        }
    }

    fn entries<S: Scalar>(site: &Site<'_, S>, visit: &mut impl FnMut(Entry<S>)) {
        let x = site.operands[0];
        if !site.cut[0] {
            for (offset, &out) in x.layout.offsets().zip(site.attributes.positions()) {
                visit(Entry::one(out as usize, 0, x.start + offset));
            }
        }
    }

    fn share<T: Algebra>(at: &At<'_, T>, _: usize, g: T) -> Option<T> {
        let positions = at.attributes.positions().into();
        let attributes = Attributes::Positions { positions, shape: at.operands[0].extents() };
        Some(T::structural(Structural::Gather, &[g], attributes))
    }

    fn tangent<T: Algebra>(at: &At<'_, T>, _: usize, t: T) -> Option<T> {
        Some(T::structural(Structural::ScatterAdd, &[t], at.attributes.clone()))
    }

    const READING: Reading = Reading::Added;
}
