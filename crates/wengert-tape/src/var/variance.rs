//! Variance and standard deviation.

use super::{Axes, Var, or_panic};
use crate::error::Error;
use crate::op::{Binary, Unary};
use crate::real::Scalar;

/// # Variance and standard deviation
impl<S: Scalar> Var<'_, S> {
    /// The variance of all elements, NumPy's `var`: `Σ (x − mean)² / (n − ddof)`. With a `ddof` of 0
    /// it is that of a population, with 1 that of a sample.
    ///
    /// The elements are centred twice, since a mean is rounded as its terms are: so neither the
    /// value nor the derivative loses digits where all elements are far from 0, and both are 0
    /// where all are the same.
    ///
    /// # Derivative
    ///
    /// `2 (x − mean) / (n − ddof)`.
    ///
    /// # Panics
    ///
    /// If there are no more than `ddof` elements; [`try_var_axes`](Var::try_var_axes) returns that
    /// as an error.
    ///
    /// # Examples
    ///
    /// ```
    /// let tape = wengert::Tape::new();
    /// let x = tape.input([1e8 + 1.0, 1e8 + 2.0, 1e8 + 6.0]);
    /// let variance = x.var(1);
    /// assert_eq!(variance.value(), 7.0);
    /// assert_eq!(variance.backward().values_wrt(x), [-2.0, -1.0, 3.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn var(self, ddof: usize) -> Self {
        self.var_axes(.., ddof)
    }

    /// The variance over some axes, which are dropped unless they are [kept](Axes::keep), as [`var`](Var::var); n is the number of
    /// elements along them.
    ///
    /// # Panics
    ///
    /// As [`var`](Var::var), and if an axis does not exist or comes twice;
    /// [`try_var_axes`](Var::try_var_axes) returns that as an error.
    #[must_use]
    #[track_caller]
    pub fn var_axes(self, axes: impl Into<Axes>, ddof: usize) -> Self {
        or_panic(self.try_var_axes(axes, ddof))
    }

    /// The standard deviation of all elements, NumPy's `std`: the root of the
    /// [variance](Var::var), computed of elements over a power of two near the largest, so that
    /// squares neither overflow nor vanish.
    ///
    /// # Derivative
    ///
    /// `(x − mean) / ((n − ddof) std)`; where all elements are the same 0, the middle of the
    /// subdifferential.
    ///
    /// # Panics
    ///
    /// As [`var`](Var::var).
    #[must_use]
    #[track_caller]
    pub fn std(self, ddof: usize) -> Self {
        self.std_axes(.., ddof)
    }

    /// The standard deviation over some axes, which are dropped unless they are [kept](Axes::keep), as [`std`](Var::std).
    ///
    /// # Panics
    ///
    /// As [`var_axes`](Var::var_axes); [`try_std_axes`](Var::try_std_axes) returns that as an
    /// error.
    #[must_use]
    #[track_caller]
    pub fn std_axes(self, axes: impl Into<Axes>, ddof: usize) -> Self {
        or_panic(self.try_std_axes(axes, ddof))
    }

    /// As [`var_axes`](Var::var_axes).
    ///
    /// # Errors
    ///
    /// [`Error::Operand`] if an axis does not exist or comes twice, or if there are no more than
    /// `ddof` elements along the axes; [`Error::Full`].
    #[track_caller]
    pub fn try_var_axes(self, axes: impl Into<Axes>, ddof: usize) -> Result<Self, Error> {
        let chosen = self.chosen("var", axes)?;
        let count = self.freedom("var", &chosen.axes, ddof)?;
        chosen.finish("var", self.mean_square(&chosen.axes, count))
    }

    /// As [`std_axes`](Var::std_axes).
    ///
    /// # Errors
    ///
    /// As [`try_var_axes`](Var::try_var_axes).
    #[track_caller]
    pub fn try_std_axes(self, axes: impl Into<Axes>, ddof: usize) -> Result<Self, Error> {
        let chosen = self.chosen("std", axes)?;
        let count = self.freedom("std", &chosen.axes, ddof)?;
        chosen.finish("std", self.deviation(&chosen.axes, count))
    }

    /// The squares of the distances to the mean, summed over some axes, over `count`.
    #[track_caller]
    fn mean_square(self, axes: &[usize], count: S) -> Result<Self, Error> {
        let centred = self.centred(axes)?;
        centred.try_mul(centred)?.try_sum_axes(axes)?.try_div(count)
    }

    #[track_caller]
    fn deviation(self, axes: &[usize], count: S) -> Result<Self, Error> {
        let scale = self.power_of_two(axes)?;
        let scaled = self.try_div(along(axes, scale))?;
        let variance = scaled.mean_square(axes, count)?;
        let zero = S::from_f64(0.0);
        let away = variance.try_binary(Binary::Gt, zero)?;
        away.try_select(variance.try_unary(Unary::Sqrt)?, zero)?.try_mul(scale)
    }

    /// `n − ddof`, if that is anything.
    #[track_caller]
    fn freedom(self, op: &'static str, axes: &[usize], ddof: usize) -> Result<S, Error> {
        let shape = self.shape();
        let count: usize = axes.iter().map(|&axis| shape.dims()[axis]).product();
        match count.checked_sub(ddof) {
            None | Some(0) => {
                let rule =
                    format!("{count} elements less a ddof of {ddof} leave nothing to divide by");
                Err(self.operand_error(op, rule))
            }
            Some(left) => Ok(S::from_f64(left as f64)),
        }
    }

    /// The differences to the mean over some axes. Once more, since the mean's own rounding is in
    /// all of them.
    #[track_caller]
    fn centred(self, axes: &[usize]) -> Result<Self, Error> {
        let once = self.try_sub(self.try_mean_axes(Axes::keep(axes))?)?;
        once.try_sub(once.try_mean_axes(Axes::keep(axes))?)
    }
}

/// What was reduced over some axes, along them.
fn along<'t, S: Scalar>(axes: &[usize], reduced: Var<'t, S>) -> Var<'t, S> {
    axes.iter().fold(reduced, |reduced, &axis| reduced.insert_axis(axis))
}
