//! Reductions over axes, running sums, and what is built of them: softmax, norms.

use smallvec::{SmallVec, smallvec};

use super::{Var, or_panic};
use crate::error::Error;
use crate::op::{Op, Structural};
use crate::real::{Real, Scalar};
use crate::run::Attr;
use crate::shape::{Layout, Shape};

impl<'t, S: Scalar> Var<'t, S> {
    /// Records a reduction that drops `axes`.
    #[track_caller]
    fn reduce(self, op: Structural, axes: &[usize]) -> Result<Self, Error> {
        let shape = self.shape();
        let mut sorted: SmallVec<[usize; 4]> = SmallVec::from_slice(axes);
        sorted.sort_unstable();
        if sorted.last().is_some_and(|&axis| axis >= shape.rank()) || sorted.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(self.operand_error(op.name(), format!("{axes:?} are not different axes of it")));
        }
        let kept = (0..shape.rank()).filter(|axis| !sorted.contains(axis)).map(|axis| shape.dims()[axis]);
        let kept: SmallVec<[usize; 4]> = kept.collect();
        let axes = sorted.iter().map(|&axis| axis as u8).collect();
        Self::record(self.tape, Op::Structural(op), Shape::from(kept), smallvec![self.view], Attr::Axes(axes))
    }

    fn every_axis(self) -> SmallVec<[usize; 4]> {
        (0..self.shape().rank()).collect()
    }

    /// A reduction's result with the reduced axes back, of extent 1, so that it broadcasts against the operand.
    fn keep(self, axes: &[usize]) -> Self {
        let mut sorted: SmallVec<[usize; 4]> = SmallVec::from_slice(axes);
        sorted.sort_unstable();
        let layout = sorted.iter().fold(self.layout(), |layout: Layout, &axis| layout.insert_axis(axis));
        self.view_of(0, layout)
    }

    /// The sum of all elements, in row-major order; a single number is its own sum.
    ///
    /// # Derivative
    ///
    /// 1 by every element.
    ///
    /// # Panics
    ///
    /// If the tape is full.
    #[must_use]
    #[track_caller]
    pub fn sum(self) -> Self {
        self.sum_axes(&self.every_axis())
    }

    /// The sum over some axes, which are dropped from the shape.
    ///
    /// # Panics
    ///
    /// If an axis does not exist or comes twice; [`try_sum_axes`](Var::try_sum_axes) returns that as an error.
    #[must_use]
    #[track_caller]
    pub fn sum_axes(self, axes: &[usize]) -> Self {
        or_panic(self.try_sum_axes(axes))
    }

    /// As [`sum_axes`](Var::sum_axes).
    ///
    /// # Errors
    ///
    /// [`Error::Operand`] if an axis does not exist or comes twice, [`Error::Full`].
    #[track_caller]
    pub fn try_sum_axes(self, axes: &[usize]) -> Result<Self, Error> {
        if axes.is_empty() { Ok(self) } else { self.reduce(Structural::Sum, axes) }
    }

    /// The mean of all elements: their sum, divided by their number.
    ///
    /// # Panics
    ///
    /// If the tape is full.
    #[must_use]
    #[track_caller]
    pub fn mean(self) -> Self {
        self.mean_axes(&self.every_axis())
    }

    /// The mean over some axes, which are dropped from the shape.
    ///
    /// # Panics
    ///
    /// As [`sum_axes`](Var::sum_axes).
    #[must_use]
    #[track_caller]
    pub fn mean_axes(self, axes: &[usize]) -> Self {
        let sum = self.sum_axes(axes);
        sum / sum.like((self.len() / sum.len()) as f64)
    }

    /// The largest element over some axes, which are dropped; NaN if one is NaN.
    ///
    /// # Derivative
    ///
    /// 1 by the largest, shared equally at a tie; 0 by the others.
    ///
    /// # Panics
    ///
    /// If an axis does not exist or comes twice; [`try_max_axes`](Var::try_max_axes) returns that as an error.
    #[must_use]
    #[track_caller]
    pub fn max_axes(self, axes: &[usize]) -> Self {
        or_panic(self.try_max_axes(axes))
    }

    /// As [`max_axes`](Var::max_axes).
    ///
    /// # Errors
    ///
    /// As [`try_sum_axes`](Var::try_sum_axes).
    #[track_caller]
    pub fn try_max_axes(self, axes: &[usize]) -> Result<Self, Error> {
        if axes.is_empty() { Ok(self) } else { self.reduce(Structural::Max, axes) }
    }

    /// The smallest element over some axes, as [`max_axes`](Var::max_axes).
    ///
    /// # Panics
    ///
    /// As [`max_axes`](Var::max_axes).
    #[must_use]
    #[track_caller]
    pub fn min_axes(self, axes: &[usize]) -> Self {
        or_panic(self.try_min_axes(axes))
    }

    /// As [`min_axes`](Var::min_axes).
    ///
    /// # Errors
    ///
    /// As [`try_sum_axes`](Var::try_sum_axes).
    #[track_caller]
    pub fn try_min_axes(self, axes: &[usize]) -> Result<Self, Error> {
        if axes.is_empty() { Ok(self) } else { self.reduce(Structural::Min, axes) }
    }

    /// The product of all elements, multiplied by halves: first with second half, and so on.
    ///
    /// # Derivative
    ///
    /// By each element the product of the others, right where elements are zero.
    ///
    /// # Panics
    ///
    /// If the tape is full.
    #[must_use]
    #[track_caller]
    pub fn product(self) -> Self {
        if self.is_scalar() { self } else { self.reshape([self.len()]).product_axis(0) }
    }

    /// The product along one axis, which is dropped.
    ///
    /// # Panics
    ///
    /// If the axis does not exist.
    #[must_use]
    #[track_caller]
    pub fn product_axis(self, axis: usize) -> Self {
        let extent = *self.shape().dims().get(axis).unwrap_or(&0);
        match extent {
            1 => self.view_of(0, self.layout().drop_axis(axis)),
            _ => {
                let half = extent / 2;
                let folded = self.slice(axis, 0..half) * self.slice(axis, half..2 * half);
                let product = folded.product_axis(axis);
                if extent.is_multiple_of(2) {
                    product
                } else {
                    product * self.slice(axis, extent - 1..extent).product_axis(axis)
                }
            }
        }
    }

    /// `ln Σ eˣ` over some axes, which are dropped, computed as `m + ln Σ e^(x − m)` with m the largest x.
    ///
    /// # Derivative
    ///
    /// `e^(x − result)`, the softmax.
    ///
    /// # Panics
    ///
    /// If an axis does not exist or comes twice; [`try_log_sum_exp`](Var::try_log_sum_exp) returns that as an error.
    #[must_use]
    #[track_caller]
    pub fn log_sum_exp(self, axes: &[usize]) -> Self {
        or_panic(self.try_log_sum_exp(axes))
    }

    /// As [`log_sum_exp`](Var::log_sum_exp).
    ///
    /// # Errors
    ///
    /// As [`try_sum_axes`](Var::try_sum_axes).
    #[track_caller]
    pub fn try_log_sum_exp(self, axes: &[usize]) -> Result<Self, Error> {
        if axes.is_empty() { Ok(self) } else { self.reduce(Structural::LogSumExp, axes) }
    }

    /// `x − ln Σ eˣ` along an axis, of the same shape.
    ///
    /// # Panics
    ///
    /// If the axis does not exist.
    #[must_use]
    #[track_caller]
    pub fn log_softmax(self, axis: usize) -> Self {
        self - self.log_sum_exp(&[axis]).keep(&[axis])
    }

    /// `eˣ / Σ eˣ` along an axis, of the same shape: the exponential of [`log_softmax`](Var::log_softmax), so it does not overflow.
    ///
    /// # Panics
    ///
    /// If the axis does not exist.
    #[must_use]
    #[track_caller]
    pub fn softmax(self, axis: usize) -> Self {
        self.log_softmax(axis).exp()
    }

    /// The running sum along an axis, of the same shape.
    ///
    /// # Panics
    ///
    /// If the axis does not exist.
    #[must_use]
    #[track_caller]
    pub fn cumsum(self, axis: usize) -> Self {
        or_panic(self.try_cumsum(axis))
    }

    /// As [`cumsum`](Var::cumsum).
    ///
    /// # Errors
    ///
    /// [`Error::Operand`] if the axis does not exist, [`Error::Full`].
    #[track_caller]
    pub fn try_cumsum(self, axis: usize) -> Result<Self, Error> {
        self.running(Structural::CumSum, axis)
    }

    #[track_caller]
    pub(crate) fn try_cumsum_back(self, axis: usize) -> Result<Self, Error> {
        self.running(Structural::CumSumBack, axis)
    }

    #[track_caller]
    fn running(self, op: Structural, axis: usize) -> Result<Self, Error> {
        let shape = self.shape();
        if axis >= shape.rank() {
            return Err(self.operand_error(op.name(), format!("there is no axis {axis}")));
        }
        let attr = Attr::Axes(smallvec![axis as u8]);
        Self::record(self.tape, Op::Structural(op), shape, smallvec![self.view], attr)
    }

    /// `Σ |x|` over all elements.
    ///
    /// # Panics
    ///
    /// If the tape is full.
    #[must_use]
    #[track_caller]
    pub fn norm_l1(self) -> Self {
        self.abs().sum()
    }

    /// `√Σ x²` over all elements.
    ///
    /// # Derivative
    ///
    /// x / norm; at the origin 0, the middle of the subdifferential.
    ///
    /// # Panics
    ///
    /// If the tape is full.
    #[must_use]
    #[track_caller]
    pub fn norm_l2(self) -> Self {
        let squares = (self * self).sum();
        squares.indicator_gt(squares.like(0.0)).select(squares.sqrt(), squares.like(0.0))
    }

    /// The outer product of two vectors: `[m]` and `[n]` give `[m, n]`.
    ///
    /// # Panics
    ///
    /// If an operand is not a vector or stands on another tape.
    #[must_use]
    #[track_caller]
    pub fn outer(self, other: Self) -> Self {
        assert!(
            self.shape().rank() == 1 && other.shape().rank() == 1,
            "outer takes two vectors, not {} and {}",
            self.shape(),
            other.shape()
        );
        self.view_of(0, self.layout().insert_axis(1)) * other
    }
}
