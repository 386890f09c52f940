//! Broadcast operands as rows: axes that all of them step over alike are made one.

use smallvec::SmallVec;

use crate::shape::{Layout, Shape};

/// A shape with the strides of N operands along its axes, as few axes as describe them.
#[derive(Clone, Debug)]
pub(crate) struct Walk<const N: usize> {
    /// The outer axes, outermost first: extent and strides.
    outer: SmallVec<[(usize, [usize; N]); 4]>,
    /// The innermost.
    row: (usize, [usize; N]),
}

impl<const N: usize> Walk<N> {
    /// # Panics
    ///
    /// If a layout does not broadcast to the shape; recording has checked that.
    pub(crate) fn new(shape: &Shape, layouts: [&Layout; N]) -> Self {
        let dims = shape.dims();
        let stride = |layout: &Layout, axis: usize| {
            let missing = dims.len() - layout.dims().len();
            let own = axis.checked_sub(missing);
            own.map_or(
                0,
                |own| if layout.dims()[own] == dims[axis] { layout.strides()[own] } else { 0 },
            )
        };
        let mut walk = Walk { outer: SmallVec::new(), row: (1, [0; N]) };
        for (axis, &extent) in dims.iter().enumerate().rev().filter(|&(_, &extent)| extent != 1) {
            let strides: [usize; N] = std::array::from_fn(|i| stride(layouts[i], axis));
            let (len, last) = walk.outer.last().copied().unwrap_or(walk.row);
            if len == 1 {
                walk.row = (extent, strides);
            } else if (0..N).all(|i| strides[i] == last[i] * len) {
                let merged = (len * extent, last);
                match walk.outer.last_mut() {
                    Some(axis) => *axis = merged,
                    None => walk.row = merged,
                }
            } else {
                walk.outer.push((extent, strides));
            }
        }
        walk.outer.reverse();
        walk
    }

    /// Operands that are one row of the same strides.
    pub(crate) fn row(len: usize, strides: [usize; N]) -> Self {
        Walk { outer: SmallVec::new(), row: (len, strides) }
    }

    /// The extent of a row, and the strides along it.
    #[inline(always)]
    pub(crate) fn along(&self) -> (usize, [usize; N]) {
        self.row
    }

    /// The innermost of the outer axes, extent and strides, and the walk over the others.
    pub(crate) fn split_last(&self) -> Option<((usize, [usize; N]), Walk<N>)> {
        let (&last, rest) = self.outer.split_last()?;
        Some((last, Walk { outer: SmallVec::from_slice(rest), row: self.row }))
    }

    /// The operands' first offsets of every row, in row-major order.
    ///
    /// An iterator and not a function of a closure: a closure in a kernel is a function of its own,
    /// compiled without the kernel's instructions unless the compiler happens to inline it.
    #[inline(always)]
    pub(crate) fn rows(&self) -> Rows<'_, N> {
        let (within, last) = match self.outer.as_slice() {
            [] => (1, [0; N]),
            [.., last] => *last,
        };
        Rows {
            walk: self,
            starts: [0; N],
            by: last,
            left: within,
            within,
            index: SmallVec::new(),
            done: false,
        }
    }
}

/// See [`Walk::rows`].
pub(crate) struct Rows<'a, const N: usize> {
    walk: &'a Walk<N>,
    starts: [usize; N],
    /// Along the innermost of the outer axes: strides, the rows left, and all.
    by: [usize; N],
    left: usize,
    within: usize,
    /// Along the axes outside of it.
    index: SmallVec<[usize; 4]>,
    done: bool,
}

impl<const N: usize> Iterator for Rows<'_, N> {
    type Item = [usize; N];

    #[inline(always)]
    fn next(&mut self) -> Option<[usize; N]> {
        if self.left == 0 {
            self.carry();
        }
        if self.done {
            return None;
        }
        let starts = self.starts;
        self.left -= 1;
        for i in 0..N {
            self.starts[i] += self.by[i];
        }
        Some(starts)
    }
}

impl<const N: usize> Rows<'_, N> {
    /// Steps along the axes outside of the innermost one, whose end was reached.
    fn carry(&mut self) {
        for i in 0..N {
            self.starts[i] -= self.within * self.by[i];
        }
        let axes = self.walk.outer.len().saturating_sub(1);
        self.index.resize(axes, 0);
        for axis in (0..axes).rev() {
            let (extent, strides) = self.walk.outer[axis];
            self.index[axis] += 1;
            if self.index[axis] < extent {
                for (start, by) in self.starts.iter_mut().zip(strides) {
                    *start += by;
                }
                self.left = self.within;
                return;
            }
            self.index[axis] = 0;
            for (start, by) in self.starts.iter_mut().zip(strides) {
                *start -= (extent - 1) * by;
            }
        }
        self.done = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every element's offsets, row by row.
    fn offsets<const N: usize>(walk: &Walk<N>) -> Vec<[usize; N]> {
        let mut all = Vec::new();
        let (len, strides) = walk.along();
        for starts in walk.rows() {
            all.extend((0..len).map(|i| std::array::from_fn(|k| starts[k] + i * strides[k])));
        }
        all
    }

    #[test]
    fn a_walk_is_the_broadcast_offsets() {
        let shapes: [&[usize]; 9] = [
            &[],
            &[1],
            &[5],
            &[3, 4],
            &[1, 4],
            &[2, 1, 3],
            &[2, 3, 4],
            &[2, 3, 1, 2],
            &[2, 1, 3, 4, 2],
        ];
        for shape in shapes {
            let shape = Shape::from(shape);
            let whole = Layout::contiguous(shape.clone());
            let mut layouts = vec![whole.clone(), Layout::scalar()];
            for axis in 0..shape.rank() {
                // Repeated along one axis, without the outer axes, and with the axes in another
                // order underneath.
                layouts.push(Layout::contiguous(Shape::from(whole.narrow(axis, 1).dims())));
                layouts.push(Layout::contiguous(Shape::from(&shape.dims()[axis..])));
                let reversed: Vec<usize> = (0..shape.rank()).rev().collect();
                let turned: Vec<usize> = reversed.iter().map(|&a| shape.dims()[a]).collect();
                layouts.push(Layout::contiguous(Shape::from(turned)).permute(&reversed));
            }
            for x in &layouts {
                for y in &layouts {
                    let walk = Walk::new(&shape, [x, y]);
                    let wide = |layout: &Layout| layout.broadcast_to(&shape).unwrap();
                    let expected: Vec<[usize; 2]> =
                        wide(x).offsets().zip(wide(y).offsets()).map(|(x, y)| [x, y]).collect();
                    assert_eq!(offsets(&walk), expected, "{shape}: {x:?} and {y:?}");
                }
            }
        }
    }

    #[test]
    fn operands_that_step_alike_make_one_row() {
        let shape = Shape::from([3, 4, 5]);
        let whole = Layout::contiguous(shape.clone());
        assert_eq!(Walk::new(&shape, [&whole, &Layout::scalar()]).along(), (60, [1, 0]));
        let rows = Layout::contiguous(Shape::from([4, 5]));
        assert_eq!(Walk::new(&shape, [&whole, &rows]).along(), (20, [1, 1]));
    }
}
