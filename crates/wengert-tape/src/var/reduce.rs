//! Reductions over axes, and running sums.

use super::{Axes, Axis, Var, or_panic};
use crate::attributes::Attributes;
use crate::error::Error;
use crate::op::Structural;
use crate::real::Scalar;

/// # Reductions, and running sums
impl<S: Scalar> Var<'_, S> {
    /// The sum of all elements; a single number is its own sum. Of up to 128 elements in row-major
    /// order, of more in blocks of 128 whose sums are added in pairs: the error grows with the
    /// logarithm of their number.
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
        self.sum_axes(..)
    }

    /// The sum over some axes, which are dropped from the shape unless they are [kept](Axes::keep).
    ///
    /// # Panics
    ///
    /// If an axis does not exist or comes twice; [`try_sum_axes`](Var::try_sum_axes) returns that
    /// as an error.
    #[must_use]
    #[track_caller]
    pub fn sum_axes(self, axes: impl Into<Axes>) -> Self {
        or_panic(self.try_sum_axes(axes))
    }

    /// The mean of all elements: their sum, divided by their number.
    ///
    /// # Panics
    ///
    /// If the tape is full.
    #[must_use]
    #[track_caller]
    pub fn mean(self) -> Self {
        self.mean_axes(..)
    }

    /// The mean over some axes, which are dropped from the shape unless they are [kept](Axes::keep).
    ///
    /// # Panics
    ///
    /// If an axis does not exist or comes twice; [`try_mean_axes`](Var::try_mean_axes) returns that
    /// as an error.
    #[must_use]
    #[track_caller]
    pub fn mean_axes(self, axes: impl Into<Axes>) -> Self {
        or_panic(self.try_mean_axes(axes))
    }

    /// The largest of all elements; NaN if one is NaN. ([`max`](Var::max) is of two operands,
    /// elementwise.)
    ///
    /// # Derivative
    ///
    /// As of [`max_axes`](Var::max_axes).
    ///
    /// # Panics
    ///
    /// If the tape is full.
    #[must_use]
    #[track_caller]
    pub fn max_all(self) -> Self {
        self.max_axes(..)
    }

    /// The smallest of all elements, as [`max_all`](Var::max_all).
    ///
    /// # Panics
    ///
    /// If the tape is full.
    #[must_use]
    #[track_caller]
    pub fn min_all(self) -> Self {
        self.min_axes(..)
    }

    /// The largest element over some axes, which are dropped unless they are [kept](Axes::keep); NaN if one is NaN.
    ///
    /// # Derivative
    ///
    /// 1 by the largest, shared equally at a tie; 0 by the others.
    ///
    /// # Panics
    ///
    /// If an axis does not exist or comes twice; [`try_max_axes`](Var::try_max_axes) returns that
    /// as an error.
    #[must_use]
    #[track_caller]
    pub fn max_axes(self, axes: impl Into<Axes>) -> Self {
        or_panic(self.try_max_axes(axes))
    }

    /// The smallest element over some axes, as [`max_axes`](Var::max_axes).
    ///
    /// # Panics
    ///
    /// As [`max_axes`](Var::max_axes).
    #[must_use]
    #[track_caller]
    pub fn min_axes(self, axes: impl Into<Axes>) -> Self {
        or_panic(self.try_min_axes(axes))
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
    #[doc(alias = "product")]
    #[must_use]
    #[track_caller]
    pub fn prod(self) -> Self {
        if self.is_scalar() { self } else { self.reshape([self.len()]).prod_axes(0) }
    }

    /// The product over some axes, which are dropped unless they are [kept](Axes::keep), each multiplied by halves as in
    /// [`prod`](Var::prod), the last axis first.
    ///
    /// # Derivative
    ///
    /// By each element the product of the others, right where elements are zero.
    ///
    /// # Panics
    ///
    /// If an axis does not exist or comes twice; [`try_prod_axes`](Var::try_prod_axes)
    /// returns that as an error.
    #[must_use]
    #[track_caller]
    pub fn prod_axes(self, axes: impl Into<Axes>) -> Self {
        or_panic(self.try_prod_axes(axes))
    }

    /// `ln Σ eˣ` over all elements, computed as `m + ln Σ e^(x − m)` with m the largest x.
    ///
    /// # Derivative
    ///
    /// `e^(x − result)`, the softmax, computed as `e^(x − m)/Σ e^(x − m)`. Infinite elements count
    /// as the largest finite numbers in it, so the slope of `log_sum_exp([+∞, 0])` is `[1, 0]`.
    ///
    /// # Panics
    ///
    /// If the tape is full.
    #[doc(alias = "logsumexp")]
    #[must_use]
    #[track_caller]
    pub fn log_sum_exp(self) -> Self {
        self.log_sum_exp_axes(..)
    }

    /// `ln Σ eˣ` over some axes, which are dropped from the shape unless they are
    /// [kept](Axes::keep), as [`log_sum_exp`](Var::log_sum_exp).
    ///
    /// # Panics
    ///
    /// If an axis does not exist or comes twice;
    /// [`try_log_sum_exp_axes`](Var::try_log_sum_exp_axes) returns that as an error.
    #[must_use]
    #[track_caller]
    pub fn log_sum_exp_axes(self, axes: impl Into<Axes>) -> Self {
        or_panic(self.try_log_sum_exp_axes(axes))
    }

    /// The running sum along an axis, of the same shape.
    ///
    /// # Panics
    ///
    /// If the axis does not exist.
    #[must_use]
    #[track_caller]
    pub fn cumsum(self, axis: impl Into<Axis>) -> Self {
        or_panic(self.try_cumsum(axis))
    }

    /// The running sum along an axis from its end, of the same shape.
    ///
    /// # Panics
    ///
    /// If the axis does not exist.
    #[must_use]
    #[track_caller]
    pub fn cumsum_back(self, axis: impl Into<Axis>) -> Self {
        or_panic(self.try_cumsum_back(axis))
    }

    /// The running product along an axis, of the same shape.
    ///
    /// # Derivative
    ///
    /// By every element that was taken in, the product of the others: right where elements are
    /// zero, since nothing is divided by one.
    ///
    /// # Panics
    ///
    /// If the axis does not exist.
    ///
    /// # Examples
    ///
    /// ```
    /// let tape = wengert::Tape::new();
    /// let x = tape.input([2.0, 0.0, 5.0]);
    /// let products = x.cumprod(0);
    /// assert_eq!(products.values(), [2.0, 0.0, 0.0]);
    /// assert_eq!(products.sum().backward().values_wrt(x), [1.0, 12.0, 0.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn cumprod(self, axis: impl Into<Axis>) -> Self {
        or_panic(self.try_cumprod(axis))
    }

    /// As [`sum_axes`](Var::sum_axes).
    ///
    /// # Errors
    ///
    /// [`Error::Operand`] if an axis does not exist or comes twice, [`Error::Full`].
    #[track_caller]
    pub fn try_sum_axes(self, axes: impl Into<Axes>) -> Result<Self, Error> {
        self.reduce(Structural::Sum, axes)
    }

    /// As [`mean_axes`](Var::mean_axes).
    ///
    /// # Errors
    ///
    /// As [`try_sum_axes`](Var::try_sum_axes).
    #[track_caller]
    pub fn try_mean_axes(self, axes: impl Into<Axes>) -> Result<Self, Error> {
        let chosen = self.chosen("mean", axes)?;
        chosen.finish("mean", self.sum_over_count(&chosen.axes))
    }

    /// As [`max_axes`](Var::max_axes).
    ///
    /// # Errors
    ///
    /// As [`try_sum_axes`](Var::try_sum_axes).
    #[track_caller]
    pub fn try_max_axes(self, axes: impl Into<Axes>) -> Result<Self, Error> {
        self.reduce(Structural::Max, axes)
    }

    /// As [`min_axes`](Var::min_axes).
    ///
    /// # Errors
    ///
    /// As [`try_sum_axes`](Var::try_sum_axes).
    #[track_caller]
    pub fn try_min_axes(self, axes: impl Into<Axes>) -> Result<Self, Error> {
        self.reduce(Structural::Min, axes)
    }

    /// As [`prod_axes`](Var::prod_axes).
    ///
    /// # Errors
    ///
    /// As [`try_sum_axes`](Var::try_sum_axes).
    #[track_caller]
    pub fn try_prod_axes(self, axes: impl Into<Axes>) -> Result<Self, Error> {
        let chosen = self.chosen("prod", axes)?;
        chosen.finish("prod", self.product_along_each(&chosen.axes))
    }

    /// As [`log_sum_exp_axes`](Var::log_sum_exp_axes).
    ///
    /// # Errors
    ///
    /// As [`try_sum_axes`](Var::try_sum_axes).
    #[track_caller]
    pub fn try_log_sum_exp_axes(self, axes: impl Into<Axes>) -> Result<Self, Error> {
        self.reduce(Structural::LogSumExp, axes)
    }

    /// As [`cumsum`](Var::cumsum).
    ///
    /// # Errors
    ///
    /// [`Error::Operand`] if the axis does not exist, [`Error::Full`].
    #[track_caller]
    pub fn try_cumsum(self, axis: impl Into<Axis>) -> Result<Self, Error> {
        self.running(Structural::CumSum, axis)
    }

    /// As [`cumsum_back`](Var::cumsum_back).
    ///
    /// # Errors
    ///
    /// [`Error::Operand`] if the axis does not exist, [`Error::Full`].
    #[track_caller]
    pub fn try_cumsum_back(self, axis: impl Into<Axis>) -> Result<Self, Error> {
        self.running(Structural::CumSumBack, axis)
    }

    /// As [`cumprod`](Var::cumprod).
    ///
    /// # Errors
    ///
    /// [`Error::Operand`] if the axis does not exist, [`Error::Full`].
    #[track_caller]
    pub fn try_cumprod(self, axis: impl Into<Axis>) -> Result<Self, Error> {
        self.running(Structural::CumProd, axis)
    }

    /// Records a reduction over some axes.
    #[track_caller]
    fn reduce(self, op: Structural, axes: impl Into<Axes>) -> Result<Self, Error> {
        let chosen = self.chosen(op.name(), axes)?;
        if chosen.axes.is_empty() {
            return Ok(self);
        }
        let axes = Attributes::axes_of(&chosen.axes);
        chosen.finish(op.name(), self.tape.record_structural(op, &[self], axes))
    }

    #[track_caller]
    fn sum_over_count(self, axes: &[usize]) -> Result<Self, Error> {
        let sum = self.try_sum_axes(axes)?;
        sum.try_div(S::from_f64((self.len() / sum.len()) as f64))
    }

    #[track_caller]
    fn product_along_each(mut self, axes: &[usize]) -> Result<Self, Error> {
        for &axis in axes.iter().rev() {
            self = self.product_along(axis)?;
        }
        Ok(self)
    }

    #[track_caller]
    fn product_along(self, axis: usize) -> Result<Self, Error> {
        let extent = self.shape().dims()[axis];
        if extent == 1 {
            return Ok(self.view_of(0, self.layout().drop_axis(axis)));
        }
        let half = extent / 2;
        let folded =
            self.try_slice(axis, 0..half)?.try_mul(self.try_slice(axis, half..2 * half)?)?;
        let product = folded.product_along(axis)?;
        if extent.is_multiple_of(2) {
            return Ok(product);
        }
        product.try_mul(self.try_slice(axis, extent - 1..extent)?.product_along(axis)?)
    }

    #[track_caller]
    fn running(self, op: Structural, axis: impl Into<Axis>) -> Result<Self, Error> {
        let axis = self.axis(op.name(), axis)?;
        self.tape.record_structural(op, &[self], Attributes::axes_of(&[axis]))
    }
}
