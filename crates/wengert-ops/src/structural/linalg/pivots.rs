//! What an operation divides by, and whether that can be done: pivots.
//!
//! A matrix that has no inverse, or no factor, shows in a few numbers of the result. Only where it
//! does is the matrix gone through again, for the pivot that is to blame.

use super::matrices;
use crate::op::Structural;
use crate::real::Scalar;
use crate::shape::{Layout, Shape};
use crate::tensor::Tensor;

/// What an operation wants of its pivots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pivots {
    /// That none is 0 or not a number.
    NotZero,
    /// That all are above 0.
    Positive,
}

/// A pivot that an operation cannot divide by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BadPivot {
    /// Which of an operand's matrices, from 0, in row-major order of the leading axes.
    pub matrix: usize,
    /// Which pivot, from 0.
    pub index: usize,
    /// Its value.
    pub value: f64,
}

impl Structural {
    /// What the operation wants of the pivots of operand 0; nothing if it has none.
    #[must_use]
    pub const fn pivots(self) -> Option<Pivots> {
        match self {
            Structural::Cholesky => Some(Pivots::Positive),
            Structural::SolveLower
            | Structural::SolveUpper
            | Structural::Solve
            | Structural::LogAbsDet
            | Structural::DetSign
            | Structural::Lstsq => Some(Pivots::NotZero),
            _ => None,
        }
    }

    /// Where in a result of this shape a bad pivot shows: in these elements, counted from the first.
    #[must_use]
    pub fn shown(self, shape: &Shape) -> Layout {
        let whole = Layout::contiguous(shape.clone());
        match self {
            Structural::Cholesky => whole.diagonal(shape.rank() - 2),
            _ => whole,
        }
    }

    /// The first bad pivot of the matrices of operand 0.
    #[must_use]
    pub fn bad_pivot<S: Scalar>(self, a: Tensor<'_, S>) -> Option<BadPivot> {
        let wanted = self.pivots()?;
        let dims = a.layout.dims();
        let (m, n) = (dims[dims.len() - 2], dims[dims.len() - 1]);
        let bad = |pivot: S| {
            let number = pivot.to_f64();
            let good = match wanted {
                Pivots::NotZero => number != 0.0 && !number.is_nan(),
                Pivots::Positive => number > 0.0,
            };
            (!good).then_some(number)
        };
        matrices(a).enumerate().find_map(|(matrix, a)| {
            let found = match self {
                Structural::Cholesky => {
                    let lower = (0..n).flat_map(|i| (0..n).map(move |j| (i, j)));
                    let mut l: Vec<S> = lower.map(|(i, j)| a.at(i, j)).collect();
                    super::cholesky::factor(n, &mut l, bad)
                }
                Structural::Solve | Structural::LogAbsDet | Structural::DetSign => {
                    let all = (0..n * n).map(|at| a.at(at / n, at % n));
                    super::lu::eliminate(n, n, &mut all.collect::<Vec<S>>(), bad).0
                }
                Structural::Lstsq => super::lstsq::bad_pivot(a, (m, n), bad),
                _ => (0..n).find_map(|i| Some((i, bad(a.at(i, i))?))),
            };
            found.map(|(index, value)| BadPivot { matrix, index, value })
        })
    }
}

impl Pivots {
    /// Whether a number that shows a pivot shows a good one.
    #[must_use]
    pub fn is_good<S: Scalar>(self, shown: S) -> bool {
        match self {
            Pivots::NotZero => shown.is_finite(),
            Pivots::Positive => shown.to_f64() > 0.0,
        }
    }
}
