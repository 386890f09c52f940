//! Regions of a run: views of it whose elements are all different, and how two of them lie to each
//! other.
//!
//! A region is a first element, extents, and a stride along each axis. Rows of weights with a bias
//! at the end of each are two regions of one block that interleave and do not meet.

use smallvec::SmallVec;

use super::access::{Access, Dims, Strides, for_each_offset, row_major};
use super::graph::Part;
use super::ids::{Id, Slot, Value};

/// Where elements of a run stand: the first, and the others over extents at strides.
pub(crate) type Region<'a> = (usize, &'a [usize], &'a [i32]);

pub(crate) fn of(part: &Part<Value>) -> Region<'_> {
    (part.offset, &part.dims, &part.strides)
}

pub(crate) fn write(part: &Part<Value>, elements: &mut [Option<Value>]) {
    let mut values = part.from.numbers(&part.dims).into_iter();
    for_each_offset(&part.dims, &part.strides, |o| {
        elements[(part.offset as i64 + o) as usize] = values.next();
    });
}

/// The part's values over a place, if it is that part's: the same elements in any order of axes.
pub(crate) fn same(
    part: &Part<Value>,
    (offset, dims, strides): Region<'_>,
) -> Option<Access<Value>> {
    if part.offset != offset
        || part.dims.iter().product::<usize>() != dims.iter().product::<usize>()
    {
        return None;
    }
    if part.dims[..] == *dims && part.strides[..] == *strides {
        return Some(part.from.clone());
    }
    // Both with the longest strides first; neighbours that walk as one are one when they are
    // compared.
    let order = |dims: &[usize], strides: &[i32]| -> SmallVec<[usize; 4]> {
        let mut order: SmallVec<[usize; 4]> = (0..dims.len()).collect();
        order.sort_by_key(|&axis| if dims[axis] == 1 { i32::MIN } else { -strides[axis] });
        order
    };
    let (own, theirs) = (order(&part.dims, &part.strides), order(dims, strides));
    let pick =
        |order: &[usize], dims: &[usize]| order.iter().map(|&axis| dims[axis]).collect::<Dims>();
    let pick_strides =
        |order: &[usize], s: &[i32]| order.iter().map(|&axis| s[axis]).collect::<Strides>();
    let (own_dims, their_dims) = (pick(&own, &part.dims), pick(&theirs, dims));
    let (own_strides, their_strides) =
        (pick_strides(&own, &part.strides), pick_strides(&theirs, strides));
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
pub(crate) fn last((offset, dims, strides): Region<'_>) -> usize {
    offset
        + dims
            .iter()
            .zip(strides)
            .map(|(&extent, &stride)| (extent - 1) * stride as usize)
            .sum::<usize>()
}

pub(crate) fn is_range(part: &Part<Value>) -> bool {
    is_whole(of(part))
}

/// Whether a region is all elements from its first to its last, in order.
pub(crate) fn is_whole((_, dims, strides): Region<'_>) -> bool {
    strides[..] == row_major(dims)[..]
}

/// Whether a place lies between the first and the last element of a part.
pub(crate) fn covers(part: &Part<Value>, place: Region<'_>) -> bool {
    place.0 >= part.offset && last(place) <= last(of(part))
}

/// The index of a part's element that stands at `offset`, counted in row-major order.
pub(crate) fn index_of(part: &Part<Value>, offset: usize) -> Option<usize> {
    let (mut left, mut index) = (offset.checked_sub(part.offset)?, 0);
    let steps = row_major(&part.dims);
    let mut axes: SmallVec<[usize; 4]> =
        (0..part.dims.len()).filter(|&axis| part.dims[axis] > 1).collect();
    // The longest strides first: each is longer than all that shorter ones reach.
    axes.sort_by_key(|&axis| -part.strides[axis]);
    for axis in axes {
        let stride = part.strides[axis] as usize;
        let i = (left / stride).min(part.dims[axis] - 1);
        left -= i * stride;
        index += i * steps[axis] as usize;
    }
    (left == 0).then_some(index)
}

/// A range taken apart: a region inside it, and the rest in pieces.
pub(crate) fn split(part: &Part<Value>, (offset, dims, strides): Region<'_>) -> Vec<Part<Value>> {
    let piece = |offset: usize, dims: Dims, strides: Strides| {
        let from = part.from.viewed(&part.dims, offset - part.offset, &strides, &dims);
        Part { offset, dims, strides, from }
    };
    let range = |from: usize, to: usize| {
        piece(from, Dims::from_slice(&[to - from]), Strides::from_slice(&[1]))
    };
    let mut pieces = vec![piece(offset, Dims::from_slice(dims), Strides::from_slice(strides))];
    let (end, after) = (last((offset, dims, strides)) + 1, last(of(part)) + 1);
    if part.offset < offset {
        pieces.push(range(part.offset, offset));
    }
    if end < after {
        pieces.push(range(end, after));
    }
    // What lies between neighbours along each axis, the shortest strides first.
    let mut axes: SmallVec<[(i32, usize); 4]> = strides
        .iter()
        .copied()
        .zip(dims.iter().copied())
        .filter(|&(_, extent)| extent > 1)
        .collect();
    axes.sort_unstable();
    let mut reach = 1;
    for (i, &(stride, extent)) in axes.iter().enumerate() {
        let gap = stride as usize - reach;
        if gap > 0 {
            let outer = axes[i + 1..].iter().rev();
            let dims = outer.clone().map(|&(_, extent)| extent).chain([extent - 1, gap]).collect();
            let strides = outer.map(|&(stride, _)| stride).chain([stride, 1]).collect();
            pieces.push(piece(offset + reach, dims, strides));
        }
        reach += (extent - 1) * stride as usize;
    }
    pieces
}

/// Whether no element is of both places, as far as their strides tell: false where they only might
/// be.
pub(crate) fn are_apart(a: Region<'_>, b: Region<'_>) -> bool {
    if last(a) < b.0 || last(b) < a.0 {
        return true;
    }
    // Rows of both that begin at multiples of one stride apart: columns that do not meet, or rows.
    let axes = |(_, dims, strides): Region<'_>| {
        let axes = dims.iter().zip(strides).filter(|(extent, stride)| **extent > 1 && **stride > 0);
        axes.map(|(&extent, &stride)| (stride as usize, extent))
            .collect::<SmallVec<[(usize, usize); 4]>>()
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
        let (Some((a_across, a_down)), Some((b_across, b_down))) = (split(&of_a), split(&of_b))
        else {
            return false;
        };
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
        assert!(
            !are_apart(weights, first)
                && !are_apart(biases, last_row)
                && !are_apart(weights, weights)
        );
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
        assert_eq!(
            transposed,
            Access::Strided { start: Value::new(100), strides: [1, 4][..].into() }
        );
        assert_eq!(
            same(&part, (2, &[12], &[1])).unwrap(),
            Access::contiguous(Value::new(100), &[12])
        );
        assert!(same(&part, (2, &[4, 3], &[3, 1])).is_some());
        assert!(same(&part, (2, &[3, 4], &[5, 1])).is_none());
        assert!(same(&part, (3, &[12], &[1])).is_none());
    }

    #[test]
    fn a_range_is_taken_apart_without_loss() {
        let part = Part {
            offset: 3,
            dims: Dims::from_slice(&[100]),
            strides: row_major(&[100]),
            from: Access::contiguous(Value::new(1000), &[100]),
        };
        let regions: [(usize, &[usize], &[i32]); 5] = [
            (3, &[100], &[1]),
            (10, &[4, 5], &[6, 1]),
            (15, &[4], &[6]),
            (20, &[2, 3, 2], &[20, 5, 2]),
            (40, &[3, 2], &[1, 10]),
        ];
        for region in regions {
            let pieces = split(&part, region);
            assert!(same(&pieces[0], region).is_some());
            let mut found = vec![0; 103];
            for piece in &pieces {
                let mut i = 0;
                for_each_offset(&piece.dims, &piece.strides, |o| {
                    let at = piece.offset + o as usize;
                    found[at] += 1;
                    assert_eq!(piece.from.element(&piece.dims, i).index(), 1000 + at - 3);
                    assert_eq!(index_of(piece, at), Some(i));
                    i += 1;
                });
            }
            assert!(
                found[..3].iter().all(|&n| n == 0) && found[3..].iter().all(|&n| n == 1),
                "{found:?}"
            );
        }
    }
}
