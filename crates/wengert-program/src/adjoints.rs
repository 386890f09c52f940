//! The adjoints of the tape's steps while a reverse sweep goes over them: each a pointer into the
//! graph, to the values that hold the sum of the contributions so far.
//!
//! The adjoint of a run is one access if its contributions are of the whole run, a few parts if
//! they are of views of it that do not overlap (the layers of one block of parameters), and a list
//! of values only where single elements or overlapping views are contributed to.

use smallvec::SmallVec;

use super::access::{Access, Dims, Strides, for_each_offset, row_major};
use super::graph::Part;
use super::ids::{Id, Point, Slot, StepId, Value};
use super::lower::Lowered;
use super::regions::{
    are_apart, covers, index_of, is_range, is_whole, last, of, same, split, write,
};
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

/// Runs of at most so many numbers are kept element by element as soon as one is contributed to.
const FEW: usize = 1024;

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
    /// To these parts of them, the rest being ranges to which nothing has been added.
    Inside(Vec<Part<Value>>),
    /// To some, or the slots are no view.
    Single(Vec<Option<Value>>),
}

/// What a reader makes of a part's values over their extents.
pub(crate) type OfPart<'a> = &'a dyn Fn(&Access<Value>, &[usize]) -> Access<Value>;

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
    pub(crate) fn target<S: Scalar>(
        lowered: &Lowered<'_, S>,
        start: Slot,
        strides: &[i32],
        dims: &[usize],
    ) -> Target {
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
            Adjoint::Parts(parts) => parts
                .iter()
                .find_map(|part| index_of(part, offset).map(|i| part.from.element(&part.dims, i))),
        }
    }

    /// Lets `value` be the adjoint of one slot.
    pub(crate) fn set_at<S: Scalar>(&mut self, lowered: &Lowered<'_, S>, slot: Slot, value: Value) {
        let step = lowered.line.run_of(slot);
        if lowered.line.len_of(step) == 1 {
            self.of[step.index()] = Adjoint::Number(value);
            return;
        }
        if lowered.line.len_of(step) > FEW {
            let target = Target::View {
                step,
                offset: slot.minus(lowered.line.start(step)) as usize,
                strides: Strides::new(),
            };
            // Takes a range apart that holds it.
            self.so_far(lowered, &target, &[]);
            return self.set(lowered, &target, &[], &Access::repeated(value, 0));
        }
        let offset = slot.minus(lowered.line.start(step)) as usize;
        self.elements(lowered, step)[offset] = Some(value);
    }

    /// A run's adjoint, element by element from now on.
    fn elements<S: Scalar>(
        &mut self,
        lowered: &Lowered<'_, S>,
        step: StepId,
    ) -> &mut Vec<Option<Value>> {
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
    pub(crate) fn so_far<S: Scalar>(
        &mut self,
        lowered: &Lowered<'_, S>,
        target: &Target,
        dims: &[usize],
    ) -> SoFar {
        let single = |elements: Vec<Option<Value>>| {
            if elements.iter().all(Option::is_none) {
                SoFar::Nothing
            } else {
                SoFar::Single(elements)
            }
        };
        let (step, offset, strides) = match target {
            Target::View { step, offset, strides } => (*step, *offset, strides),
            Target::Slots(slots) => {
                // Element by element, so that the next look at one of them is no search among
                // parts.
                return single(slots.iter().map(|&slot| self.at_once(lowered, slot)).collect());
            }
        };
        match &mut self.of[step.index()] {
            Adjoint::Nothing => return SoFar::Nothing,
            Adjoint::Number(value) => return SoFar::All(Access::repeated(*value, dims.len())),
            Adjoint::Parts(parts) => {
                let place = (offset, dims, &strides[..]);
                if let Some(before) = parts.iter().find_map(|part| same(part, place)) {
                    return SoFar::All(before);
                }
                let touched: SmallVec<[usize; 4]> =
                    (0..parts.len()).filter(|&i| !are_apart(place, of(&parts[i]))).collect();
                match touched[..] {
                    [] if parts.len() < MOST_PARTS => return SoFar::Nothing,
                    [only]
                        if parts.len() < MOST_PARTS
                            && is_range(&parts[only])
                            && covers(&parts[only], place) =>
                    {
                        let pieces = split(&parts[only], place);
                        let before = pieces[0].from.clone();
                        parts.swap_remove(only);
                        parts.extend(pieces);
                        return SoFar::All(before);
                    }
                    // Of nothing inside it, the whole place would be the gap, asked for again and
                    // again.
                    _ if is_whole(place) && !touched.is_empty() => {
                        let inside: Vec<Part<Value>> =
                            touched.iter().map(|&i| parts[i].clone()).collect();
                        if gaps(&inside, offset, dims.iter().product()).is_some() {
                            return SoFar::Inside(inside);
                        }
                    }
                    _ => {}
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
        let part = Part {
            offset,
            dims: Dims::from_slice(dims),
            strides: strides.clone(),
            from: adjoints.clone(),
        };
        match &mut self.of[step.index()] {
            Adjoint::Elements(elements) => return write(&part, elements),
            Adjoint::Parts(parts) => {
                let place = (offset, dims, &strides[..]);
                if let Some(known) = parts.iter().position(|known| same(known, place).is_some()) {
                    parts[known] = part;
                    return;
                }
                // What lies inside is the part's now.
                let goes = |known: &Part<Value>| {
                    is_whole(place) && within(known, offset, dims.iter().product())
                };
                if parts.len() < MOST_PARTS
                    && parts.iter().all(|known| are_apart(place, of(known)) || goes(known))
                {
                    parts.retain(|known| are_apart(place, of(known)));
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
        map: OfPart<'_>,
        fill: &dyn Fn() -> Value,
    ) -> Option<Access<Value>> {
        let slots = Access::Strided { start, strides: strides.into() };
        let Some(step) = slots.run(dims, &lowered.line) else {
            return listed(
                slots.numbers(dims).into_iter().map(|slot| self.at(lowered, slot)),
                dims,
                map,
                fill,
            );
        };
        let offset = start.minus(lowered.line.start(step)) as usize;
        let parts = match &self.of[step.index()] {
            Adjoint::Nothing => return None,
            Adjoint::Number(value) => {
                return Some(map(&Access::repeated(*value, 0), &[]).repeated_over(dims));
            }
            Adjoint::Elements(elements) => {
                let mut own = Vec::with_capacity(dims.iter().product());
                for_each_offset(dims, strides, |o| {
                    own.push(elements[(offset as i64 + o) as usize])
                });
                return listed(own.into_iter(), dims, map, fill);
            }
            Adjoint::Parts(parts) => parts,
        };
        let place = (offset, dims, strides);
        if let Some(all) = parts.iter().find_map(|part| same(part, place)) {
            return Some(map(&all, dims));
        }
        let touched: SmallVec<[&Part<Value>; 4]> =
            parts.iter().filter(|part| !are_apart(place, of(part))).collect();
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
            return Some(lowered.builder.joined(dims, parts));
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
    map: OfPart<'_>,
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

/// The parts of the range of `len` elements from `offset` on, with `fill` in the gaps. `None` if
/// one of them is not wholly inside, or the gaps are no ranges.
fn filled(
    parts: &[&Part<Value>],
    offset: usize,
    len: usize,
    map: OfPart<'_>,
    fill: &dyn Fn() -> Value,
) -> Option<Vec<Part<Value>>> {
    let inside: Vec<Part<Value>> = parts.iter().map(|&part| part.clone()).collect();
    let gaps = gaps(&inside, offset, len)?;
    let mut parts: Vec<Part<Value>> = inside
        .into_iter()
        .map(|part| Part {
            offset: part.offset - offset,
            from: map(&part.from, &part.dims),
            ..part
        })
        .collect();
    if !gaps.is_empty() {
        let filling = fill();
        parts.extend(gaps.into_iter().map(|(start, len)| {
            let dims = Dims::from_slice(&[len]);
            Part {
                offset: start - offset,
                strides: row_major(&dims),
                dims,
                from: Access::repeated(filling, 1),
            }
        }));
    }
    parts.sort_by_key(|part| part.offset);
    Some(parts)
}

/// Whether a part lies inside the range of `len` elements from `offset` on.
fn within(part: &Part<Value>, offset: usize, len: usize) -> bool {
    part.offset >= offset && last(of(part)) < offset + len
}

/// The ranges of the `len` elements from `offset` on that are in none of the parts: first element
/// and length. `None` if one of the parts is not wholly inside, or what is left is no ranges.
pub(crate) fn gaps(
    parts: &[Part<Value>],
    offset: usize,
    len: usize,
) -> Option<Vec<(usize, usize)>> {
    if !parts.iter().all(|part| within(part, offset, len)) {
        return None;
    }
    let count = |part: &Part<Value>| part.dims.iter().product::<usize>();
    if parts.iter().map(count).sum::<usize>() == len {
        return Some(Vec::new());
    }
    // Parts that interleave fill their whole span together, or leave gaps that are no ranges.
    let mut spans: Vec<(usize, usize, usize)> =
        parts.iter().map(|part| (part.offset, last(of(part)) + 1, count(part))).collect();
    spans.sort_unstable();
    let (mut at, mut gaps) = (offset, Vec::new());
    let mut spans = spans.into_iter().peekable();
    while let Some((start, mut end, mut there)) = spans.next() {
        while let Some((_, more_end, more)) = spans.next_if(|&(next, ..)| next < end) {
            (end, there) = (end.max(more_end), there + more);
        }
        if there != end - start {
            return None;
        }
        if at < start {
            gaps.push((at, start - at));
        }
        at = end;
    }
    if at < offset + len {
        gaps.push((at, offset + len - at));
    }
    Some(gaps)
}
