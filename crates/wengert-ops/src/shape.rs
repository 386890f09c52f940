//! Shapes, and the layouts that place a shape's elements in the column of values.

use std::fmt;

use smallvec::SmallVec;

/// The extents of a value along its axes, outermost first: `[]` is a scalar, `[2, 3]` two rows of
/// three.
///
/// Elements are counted in row-major order.
#[derive(PartialEq, Eq, Hash, Default)]
pub struct Shape(SmallVec<[usize; 4]>);

// A derived one would clone extent by extent.
impl Clone for Shape {
    fn clone(&self) -> Self {
        Shape(SmallVec::from_slice(&self.0))
    }
}

impl Shape {
    /// The shape of a single number.
    #[must_use]
    pub fn scalar() -> Self {
        Shape::default()
    }

    /// The extents, outermost first.
    #[must_use]
    pub fn dims(&self) -> &[usize] {
        &self.0
    }

    /// The number of axes.
    #[must_use]
    pub fn rank(&self) -> usize {
        self.0.len()
    }

    /// The number of elements; 1 for a scalar. Past what a `usize` counts it stays at the largest,
    /// which no tape has room for.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.iter().fold(1, |len: usize, &extent| len.saturating_mul(extent))
    }

    /// Whether there is no element.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether this is the shape of a single number without axes.
    #[must_use]
    pub fn is_scalar(&self) -> bool {
        self.0.is_empty()
    }

    /// The shape of an elementwise operation on two operands, by NumPy's rule: axes are aligned
    /// from the last, and an axis of extent 1, or a missing one, is repeated. `None` if two extents
    /// differ otherwise.
    #[must_use]
    pub fn broadcast(&self, other: &Shape) -> Option<Shape> {
        let rank = self.rank().max(other.rank());
        let from_last = |shape: &Shape, i: usize| {
            if i < shape.rank() { shape.0[shape.rank() - 1 - i] } else { 1 }
        };
        let mut dims = SmallVec::from_elem(1, rank);
        for i in 0..rank {
            dims[rank - 1 - i] = match (from_last(self, i), from_last(other, i)) {
                (a, b) if a == b => a,
                (1, b) => b,
                (a, 1) => a,
                _ => return None,
            };
        }
        Some(Shape(dims))
    }
}

impl<D: AsRef<[usize]>> From<D> for Shape {
    fn from(dims: D) -> Self {
        Shape(SmallVec::from_slice(dims.as_ref()))
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0.as_slice(), f)
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0.as_slice(), f)
    }
}

/// The rule of elementwise operations, as errors say it.
pub const DO_NOT_BROADCAST: &str =
    "the shapes do not broadcast: aligned from the last axis, extents must be equal or 1";

/// Where a shape's elements lie, relative to the first: the element at index `i` stands
/// `Σ iₐ strideₐ` slots further.
///
/// A stride of 0 repeats an element (broadcasting); row-major strides make a contiguous run.
#[derive(PartialEq, Eq, Hash)]
pub struct Layout {
    shape: Shape,
    strides: SmallVec<[usize; 4]>,
}

impl Clone for Layout {
    fn clone(&self) -> Self {
        Layout { shape: self.shape.clone(), strides: SmallVec::from_slice(&self.strides) }
    }
}

impl Layout {
    /// One number.
    #[must_use]
    pub fn scalar() -> Self {
        Layout { shape: Shape::scalar(), strides: SmallVec::new() }
    }

    /// A contiguous run, row-major.
    #[must_use]
    pub fn contiguous(shape: Shape) -> Self {
        let mut strides: SmallVec<[usize; 4]> = SmallVec::from_elem(1, shape.rank());
        for axis in (1..shape.rank()).rev() {
            strides[axis - 1] = strides[axis].saturating_mul(shape.0[axis]);
        }
        Layout { shape, strides }
    }

    /// The shape.
    #[must_use]
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The extents of the shape.
    #[must_use]
    pub fn dims(&self) -> &[usize] {
        self.shape.dims()
    }

    /// The distance in slots between neighbours along each axis.
    #[must_use]
    pub fn strides(&self) -> &[usize] {
        &self.strides
    }

    /// The number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shape.len()
    }

    /// Whether there is no element.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.shape.is_empty()
    }

    /// Whether the elements are neighbouring slots in row-major order.
    #[must_use]
    pub fn is_contiguous(&self) -> bool {
        let mut expected = 1;
        for axis in (0..self.shape.rank()).rev() {
            let extent = self.shape.0[axis];
            if extent != 1 && self.strides[axis] != expected {
                return false;
            }
            expected = expected.saturating_mul(extent);
        }
        true
    }

    /// The largest offset of an element.
    #[must_use]
    pub fn last_offset(&self) -> usize {
        let steps = self.dims().iter().zip(&self.strides);
        steps.fold(0, |last: usize, (&extent, &stride)| {
            last.saturating_add(extent.saturating_sub(1).saturating_mul(stride))
        })
    }

    /// Whether no two elements are the same: each stride steps over all that smaller strides reach.
    #[must_use]
    pub fn is_injective(&self) -> bool {
        if self.is_contiguous() {
            return true;
        }
        let mut axes: SmallVec<[(usize, usize); 4]> = self
            .strides
            .iter()
            .copied()
            .zip(self.dims().iter().copied())
            .filter(|&(_, extent)| extent > 1)
            .collect();
        axes.sort_unstable();
        let mut reach = 0;
        for (stride, extent) in axes {
            if stride <= reach {
                return false;
            }
            reach += (extent - 1) * stride;
        }
        true
    }

    /// The offsets of all elements in row-major order.
    pub fn offsets(&self) -> impl Iterator<Item = usize> + '_ {
        let mut index: SmallVec<[usize; 4]> = SmallVec::from_elem(0, self.shape.rank());
        let mut offset = 0;
        (0..self.len()).map(move |_| {
            let here = offset;
            for axis in (0..index.len()).rev() {
                index[axis] += 1;
                offset += self.strides[axis];
                if index[axis] < self.shape.0[axis] {
                    break;
                }
                offset -= index[axis] * self.strides[axis];
                index[axis] = 0;
            }
            here
        })
    }

    /// This layout repeated to `shape`, or `None` if NumPy's rule does not allow it.
    #[must_use]
    pub fn broadcast_to(&self, shape: &Shape) -> Option<Layout> {
        let missing = shape.rank().checked_sub(self.shape.rank())?;
        let mut strides = SmallVec::from_elem(0, shape.rank());
        for axis in 0..self.shape.rank() {
            let (from, to) = (self.shape.0[axis], shape.0[missing + axis]);
            if from == to {
                strides[missing + axis] = self.strides[axis];
            } else if from != 1 {
                return None;
            }
        }
        Some(Layout { shape: shape.clone(), strides })
    }

    /// The axes in another order.
    #[must_use]
    pub fn permute(&self, order: &[usize]) -> Layout {
        Layout {
            shape: Shape(order.iter().map(|&axis| self.shape.0[axis]).collect()),
            strides: order.iter().map(|&axis| self.strides[axis]).collect(),
        }
    }

    /// The same elements in row-major order under another shape, or `None` if no strides describe
    /// that.
    #[must_use]
    pub fn reshape(&self, shape: &Shape) -> Option<Layout> {
        if self.len() != shape.len() {
            return None;
        }
        if self.is_contiguous() {
            return Some(Layout::contiguous(shape.clone()));
        }
        // Extents of one come and go freely; anything else would need the axes merged.
        let real = |dims: &[usize]| {
            dims.iter().copied().filter(|&d| d != 1).collect::<SmallVec<[usize; 4]>>()
        };
        if real(self.dims()) != real(shape.dims()) {
            return None;
        }
        let mut kept =
            self.dims().iter().zip(&self.strides).filter(|(d, _)| **d != 1).map(|(_, &s)| s);
        let strides = shape
            .dims()
            .iter()
            .map(|&d| if d == 1 { 0 } else { kept.next().unwrap_or(0) })
            .collect();
        Some(Layout { shape: shape.clone(), strides })
    }

    /// The elements `from..to` along `axis`; the caller moves the start by `from` strides.
    #[must_use]
    pub fn narrow(&self, axis: usize, len: usize) -> Layout {
        let mut layout = self.clone();
        layout.shape.0[axis] = len;
        layout
    }

    /// Every `step`-th element along `axis`, from the first on; `step` is not 0.
    #[must_use]
    pub fn every(&self, axis: usize, step: usize) -> Layout {
        let mut layout = self.clone();
        layout.shape.0[axis] = self.shape.0[axis].div_ceil(step);
        layout.strides[axis] = self.strides[axis].saturating_mul(step);
        layout
    }

    /// The diagonal of `axis` and the next one: one axis in place of both, as long as the shorter.
    #[must_use]
    pub fn diagonal(&self, axis: usize) -> Layout {
        let mut layout = self.drop_axis(axis + 1);
        layout.shape.0[axis] = self.shape.0[axis].min(self.shape.0[axis + 1]);
        layout.strides[axis] = self.strides[axis].saturating_add(self.strides[axis + 1]);
        layout
    }

    /// Without `axis`.
    #[must_use]
    pub fn drop_axis(&self, axis: usize) -> Layout {
        let mut layout = self.clone();
        layout.shape.0.remove(axis);
        layout.strides.remove(axis);
        layout
    }

    /// With a new first axis: `len` copies of this layout, `stride` slots apart.
    #[must_use]
    pub fn repeat_axis(&self, len: usize, stride: usize) -> Layout {
        let mut layout = self.insert_axis(0);
        layout.shape.0[0] = len;
        layout.strides[0] = stride;
        layout
    }

    /// With a new axis of extent 1 at `axis`.
    #[must_use]
    pub fn insert_axis(&self, axis: usize) -> Layout {
        let mut layout = self.clone();
        layout.shape.0.insert(axis, 1);
        layout.strides.insert(axis, 0);
        layout
    }
}

impl fmt::Debug for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by {:?}", self.shape, self.strides.as_slice())
    }
}
