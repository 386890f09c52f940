//! The largest or smallest element over some axes.

use super::{At, Entry, Misfit, Reading, Rule, Site, reduction};
use crate::algebra::Algebra;
use crate::attributes::Attributes;
use crate::op::Binary;
use crate::real::Scalar;
use crate::rules::Partial;
use crate::shape::Shape;
use crate::tensor::Tensor;

pub(super) struct Max;
pub(super) struct Min;

macro_rules! extremum {
    ($($op:ident)*) => {$(
        impl Rule for $op {
            fn shape(operands: &[&Shape], attributes: &Attributes) -> Result<Shape, Misfit> {
                reduction::shape(operands, attributes)
            }

            fn value<S: Scalar>(site: &Site<'_, S>, run: &mut [S]) {
                value(Binary::$op, site.operands[0], site.attributes.axes(), run);
            }

            fn entries<S: Scalar>(site: &Site<'_, S>, visit: &mut impl FnMut(Entry<S>)) {
                entries(site, visit);
            }

            fn share<T: Algebra>(at: &At<'_, T>, _: usize, g: T) -> Option<T> {
                let (chosen, ties) = chosen(at);
                // As the entries have it: the adjoint times 1/ties.
                Some(chosen.mul_no_nan_either(g.mul_no_nan(ties.recip()).kept(at.attributes.axes())))
            }

            fn tangent<T: Algebra>(at: &At<'_, T>, _: usize, t: T) -> Option<T> {
                let (chosen, ties) = chosen(at);
                let axes: Vec<usize> = at.attributes.axes().iter().map(|&axis| axis as usize).collect();
                Some(chosen.mul_no_nan_either(t).summed(&axes) / ties)
            }

            const READING: Reading = Reading::Chosen(Binary::$op);
        }
    )*};
}
extremum!(Max Min);

/// 1 where an element is the result, else 0, and how many are.
fn chosen<T: Algebra>(at: &At<'_, T>) -> (T, T) {
    let chosen = at.operands[0].indicator_eq(at.value.kept(at.attributes.axes()));
    let axes: Vec<usize> = at.attributes.axes().iter().map(|&axis| axis as usize).collect();
    (chosen, chosen.summed(&axes))
}

/// The largest or smallest element over `axes`.
pub(super) fn value<S: Scalar>(op: Binary, x: Tensor<'_, S>, axes: &[u8], run: &mut [S]) {
    let target = reduction::target(x.layout, axes);
    if !S::HAS_TANGENT {
        // From the first of each on, which once more changes nothing.
        let firsts =
            axes.iter().fold(x.layout.clone(), |layout, &axis| layout.narrow(axis as usize, 1));
        run.iter_mut()
            .zip(firsts.offsets())
            .for_each(|(out, offset)| *out = x.data[x.start + offset]);
        for (element, out) in x.elements().zip(target.offsets()) {
            run[out] = run[out].binary(op, element);
        }
        return;
    }
    // How many of the elements so far are the extremum.
    let mut ties = vec![0; run.len()];
    for (element, out) in x.elements().zip(target.offsets()) {
        if ties[out] == 0 {
            (run[out], ties[out]) = (element, 1);
        } else if element == run[out] {
            run[out] = run[out].tie(op, element, ties[out]);
            ties[out] += 1;
        } else {
            run[out] = run[out].binary(op, element);
            ties[out] = if element == run[out] { 1 } else { ties[out] };
        }
    }
}

fn entries<S: Scalar>(site: &Site<'_, S>, visit: &mut impl FnMut(Entry<S>)) {
    if site.cut[0] {
        return;
    }
    let (x, run) = (site.operands[0], site.run);
    let target = reduction::target(x.layout, site.attributes.axes());
    // Of a NaN, every element is the reason: its derivative is NaN, and not a zero that hides it.
    let nan = |out: usize| run[out].partial_cmp(&run[out]).is_none();
    let chosen = |slot: usize, out: usize| x.data[slot] == run[out] || nan(out);
    let mut ties = vec![0.0; site.shape.len()];
    for (from, out) in x.layout.offsets().zip(target.offsets()) {
        ties[out] += if chosen(x.start + from, out) { 1.0 } else { 0.0 };
    }
    for (from, out) in x.layout.offsets().zip(target.offsets()) {
        let slot = x.start + from;
        let partial = if !chosen(slot, out) {
            Partial::Zero
        } else if nan(out) {
            Partial::Of(run[out])
        } else if ties[out] == 1.0 {
            Partial::One
        } else {
            Partial::Of(S::from_f64(1.0 / ties[out]))
        };
        visit(Entry::new(out, 0, slot, partial));
    }
}
