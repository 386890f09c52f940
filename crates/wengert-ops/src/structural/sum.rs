//! `Σ x` over some axes.

use super::{At, Entry, Misfit, Reading, Rule, Site, pairwise, reduction};
use crate::algebra::Algebra;
use crate::attributes::Attributes;
use crate::real::Scalar;
use crate::shape::Shape;

pub(super) struct Sum;

impl Rule for Sum {
    fn shape(operands: &[&Shape], attributes: &Attributes) -> Result<Shape, Misfit> {
        reduction::shape(operands, attributes)
    }

    fn value<S: Scalar>(site: &Site<'_, S>, run: &mut [S]) {
        pairwise::sum(site.operands[0], site.attributes.axes(), run);
    }

    fn entries<S: Scalar>(site: &Site<'_, S>, visit: &mut impl FnMut(Entry<S>)) {
        if site.cut[0] {
            return;
        }
        let x = site.operands[0];
        let target = reduction::target(x.layout, site.attributes.axes());
        for (from, out) in x.layout.offsets().zip(target.offsets()) {
            visit(Entry::one(out, 0, x.start + from));
        }
    }

    fn share<T: Algebra>(at: &At<'_, T>, _: usize, g: T) -> Option<T> {
        Some(g.kept(at.attributes.axes()).repeated(&at.operands[0].extents()))
    }

    fn tangent<T: Algebra>(at: &At<'_, T>, _: usize, t: T) -> Option<T> {
        Some(T::structural(crate::op::Structural::Sum, &[t], at.attributes.clone()))
    }

    const READING: Reading = Reading::Added;
}
