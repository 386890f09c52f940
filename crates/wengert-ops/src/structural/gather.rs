//! Elements picked by their row-major positions.

use super::{At, Entry, Misfit, Reading, Rule, Site, exactly};
use crate::algebra::Algebra;
use crate::attributes::Attributes;
use crate::op::Structural;
use crate::real::Scalar;
use crate::shape::Shape;

pub(super) struct Gather;

impl Rule for Gather {
    fn shape(operands: &[&Shape], attributes: &Attributes) -> Result<Shape, Misfit> {
        let [x] = exactly(operands)?;
        let shape = moved(attributes, x.len())?;
        if attributes.positions().len() != shape.len() {
            let rule = format!("{} positions do not fill {shape}", attributes.positions().len());
            return Err(Misfit::One { operand: 0, rule });
        }
        Ok(shape)
    }

    fn value<S: Scalar>(site: &Site<'_, S>, run: &mut [S]) {
        let (x, positions) = (site.operands[0], site.attributes.positions());
        if x.layout.is_contiguous() {
            for (out, &i) in run.iter_mut().zip(positions) {
                *out = x.data[x.start + i as usize];
            }
        } else {
            let offsets: Vec<usize> = x.layout.offsets().collect();
            for (out, &i) in run.iter_mut().zip(positions) {
                *out = x.data[x.start + offsets[i as usize]];
            }
        }
    }

    fn entries<S: Scalar>(site: &Site<'_, S>, visit: &mut impl FnMut(Entry<S>)) {
        if site.cut[0] {
            return;
        }
        let x = site.operands[0];
        let offsets: Vec<usize> = x.layout.offsets().collect();
        for (out, &i) in site.attributes.positions().iter().enumerate() {
            visit(Entry::one(out, 0, x.start + offsets[i as usize]));
        }
    }

    fn share<T: Algebra>(at: &At<'_, T>, _: usize, g: T) -> Option<T> {
        let positions = at.attributes.positions().into();
        let attributes = Attributes::Positions { positions, shape: at.operands[0].extents() };
        Some(T::structural(Structural::ScatterAdd, &[g], attributes))
    }

    fn tangent<T: Algebra>(at: &At<'_, T>, _: usize, t: T) -> Option<T> {
        Some(T::structural(Structural::Gather, &[t], at.attributes.clone()))
    }

    const READING: Reading = Reading::Moved;
}

/// The shape of a result whose elements are moved by positions, all of which are below `bound`.
pub(super) fn moved(attributes: &Attributes, bound: usize) -> Result<Shape, Misfit> {
    let one = |rule: String| Err(Misfit::One { operand: 0, rule });
    let Attributes::Positions { positions, shape } = attributes else {
        return one("elements are moved by positions, and it has none".to_owned());
    };
    if positions.is_empty() {
        return one("no positions were given".to_owned());
    }
    match positions.iter().find(|&&p| p as usize >= bound) {
        Some(bad) => one(format!("position {bad} is out of range for {bound} elements")),
        None => Ok(shape.clone()),
    }
}
