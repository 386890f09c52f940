//! Where an instruction's elements lie: strides if any describe them, else a list.

use std::sync::Arc;

use smallvec::SmallVec;

use super::ids::{Id, Line, Point};

/// The extents that an instruction runs over, outermost first.
pub(crate) type Dims = SmallVec<[usize; 2]>;

/// How far apart neighbours along each axis are.
pub(crate) type Strides = SmallVec<[i32; 4]>;

/// The most numbers of a program: strides are signed and of 32 bits.
pub(crate) const BOUND: u64 = 1 << 31;

/// More numbers than `BOUND`.
#[derive(Debug)]
pub(crate) struct TooLarge {
    pub(crate) needed: u64,
}

impl TooLarge {
    pub(crate) fn check(needed: u64) -> Result<(), TooLarge> {
        if needed < BOUND { Ok(()) } else { Err(TooLarge { needed }) }
    }
}

/// The numbers of an operand, one per element of an index space, in row-major order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Access<P> {
    /// Element i stands at `start + Σ iₐ strideₐ`; a stride per axis, 0 where the element is
    /// repeated.
    Strided { start: P, strides: Strides },
    /// Element i, counted in row-major order, stands at the i-th entry.
    Listed(Arc<[P]>),
}

impl<P: Point> Access<P> {
    /// One number for every element.
    pub(crate) fn repeated(number: P, rank: usize) -> Self {
        Access::Strided { start: number, strides: SmallVec::from_elem(0, rank) }
    }

    /// A row-major run.
    pub(crate) fn contiguous(start: P, dims: &[usize]) -> Self {
        Access::Strided { start, strides: row_major(dims) }
    }

    /// The access that a list of numbers over `dims` is: strided if it can be.
    pub(crate) fn of(numbers: Vec<P>, dims: &[usize]) -> Self {
        match strides_of(&numbers, dims) {
            Some(strides) => Access::Strided { start: numbers[0], strides },
            None => Access::Listed(numbers.into()),
        }
    }

    /// The numbers of all elements.
    pub(crate) fn numbers(&self, dims: &[usize]) -> Vec<P> {
        let mut numbers = Vec::with_capacity(dims.iter().product());
        self.for_each(dims, |number| numbers.push(number));
        numbers
    }

    /// Calls `visit` with every element's number, in row-major order.
    pub(crate) fn for_each(&self, dims: &[usize], mut visit: impl FnMut(P)) {
        match self {
            Access::Listed(list) => list.iter().for_each(|&number| visit(number)),
            Access::Strided { start, strides } => {
                for_each_offset(dims, strides, |o| visit(start.plus(o)))
            }
        }
    }

    /// Calls `visit` with every number that is read: axes that repeat elements are not walked.
    pub(crate) fn for_each_distinct(&self, dims: &[usize], visit: impl FnMut(P)) {
        match self {
            Access::Listed(_) => self.for_each(dims, visit),
            Access::Strided { start, strides } => {
                let (_, dims, strides) = without_repeats(dims, strides);
                Access::Strided { start: *start, strides }.for_each(&dims, visit);
            }
        }
    }

    /// Calls `visit` with every run of a line that is read, one of several neighbouring elements
    /// once.
    #[inline]
    pub(crate) fn for_each_run<K: Id>(
        &self,
        dims: &[usize],
        line: &Line<P, K>,
        mut visit: impl FnMut(K),
    ) {
        if let Some(run) = self.run(dims, line) {
            return visit(run);
        }
        let mut last = None;
        self.for_each_distinct(dims, |number| {
            let run = line.run_of(number);
            if last != Some(run) {
                visit(run);
                last = Some(run);
            }
        });
    }

    /// The run of a line that holds every element, where strides say so.
    #[inline]
    pub(crate) fn run<K: Id>(&self, dims: &[usize], line: &Line<P, K>) -> Option<K> {
        if let (Access::Strided { start, .. }, [1]) = (self, dims) {
            return Some(line.run_of(*start));
        }
        let (first, last) = self.reach(dims)?;
        line.run_of_both(first, last)
    }

    /// The first and the last number that strides reach.
    pub(crate) fn reach(&self, dims: &[usize]) -> Option<(P, P)> {
        let Access::Strided { start, strides } = self else { return None };
        let (mut back, mut on) = (0, 0);
        for (&extent, &stride) in dims.iter().zip(strides) {
            let way = (extent as i64 - 1) * i64::from(stride);
            if way < 0 { back += way } else { on += way }
        }
        Some((start.plus(back), start.plus(on)))
    }

    pub(crate) fn first(&self) -> P {
        match self {
            Access::Strided { start, .. } => *start,
            Access::Listed(list) => list[0],
        }
    }

    /// Element `i`, counted in row-major order.
    pub(crate) fn element(&self, dims: &[usize], i: usize) -> P {
        match self {
            Access::Listed(list) => list[i],
            Access::Strided { start, strides } => {
                let (mut left, mut offset) = (i, 0);
                for (&extent, &stride) in dims.iter().zip(strides).rev() {
                    offset += (left % extent) as i64 * i64::from(stride);
                    left /= extent;
                }
                start.plus(offset)
            }
        }
    }

    /// The same elements on another line: `run` says where what begins at a number, and reaches no
    /// further than another, begins there and how far apart its numbers are; `each` maps a number.
    pub(crate) fn moved<Q: Point>(
        &self,
        dims: &[usize],
        run: impl Fn(P, P) -> Option<(P, Q, i32)>,
        each: impl Fn(P) -> Q,
    ) -> Access<Q> {
        match self {
            Access::Strided { start, strides } => {
                let (first, last) = self.reach(dims).expect("it is strided");
                if let Some((from, to, width)) = run(first, last) {
                    let start = to.plus(start.minus(from) * i64::from(width));
                    return Access::Strided {
                        start,
                        strides: strides.iter().map(|&s| s * width).collect(),
                    };
                }
                // Axes that repeat elements go on repeating them: only the others are walked.
                let (kept, own, thin) = without_repeats(dims, strides);
                let mut numbers = Vec::with_capacity(own.iter().product());
                for_each_offset(&own, &thin, |o| numbers.push(each(start.plus(o))));
                Access::of(numbers, &own).spread(&own, &kept, dims)
            }
            Access::Listed(list) => {
                Access::of(list.iter().map(|&number| each(number)).collect(), dims)
            }
        }
    }

    /// The elements over `own` repeated along the axes of `dims` that are not among `kept`.
    fn spread(self, own: &[usize], kept: &[usize], dims: &[usize]) -> Self {
        if own.len() == dims.len() {
            return self;
        }
        match self {
            Access::Strided { start, strides } => {
                let mut wide = SmallVec::from_elem(0, dims.len());
                kept.iter().zip(&strides).for_each(|(&axis, &stride)| wide[axis] = stride);
                Access::Strided { start, strides: wide }
            }
            Access::Listed(list) => {
                let mut wide: Strides = SmallVec::from_elem(0, dims.len());
                kept.iter().zip(row_major(own)).for_each(|(&axis, stride)| wide[axis] = stride);
                let mut numbers = Vec::with_capacity(dims.iter().product());
                for_each_offset(dims, &wide, |i| numbers.push(list[i as usize]));
                Access::Listed(numbers.into())
            }
        }
    }

    /// The same elements in the same order over other extents; `None` if no strides describe them
    /// there.
    pub(crate) fn over(&self, from: &[usize], to: &[usize]) -> Option<Access<P>> {
        let Access::Strided { start, strides } = self else { return Some(self.clone()) };
        // Innermost first, neighbours that walk as one made one.
        let mut axes: SmallVec<[(usize, i64); 4]> = SmallVec::new();
        for (&extent, &stride) in from.iter().zip(strides).rev().filter(|(extent, _)| **extent != 1)
        {
            let stride = i64::from(stride);
            match axes.last_mut() {
                Some((inner, step)) if stride == *step * *inner as i64 => *inner *= extent,
                _ => axes.push((extent, stride)),
            }
        }
        let mut new: Strides = SmallVec::from_elem(0, to.len());
        let mut axes = axes.into_iter();
        let mut left = axes.next();
        for axis in (0..to.len()).rev().filter(|&axis| to[axis] != 1) {
            let (extent, stride) = left?;
            if extent % to[axis] != 0 {
                return None;
            }
            new[axis] = stride as i32;
            left = match extent / to[axis] {
                1 => axes.next(),
                rest => Some((rest, stride * to[axis] as i64)),
            };
        }
        Some(Access::Strided { start: *start, strides: new })
    }

    /// As `over`, and listed where no strides describe the elements there.
    pub(crate) fn reshaped(&self, from: &[usize], to: &[usize]) -> Access<P> {
        self.over(from, to).unwrap_or_else(|| Access::Listed(self.numbers(from).into()))
    }

    /// Whether the elements are neighbours in row-major order.
    pub(crate) fn is_contiguous(&self, dims: &[usize]) -> bool {
        match self {
            Access::Strided { strides, .. } => {
                let mut step = 1;
                let walks = |(&extent, &stride): (&usize, &i32)| {
                    let fits = extent == 1 || stride as usize == step;
                    step *= extent;
                    fits
                };
                dims.iter().zip(strides).rev().all(walks)
            }
            Access::Listed(_) => false,
        }
    }

    /// Whether one number is all there is.
    pub(crate) fn is_repeated(&self, dims: &[usize]) -> bool {
        match self {
            Access::Strided { strides, .. } => {
                dims.iter().zip(strides).all(|(&extent, &s)| extent == 1 || s == 0)
            }
            Access::Listed(list) => list.len() == 1,
        }
    }

    /// Of a view of a run whose elements are `self` over `own`: where the view's elements are. The
    /// view begins `offset` elements into the run and has `strides` over `dims`, all of the run's
    /// elements counted in row-major order.
    pub(crate) fn viewed(
        &self,
        own: &[usize],
        offset: usize,
        strides: &[i32],
        dims: &[usize],
    ) -> Access<P> {
        if let Access::Strided { start, strides: steps } = self {
            if self.is_contiguous(own) {
                return Access::Strided {
                    start: start.plus(offset as i64),
                    strides: strides.into(),
                };
            }
            if let Some((way, new)) = through(own, steps, offset, strides, dims) {
                return Access::Strided { start: start.plus(way), strides: new };
            }
        }
        let (kept, thin_dims, thin) = without_repeats(dims, strides);
        let mut numbers = Vec::with_capacity(thin_dims.iter().product());
        let listed: std::borrow::Cow<'_, [P]> = match self {
            Access::Listed(list) => std::borrow::Cow::Borrowed(&list[..]),
            Access::Strided { .. } => self.numbers(own).into(),
        };
        for_each_offset(&thin_dims, &thin, |o| numbers.push(listed[(offset as i64 + o) as usize]));
        Access::of(numbers, &thin_dims).spread(&thin_dims, &kept, dims)
    }

    /// With axes in another order.
    pub(crate) fn permuted(&self, dims: &[usize], order: &[usize]) -> Access<P> {
        match self {
            Access::Strided { start, strides } => Access::Strided {
                start: *start,
                strides: order.iter().map(|&axis| strides[axis]).collect(),
            },
            Access::Listed(list) => {
                let steps = row_major(dims);
                let strides: Strides = order.iter().map(|&axis| steps[axis]).collect();
                let new: Dims = order.iter().map(|&axis| dims[axis]).collect();
                let mut numbers = Vec::with_capacity(list.len());
                for_each_offset(&new, &strides, |i| numbers.push(list[i as usize]));
                Access::of(numbers, &new)
            }
        }
    }

    /// Repeated along `inner`, axes behind those of `dims`.
    pub(crate) fn repeated_along(&self, dims: &[usize], inner: &[usize]) -> Access<P> {
        match self {
            Access::Strided { start, strides } => {
                let strides = strides.iter().copied().chain(inner.iter().map(|_| 0)).collect();
                Access::Strided { start: *start, strides }
            }
            Access::Listed(list) => {
                let times: usize = inner.iter().product();
                debug_assert_eq!(list.len(), dims.iter().product::<usize>());
                Access::Listed(
                    list.iter().flat_map(|&number| std::iter::repeat_n(number, times)).collect(),
                )
            }
        }
    }
}

/// Strides of one walk over a run whose elements are `steps` over `own`, seen through a view that
/// begins at `offset` and walks `strides` over `dims`: what it begins with, and its strides. `None`
/// if an axis of the view walks over the end of one of the run's.
fn through(
    own: &[usize],
    steps: &[i32],
    offset: usize,
    strides: &[i32],
    dims: &[usize],
) -> Option<(i64, Strides)> {
    // The run's axes, neighbours that walk as one made one: extent, step, elements from one to the
    // next.
    let mut axes: SmallVec<[(usize, i64, usize); 4]> = SmallVec::new();
    for (&extent, &step) in own.iter().zip(steps).rev().filter(|(extent, _)| **extent != 1) {
        let step = i64::from(step);
        match axes.last_mut() {
            Some((inner, inner_step, _)) if step == *inner_step * *inner as i64 => *inner *= extent,
            Some(&mut (inner, _, each)) => axes.push((extent, step, each * inner)),
            None => axes.push((extent, step, 1)),
        }
    }
    // How far along each of them the view goes.
    let mut far: SmallVec<[usize; 4]> =
        axes.iter().map(|&(extent, _, each)| offset / each % extent).collect();
    let way = axes.iter().zip(&far).map(|(&(_, step, _), &i)| i as i64 * step).sum();
    let mut new: Strides = SmallVec::from_elem(0, dims.len());
    for (axis, (&extent, &stride)) in dims.iter().zip(strides).enumerate() {
        if extent == 1 || stride == 0 {
            continue;
        }
        let stride = usize::try_from(stride).ok()?;
        let i = axes.iter().rposition(|&(_, _, each)| each <= stride)?;
        let (_, step, each) = axes[i];
        if stride % each != 0 {
            return None;
        }
        far[i] += (extent - 1) * (stride / each);
        new[axis] = ((stride / each) as i64 * step) as i32;
    }
    let stays = axes.iter().zip(&far).all(|(&(extent, ..), &far)| far < extent);
    stays.then_some((way, new))
}

/// The axes that do not repeat elements, their extents and strides.
fn without_repeats(dims: &[usize], strides: &[i32]) -> (SmallVec<[usize; 4]>, Dims, Strides) {
    let kept: SmallVec<[usize; 4]> = (0..dims.len()).filter(|&i| strides[i] != 0).collect();
    let own = kept.iter().map(|&i| dims[i]).collect();
    let thin = kept.iter().map(|&i| strides[i]).collect();
    (kept, own, thin)
}

/// Both lists of extents.
pub(crate) fn joined(dims: &[usize], inner: &[usize]) -> Dims {
    dims.iter().chain(inner).copied().collect()
}

/// Row-major strides.
pub(crate) fn row_major(dims: &[usize]) -> Strides {
    let mut strides = SmallVec::from_elem(1, dims.len());
    for axis in (1..dims.len()).rev() {
        strides[axis - 1] = strides[axis] * dims[axis] as i32;
    }
    strides
}

/// Calls `visit` with `Σ iₐ strideₐ` for every index in row-major order.
pub(crate) fn for_each_offset(dims: &[usize], strides: &[i32], mut visit: impl FnMut(i64)) {
    let Some((&inner, outer)) = dims.split_last() else { return visit(0) };
    let step = i64::from(strides[outer.len()]);
    let mut index: SmallVec<[usize; 4]> = SmallVec::from_elem(0, outer.len());
    let mut start = 0_i64;
    for _ in 0..outer.iter().product() {
        let mut offset = start;
        for _ in 0..inner {
            visit(offset);
            offset += step;
        }
        for axis in (0..outer.len()).rev() {
            index[axis] += 1;
            start += i64::from(strides[axis]);
            if index[axis] < outer[axis] {
                break;
            }
            start -= index[axis] as i64 * i64::from(strides[axis]);
            index[axis] = 0;
        }
    }
}

/// The strides by which `numbers` walk `dims`, if there are any.
fn strides_of<P: Point>(numbers: &[P], dims: &[usize]) -> Option<Strides> {
    let steps = row_major(dims);
    let stride = |(axis, &extent): (usize, &usize)| {
        if extent > 1 { numbers[steps[axis] as usize].minus(numbers[0]) as i32 } else { 0 }
    };
    let strides: Strides = dims.iter().enumerate().map(stride).collect();
    let (mut i, mut all) = (0, true);
    for_each_offset(dims, &strides, |offset| {
        all &= numbers[i].minus(numbers[0]) == offset;
        i += 1;
    });
    all.then_some(strides)
}

/// Finds one index space for several lists of numbers of the same length, in which as many as
/// possible are strided.
///
/// Where all lists step evenly but for breaks at multiples of some length, that length is an inner
/// axis, and the first numbers after the breaks are looked at in the same way.
pub(crate) fn factor<P: Point>(lists: &[Vec<P>]) -> (Dims, Vec<Access<P>>) {
    let n = lists[0].len();
    let mut dims: Dims = SmallVec::new();
    let mut strides: Vec<Strides> = vec![SmallVec::new(); lists.len()];
    let mut block = 1;
    while block < n && dims.len() < MOST_AXES {
        let starts = n / block;
        let diff = |list: &[P], i: usize| list[i * block].minus(list[(i - 1) * block]) as i32;
        let first: Strides = lists.iter().map(|list| diff(list, 1)).collect();
        let mut inner = starts;
        for i in 2..starts {
            if lists.iter().zip(&first).any(|(list, &d)| diff(list, i) != d) {
                inner = gcd(inner, i);
                if inner == 1 {
                    break;
                }
            }
        }
        if inner == 1 {
            break;
        }
        dims.insert(0, inner);
        strides.iter_mut().zip(&first).for_each(|(strides, &d)| strides.insert(0, d));
        block *= inner;
    }
    if block < n || dims.is_empty() {
        let flat = SmallVec::from_slice(&[n]);
        let accesses = lists.iter().map(|list| Access::of(list.clone(), &flat)).collect();
        return (flat, accesses);
    }
    let starts = lists.iter().map(|list| list[0]);
    (dims, starts.zip(strides).map(|(start, strides)| Access::Strided { start, strides }).collect())
}

/// More axes than any walk needs.
const MOST_AXES: usize = 6;

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Value;

    fn values(list: impl IntoIterator<Item = usize>) -> Vec<Value> {
        list.into_iter().map(Value::new).collect()
    }

    fn strided<const N: usize>(start: usize, strides: [i32; N]) -> Access<Value> {
        Access::Strided { start: Value::new(start), strides: strides[..].into() }
    }

    #[test]
    fn lists_become_strides_where_strides_describe_them() {
        assert_eq!(Access::of(values([4, 6, 8, 14, 16, 18]), &[2, 3]), strided(4, [10, 2]));
        assert!(matches!(Access::of(values([4, 6, 9]), &[3]), Access::Listed(_)));
        assert_eq!(Access::of(values([9, 7, 5]), &[3]), strided(9, [-2]));
    }

    #[test]
    fn the_index_space_of_an_outer_product_is_found() {
        let (rows, columns) = (3, 5);
        let g = values((0..rows).flat_map(|j| vec![100 + j; columns]));
        let x = values((0..rows).flat_map(|_| 7..7 + columns));
        let (dims, accesses) = factor(&[g, x]);
        assert_eq!(dims.as_slice(), [3, 5]);
        assert_eq!(accesses[0], strided(100, [1, 0]));
        assert_eq!(accesses[1], strided(7, [0, 1]));
    }

    #[test]
    fn what_has_no_pattern_stays_a_list_and_the_rest_is_strided() {
        let (dims, accesses) = factor(&[values([5, 3, 9, 1]), values([0, 1, 2, 3])]);
        assert_eq!(dims.as_slice(), [4]);
        assert!(matches!(accesses[0], Access::Listed(_)));
        assert_eq!(accesses[1], strided(0, [1]));
    }

    #[test]
    fn other_extents_walk_the_same_elements() {
        let access = strided(3, [40, 2]);
        for to in [&[4, 10][..], &[2, 2, 10], &[4, 5, 2], &[4, 1, 10]] {
            assert_eq!(
                access.over(&[4, 10], to).map(|a| a.numbers(to)),
                Some(access.numbers(&[4, 10])),
                "{to:?}"
            );
        }
        assert_eq!(access.over(&[4, 10], &[40]), None);
        assert_eq!(
            Access::contiguous(Value::new(0), &[4, 10]).over(&[4, 10], &[40]),
            Some(Access::contiguous(Value::new(0), &[40]))
        );
    }

    #[test]
    fn renaming_keeps_repeated_axes_and_every_element() {
        let dims = [3, 2, 4];
        let access = strided(10, [2, 0, 1]);
        let renamed = |to: fn(Value) -> Value| access.moved(&dims, |_, _| None, to);
        let other = |value: Value| if value.index() == 13 { Value::new(99) } else { value };
        let expected: Vec<Value> = access.numbers(&dims).into_iter().map(other).collect();
        assert_eq!(renamed(other).numbers(&dims), expected);
        assert_eq!(renamed(|value| value.plus(5)), strided(15, [2, 0, 1]));
    }

    #[test]
    fn a_view_of_a_view_is_its_elements() {
        // A transposed block of rows of five, and views of what it is as a run of its own.
        let (own, access) = ([4, 3], strided(100, [1, 5]));
        let all = access.numbers(&own);
        for (offset, strides, dims) in [
            (0, vec![3, 1], vec![4, 3]),
            (0, vec![1, 3], vec![3, 4]),
            (3, vec![3, 0, 1], vec![2, 2, 3]),
            (1, vec![6], vec![2]),
            (0, vec![1], vec![12]),
            (2, vec![2], vec![3]),
        ] {
            let mut expected = Vec::new();
            for_each_offset(&dims, &strides, |o| expected.push(all[(offset as i64 + o) as usize]));
            assert_eq!(
                access.viewed(&own, offset, &strides, &dims).numbers(&dims),
                expected,
                "{strides:?}"
            );
        }
        assert!(matches!(access.viewed(&own, 0, &[1, 3], &[3, 4]), Access::Strided { .. }));
    }
}
