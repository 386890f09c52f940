//! Walks over several strided operands at once.

use smallvec::SmallVec;

/// One axis: its extent, and how far each of N operands moves along it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Axis<const N: usize> {
    pub(crate) extent: usize,
    pub(crate) strides: [isize; N],
}

/// Neighbouring axes that every operand walks as one are made one; axes of one element vanish.
pub(crate) fn merged<const N: usize>(axes: impl IntoIterator<Item = Axis<N>>) -> SmallVec<[Axis<N>; 4]> {
    let mut merged: SmallVec<[Axis<N>; 4]> = SmallVec::new();
    for axis in axes.into_iter().filter(|axis| axis.extent != 1) {
        match merged.last_mut() {
            Some(outer) if (0..N).all(|i| outer.strides[i] == axis.strides[i] * axis.extent as isize) => {
                outer.extent *= axis.extent;
                outer.strides = axis.strides;
            }
            _ => merged.push(axis),
        }
    }
    merged
}

/// Calls `visit` with the operands' offsets at every index of `axes`, row-major.
#[inline(always)]
pub(crate) fn for_each<const N: usize>(axes: &[Axis<N>], mut visit: impl FnMut([isize; N])) {
    match axes {
        [] => visit([0; N]),
        [only] => {
            let mut offsets = [0; N];
            for _ in 0..only.extent {
                visit(offsets);
                for i in 0..N {
                    offsets[i] += only.strides[i];
                }
            }
        }
        _ => {
            let mut index: SmallVec<[usize; 6]> = SmallVec::from_elem(0, axes.len());
            let mut offsets = [0; N];
            'all: loop {
                visit(offsets);
                for (axis, at) in axes.iter().zip(&mut index).rev() {
                    *at += 1;
                    for i in 0..N {
                        offsets[i] += axis.strides[i];
                    }
                    if *at < axis.extent {
                        continue 'all;
                    }
                    for i in 0..N {
                        offsets[i] -= axis.extent as isize * axis.strides[i];
                    }
                    *at = 0;
                }
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging_walks_the_same_offsets() {
        let axes = [
            Axis { extent: 2, strides: [12, 0] },
            Axis { extent: 1, strides: [99, 99] },
            Axis { extent: 3, strides: [4, 4] },
            Axis { extent: 4, strides: [1, 1] },
        ];
        let walk = |axes: &[Axis<2>]| {
            let mut offsets = Vec::new();
            for_each(axes, |o| offsets.push(o));
            offsets
        };
        let merged = merged(axes);
        assert_eq!(merged.len(), 2);
        assert_eq!(walk(&merged), walk(&axes));
        assert_eq!(walk(&[]), [[0, 0]]);
    }
}
