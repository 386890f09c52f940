//! Where an instruction's elements lie: strides if any describe them, else a list.

use std::sync::Arc;

use smallvec::SmallVec;

/// The extents that an instruction runs over, outermost first.
pub(crate) type Dims = SmallVec<[usize; 4]>;

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

/// The slots of an operand, one per element of an index space, in row-major order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Access {
    /// Element i stands at `start + Σ iₐ strideₐ`; a stride per axis, 0 where the element is repeated.
    Strided { start: u32, strides: SmallVec<[i32; 4]> },
    /// Element i, counted in row-major order, stands at the i-th entry.
    Listed(Arc<[u32]>),
}

impl Access {
    /// One slot for every element.
    pub(crate) fn repeated(slot: u32, rank: usize) -> Self {
        Access::Strided { start: slot, strides: SmallVec::from_elem(0, rank) }
    }

    /// A row-major run.
    pub(crate) fn contiguous(start: u32, dims: &[usize]) -> Self {
        Access::Strided { start, strides: row_major(dims) }
    }

    /// The slots of all elements.
    pub(crate) fn slots(&self, dims: &[usize]) -> Vec<u32> {
        let mut slots = Vec::with_capacity(dims.iter().product());
        self.for_each(dims, |slot| slots.push(slot));
        slots
    }

    /// Calls `visit` with every element's slot, in row-major order.
    pub(crate) fn for_each(&self, dims: &[usize], mut visit: impl FnMut(u32)) {
        match self {
            Access::Listed(list) => list.iter().for_each(|&slot| visit(slot)),
            Access::Strided { start, strides } => for_each_offset(dims, strides, |o| visit((*start as i64 + o) as u32)),
        }
    }

    /// Calls `visit` with every slot that is read, repeated elements once per axis that does not repeat them.
    pub(crate) fn for_each_distinct(&self, dims: &[usize], visit: impl FnMut(u32)) {
        match self {
            Access::Listed(_) => self.for_each(dims, visit),
            Access::Strided { start, strides } => {
                let kept = |i: &usize| strides[*i] != 0;
                let dims: Dims = (0..dims.len()).filter(kept).map(|i| dims[i]).collect();
                let strides = strides.iter().copied().filter(|&s| s != 0).collect();
                Access::Strided { start: *start, strides }.for_each(&dims, visit);
            }
        }
    }

    pub(crate) fn first(&self) -> u32 {
        match self {
            Access::Strided { start, .. } => *start,
            Access::Listed(list) => list[0],
        }
    }

    /// The same elements after every slot has been renamed; strided again if strides describe the new ones.
    pub(crate) fn renamed(&self, dims: &[usize], rename: impl Fn(u32) -> u32) -> Access {
        match self {
            // Axes that repeat elements go on repeating them: only the others are walked.
            Access::Strided { start, strides } if strides.contains(&0) => {
                let kept: SmallVec<[usize; 4]> = (0..dims.len()).filter(|&i| strides[i] != 0).collect();
                let own: Dims = kept.iter().map(|&i| dims[i]).collect();
                let thin = Access::Strided { start: *start, strides: kept.iter().map(|&i| strides[i]).collect() };
                match thin.renamed(&own, rename) {
                    Access::Strided { start, strides: new } => {
                        let mut wide = SmallVec::from_elem(0, dims.len());
                        kept.iter().zip(&new).for_each(|(&axis, &stride)| wide[axis] = stride);
                        Access::Strided { start, strides: wide }
                    }
                    Access::Listed(list) => {
                        let place = Access::Strided { start: 0, strides: spread(&own, &kept, dims.len()) };
                        Access::Listed(place.slots(dims).into_iter().map(|i| list[i as usize]).collect())
                    }
                }
            }
            _ => {
                let slots: Vec<u32> = self.slots(dims).into_iter().map(rename).collect();
                Access::of(slots, dims)
            }
        }
    }

    /// The access that a list of slots over `dims` is: strided if it can be.
    pub(crate) fn of(slots: Vec<u32>, dims: &[usize]) -> Access {
        match strides_of(&slots, dims) {
            Some(strides) => Access::Strided { start: slots[0], strides },
            None => Access::Listed(slots.into()),
        }
    }
}

impl Access {
    /// The same elements in the same order over other extents; `None` if no strides describe them there.
    pub(crate) fn over(&self, from: &[usize], to: &[usize]) -> Option<Access> {
        let Access::Strided { start, strides } = self else { return Some(self.clone()) };
        // Innermost first, neighbours that walk as one made one.
        let mut axes: SmallVec<[(usize, i64); 4]> = SmallVec::new();
        for (&extent, &stride) in from.iter().zip(strides).rev().filter(|(extent, _)| **extent != 1) {
            let stride = i64::from(stride);
            match axes.last_mut() {
                Some((inner, step)) if stride == *step * *inner as i64 => *inner *= extent,
                _ => axes.push((extent, stride)),
            }
        }
        let mut new: SmallVec<[i32; 4]> = SmallVec::from_elem(0, to.len());
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

    /// Whether the elements are neighbours in row-major order.
    pub(crate) fn is_contiguous(&self, dims: &[usize]) -> bool {
        match self {
            Access::Strided { strides, .. } => {
                let walks = row_major(dims);
                dims.iter().zip(strides.iter().zip(&walks)).all(|(&extent, (a, b))| extent == 1 || a == b)
            }
            Access::Listed(_) => false,
        }
    }

    /// Whether one slot is all there is.
    pub(crate) fn is_repeated(&self, dims: &[usize]) -> bool {
        match self {
            Access::Strided { strides, .. } => dims.iter().zip(strides).all(|(&extent, &s)| extent == 1 || s == 0),
            Access::Listed(list) => list.len() == 1,
        }
    }
}

/// Row-major strides.
pub(crate) fn row_major(dims: &[usize]) -> SmallVec<[i32; 4]> {
    let mut strides = SmallVec::from_elem(1, dims.len());
    for axis in (1..dims.len()).rev() {
        strides[axis - 1] = strides[axis] * dims[axis] as i32;
    }
    strides
}

/// Row-major strides over the axes `kept`, of extents `own`, and 0 along the others of `rank`.
fn spread(own: &[usize], kept: &[usize], rank: usize) -> SmallVec<[i32; 4]> {
    let mut strides = SmallVec::from_elem(0, rank);
    kept.iter().zip(row_major(own)).for_each(|(&axis, stride)| strides[axis] = stride);
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

/// The strides by which `slots` walks `dims`, if there are any.
fn strides_of(slots: &[u32], dims: &[usize]) -> Option<SmallVec<[i32; 4]>> {
    let steps = row_major(dims);
    let stride = |(axis, &extent): (usize, &usize)| {
        if extent > 1 { slots[steps[axis] as usize].wrapping_sub(slots[0]) as i32 } else { 0 }
    };
    let strides: SmallVec<[i32; 4]> = dims.iter().enumerate().map(stride).collect();
    let (mut i, mut all) = (0, true);
    for_each_offset(dims, &strides, |offset| {
        all &= i64::from(slots[i]) - i64::from(slots[0]) == offset;
        i += 1;
    });
    all.then_some(strides)
}

/// Finds one index space for several lists of slots of the same length, in which as many as possible are strided.
///
/// Where all lists step evenly but for breaks at multiples of some length, that length is an inner axis, and the
/// first slots after the breaks are looked at in the same way.
pub(crate) fn factor(lists: &[Vec<u32>]) -> (Dims, Vec<Access>) {
    let n = lists[0].len();
    let mut dims: Dims = SmallVec::new();
    let mut strides: Vec<SmallVec<[i32; 4]>> = vec![SmallVec::new(); lists.len()];
    let mut block = 1;
    while block < n && dims.len() < MOST_AXES {
        let starts = n / block;
        let diff = |list: &[u32], i: usize| list[i * block].wrapping_sub(list[(i - 1) * block]) as i32;
        let first: SmallVec<[i32; 4]> = lists.iter().map(|list| diff(list, 1)).collect();
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

    #[test]
    fn lists_become_strides_where_strides_describe_them() {
        assert_eq!(
            Access::of(vec![4, 6, 8, 14, 16, 18], &[2, 3]),
            Access::Strided { start: 4, strides: vec![10, 2].into() }
        );
        assert!(matches!(Access::of(vec![4, 6, 9], &[3]), Access::Listed(_)));
        assert_eq!(Access::of(vec![9, 7, 5], &[3]), Access::Strided { start: 9, strides: vec![-2].into() });
    }

    #[test]
    fn the_index_space_of_an_outer_product_is_found() {
        let (rows, columns) = (3, 5);
        let g: Vec<u32> = (0..rows).flat_map(|j| vec![100 + j; columns]).collect();
        let x: Vec<u32> = (0..rows).flat_map(|_| 7..7 + columns as u32).collect();
        let (dims, accesses) = factor(&[g, x]);
        assert_eq!(dims.as_slice(), [3, 5]);
        assert_eq!(accesses[0], Access::Strided { start: 100, strides: vec![1, 0].into() });
        assert_eq!(accesses[1], Access::Strided { start: 7, strides: vec![0, 1].into() });
    }

    #[test]
    fn what_has_no_pattern_stays_a_list_and_the_rest_is_strided() {
        let (dims, accesses) = factor(&[vec![5, 3, 9, 1], vec![0, 1, 2, 3]]);
        assert_eq!(dims.as_slice(), [4]);
        assert!(matches!(accesses[0], Access::Listed(_)));
        assert_eq!(accesses[1], Access::Strided { start: 0, strides: vec![1].into() });
    }

    #[test]
    fn other_extents_walk_the_same_elements() {
        let access = Access::Strided { start: 3, strides: vec![40, 2].into() };
        for to in [&[4, 10][..], &[2, 2, 10], &[4, 5, 2], &[4, 1, 10]] {
            assert_eq!(access.over(&[4, 10], to).map(|a| a.slots(to)), Some(access.slots(&[4, 10])), "{to:?}");
        }
        assert_eq!(access.over(&[4, 10], &[40]), None);
        assert_eq!(Access::contiguous(0, &[4, 10]).over(&[4, 10], &[40]), Some(Access::contiguous(0, &[40])));
    }

    #[test]
    fn renaming_keeps_repeated_axes_and_every_element() {
        let dims = [3, 2, 4];
        let access = Access::Strided { start: 10, strides: vec![2, 0, 1].into() };
        let rename = |slot: u32| if slot == 13 { 99 } else { slot };
        let expected: Vec<u32> = access.slots(&dims).into_iter().map(rename).collect();
        assert_eq!(access.renamed(&dims, rename).slots(&dims), expected);
        assert_eq!(
            access.renamed(&dims, |slot| slot + 5),
            Access::Strided { start: 15, strides: vec![2, 0, 1].into() }
        );
    }
}
