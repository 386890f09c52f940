//! Triangles, the Cholesky factor and what is computed with it.

use super::{Var, or_panic};
use crate::attributes::Attributes;
use crate::error::Error;
use crate::op::{Leaf, Structural, Unary};
use crate::real::Scalar;

/// # Triangles and diagonals
///
/// Matrices are the last two axes; leading axes count matrices.
impl<S: Scalar> Var<'_, S> {
    /// The diagonal of the last two axes, as one axis in place of both. A view.
    ///
    /// # Panics
    ///
    /// If this has fewer than two axes; [`try_diagonal`](Var::try_diagonal) returns that as an
    /// error.
    ///
    /// # Examples
    ///
    /// ```
    /// let tape = wengert::Tape::new();
    /// let a = tape.input([[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!(a.diagonal().values(), [1.0, 4.0]);
    /// assert_eq!(a.trace().value(), 5.0);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn diagonal(self) -> Self {
        or_panic(self.try_diagonal())
    }

    /// As [`diagonal`](Var::diagonal).
    ///
    /// # Errors
    ///
    /// [`Error::Operand`] if this has fewer than two axes.
    #[track_caller]
    pub fn try_diagonal(self) -> Result<Self, Error> {
        let rank = self.shape().rank();
        if rank < 2 {
            return Err(self.operand_error("diagonal", "it is not a matrix".to_owned()));
        }
        Ok(self.view_of(0, self.layout().diagonal(rank - 2)))
    }

    /// The sum of the diagonal, of each matrix.
    ///
    /// # Panics
    ///
    /// If this has fewer than two axes; [`try_trace`](Var::try_trace) returns that as an error.
    #[must_use]
    #[track_caller]
    pub fn trace(self) -> Self {
        or_panic(self.try_trace())
    }

    /// As [`trace`](Var::trace).
    ///
    /// # Errors
    ///
    /// [`Error::Operand`] if this has fewer than two axes, [`Error::Full`].
    #[track_caller]
    pub fn try_trace(self) -> Result<Self, Error> {
        self.try_diagonal()
            .and_then(|diagonal| diagonal.try_sum_axes(diagonal.shape().rank() - 1))
            .map_err(|error| error.within("trace"))
    }

    /// The elements on and below the diagonal, with zeros above it.
    ///
    /// # Derivative
    ///
    /// 1 by what is kept, 0 by the rest.
    ///
    /// # Panics
    ///
    /// If this has fewer than two axes; [`try_tril`](Var::try_tril) returns that as an error.
    #[must_use]
    #[track_caller]
    pub fn tril(self) -> Self {
        or_panic(self.try_tril())
    }

    /// As [`tril`](Var::tril).
    ///
    /// # Errors
    ///
    /// [`Error::Operand`] if this has fewer than two axes, [`Error::Full`].
    #[track_caller]
    pub fn try_tril(self) -> Result<Self, Error> {
        self.tape.record_structural(Structural::Tril, &[self], Attributes::None)
    }

    /// The elements on and above the diagonal, with zeros below it.
    ///
    /// # Derivative
    ///
    /// 1 by what is kept, 0 by the rest.
    ///
    /// # Panics
    ///
    /// If this has fewer than two axes; [`try_triu`](Var::try_triu) returns that as an error.
    #[must_use]
    #[track_caller]
    pub fn triu(self) -> Self {
        or_panic(self.try_triu())
    }

    /// As [`triu`](Var::triu).
    ///
    /// # Errors
    ///
    /// [`Error::Operand`] if this has fewer than two axes, [`Error::Full`].
    #[track_caller]
    pub fn try_triu(self) -> Result<Self, Error> {
        self.tape.record_structural(Structural::Triu, &[self], Attributes::None)
    }

    /// The solution X of A X = B for this lower triangular A: SciPy's `solve_triangular` with
    /// `lower=True`. What stands above the diagonal is not read. B is a vector `[n]` (for one
    /// matrix), or a matrix `[n, columns]` for each matrix.
    ///
    /// With the transpose it is `l.t().solve_upper(b)`; nothing is copied for that.
    ///
    /// # Derivative
    ///
    /// ∂B: A⁻ᵀ X̄, ∂A: the lower triangle of −B̄ Xᵀ (M. Giles, 2008).
    ///
    /// # Panics
    ///
    /// On misuse, and if a number on the diagonal is 0;
    /// [`try_solve_lower`](Var::try_solve_lower) returns that as an error.
    ///
    /// # Examples
    ///
    /// ```
    /// let tape = wengert::Tape::new();
    /// let l = tape.input([[2.0, 0.0], [1.0, 4.0]]);
    /// let x = l.solve_lower(tape.input([6.0, 11.0]));
    /// assert_eq!(x.values(), [3.0, 2.0]);
    /// ```
    #[doc(alias = "solve_triangular")]
    #[must_use]
    #[track_caller]
    pub fn solve_lower(self, b: Self) -> Self {
        or_panic(self.try_solve_lower(b))
    }

    /// As [`solve_lower`](Var::solve_lower).
    ///
    /// # Errors
    ///
    /// [`Error::TwoTapes`]; [`Error::Operand`] and [`Error::Shapes`] if this is not square or B
    /// does not fit it; [`Error::Singular`] if a number on the diagonal is 0 or not a number;
    /// [`Error::Full`].
    #[track_caller]
    pub fn try_solve_lower(self, b: Self) -> Result<Self, Error> {
        self.same_tape("solve_lower", b)?;
        self.tape.record_checked(Structural::SolveLower, &[self, b], Attributes::None)
    }

    /// The solution X of A X = B for this upper triangular A. What stands below the diagonal is not
    /// read. As [`solve_lower`](Var::solve_lower) otherwise.
    ///
    /// # Derivative
    ///
    /// ∂B: A⁻ᵀ X̄, ∂A: the upper triangle of −B̄ Xᵀ (M. Giles, 2008).
    ///
    /// # Panics
    ///
    /// As [`solve_lower`](Var::solve_lower); [`try_solve_upper`](Var::try_solve_upper) returns that
    /// as an error.
    #[doc(alias = "solve_triangular")]
    #[must_use]
    #[track_caller]
    pub fn solve_upper(self, b: Self) -> Self {
        or_panic(self.try_solve_upper(b))
    }

    /// As [`solve_upper`](Var::solve_upper).
    ///
    /// # Errors
    ///
    /// As [`try_solve_lower`](Var::try_solve_lower).
    #[track_caller]
    pub fn try_solve_upper(self, b: Self) -> Result<Self, Error> {
        self.same_tape("solve_upper", b)?;
        self.tape.record_checked(Structural::SolveUpper, &[self, b], Attributes::None)
    }
}

/// # Positive definite matrices
impl<S: Scalar> Var<'_, S> {
    /// The Cholesky factor of this symmetric, positive definite matrix A: the lower triangular L
    /// with a positive diagonal and L Lᵀ = A. Of A the lower triangle is read; what stands above
    /// the diagonal has no part in it, and its derivative is 0.
    ///
    /// # Derivative
    ///
    /// By the numbers that are read, each on its own: Φ(L⁻ᵀ (Φ(P) + Φ(P)ᵀ) L⁻¹) with P = Lᵀ L̄, Φ
    /// being the lower triangle with half of the diagonal (I. Murray, "Differentiation of the
    /// Cholesky decomposition", 2016). A number below the diagonal stands for two of A, so its
    /// derivative is the sum of both. Where a symmetric gradient is wanted, factor
    /// `(a + a.t()) * 0.5`, which is `a`.
    ///
    /// # Panics
    ///
    /// If this is not a square matrix, or is not positive definite;
    /// [`try_cholesky`](Var::try_cholesky) returns that as an error, with the pivot.
    ///
    /// # Examples
    ///
    /// The log-determinant, and its gradient A⁻¹, of which a number below the diagonal has twice
    /// the share:
    ///
    /// ```
    /// let tape = wengert::Tape::new();
    /// let a = tape.input([[4.0, 2.0], [2.0, 3.0]]);
    /// let logdet = a.cholesky().cholesky_logdet();
    /// assert!((logdet.value() - 2.0794415416798357).abs() < 1e-15); // ln 8
    /// let gradient = logdet.backward().values_wrt(a);
    /// for (found, right) in gradient.iter().zip([0.375, 0.0, -0.5, 0.5]) {
    ///     assert!((found - right).abs() < 1e-15);
    /// }
    /// ```
    #[must_use]
    #[track_caller]
    pub fn cholesky(self) -> Self {
        or_panic(self.try_cholesky())
    }

    /// As [`cholesky`](Var::cholesky).
    ///
    /// # Errors
    ///
    /// [`Error::Operand`] if this is not a square matrix, [`Error::Singular`] with the first pivot
    /// that is not above 0, [`Error::Full`].
    #[track_caller]
    pub fn try_cholesky(self) -> Result<Self, Error> {
        self.tape.record_checked(Structural::Cholesky, &[self], Attributes::None)
    }

    /// The solution X of A X = B, of the [Cholesky factor](Var::cholesky) of A, which this is.
    ///
    /// # Panics
    ///
    /// As [`solve_lower`](Var::solve_lower); [`try_cholesky_solve`](Var::try_cholesky_solve)
    /// returns that as an error.
    #[must_use]
    #[track_caller]
    pub fn cholesky_solve(self, b: Self) -> Self {
        or_panic(self.try_cholesky_solve(b))
    }

    /// As [`cholesky_solve`](Var::cholesky_solve).
    ///
    /// # Errors
    ///
    /// As [`try_solve_lower`](Var::try_solve_lower).
    #[track_caller]
    pub fn try_cholesky_solve(self, b: Self) -> Result<Self, Error> {
        self.solve_twice(b).map_err(|error| error.within("cholesky_solve"))
    }

    // What is composed stands in functions and not in closures, whose place would be the error's.

    #[track_caller]
    fn solve_twice(self, b: Self) -> Result<Self, Error> {
        self.try_t()?.try_solve_upper(self.try_solve_lower(b)?)
    }

    /// The inverse of A, of its [Cholesky factor](Var::cholesky), which this is: symmetric but for
    /// its last digits. To multiply with it, [`cholesky_solve`](Var::cholesky_solve) is quicker and
    /// loses fewer digits.
    ///
    /// # Panics
    ///
    /// As [`solve_lower`](Var::solve_lower);
    /// [`try_cholesky_inverse`](Var::try_cholesky_inverse) returns that as an error.
    #[must_use]
    #[track_caller]
    pub fn cholesky_inverse(self) -> Self {
        or_panic(self.try_cholesky_inverse())
    }

    /// As [`cholesky_inverse`](Var::cholesky_inverse).
    ///
    /// # Errors
    ///
    /// As [`try_solve_lower`](Var::try_solve_lower).
    #[track_caller]
    pub fn try_cholesky_inverse(self) -> Result<Self, Error> {
        self.try_cholesky_solve(self.identity("cholesky_inverse")?)
            .map_err(|error| error.within("cholesky_inverse"))
    }

    /// ln det A, of the [Cholesky factor](Var::cholesky) of A, which this is: twice the sum of the
    /// logarithms of its diagonal. No determinant is computed that could overflow.
    ///
    /// # Panics
    ///
    /// If this has fewer than two axes; [`try_cholesky_logdet`](Var::try_cholesky_logdet) returns
    /// that as an error.
    #[must_use]
    #[track_caller]
    pub fn cholesky_logdet(self) -> Self {
        or_panic(self.try_cholesky_logdet())
    }

    /// As [`cholesky_logdet`](Var::cholesky_logdet).
    ///
    /// # Errors
    ///
    /// [`Error::Operand`] if this has fewer than two axes, [`Error::Full`].
    #[track_caller]
    pub fn try_cholesky_logdet(self) -> Result<Self, Error> {
        self.twice_the_logarithms().map_err(|error| error.within("cholesky_logdet"))
    }

    #[track_caller]
    fn twice_the_logarithms(self) -> Result<Self, Error> {
        let logarithms = self.try_diagonal()?.try_unary(Unary::Ln)?;
        let last = logarithms.shape().rank() - 1;
        logarithms.try_sum_axes(last)?.try_mul(S::from_f64(2.0))
    }

    /// xᵀ A⁻¹ x for a vector x, of the [Cholesky factor](Var::cholesky) of A, which this is: the
    /// squared length of L⁻¹ x, so it is never negative.
    ///
    /// # Panics
    ///
    /// On misuse; [`try_cholesky_quadratic_form`](Var::try_cholesky_quadratic_form) returns that as
    /// an error.
    ///
    /// # Examples
    ///
    /// The log-likelihood of a normal vector with mean 0 and covariance A:
    ///
    /// ```
    /// use std::f64::consts::TAU;
    /// let tape = wengert::Tape::new();
    /// let a = tape.input([[4.0, 2.0], [2.0, 3.0]]);
    /// let x = tape.input([1.0, -1.0]);
    /// let l = a.cholesky();
    /// let lnp = (l.cholesky_quadratic_form(x) + l.cholesky_logdet() + 2.0 * TAU.ln()) * -0.5;
    /// assert!((lnp.value() - -3.565097837249263).abs() < 1e-14);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn cholesky_quadratic_form(self, x: Self) -> Self {
        or_panic(self.try_cholesky_quadratic_form(x))
    }

    /// As [`cholesky_quadratic_form`](Var::cholesky_quadratic_form).
    ///
    /// # Errors
    ///
    /// As [`try_solve_lower`](Var::try_solve_lower), and [`Error::Operand`] if x is not a vector.
    #[track_caller]
    pub fn try_cholesky_quadratic_form(self, x: Self) -> Result<Self, Error> {
        let op = "cholesky_quadratic_form";
        if x.shape().rank() != 1 {
            return Err(x.operand_error(op, "it is not a vector".to_owned()));
        }
        self.length_of_solution(x).map_err(|error| error.within(op))
    }

    #[track_caller]
    fn length_of_solution(self, x: Self) -> Result<Self, Error> {
        let y = self.try_solve_lower(x)?;
        y.try_matmul(y)
    }

    /// xᵀ A x for this square matrix A and a vector x.
    ///
    /// # Panics
    ///
    /// On misuse; [`try_quadratic_form`](Var::try_quadratic_form) returns that as an error.
    ///
    /// # Examples
    ///
    /// ```
    /// let tape = wengert::Tape::new();
    /// let a = tape.input([[4.0, 2.0], [2.0, 3.0]]);
    /// let x = tape.input([1.0, -1.0]);
    /// let form = a.quadratic_form(x);
    /// assert_eq!(form.value(), 3.0);
    /// assert_eq!(form.backward().values_wrt(x), [4.0, -2.0]); // 2 A x
    /// ```
    #[must_use]
    #[track_caller]
    pub fn quadratic_form(self, x: Self) -> Self {
        or_panic(self.try_quadratic_form(x))
    }

    /// As [`quadratic_form`](Var::quadratic_form).
    ///
    /// # Errors
    ///
    /// [`Error::TwoTapes`], [`Error::Shapes`] if this is not a matrix or x not a vector that fit
    /// each other, [`Error::Full`].
    #[track_caller]
    pub fn try_quadratic_form(self, x: Self) -> Result<Self, Error> {
        let op = "quadratic_form";
        self.same_tape(op, x)?;
        let (matrix, vector) = (self.shape(), x.shape());
        if vector.rank() != 1 || matrix.dims() != [vector.len(), vector.len()] {
            let rule = "these are not a square matrix and a vector as long as one of its rows";
            return Err(self.shapes_error(op, x, rule));
        }
        self.between(x).map_err(|error| error.within(op))
    }

    #[track_caller]
    fn between(self, x: Self) -> Result<Self, Error> {
        x.try_matmul(self.try_matmul(x)?)
    }

    /// Identity matrices of the shape of this.
    #[track_caller]
    pub(super) fn identity(self, op: &'static str) -> Result<Self, Error> {
        let shape = self.shape();
        let n = match *shape.dims() {
            [.., m, n] if m == n => n,
            _ => return Err(self.operand_error(op, "it is not a square matrix".to_owned())),
        };
        let (one, zero) = (S::from_f64(1.0), S::from_f64(0.0));
        let each: Vec<S> = (0..n * n).map(|i| if i / n == i % n { one } else { zero }).collect();
        let one = self.tape.tensor(Leaf::Const, &each, [n, n])?;
        one.try_broadcast_to(shape)
    }
}
