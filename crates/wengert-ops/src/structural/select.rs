//! `cond ≠ 0 ? a : b`, elementwise.

use super::{At, Entry, Misfit, Reading, Rule, Site, exactly};
use crate::algebra::Algebra;
use crate::attributes::Attributes;
use crate::elementwise::rows;
use crate::op::Structural;
use crate::real::Scalar;
use crate::rules::Partial;
use crate::shape::{DO_NOT_BROADCAST, Shape};

pub(super) struct Select;

impl Rule for Select {
    fn shape(operands: &[&Shape], _: &Attributes) -> Result<Shape, Misfit> {
        let [cond, a, b] = exactly(operands)?;
        let with_a =
            cond.broadcast(a).ok_or(Misfit::Pair { left: 0, right: 1, rule: DO_NOT_BROADCAST })?;
        with_a.broadcast(b).ok_or(Misfit::Pair { left: 0, right: 2, rule: DO_NOT_BROADCAST })
    }

    fn value<S: Scalar>(site: &Site<'_, S>, run: &mut [S]) {
        let [cond, a, b] = [site.operands[0], site.operands[1], site.operands[2]];
        rows(
            site.shape,
            [cond.layout, a.layout, b.layout],
            |first, [sc, sa, sb], len, [dc, da, db]| {
                for (i, out) in run[first..first + len].iter_mut().enumerate() {
                    let chosen = !cond.data[cond.start + sc + i * dc].is_zero();
                    *out = if chosen {
                        a.data[a.start + sa + i * da]
                    } else {
                        b.data[b.start + sb + i * db]
                    };
                }
            },
        );
    }

    fn entries<S: Scalar>(site: &Site<'_, S>, visit: &mut impl FnMut(Entry<S>)) {
        let [cond, a, b] = [0, 1, 2].map(|i| site.broadcast(i));
        let start = |i: usize| site.operands[i].start;
        for (out, ((oc, oa), ob)) in cond.offsets().zip(a.offsets()).zip(b.offsets()).enumerate() {
            let (first, second) = ((1, start(1) + oa), (2, start(2) + ob));
            let no = site.operands[0].data[start(0) + oc].is_zero();
            let (chosen, other) = if no { (second, first) } else { (first, second) };
            if !site.cut[chosen.0] {
                visit(Entry::one(out, chosen.0, chosen.1));
            }
            if !site.cut[other.0] {
                visit(Entry::new(out, other.0, other.1, Partial::Zero));
            }
        }
    }

    fn share<T: Algebra>(at: &At<'_, T>, i: usize, g: T) -> Option<T> {
        pick(at, i, g)
    }

    fn tangent<T: Algebra>(at: &At<'_, T>, i: usize, t: T) -> Option<T> {
        pick(at, i, t)
    }

    const READING: Reading = Reading::Cases;
}

/// `moving` where operand `i` was chosen, else nothing.
fn pick<T: Algebra>(at: &At<'_, T>, i: usize, moving: T) -> Option<T> {
    let (cond, zero) = (at.operands[0], moving.nothing());
    let pick =
        |a: T, b: T| Some(T::structural(Structural::Select, &[cond, a, b], Attributes::None));
    match i {
        1 => pick(moving, zero),
        2 => pick(zero, moving),
        _ => None,
    }
}
