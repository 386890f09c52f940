//! Weighted sums and matrix products.

use super::{Operand, Var, or_panic};
use crate::attributes::Attributes;
use crate::error::Error;
use crate::op::Structural;
use crate::real::Scalar;

/// # Products of vectors and matrices
impl<'t, S: Scalar> Var<'t, S> {
    /// `z = b + Σᵢ wᵢ xᵢ`: one node, summed from the bias in input order, without fused rounding.
    ///
    /// | `w` | `x` | result | what it is |
    /// |---|---|---|---|
    /// | `[n]` | `[n]` | a number | a neuron |
    /// | `[m, n]` | `[n]` | `[m]` | a layer: `W x + b` |
    /// | `[m, n]` | `[rows, n]` | `[rows, m]` | a layer over a batch: `x Wᵀ + b` |
    /// | `[n]` | `[rows, n]` | `[rows]` | a neuron over a batch |
    ///
    /// The bias broadcasts to the result.
    ///
    /// # Derivative
    ///
    /// ∂b: 1, ∂w: x, ∂x: w; over a batch the sum of all rows' contributions, in order.
    ///
    /// # Panics
    ///
    /// On misuse; [`try_affine`](Var::try_affine) returns that as an error.
    #[must_use]
    #[track_caller]
    pub fn affine(bias: impl Operand<'t, S>, w: Self, x: Self) -> Self {
        or_panic(Self::try_affine(bias, w, x))
    }

    /// The matrix product over the last two axes, by NumPy's rules: a vector on the left is a row,
    /// on the right a column, and its axis does not appear in the result; leading axes broadcast.
    /// Transposed operands ([`t`](Var::t)) are read in place.
    ///
    /// # Derivative
    ///
    /// ∂A: `Ḡ Bᵀ`, ∂B: `Aᵀ Ḡ`, Ḡ being the adjoint of the product.
    ///
    /// # Panics
    ///
    /// On misuse; [`try_matmul`](Var::try_matmul) returns that as an error.
    #[doc(alias = "@")]
    #[doc(alias = "mm")]
    #[must_use]
    #[track_caller]
    pub fn matmul(self, other: Self) -> Self {
        or_panic(self.try_matmul(other))
    }

    /// The dot product of two vectors of one length: a matrix product, as [`matmul`](Var::matmul)
    /// records it.
    ///
    /// # Panics
    ///
    /// On misuse; [`try_dot`](Var::try_dot) returns that as an error.
    #[must_use]
    #[track_caller]
    pub fn dot(self, other: Self) -> Self {
        or_panic(self.try_dot(other))
    }

    /// The outer product of two vectors: `[m]` and `[n]` give `[m, n]`.
    ///
    /// # Panics
    ///
    /// On misuse; [`try_outer`](Var::try_outer) returns that as an error.
    #[must_use]
    #[track_caller]
    pub fn outer(self, other: Self) -> Self {
        or_panic(self.try_outer(other))
    }

    /// As [`affine`](Var::affine).
    ///
    /// # Errors
    ///
    /// [`Error::TwoTapes`], [`Error::Shapes`], [`Error::Full`].
    #[track_caller]
    pub fn try_affine(bias: impl Operand<'t, S>, w: Self, x: Self) -> Result<Self, Error> {
        w.same_tape("affine", x)?;
        if let Some(bias) = bias.as_var() {
            w.same_tape("affine", bias)?;
            return w.tape.record_structural(Structural::Affine, &[bias, w, x], Attributes::None);
        }
        // Checked before the number becomes a constant of the tape.
        w.tape.check_shapes(Structural::Affine, &[None, Some(w), Some(x)], &Attributes::None)?;
        let bias = bias.try_on(w.tape, "affine")?;
        w.tape.record_structural(Structural::Affine, &[bias, w, x], Attributes::None)
    }

    /// As [`matmul`](Var::matmul).
    ///
    /// # Errors
    ///
    /// [`Error::TwoTapes`], [`Error::Shapes`] if the inner extents differ or an operand has no
    /// axes, [`Error::Full`].
    #[track_caller]
    pub fn try_matmul(self, other: Self) -> Result<Self, Error> {
        self.same_tape("matmul", other)?;
        self.tape.record_structural(Structural::MatMul, &[self, other], Attributes::None)
    }

    /// As [`dot`](Var::dot).
    ///
    /// # Errors
    ///
    /// [`Error::TwoTapes`], [`Error::Shapes`] if these are not two vectors of one length,
    /// [`Error::Full`].
    #[track_caller]
    pub fn try_dot(self, other: Self) -> Result<Self, Error> {
        self.same_tape("dot", other)?;
        if self.shape().rank() != 1 || self.shape() != other.shape() {
            return Err(self.shapes_error("dot", other, "these are not two vectors of one length"));
        }
        self.try_matmul(other).map_err(|error| error.within("dot"))
    }

    /// As [`outer`](Var::outer).
    ///
    /// # Errors
    ///
    /// [`Error::TwoTapes`], [`Error::Shapes`] if these are not two vectors, [`Error::Full`].
    #[track_caller]
    pub fn try_outer(self, other: Self) -> Result<Self, Error> {
        self.same_tape("outer", other)?;
        if self.shape().rank() != 1 || other.shape().rank() != 1 {
            return Err(self.shapes_error("outer", other, "these are not two vectors"));
        }
        self.view_of(0, self.layout().insert_axis(1))
            .try_mul(other)
            .map_err(|error| error.within("outer"))
    }
}
