//! What is composed of reductions: softmax and norms.

use super::{Var, or_panic};
use crate::error::Error;
use crate::op::{Binary, Unary};
use crate::real::Scalar;

impl<S: Scalar> Var<'_, S> {
    /// `x − ln Σ eˣ` along an axis, of the same shape.
    ///
    /// # Panics
    ///
    /// If the axis does not exist; [`try_log_softmax`](Var::try_log_softmax) returns that as an error.
    #[must_use]
    #[track_caller]
    pub fn log_softmax(self, axis: usize) -> Self {
        or_panic(self.try_log_softmax(axis))
    }

    /// As [`log_softmax`](Var::log_softmax).
    ///
    /// # Errors
    ///
    /// [`Error::Operand`] if the axis does not exist, [`Error::Full`].
    #[track_caller]
    pub fn try_log_softmax(self, axis: usize) -> Result<Self, Error> {
        self.axes("log_softmax", &[axis])?;
        let total = self.try_log_sum_exp(&[axis]).map_err(|error| error.within("log_softmax"))?;
        self.try_sub(total.insert_axis(axis)).map_err(|error| error.within("log_softmax"))
    }

    /// `eˣ / Σ eˣ` along an axis, of the same shape: the exponential of [`log_softmax`](Var::log_softmax), so it does not overflow.
    ///
    /// # Panics
    ///
    /// If the axis does not exist; [`try_softmax`](Var::try_softmax) returns that as an error.
    #[must_use]
    #[track_caller]
    pub fn softmax(self, axis: usize) -> Self {
        or_panic(self.try_softmax(axis))
    }

    /// As [`softmax`](Var::softmax).
    ///
    /// # Errors
    ///
    /// As [`try_log_softmax`](Var::try_log_softmax).
    #[track_caller]
    pub fn try_softmax(self, axis: usize) -> Result<Self, Error> {
        let logarithm = self.try_log_softmax(axis).map_err(|error| error.within("softmax"))?;
        logarithm.try_unary(Unary::Exp).map_err(|error| error.within("softmax"))
    }

    /// `Σ |x|` over all elements.
    ///
    /// # Panics
    ///
    /// If the tape is full.
    #[must_use]
    #[track_caller]
    pub fn norm_l1(self) -> Self {
        self.norm_l1_axes(&self.every_axis())
    }

    /// `Σ |x|` over some axes, which are dropped.
    ///
    /// # Panics
    ///
    /// If an axis does not exist or comes twice; [`try_norm_l1_axes`](Var::try_norm_l1_axes) returns that as an error.
    #[must_use]
    #[track_caller]
    pub fn norm_l1_axes(self, axes: &[usize]) -> Self {
        or_panic(self.try_norm_l1_axes(axes))
    }

    /// As [`norm_l1_axes`](Var::norm_l1_axes).
    ///
    /// # Errors
    ///
    /// As [`try_sum_axes`](Var::try_sum_axes).
    #[track_caller]
    pub fn try_norm_l1_axes(self, axes: &[usize]) -> Result<Self, Error> {
        self.axes("norm_l1", axes)?;
        let sizes = self.try_unary(Unary::Abs).map_err(|error| error.within("norm_l1"))?;
        sizes.try_sum_axes(axes).map_err(|error| error.within("norm_l1"))
    }

    /// `√Σ x²` over all elements. The squares are not scaled: it overflows where they do.
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
        self.norm_l2_axes(&self.every_axis())
    }

    /// `√Σ x²` over some axes, which are dropped, as [`norm_l2`](Var::norm_l2).
    ///
    /// # Panics
    ///
    /// If an axis does not exist or comes twice; [`try_norm_l2_axes`](Var::try_norm_l2_axes) returns that as an error.
    #[must_use]
    #[track_caller]
    pub fn norm_l2_axes(self, axes: &[usize]) -> Self {
        or_panic(self.try_norm_l2_axes(axes))
    }

    /// As [`norm_l2_axes`](Var::norm_l2_axes).
    ///
    /// # Errors
    ///
    /// As [`try_sum_axes`](Var::try_sum_axes).
    #[track_caller]
    pub fn try_norm_l2_axes(self, axes: &[usize]) -> Result<Self, Error> {
        self.axes("norm_l2", axes)?;
        self.root_of_squares(axes).map_err(|error| error.within("norm_l2"))
    }

    #[track_caller]
    fn root_of_squares(self, axes: &[usize]) -> Result<Self, Error> {
        let zero = S::from_f64(0.0);
        let squares = self.try_mul(self)?.try_sum_axes(axes)?;
        let away = squares.try_binary(Binary::Gt, zero)?;
        away.try_select(squares.try_unary(Unary::Sqrt)?, zero)
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
        self.norm_max_axes(&self.every_axis())
    }

    /// The largest `|x|` over some axes, which are dropped, as [`norm_max`](Var::norm_max).
    ///
    /// # Panics
    ///
    /// If an axis does not exist or comes twice; [`try_norm_max_axes`](Var::try_norm_max_axes) returns that as an error.
    #[must_use]
    #[track_caller]
    pub fn norm_max_axes(self, axes: &[usize]) -> Self {
        or_panic(self.try_norm_max_axes(axes))
    }

    /// As [`norm_max_axes`](Var::norm_max_axes).
    ///
    /// # Errors
    ///
    /// As [`try_sum_axes`](Var::try_sum_axes).
    #[track_caller]
    pub fn try_norm_max_axes(self, axes: &[usize]) -> Result<Self, Error> {
        self.axes("norm_max", axes)?;
        let sizes = self.try_unary(Unary::Abs).map_err(|error| error.within("norm_max"))?;
        sizes.try_max_axes(axes).map_err(|error| error.within("norm_max"))
    }
}
