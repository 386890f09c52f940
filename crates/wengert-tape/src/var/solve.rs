//! Equations with any square matrix, determinants, inverses and least squares.

use super::{Var, or_panic};
use crate::attributes::Attributes;
use crate::error::Error;
use crate::op::{Structural, Unary};
use crate::real::Scalar;

/// # Equations, determinants, least squares
///
/// Matrices are the last two axes; leading axes count matrices.
impl<S: Scalar> Var<'_, S> {
    /// The solution X of A X = B for this square A, by elimination with row pivots: NumPy's
    /// `linalg.solve`. B is a vector `[n]` (for one matrix), or a matrix `[n, columns]` for each
    /// matrix. Of a positive definite A, [`cholesky`](Var::cholesky) takes half of the work.
    ///
    /// # Derivative
    ///
    /// ∂B: A⁻ᵀ X̄, ∂A: −B̄ Xᵀ (M. Giles, "Collected matrix derivative results for forward and reverse
    /// mode algorithmic differentiation", 2008).
    ///
    /// # Panics
    ///
    /// On misuse, and if the matrix is singular; [`try_solve`](Var::try_solve) returns that as an
    /// error.
    ///
    /// # Examples
    ///
    /// ```
    /// let tape = wengert::Tape::new();
    /// let a = tape.input([[0.0, 2.0], [4.0, 1.0]]);
    /// let x = a.solve(tape.input([6.0, 11.0]));
    /// assert_eq!(x.values(), [2.0, 3.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn solve(self, b: Self) -> Self {
        or_panic(self.try_solve(b))
    }

    /// As [`solve`](Var::solve).
    ///
    /// # Errors
    ///
    /// [`Error::TwoTapes`]; [`Error::Operand`] and [`Error::Shapes`] if this is not square or B
    /// does not fit it; [`Error::Singular`] with the first pivot that is 0 or not a number;
    /// [`Error::Full`].
    #[track_caller]
    pub fn try_solve(self, b: Self) -> Result<Self, Error> {
        self.same_tape("solve", b)?;
        self.tape.record_checked(Structural::Solve, &[self, b], Attributes::None)
    }

    /// The inverse matrix: the solution with the identity. To multiply with it,
    /// [`solve`](Var::solve) is quicker and loses fewer digits.
    ///
    /// # Derivative
    ///
    /// −A⁻ᵀ X̄ A⁻ᵀ.
    ///
    /// # Panics
    ///
    /// As [`solve`](Var::solve); [`try_inv`](Var::try_inv) returns that as an error.
    #[doc(alias = "inverse")]
    #[must_use]
    #[track_caller]
    pub fn inv(self) -> Self {
        or_panic(self.try_inv())
    }

    /// As [`inv`](Var::inv).
    ///
    /// # Errors
    ///
    /// As [`try_solve`](Var::try_solve).
    #[track_caller]
    pub fn try_inv(self) -> Result<Self, Error> {
        self.try_solve(self.identity("inv")?).map_err(|error| error.within("inv"))
    }

    /// The sign of the determinant, and ln |det A|: NumPy's `linalg.slogdet`. The determinant
    /// itself, which may overflow, is the sign times `e` to the other.
    ///
    /// # Derivative
    ///
    /// Of the logarithm A⁻ᵀ; of the sign 0.
    ///
    /// # Panics
    ///
    /// If this is not a square matrix, or is singular; [`try_slogdet`](Var::try_slogdet) returns
    /// that as an error.
    ///
    /// # Examples
    ///
    /// ```
    /// let tape = wengert::Tape::new();
    /// let a = tape.input([[1.0, 2.0], [3.0, 4.0]]);
    /// let (sign, logarithm) = a.slogdet();
    /// assert_eq!(sign.value(), -1.0);
    /// assert!((logarithm.value() - 2.0_f64.ln()).abs() < 1e-15);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn slogdet(self) -> (Self, Self) {
        or_panic(self.try_slogdet())
    }

    /// As [`slogdet`](Var::slogdet).
    ///
    /// # Errors
    ///
    /// [`Error::Operand`] if this is not a square matrix, [`Error::Singular`] with the first pivot
    /// that is 0 or not a number, [`Error::Full`].
    #[track_caller]
    pub fn try_slogdet(self) -> Result<(Self, Self), Error> {
        self.sign_and_logarithm().map_err(|error| error.within("slogdet"))
    }

    #[track_caller]
    fn sign_and_logarithm(self) -> Result<(Self, Self), Error> {
        let tape = self.tape;
        let logarithm = tape.record_checked(Structural::LogAbsDet, &[self], Attributes::None)?;
        let sign = tape.record_checked(Structural::DetSign, &[self], Attributes::None)?;
        Ok((sign, logarithm))
    }

    /// ln det A of a matrix with a positive determinant, and NaN of one with a negative: PyTorch's
    /// `logdet`. Of a positive definite matrix
    /// [`cholesky_logdet`](Var::cholesky_logdet) takes half of the work.
    ///
    /// # Derivative
    ///
    /// A⁻ᵀ.
    ///
    /// # Panics
    ///
    /// As [`slogdet`](Var::slogdet); [`try_logdet`](Var::try_logdet) returns that as an error.
    #[must_use]
    #[track_caller]
    pub fn logdet(self) -> Self {
        or_panic(self.try_logdet())
    }

    /// As [`logdet`](Var::logdet).
    ///
    /// # Errors
    ///
    /// As [`try_slogdet`](Var::try_slogdet).
    #[track_caller]
    pub fn try_logdet(self) -> Result<Self, Error> {
        self.logarithm_of_det().map_err(|error| error.within("logdet"))
    }

    #[track_caller]
    fn logarithm_of_det(self) -> Result<Self, Error> {
        let (sign, logarithm) = self.try_slogdet()?;
        // 0 for a sign of 1, NaN for −1.
        logarithm.try_add(sign.try_unary(Unary::Ln)?)
    }

    /// The determinant: its sign times `e` to ln |det A|, so it is off by as many ulp as that
    /// logarithm is large. [`slogdet`](Var::slogdet) does not overflow.
    ///
    /// # Derivative
    ///
    /// det A · A⁻ᵀ.
    ///
    /// # Panics
    ///
    /// As [`slogdet`](Var::slogdet); [`try_det`](Var::try_det) returns that as an error.
    #[must_use]
    #[track_caller]
    pub fn det(self) -> Self {
        or_panic(self.try_det())
    }

    /// As [`det`](Var::det).
    ///
    /// # Errors
    ///
    /// As [`try_slogdet`](Var::try_slogdet).
    #[track_caller]
    pub fn try_det(self) -> Result<Self, Error> {
        self.exponential_of_logarithm().map_err(|error| error.within("det"))
    }

    #[track_caller]
    fn exponential_of_logarithm(self) -> Result<Self, Error> {
        let (sign, logarithm) = self.try_slogdet()?;
        sign.try_mul(logarithm.try_unary(Unary::Exp)?)
    }

    /// The least-squares solution of A x = B, of a matrix `[m, n]` of full rank: with more rows
    /// than columns the x of the smallest |A x − B|, with fewer that of the smallest |x| with
    /// A x = B. NumPy's `linalg.lstsq`. B is a vector `[m]` (for one matrix), or a matrix
    /// `[m, columns]` for each matrix.
    ///
    /// It is computed by Householder's reflections, not by the normal equations, so the condition
    /// of A counts once where the residual is small.
    ///
    /// # Derivative
    ///
    /// ∂B: A⁺ᵀ X̄; ∂A with residual R and more rows: −B̄ Xᵀ + R (A⁺ B̄)ᵀ (G. Golub and V. Pereyra,
    /// 1973).
    ///
    /// # Panics
    ///
    /// On misuse, and if the rank is not full; [`try_lstsq`](Var::try_lstsq) returns that as an
    /// error. A rank that is only short of full by rounding is not noticed.
    ///
    /// # Examples
    ///
    /// A line through points:
    ///
    /// ```
    /// let tape = wengert::Tape::new();
    /// let a = tape.data([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]]);
    /// let line = a.lstsq(tape.input([1.0, 3.0, 5.0]));
    /// for (found, right) in line.values().into_iter().zip([1.0, 2.0]) {
    ///     assert!((found - right).abs() < 1e-14);
    /// }
    /// ```
    #[must_use]
    #[track_caller]
    pub fn lstsq(self, b: Self) -> Self {
        or_panic(self.try_lstsq(b))
    }

    /// As [`lstsq`](Var::lstsq).
    ///
    /// # Errors
    ///
    /// [`Error::TwoTapes`]; [`Error::Operand`] and [`Error::Shapes`] if this is not a matrix or B
    /// does not fit it; [`Error::Singular`] with the first number on the triangle's diagonal that
    /// is 0 or not a number; [`Error::Full`].
    #[track_caller]
    pub fn try_lstsq(self, b: Self) -> Result<Self, Error> {
        self.same_tape("lstsq", b)?;
        self.tape.record_checked(Structural::Lstsq, &[self, b], Attributes::None)
    }
}
