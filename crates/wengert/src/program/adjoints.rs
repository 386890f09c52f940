//! The adjoints of the tape's steps while a reverse sweep goes over them: each a pointer into the
//! graph, to the values that hold the sum of the contributions so far.
//!
//! The adjoint of a run is one access if its contributions are of the whole run, a few parts if they
//! are of views of it that do not overlap (the layers of one block of parameters), and a list of
//! values only where single elements or overlapping views are contributed to.

use smallvec::SmallVec;

use super::access::{Access, Dims, Strides, for_each_offset, row_major};
use super::graph::Part;
use super::ids::{Id, Point, Slot, StepId, Value};
use super::lower::Lowered;
use crate::real::Scalar;

/// What has been added to a step's adjoint.
#[derive(Clone, Debug, Default)]
enum Adjoint {
    #[default]
    Nothing,
    /// Of a step of one number.
    Number(Value),
    /// Of views of the run that do not overlap.
    Parts(Vec<Part<Value>>),
    /// By element.
    Elements(Vec<Option<Value>>),
}

/// More parts than this are kept element by element: each new one is compared with all.
const MOST_PARTS: usize = 64;

/// Distinct slots that a contribution goes to.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// A view of one step's run, from an offset on.
    View {
        step: StepId,
        offset: usize,
        strides: Strides,
    },
    Slots(Vec<Slot>),
}

/// What has been added to distinct slots so far.
pub(crate) enum SoFar {
    Nothing,
    /// To all of them.
    All(Access<Value>),
    /// To some, or the slots are no view.
    Single(Vec<Option<Value>>),
}

/// The adjoints by step.
#[derive(Debug)]
pub(crate) struct Adjoints {
    of: Vec<Adjoint>,
}

impl Adjoints {
    pub(crate) fn new(steps: usize) -> Self {
        Adjoints { of: vec![Adjoint::Nothing; steps] }
    }

    /// Whether nothing has been added to a step's adjoint.
    pub(crate) fn is_nothing(&self, step: StepId) -> bool {
        matches!(self.of[step.index()], Adjoint::Nothing)
    }

    /// The slots from `start` on, `strides` apart over `dims`.
    pub(crate) fn target<S: Scalar>(lowered: &Lowered<'_, S>, start: Slot, strides: &[i32], dims: &[usize]) -> Target {
        let slots = Access::Strided { start, strides: strides.into() };
        match slots.run(dims, &lowered.line) {
            Some(step) if dims.iter().product::<usize>() > 1 => {
                let offset = start.minus(lowered.line.start(step)) as usize;
                Target::View { step, offset, strides: strides.into() }
            }
            _ => Target::Slots(slots.numbers(dims)),
        }
    }

    /// The adjoint of one slot so far.
    pub(crate) fn at<S: Scalar>(&self, lowered: &Lowered<'_, S>, slot: Slot) -> Option<Value> {
        let step = lowered.line.run_of(slot);
        let offset = slot.minus(lowered.line.start(step)) as usize;
        match &self.of[step.index()] {
            Adjoint::Nothing => None,
            Adjoint::Number(value) => Some(*value),
            Adjoint::Elements(elements) => elements[offset],
            Adjoint::Parts(parts) => parts.iter().find_map(|part| {
                let mut found = None;
                let mut i = 0;
                for_each_offset(&part.dims, &part.strides, |o| {
                    if part.offset as i64 + o == offset as i64 {
                        found = Some(i);
                    }
                    i += 1;
                });
                found.map(|i| part.from.element(&part.dims, i))
            }),
        }
    }

    /// Lets `value` be the adjoint of one slot.
    pub(crate) fn set_at<S: Scalar>(&mut self, lowered: &Lowered<'_, S>, slot: Slot, value: Value) {
        let step = lowered.line.run_of(slot);
        if lowered.line.len_of(step) == 1 {
            self.of[step.index()] = Adjoint::Number(value);
            return;
        }
        let offset = slot.minus(lowered.line.start(step)) as usize;
        self.elements(lowered, step)[offset] = Some(value);
    }

    /// A run's adjoint, element by element from now on.
    fn elements<S: Scalar>(&mut self, lowered: &Lowered<'_, S>, step: StepId) -> &mut Vec<Option<Value>> {
        let adjoint = &mut self.of[step.index()];
        if !matches!(adjoint, Adjoint::Elements(_)) {
            let mut elements = vec![None; lowered.line.len_of(step)];
            if let Adjoint::Parts(parts) = adjoint {
                parts.iter().for_each(|part| write(part, &mut elements));
            }
            *adjoint = Adjoint::Elements(elements);
        }
        match adjoint {
            Adjoint::Elements(elements) => elements,
            _ => unreachable!("it was made one"),
        }
    }

    /// The adjoints of distinct slots so far.
    pub(crate) fn so_far<S: Scalar>(&mut self, lowered: &Lowered<'_, S>, target: &Target, dims: &[usize]) -> SoFar {
        let single = |elements: Vec<Option<Value>>| {
            if elements.iter().all(Option::is_none) { SoFar::Nothing } else { SoFar::Single(elements) }
        };
        let (step, offset, strides) = match target {
            Target::View { step, offset, strides } => (*step, *offset, strides),
            Target::Slots(slots) => {
                // Element by element, so that the next look at one of them is no search among parts.
                return single(slots.iter().map(|&slot| self.at_once(lowered, slot)).collect());
            }
        };
        match &self.of[step.index()] {
            Adjoint::Nothing => return SoFar::Nothing,
            Adjoint::Number(value) => return SoFar::All(Access::repeated(*value, dims.len())),
            Adjoint::Parts(parts) => {
                let place = (offset, dims, &strides[..]);
                if let Some(before) = parts.iter().find_map(|part| same(part, place)) {
                    return SoFar::All(before);
                }
                if parts.iter().all(|part| are_apart(place, of(part))) && parts.len() < MOST_PARTS {
                    return SoFar::Nothing;
                }
            }
            Adjoint::Elements(_) => {}
        }
        let elements = self.elements(lowered, step);
        let mut own = Vec::with_capacity(dims.iter().product());
        for_each_offset(dims, strides, |o| own.push(elements[(offset as i64 + o) as usize]));
        single(own)
    }

    /// As `at`, of a run whose parts are taken apart.
    fn at_once<S: Scalar>(&mut self, lowered: &Lowered<'_, S>, slot: Slot) -> Option<Value> {
        let step = lowered.line.run_of(slot);
        if matches!(self.of[step.index()], Adjoint::Parts(_)) {
            self.elements(lowered, step);
        }
        self.at(lowered, slot)
    }

    /// Lets the elements of `adjoints` be the adjoints of distinct slots.
    pub(crate) fn set<S: Scalar>(
        &mut self,
        lowered: &Lowered<'_, S>,
        target: &Target,
        dims: &[usize],
        adjoints: &Access<Value>,
    ) {
        let (step, offset, strides) = match target {
            Target::View { step, offset, strides } => (*step, *offset, strides),
            Target::Slots(slots) => {
                let mut slots = slots.iter();
                adjoints.for_each(dims, |value| {
                    self.set_at(lowered, *slots.next().expect("a slot for each"), value);
                });
                return;
            }
        };
        let part = Part { offset, dims: Dims::from_slice(dims), strides: strides.clone(), from: adjoints.clone() };
        match &mut self.of[step.index()] {
            Adjoint::Elements(elements) => return write(&part, elements),
            Adjoint::Parts(parts) => {
                let place = (offset, dims, &strides[..]);
                if let Some(known) = parts.iter().position(|known| same(known, place).is_some()) {
                    parts[known] = part;
                    return;
                }
                if parts.len() < MOST_PARTS && parts.iter().all(|known| are_apart(place, of(known))) {
                    return parts.push(part);
                }
            }
            other => {
                *other = Adjoint::Parts(vec![part]);
                return;
            }
        }
        write(&part, self.elements(lowered, step));
    }

    /// The adjoints of a view's slots, repeated ones too: each part as `map` changes it, and `fill`
    /// where nothing has been added. `None` if nothing has been added to any.
    pub(crate) fn read<S: Scalar>(
        &self,
        lowered: &Lowered<'_, S>,
        (start, strides, dims): (Slot, &[i32], &[usize]),
        map: &dyn Fn(&Access<Value>, &[usize]) -> Access<Value>,
        fill: &dyn Fn() -> Value,
    ) -> Option<Access<Value>> {
        let slots = Access::Strided { start, strides: strides.into() };
        let Some(step) = slots.run(dims, &lowered.line) else {
            return listed(slots.numbers(dims).into_iter().map(|slot| self.at(lowered, slot)), dims, map, fill);
        };
        let offset = start.minus(lowered.line.start(step)) as usize;
        let parts = match &self.of[step.index()] {
            Adjoint::Nothing => return None,
            Adjoint::Number(value) => return Some(map(&Access::repeated(*value, 0), &[]).repeated_over(dims)),
            Adjoint::Elements(elements) => {
                let mut own = Vec::with_capacity(dims.iter().product());
                for_each_offset(dims, strides, |o| own.push(elements[(offset as i64 + o) as usize]));
                return listed(own.into_iter(), dims, map, fill);
            }
            Adjoint::Parts(parts) => parts,
        };
        let place = (offset, dims, strides);
        if let Some(all) = parts.iter().find_map(|part| same(part, place)) {
            return Some(map(&all, dims));
        }
        let touched: SmallVec<[&Part<Value>; 4]> = parts.iter().filter(|part| !are_apart(place, of(part))).collect();
        match touched[..] {
            [] => return None,
            [part] if is_range(part) && covers(part, place) => {
                let from = part.from.viewed(&part.dims, offset - part.offset, strides, dims);
                return Some(map(&from, dims));
            }
            _ => {}
        }
        if strides[..] == row_major(dims)[..]
            && let Some(parts) = filled(&touched, offset, dims.iter().product(), map, fill)
        {
            return Some(lowered.joined(dims, parts));
        }
        let mut elements = vec![None; lowered.line.len_of(step)];
        touched.iter().for_each(|part| write(part, &mut elements));
        let mut own = Vec::with_capacity(dims.iter().product());
        for_each_offset(dims, strides, |o| own.push(elements[(offset as i64 + o) as usize]));
        listed(own.into_iter(), dims, map, fill)
    }
}

impl Access<Value> {
    /// One value over other extents.
    fn repeated_over(&self, dims: &[usize]) -> Self {
        Access::repeated(self.first(), dims.len())
    }
}

/// Single values, and `fill` where there is none.
fn listed(
    elements: impl Iterator<Item = Option<Value>>,
    dims: &[usize],
    map: &dyn Fn(&Access<Value>, &[usize]) -> Access<Value>,
    fill: &dyn Fn() -> Value,
) -> Option<Access<Value>> {
    let elements: Vec<Option<Value>> = elements.collect();
    if elements.iter().all(Option::is_none) {
        return None;
    }
    let filling = if elements.contains(&None) { Some(fill()) } else { None };
    let one = |element: Option<Value>| match element {
        Some(value) => map(&Access::repeated(value, 0), &[]).first(),
        None => filling.expect("something is missing"),
    };
    Some(Access::of(elements.into_iter().map(one).collect(), dims))
}

/// The parts of the range of `len` elements from `offset` on, with `fill` in the gaps. `None` if one
/// of them is not wholly inside, or the gaps are no ranges.
fn filled(
    parts: &[&Part<Value>],
    offset: usize,
    len: usize,
    map: &dyn Fn(&Access<Value>, &[usize]) -> Access<Value>,
    fill: &dyn Fn() -> Value,
) -> Option<Vec<Part<Value>>> {
    let inside = |part: &&Part<Value>| part.offset >= offset && last(of(part)) < offset + len;
    if !parts.iter().all(inside) {
        return None;
    }
    let mut parts: Vec<Part<Value>> = parts
        .iter()
        .map(|part| Part {
            offset: part.offset - offset,
            dims: part.dims.clone(),
            strides: part.strides.clone(),
            from: map(&part.from, &part.dims),
        })
        .collect();
    parts.sort_by_key(|part| part.offset);
    let there: usize = parts.iter().map(|part| part.dims.iter().product::<usize>()).sum();
    if there < len {
        if !parts.iter().all(is_range) {
            return None;
        }
        let (filling, mut at, mut gaps) = (fill(), 0, Vec::new());
        let ends = parts.iter().map(|part| (part.offset, part.dims.iter().product::<usize>()));
        for (start, part) in ends.chain([(len, 0)]) {
            if at < start {
                let dims = Dims::from_slice(&[start - at]);
                gaps.push(Part { offset: at, strides: row_major(&dims), dims, from: Access::repeated(filling, 1) });
            }
            at = start + part;
        }
        parts.extend(gaps);
        parts.sort_by_key(|part| part.offset);
    }
    Some(parts)
}

/// Where elements of a run stand: the first, and the others over extents at strides.
type Where<'a> = (usize, &'a [usize], &'a [i32]);

fn of(part: &Part<Value>) -> Where<'_> {
    (part.offset, &part.dims, &part.strides)
}

fn write(part: &Part<Value>, elements: &mut [Option<Value>]) {
    let mut values = part.from.numbers(&part.dims).into_iter();
    for_each_offset(&part.dims, &part.strides, |o| {
        elements[(part.offset as i64 + o) as usize] = values.next();
    });
}

/// The part's values over a place, if it is that part's: the same elements in any order of axes.
fn same(part: &Part<Value>, (offset, dims, strides): Where<'_>) -> Option<Access<Value>> {
    if part.offset != offset || part.dims.iter().product::<usize>() != dims.iter().product::<usize>() {
        return None;
    }
    if part.dims[..] == *dims && part.strides[..] == *strides {
        return Some(part.from.clone());
    }
    // Both with the longest strides first; neighbours that walk as one are one when they are compared.
    let order = |dims: &[usize], strides: &[i32]| -> SmallVec<[usize; 4]> {
        let mut order: SmallVec<[usize; 4]> = (0..dims.len()).collect();
        order.sort_by_key(|&axis| if dims[axis] == 1 { i32::MIN } else { -strides[axis] });
        order
    };
    let (own, theirs) = (order(&part.dims, &part.strides), order(dims, strides));
    let pick = |order: &[usize], dims: &[usize]| order.iter().map(|&axis| dims[axis]).collect::<Dims>();
    let pick_strides = |order: &[usize], s: &[i32]| order.iter().map(|&axis| s[axis]).collect::<Strides>();
    let (own_dims, their_dims) = (pick(&own, &part.dims), pick(&theirs, dims));
    let (own_strides, their_strides) = (pick_strides(&own, &part.strides), pick_strides(&theirs, strides));
    let start = Slot::new(0);
    let walk = |strides: Strides| Access::Strided { start, strides };
    let there = walk(own_strides).over(&own_dims, &their_dims)?;
    let fits = |(axis, &extent): (usize, &usize)| {
        let Access::Strided { strides, .. } = &there else { return false };
        extent == 1 || strides[axis] == their_strides[axis]
    };
    if !their_dims.iter().enumerate().all(fits) {
        return None;
    }
    let values = part.from.permuted(&part.dims, &own).over(&own_dims, &their_dims)?;
    let values = match values {
        // A list over the sorted axes is one over the others of the same order.
        Access::Listed(list) => Access::of(list.to_vec(), &their_dims),
        strided => strided,
    };
    let mut back: SmallVec<[usize; 4]> = SmallVec::from_elem(0, dims.len());
    theirs.iter().enumerate().for_each(|(i, &axis)| back[axis] = i);
    Some(values.permuted(&their_dims, &back))
}

/// The last element of a place.
fn last((offset, dims, strides): Where<'_>) -> usize {
    offset + dims.iter().zip(strides).map(|(&extent, &stride)| (extent - 1) * stride as usize).sum::<usize>()
}

fn is_range(part: &Part<Value>) -> bool {
    part.strides[..] == row_major(&part.dims)[..]
}

/// Whether a place lies between the first and the last element of a part.
fn covers(part: &Part<Value>, place: Where<'_>) -> bool {
    place.0 >= part.offset && last(place) <= last(of(part))
}

/// Whether no element is of both places, as far as their strides tell: false where they only might be.
pub(crate) fn are_apart(a: Where<'_>, b: Where<'_>) -> bool {
    if last(a) < b.0 || last(b) < a.0 {
        return true;
    }
    // Rows of both that begin at multiples of one stride apart: columns that do not meet, or rows.
    let axes = |(_, dims, strides): Where<'_>| {
        let axes = dims.iter().zip(strides).filter(|(extent, stride)| **extent > 1 && **stride > 0);
        axes.map(|(&extent, &stride)| (stride as usize, extent)).collect::<SmallVec<[(usize, usize); 4]>>()
    };
    let (of_a, of_b) = (axes(a), axes(b));
    of_a.iter().chain(&of_b).any(|&(row, _)| {
        let split = |axes: &[(usize, usize)]| {
            let (mut across, mut down) = (0, 0);
            for &(stride, extent) in axes {
                if stride < row {
                    across += (extent - 1) * stride;
                } else if stride % row == 0 {
                    down += (extent - 1) * (stride / row);
                } else {
                    return None;
                }
            }
            Some((across, down))
        };
        let (Some((a_across, a_down)), Some((b_across, b_down))) = (split(&of_a), split(&of_b)) else { return false };
        let (a_column, b_column) = (a.0 % row, b.0 % row);
        if a_column + a_across >= row || b_column + b_across >= row {
            return false;
        }
        let (a_row, b_row) = (a.0 / row, b.0 / row);
        a_column + a_across < b_column
            || b_column + b_across < a_column
            || a_row + a_down < b_row
            || b_row + b_down < a_row
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_that_meet_nowhere_are_told_apart() {
        // Rows of five weights and a bias: the weights, the biases, the first two rows, the last.
        let (weights, biases) = ((0, &[4, 5][..], &[6, 1][..]), (5, &[4][..], &[6][..]));
        let (first, last_row) = ((0, &[2, 6][..], &[6, 1][..]), (18, &[6][..], &[1][..]));
        assert!(are_apart(weights, biases) && are_apart(biases, weights));
        assert!(are_apart(first, last_row));
        assert!(!are_apart(weights, first) && !are_apart(biases, last_row) && !are_apart(weights, weights));
    }

    #[test]
    fn a_place_is_the_same_in_any_order_of_its_axes() {
        let part = Part {
            offset: 2,
            dims: Dims::from_slice(&[3, 4]),
            strides: row_major(&[3, 4]),
            from: Access::contiguous(Value::new(100), &[3, 4]),
        };
        let transposed = same(&part, (2, &[4, 3], &[1, 4])).unwrap();
        assert_eq!(transposed, Access::Strided { start: Value::new(100), strides: [1, 4][..].into() });
        assert_eq!(same(&part, (2, &[12], &[1])).unwrap(), Access::contiguous(Value::new(100), &[12]));
        assert!(same(&part, (2, &[4, 3], &[3, 1])).is_some());
        assert!(same(&part, (2, &[3, 4], &[5, 1])).is_none());
        assert!(same(&part, (3, &[12], &[1])).is_none());
    }
}
