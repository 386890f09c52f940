//! Values in the order of keys along an axis, and back again.
//!
//! The order is ascending, and equal keys stay in theirs; where a key is not a number there is no
//! order, and all results along the axis are NaN. The order is piecewise constant, so that no
//! derivative passes by keys: by values each operation is a permutation, and the other one its
//! transpose.

use std::cmp::Ordering;

use super::{At, Entry, Misfit, Reading, Rule, Site, exactly};
use crate::algebra::Algebra;
use crate::attributes::Attributes;
use crate::op::Structural;
use crate::real::Scalar;
use crate::shape::{Layout, Shape};

/// Values by their keys.
pub(super) struct SortBy;
/// Each value where a sort had taken it from.
pub(super) struct UnsortBy;

macro_rules! sort {
    ($op:ident, $other:ident, $back:literal) => {
        impl Rule for $op {
            fn shape(operands: &[&Shape], attributes: &Attributes) -> Result<Shape, Misfit> {
                shape(operands, attributes)
            }

            fn value<S: Scalar>(site: &Site<'_, S>, run: &mut [S]) {
                let values: Vec<S> = site.operands[1].elements().collect();
                each(site, |sorted, own, ordered| {
                    let (from, to) = if $back { (sorted, own) } else { (own, sorted) };
                    run[to] = if ordered { values[from] } else { values[from].like(f64::NAN) };
                });
            }

            fn entries<S: Scalar>(site: &Site<'_, S>, visit: &mut impl FnMut(Entry<S>)) {
                if site.cut[1] {
                    return;
                }
                let values = site.operands[1];
                let slots: Vec<usize> =
                    values.layout.offsets().map(|offset| values.start + offset).collect();
                let mut pairs = Vec::with_capacity(slots.len());
                each(site, |sorted, own, _| {
                    pairs.push(if $back { (sorted, own) } else { (own, sorted) });
                });
                // In the order of the elements read, as the share is added.
                pairs.sort_unstable();
                for (from, out) in pairs {
                    visit(Entry::one(out, 1, slots[from]));
                }
            }

            fn share<T: Algebra>(at: &At<'_, T>, i: usize, g: T) -> Option<T> {
                let operands = [at.operands[0].still(), g];
                let share = || T::structural(Structural::$other, &operands, at.attributes.clone());
                (i == 1).then(share)
            }

            fn tangent<T: Algebra>(at: &At<'_, T>, i: usize, t: T) -> Option<T> {
                let operands = [at.operands[0].still(), t];
                let tangent = || T::structural(Structural::$op, &operands, at.attributes.clone());
                (i == 1).then(tangent)
            }

            fn composed<T: Algebra>(operands: &[T], attributes: &Attributes) -> Option<T> {
                Some(composed($back, operands[0], operands[1], attributes.axes()[0] as usize))
            }

            const READING: Reading = Reading::Moved;
        }
    };
}
sort!(SortBy, UnsortBy, false);
sort!(UnsortBy, SortBy, true);

fn shape(operands: &[&Shape], attributes: &Attributes) -> Result<Shape, Misfit> {
    let [keys, values] = exactly(operands)?;
    if keys != values {
        let rule = "keys and values have one shape";
        return Err(Misfit::Pair { left: 0, right: 1, rule });
    }
    match *attributes.axes() {
        [axis] if (axis as usize) < keys.rank() => Ok(keys.clone()),
        _ => Err(Misfit::One { operand: 0, rule: "it is sorted along one of its axes".to_owned() }),
    }
}

/// Calls `visit(sorted, own, ordered)` for every element: its position in the sorted run, its own,
/// and whether there is an order.
fn each<S: Scalar>(site: &Site<'_, S>, mut visit: impl FnMut(usize, usize, bool)) {
    let keys: Vec<S> = site.operands[0].elements().collect();
    let layout = Layout::contiguous(site.shape.clone());
    let axis = site.attributes.axes()[0] as usize;
    let (extent, stride) = (layout.dims()[axis], layout.strides()[axis]);
    let mut order: Vec<usize> = Vec::with_capacity(extent);
    for first in layout.narrow(axis, 1).offsets() {
        let lane = |i: usize| first + i * stride;
        let ordered = (0..extent).all(|i| !keys[lane(i)].to_f64().is_nan());
        order.clear();
        order.extend((0..extent).map(lane));
        if ordered {
            sort(&mut order, &keys);
        }
        for (sorted, &own) in order.iter().enumerate() {
            visit(lane(sorted), own, ordered);
        }
    }
}

/// Sorts positions by the keys that stand there. A function of its own, so that it is compiled once
/// for each kind of number: a sort is much code.
fn sort<S: Scalar>(order: &mut [usize], keys: &[S]) {
    order.sort_by(|&a, &b| keys[a].partial_cmp(&keys[b]).unwrap_or(Ordering::Equal));
}

/// By counting: an element's rank is how many come before it, and a choice of an element is a sum
/// over all of them, of which the others are −0.
fn composed<T: Algebra>(back: bool, keys: T, values: T, axis: usize) -> T {
    let shape = keys.extents();
    let (rank, n) = (shape.rank(), shape.dims()[axis]);
    let mut order: Vec<usize> = (0..rank).filter(|&other| other != axis).collect();
    order.push(axis);
    let (keys, values) = (keys.permuted(&order), values.permuted(&order));
    let lanes = keys.extents();
    let with_axis = |x: T, at: usize| {
        let mut dims: Vec<usize> = lanes.dims().to_vec();
        dims.insert(at, 1);
        x.reshaped(&Shape::from(dims))
    };
    let (down, across) = (with_axis(keys, rank), with_axis(keys, rank - 1));
    let one = keys.like(1.0);
    // An element is no earlier than itself, which the triangle has too.
    let earlier = T::structural(Structural::Tril, &[down.indicator_eq(across)], Attributes::None);
    let ranks = (down.indicator_gt(across) + earlier).summed(&[rank]) - one;
    // 0, 1, 2, ...
    let ones = one.repeated(&Shape::from([n]));
    let count = T::structural(Structural::CumSum, &[ones], Attributes::axes_of(&[0])) - one;
    let (ranks_along, count) = if back {
        (with_axis(ranks, rank), count)
    } else {
        (with_axis(ranks, rank - 1), count.reshaped(&Shape::from([n, 1])))
    };
    let is_it = ranks_along.indicator_eq(count);
    let operands = [is_it, with_axis(values, rank - 1), values.like(-0.0)];
    let chosen = T::structural(Structural::Select, &operands, Attributes::None);
    // 1, but NaN if a key has no rank.
    let ordered = with_axis(ranks, rank).summed(&[rank - 1]) * one.like(0.0) + one;
    let sorted = chosen.summed(&[rank]) * ordered;
    let mut inverse = vec![0; rank];
    for (to, &from) in order.iter().enumerate() {
        inverse[from] = to;
    }
    sorted.permuted(&inverse)
}
