//! What the rule of a structural operation may do with a tensor.

use std::ops::Range;

use smallvec::SmallVec;

use crate::attributes::Attributes;
use crate::op::{Structural, Unary};
use crate::real::Real;
use crate::shape::Shape;

/// A tensor as the rules of structural operations see it. What [`Real`] is for numbers, this is for
/// runs: a rule is written once over it and read by handles of a tape (a gradient as more nodes),
/// by the compiler's graph, by plain arrays.
///
/// The elementwise operations of [`Real`] broadcast by NumPy's rule. Rules have no `if` on a value,
/// since a recorded gradient must stay right at other values. What does not fit is a fault of the
/// rule, not of its caller: it panics.
pub trait Algebra: Real {
    /// The extents.
    #[must_use]
    fn extents(self) -> Shape;

    /// The same elements in row-major order under another shape.
    #[must_use]
    #[track_caller]
    fn reshaped(self, shape: &Shape) -> Self;

    /// The axes in another order.
    #[must_use]
    #[track_caller]
    fn permuted(self, order: &[usize]) -> Self;

    /// This repeated to a larger shape.
    #[must_use]
    #[track_caller]
    fn repeated(self, shape: &Shape) -> Self;

    /// Elements `range` along an axis.
    #[must_use]
    #[track_caller]
    fn part(self, axis: usize, range: Range<usize>) -> Self;

    /// A structural operation of several.
    #[must_use]
    #[track_caller]
    fn structural(op: Structural, operands: &[Self], attributes: Attributes) -> Self;

    /// The same numbers, standing still: no derivative passes.
    #[must_use]
    #[track_caller]
    fn still(self) -> Self;

    /// What adds nothing to an adjoint or a tangent: a constant zero of this kind. For a reader
    /// that adds up as the sweep does it is the empty sum, -0.
    #[must_use]
    #[track_caller]
    fn nothing(self) -> Self {
        self.like(0.0)
    }

    /// The sum over some axes, which are dropped.
    #[must_use]
    #[track_caller]
    fn summed(self, axes: &[usize]) -> Self {
        if axes.is_empty() {
            self
        } else {
            Self::structural(Structural::Sum, &[self], Attributes::axes_of(axes))
        }
    }

    /// The matrix product.
    #[must_use]
    #[track_caller]
    fn times(self, other: Self) -> Self {
        Self::structural(Structural::MatMul, &[self, other], Attributes::None)
    }

    /// The last two axes exchanged.
    #[must_use]
    #[track_caller]
    fn transposed(self) -> Self {
        let rank = self.extents().rank();
        let mut order: SmallVec<[usize; 4]> = (0..rank).collect();
        order.swap(rank - 2, rank - 1);
        self.permuted(&order)
    }

    /// Axes of extent 1 put in where a reduction over `axes` (ascending) had dropped them.
    #[must_use]
    #[track_caller]
    fn kept(self, axes: &[u8]) -> Self {
        let mut dims: SmallVec<[usize; 4]> = SmallVec::from_slice(self.extents().dims());
        for &axis in axes {
            dims.insert(axis as usize, 1);
        }
        self.reshaped(&Shape::from(dims))
    }

    /// `eˣ` of every element.
    #[must_use]
    #[track_caller]
    fn exponential(self) -> Self {
        self.unary(Unary::Exp)
    }
}
