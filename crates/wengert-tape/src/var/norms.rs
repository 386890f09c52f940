//! What is composed of reductions: softmax and norms.

use super::{Axes, Axis, Var, or_panic};
use crate::error::Error;
use crate::op::{Binary, Unary};
use crate::real::Scalar;

/// # Softmax and norms
impl<S: Scalar> Var<'_, S> {
    /// `x − ln Σ eˣ` along an axis, of the same shape, computed as `(x − m) − ln Σ e^(x − m)` with
    /// m the largest x: both parts are small where the result is, so its digits do not depend on
    /// how large x is.
    ///
    /// # Panics
    ///
    /// If the axis does not exist; [`try_log_softmax`](Var::try_log_softmax) returns that as an
    /// error.
    #[doc(alias = "log_soft_max")]
    #[must_use]
    #[track_caller]
    pub fn log_softmax(self, axis: impl Into<Axis>) -> Self {
        or_panic(self.try_log_softmax(axis))
    }

    /// `eˣ / Σ eˣ` along an axis, of the same shape, computed of `x − m` with m the largest x, so
    /// it does not overflow.
    ///
    /// # Panics
    ///
    /// If the axis does not exist; [`try_softmax`](Var::try_softmax) returns that as an error.
    #[must_use]
    #[track_caller]
    pub fn softmax(self, axis: impl Into<Axis>) -> Self {
        or_panic(self.try_softmax(axis))
    }

    /// `Σ |x|` over all elements.
    ///
    /// # Panics
    ///
    /// If the tape is full.
    #[must_use]
    #[track_caller]
    pub fn norm_l1(self) -> Self {
        self.norm_l1_axes(..)
    }

    /// `Σ |x|` over some axes, which are dropped unless they are [kept](Axes::keep).
    ///
    /// # Panics
    ///
    /// If an axis does not exist or comes twice; [`try_norm_l1_axes`](Var::try_norm_l1_axes)
    /// returns that as an error.
    #[must_use]
    #[track_caller]
    pub fn norm_l1_axes(self, axes: impl Into<Axes>) -> Self {
        or_panic(self.try_norm_l1_axes(axes))
    }

    /// `√Σ x²` over all elements, computed as `s √Σ (x/s)²` with a power of two s near the largest,
    /// so that squares neither overflow nor vanish.
    ///
    /// # Derivative
    ///
    /// x / norm; at the origin 0, the middle of the subdifferential. There is no second derivative
    /// there, and none is recovered where the norm is squared: the Hessian of
    /// `x.norm_l2().square()` at the origin comes out as 0. Take
    /// [`norm_l2_squared`](Var::norm_l2_squared), whose Hessian is 2 I everywhere.
    ///
    /// # Panics
    ///
    /// If the tape is full.
    #[must_use]
    #[track_caller]
    pub fn norm_l2(self) -> Self {
        self.norm_l2_axes(..)
    }

    /// `√Σ x²` over some axes, which are dropped unless they are [kept](Axes::keep), as [`norm_l2`](Var::norm_l2).
    ///
    /// # Panics
    ///
    /// If an axis does not exist or comes twice; [`try_norm_l2_axes`](Var::try_norm_l2_axes)
    /// returns that as an error.
    #[must_use]
    #[track_caller]
    pub fn norm_l2_axes(self, axes: impl Into<Axes>) -> Self {
        or_panic(self.try_norm_l2_axes(axes))
    }

    /// `Σ x²` over all elements: the square of [`norm_l2`](Var::norm_l2), of which the origin is no
    /// kink. The squares are not scaled: it overflows where they do.
    ///
    /// # Derivative
    ///
    /// 2x, and the Hessian 2 I, at the origin too.
    ///
    /// # Panics
    ///
    /// If the tape is full.
    ///
    /// # Examples
    ///
    /// ```
    /// let at = [0.0, 0.0];
    /// let right = wengert::hessian(|x| x.norm_l2_squared(), &at)?;
    /// assert_eq!(right, [[2.0, 0.0], [0.0, 2.0]]);
    /// // The norm has a kink there, and its square does not know that it has none.
    /// let squared = wengert::hessian(|x| x.norm_l2().square(), &at)?;
    /// assert_eq!(squared, [[0.0, 0.0], [0.0, 0.0]]);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    #[doc(alias = "norm_squared")]
    #[doc(alias = "sum_of_squares")]
    #[must_use]
    #[track_caller]
    pub fn norm_l2_squared(self) -> Self {
        self.norm_l2_squared_axes(..)
    }

    /// `Σ x²` over some axes, which are dropped unless they are [kept](Axes::keep), as
    /// [`norm_l2_squared`](Var::norm_l2_squared).
    ///
    /// # Panics
    ///
    /// If an axis does not exist or comes twice;
    /// [`try_norm_l2_squared_axes`](Var::try_norm_l2_squared_axes) returns that as an error.
    #[must_use]
    #[track_caller]
    pub fn norm_l2_squared_axes(self, axes: impl Into<Axes>) -> Self {
        or_panic(self.try_norm_l2_squared_axes(axes))
    }

    /// The largest `|x|` of all elements; NaN if one is NaN.
    ///
    /// # Derivative
    ///
    /// The sign of the element that is largest, shared equally at a tie; 0 by the others.
    ///
    /// # Panics
    ///
    /// If the tape is full.
    #[must_use]
    #[track_caller]
    pub fn norm_max(self) -> Self {
        self.norm_max_axes(..)
    }

    /// The largest `|x|` over some axes, which are dropped unless they are [kept](Axes::keep), as [`norm_max`](Var::norm_max).
    ///
    /// # Panics
    ///
    /// If an axis does not exist or comes twice; [`try_norm_max_axes`](Var::try_norm_max_axes)
    /// returns that as an error.
    #[must_use]
    #[track_caller]
    pub fn norm_max_axes(self, axes: impl Into<Axes>) -> Self {
        or_panic(self.try_norm_max_axes(axes))
    }

    /// As [`log_softmax`](Var::log_softmax).
    ///
    /// # Errors
    ///
    /// [`Error::Operand`] if the axis does not exist, [`Error::Full`].
    #[track_caller]
    pub fn try_log_softmax(self, axis: impl Into<Axis>) -> Result<Self, Error> {
        let axis = self.axis("log_softmax", axis)?;
        self.shifted(axis)
            .and_then(|x| x.try_sub(x.try_log_sum_exp_axes(Axes::keep(axis))?))
            .map_err(|error| error.within("log_softmax"))
    }

    /// As [`softmax`](Var::softmax).
    ///
    /// # Errors
    ///
    /// As [`try_log_softmax`](Var::try_log_softmax).
    #[track_caller]
    pub fn try_softmax(self, axis: impl Into<Axis>) -> Result<Self, Error> {
        let axis = self.axis("softmax", axis)?;
        self.shifted(axis)
            .and_then(|x| x.try_unary(Unary::Exp))
            .and_then(|powers| powers.try_div(powers.try_sum_axes(Axes::keep(axis))?))
            .map_err(|error| error.within("softmax"))
    }

    /// As [`norm_l1_axes`](Var::norm_l1_axes).
    ///
    /// # Errors
    ///
    /// As [`try_sum_axes`](Var::try_sum_axes).
    #[track_caller]
    pub fn try_norm_l1_axes(self, axes: impl Into<Axes>) -> Result<Self, Error> {
        let chosen = self.chosen("norm_l1", axes)?;
        let sizes = self.try_unary(Unary::Abs).map_err(|error| error.within("norm_l1"))?;
        chosen.finish("norm_l1", sizes.try_sum_axes(&chosen.axes[..]))
    }

    /// As [`norm_l2_axes`](Var::norm_l2_axes).
    ///
    /// # Errors
    ///
    /// As [`try_sum_axes`](Var::try_sum_axes).
    #[track_caller]
    pub fn try_norm_l2_axes(self, axes: impl Into<Axes>) -> Result<Self, Error> {
        let chosen = self.chosen("norm_l2", axes)?;
        chosen.finish("norm_l2", self.root_of_squares(&chosen.axes))
    }

    /// As [`norm_l2_squared_axes`](Var::norm_l2_squared_axes).
    ///
    /// # Errors
    ///
    /// As [`try_sum_axes`](Var::try_sum_axes).
    #[track_caller]
    pub fn try_norm_l2_squared_axes(self, axes: impl Into<Axes>) -> Result<Self, Error> {
        let chosen = self.chosen("norm_l2_squared", axes)?;
        let squares = self.try_mul(self).map_err(|error| error.within("norm_l2_squared"))?;
        chosen.finish("norm_l2_squared", squares.try_sum_axes(&chosen.axes[..]))
    }

    /// As [`norm_max_axes`](Var::norm_max_axes).
    ///
    /// # Errors
    ///
    /// As [`try_sum_axes`](Var::try_sum_axes).
    #[track_caller]
    pub fn try_norm_max_axes(self, axes: impl Into<Axes>) -> Result<Self, Error> {
        let chosen = self.chosen("norm_max", axes)?;
        let sizes = self.try_unary(Unary::Abs).map_err(|error| error.within("norm_max"))?;
        chosen.finish("norm_max", sizes.try_max_axes(&chosen.axes[..]))
    }

    /// The distance to the largest along an axis. It cancels in what is made of it, so the largest
    /// stands still.
    #[track_caller]
    fn shifted(self, axis: usize) -> Result<Self, Error> {
        self.try_sub(self.detach().try_max_axes(Axes::keep(axis))?)
    }

    #[track_caller]
    fn root_of_squares(self, axes: &[usize]) -> Result<Self, Error> {
        let zero = S::from_f64(0.0);
        let scale = self.power_of_two(axes)?;
        let along = axes.iter().fold(scale, |scale, &axis| scale.insert_axis(axis));
        let scaled = self.try_div(along)?;
        let squares = scaled.try_mul(scaled)?.try_sum_axes(axes)?;
        let away = squares.try_binary(Binary::Gt, zero)?;
        away.try_select(squares.try_unary(Unary::Sqrt)?, zero)?.try_mul(scale)
    }

    /// A power of two near the largest `|x|` over some axes. It stands still: what is divided by it
    /// is multiplied by it again, exactly.
    #[track_caller]
    pub(super) fn power_of_two(self, axes: &[usize]) -> Result<Self, Error> {
        let x = self.detach();
        // The exponents of normal numbers, for 0 and infinity too.
        let double = S::from_f64(f64::MAX).is_finite();
        let [least, most] =
            if double { [-1022.0, 1023.0] } else { [-126.0, 127.0] }.map(S::from_f64);
        let exponent = x
            .try_unary(Unary::Abs)?
            .try_max_axes(axes)?
            .try_unary(Unary::Log2)?
            .try_unary(Unary::Floor)?;
        exponent
            .try_binary(Binary::Max, least)?
            .try_binary(Binary::Min, most)?
            .try_unary(Unary::Exp2)
    }
}
