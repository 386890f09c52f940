//! Sparse first and second derivatives of a recorded function.
//!
//! Where each of m outputs depends on few of n inputs, most of a Jacobian is zero whatever the
//! numbers are. A tape shows which entries can be anything else, and a colouring of those says
//! which columns may share one tangent, or rows one sweep:
//!
//! ```text
//! tape --pattern--> places of entries --colour--> directions --tangents, sweeps--> entries
//! ```
//!
//! Rosenbrock's function chained over n variables has a tridiagonal Hessian: three products are all
//! of it, for any n.
//!
//! ```
//! use wengert_sparse::SparseHessian;
//! let n = 1000;
//! let tape = wengert::Tape::new();
//! let x = tape.input(vec![0.5; n]);
//! let (here, next) = (x.slice(0, 0..n - 1), x.slice(0, 1..n));
//! let y = ((1.0 - here).square() + 100.0 * (next - here.square()).square()).sum();
//!
//! let hessian = SparseHessian::new(y, x)?;
//! assert_eq!((hessian.pattern().len(), hessian.colouring().count()), (3 * n - 2, 3));
//! let at = hessian.at(&vec![1.0; n])?; // compressed rows: offsets, indices, values
//! assert_eq!((at.get(0, 0), at.get(0, 1), at.get(1, 1)), (802.0, -400.0, 1002.0));
//! assert_eq!(at.get(0, 2), 0.0);
//! # Ok::<(), wengert::Error>(())
//! ```
//!
//! | to | take |
//! |---|---|
//! | get a sparse Jacobian | [`SparseJacobian`] |
//! | get a sparse Hessian | [`SparseHessian`]; of a Lagrangian [`SparseHessian::lagrangian`] |
//! | get either without allocating | [`SparseJacobian::compile`], [`SparseHessian::compile`] |
//! | hand a constrained problem to a solver | [`Nlp`] |
//! | know which entries there are | [`jacobian_pattern`], [`hessian_pattern`] |
//! | colour a pattern of your own | [`colour`] |
//! | hand a matrix on | [`Csr`], [`Csc`], [`Coo`]: plain arrays; with the feature `sprs`, `CsMat::from` |
//!
//! A pattern is a statement on the recorded list, not on the numbers that it holds: no replay needs
//! a wider one. [`jacobian_pattern`] says what counts as an entry.

pub mod colour;
mod compiled;
mod dependencies;
mod hessian;
mod jacobian;
mod matrix;
mod nlp;
mod pattern;
mod plan;
mod sets;
#[cfg(feature = "sprs")]
mod sprs;
mod steps;

pub use compiled::Compiled;
pub use dependencies::{hessian_pattern, jacobian_pattern};
pub use hessian::SparseHessian;
pub use jacobian::{Mode, SparseJacobian};
pub use matrix::{Coo, Csc, Csr};
pub use nlp::Nlp;
pub use pattern::Pattern;
