//! Tables looked up at run time: rows by computed numbers, and interpolation.

use super::{Var, or_panic};
use crate::attributes::Attributes;
use crate::error::Error;
use crate::op::Structural;
use crate::real::Scalar;

/// # Tables that are looked up
impl<'t, S: Scalar> Var<'t, S> {
    /// The rows of this that the numbers of `index` say, rounded down: shape `index.shape()` and
    /// then that of a row. The rows are chosen anew wherever the tape is evaluated, where those of
    /// [`gather`](Var::gather) are fixed when it is recorded.
    ///
    /// A number below 0, of `n` or more for `n` rows, or NaN says no row, and the result is NaN
    /// there. Derivatives pass the rows that are taken, and never the index.
    ///
    /// # Panics
    ///
    /// If this is a single number, the handles are of two tapes, or the tape is full;
    /// [`try_take`](Var::try_take) returns that as an error.
    ///
    /// # Examples
    ///
    /// ```
    /// let tape = wengert::Tape::new();
    /// let table = tape.input([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
    /// let index = tape.data([2.0, 0.0]);
    /// let rows = table.take(index);
    /// assert_eq!(rows.values(), [5.0, 6.0, 1.0, 2.0]);
    /// tape.replay(&[(index, &[1.0, 1.0])])?;
    /// assert_eq!(rows.values(), [3.0, 4.0, 3.0, 4.0]);
    /// let adjoints = rows.sum().backward().values_wrt(table);
    /// assert_eq!(adjoints, [0.0, 0.0, 2.0, 2.0, 0.0, 0.0]);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    #[doc(alias = "index_select")]
    #[doc(alias = "embedding")]
    #[must_use]
    #[track_caller]
    pub fn take(self, index: Self) -> Self {
        or_panic(self.try_take(index))
    }

    /// As [`take`](Var::take).
    ///
    /// # Errors
    ///
    /// [`Error::Operand`] if this is a single number, [`Error::TwoTapes`], [`Error::Full`].
    #[track_caller]
    pub fn try_take(self, index: Self) -> Result<Self, Error> {
        self.same_tape("take", index)?;
        let operands = [self, index.detach()];
        self.tape.record_structural(Structural::Take, &operands, Attributes::None)
    }

    /// The piecewise linear function through the points (`knots[k]`, `values[k]`) at every number of
    /// this, NumPy's `interp`; outside of the knots its first or last piece goes on as a straight
    /// line. The knots ascend.
    ///
    /// Derivatives pass to this, to the knots and to the values. At a knot the piece on its right
    /// counts, at the last knot that on its left.
    ///
    /// # Panics
    ///
    /// If the knots and the values are not two runs of one length of at least two, the handles are
    /// of two tapes, or the tape is full; [`try_interp`](Var::try_interp) returns that as an error.
    ///
    /// # Examples
    ///
    /// ```
    /// let tape = wengert::Tape::new();
    /// let (knots, values) = (tape.input([0.0, 1.0, 3.0]), tape.input([10.0, 20.0, 0.0]));
    /// let x = tape.input([0.5, 2.0]);
    /// let y = x.interp(knots, values);
    /// assert_eq!(y.values(), [15.0, 10.0]);
    /// assert_eq!(y.sum().backward().values_wrt(x), [10.0, -10.0]);
    /// assert_eq!(y.sum().backward().values_wrt(values), [0.5, 1.0, 0.5]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn interp(self, knots: Self, values: Self) -> Self {
        or_panic(self.try_interp(knots, values))
    }

    /// As [`interp`](Var::interp).
    ///
    /// # Errors
    ///
    /// [`Error::Operand`] and [`Error::Shapes`] if the knots and the values are not two runs of one
    /// length of at least two, [`Error::TwoTapes`], [`Error::Full`].
    #[track_caller]
    pub fn try_interp(self, knots: Self, values: Self) -> Result<Self, Error> {
        const OP: &str = "interp";
        self.same_tape(OP, knots)?;
        self.same_tape(OP, values)?;
        let count = match knots.shape().dims() {
            &[count] if count >= 2 => count,
            _ => {
                let rule = "the knots are a run of at least two numbers".to_owned();
                return Err(knots.operand_error(OP, rule));
            }
        };
        if values.shape() != knots.shape() {
            return Err(knots.shapes_error(OP, values, "there is a value for every knot"));
        }
        let within = |result: Result<Self, Error>| result.map_err(|error| error.within(OP));
        let flat = within(self.try_reshape([self.len(), 1]))?;
        // How many knots are not above each number: the last of them begins its piece.
        let below = flat.detach().indicator_ge(knots.detach());
        let piece = within(below.try_sum_axes(1))? - S::from_f64(1.0);
        let last = S::from_f64(count as f64 - 2.0);
        let piece = within(piece.clamp(S::from_f64(0.0), last).try_reshape(self.shape()))?;
        let next = piece + S::from_f64(1.0);
        let (x0, x1) = (within(knots.try_take(piece))?, within(knots.try_take(next))?);
        let (y0, y1) = (within(values.try_take(piece))?, within(values.try_take(next))?);
        Ok(y0 + (self - x0) * ((y1 - y0) / (x1 - x0)))
    }
}
