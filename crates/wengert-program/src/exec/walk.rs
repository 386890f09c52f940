//! Walks over several strided operands at once.

use smallvec::SmallVec;

/// One axis: its extent, and how far each of N operands moves along it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Axis<const N: usize> {
    pub(crate) extent: usize,
    pub(crate) strides: [isize; N],
}

/// Neighbouring axes that every operand walks as one are made one; axes of one element vanish.
pub(crate) fn merged<const N: usize>(
    axes: impl IntoIterator<Item = Axis<N>>,
) -> SmallVec<[Axis<N>; 4]> {
    let mut merged: SmallVec<[Axis<N>; 4]> = SmallVec::new();
    for axis in axes.into_iter().filter(|axis| axis.extent != 1) {
        match merged.last_mut() {
            Some(outer)
                if (0..N).all(|i| outer.strides[i] == axis.strides[i] * axis.extent as isize) =>
            {
                outer.extent *= axis.extent;
                outer.strides = axis.strides;
            }
            _ => merged.push(axis),
        }
    }
    merged
}

/// A walk over the indices of some axes, row-major, with the operands' offsets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Walk<const N: usize> {
    index: [usize; MOST_AXES],
    pub(crate) offsets: [isize; N],
}

/// More axes than any instruction has.
const MOST_AXES: usize = 12;

impl<const N: usize> Walk<N> {
    /// At the first index.
    #[inline(always)]
    pub(crate) fn new() -> Self {
        Walk { index: [0; MOST_AXES], offsets: [0; N] }
    }

    /// Goes on to the next index; `false` if there is none.
    #[inline(always)]
    pub(crate) fn next(&mut self, axes: &[Axis<N>]) -> bool {
        let mut a = axes.len();
        while a > 0 {
            a -= 1;
            self.index[a] += 1;
            for i in 0..N {
                self.offsets[i] += axes[a].strides[i];
            }
            if self.index[a] < axes[a].extent {
                return true;
            }
            for i in 0..N {
                self.offsets[i] -= axes[a].extent as isize * axes[a].strides[i];
            }
            self.index[a] = 0;
        }
        false
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
            let (mut walk, mut offsets) = (Walk::new(), Vec::new());
            loop {
                offsets.push(walk.offsets);
                if !walk.next(axes) {
                    return offsets;
                }
            }
        };
        let merged = merged(axes);
        assert_eq!(merged.len(), 2);
        assert_eq!(walk(&merged), walk(&axes));
        assert_eq!(walk(&[]), [[0, 0]]);
    }
}
