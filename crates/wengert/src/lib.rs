//! Reverse-mode automatic differentiation on a tape that people can read.
//!
//! ```text
//! your code --ops on Var--> Tape --reverse sweep--> Gradients
//!                            |---replay, tangents, check
//! ```
//!
//! R. E. Wengert published the list of elementary steps in 1964; the field calls it the Wengert
//! list, or the tape. Here it is the product: every value, partial and adjoint on it can be named,
//! printed, explained, compared and differentiated again.
//!
//! ```
//! let tape = wengert::Tape::new();
//! let x = tape.input(1.0).named("x");
//! let y = tape.input(2.0).named("y");
//! let z = ((x * y).sin() + x.exp()).named("z");
//! let gradients = z.backward();
//! println!("{tape}\ndz/dx = {}, dz/dy = {}", gradients.wrt(x), gradients.wrt(y));
//! # assert!((gradients.wrt(x) - (2.0 * 2.0_f64.cos() + 1.0_f64.exp())).abs() < 1e-15);
//! ```
//!
//! The goals, in order: **see** (nothing hidden, everything explainable), **trust** (right to the
//! last promised digit, deterministic; a clear error and never a silently wrong gradient), **fast**
//! (a ratio to gradient code written by hand).
//!
//! What it is not: a library of layers or optimisers (see `wengert-layers`), or of pictures and
//! files (`wengert-inspect`). This crate writes to no stream and knows no file format.
//!
//! # The policies, in one place
//!
//! - A zero adjoint passes nothing on: `0 · ∞` in the chain rule is 0. So a branch that
//!   [`Var::select`] did not choose does no harm.
//! - At a kink the derivative is declared on the function: `abs` 0, `relu` 0, `max` and `min` one
//!   half each at a tie.
//! - NaN is never turned into a number: `max(x, NaN)` is NaN.
//! - Single numbers, and tensors in [`Numerics::Exact`], are computed in the order of their
//!   formulas, each operation rounded, each elementary function correctly rounded: the same bits on
//!   every platform. Tensors in [`Numerics::Fast`], the default, are within a stated bound
//!   of that, and products of matrices follow IEEE where a zero meets an infinity.

pub use wengert_ops::attributes::Attributes;
pub use wengert_ops::double_double::DoubleDouble;
pub use wengert_ops::dual::Dual;
pub use wengert_ops::numerics::Numerics;
pub use wengert_ops::op::{Binary, Comparison, Leaf, Op, Structural, Unary};
pub use wengert_ops::real::{Constant, Real, Scalar as Number};
pub use wengert_ops::rules;

/// The rules of structural operations, for those who read them: [`entries`](rulebook::entries)
/// lists a Jacobian one by one, [`Algebra`](rulebook::Algebra) is what a vector-Jacobian product is
/// written over.
pub mod rulebook {
    pub use wengert_ops::algebra::Algebra;
    pub use wengert_ops::structural::{At, Entry, Misfit, Reading, Site};
    pub use wengert_ops::tensor::Tensor;
    pub use wengert_ops::value::entries;
}
pub use wengert_ops::shape::{Layout, Shape};
pub use wengert_tape::check::{self, Check, Report};
#[cfg(feature = "precision")]
pub use wengert_tape::truth::{self, Precision, Truth};
pub use wengert_tape::{
    Contribution, Culprit, Edge, Error, Gradients, GuardInfo, Key, Mark, NameInfo, Nested, Node,
    NodeId, Operand, Options, Place, Scalar, Scope, Status, Tangents, Tape, Var,
};
pub use wengert_tape::{
    grad, grads, hessian, hvp, jacobian, jvp, value_and_grad, value_and_grads, verify, vjp,
};

#[cfg(feature = "programs")]
pub use wengert_program::{
    Batch, BatchOutputs, Compile, CompileTape, Compiler, Float, Input, InputInfo, Output, Pass,
    PassReport, Profile, Program, Report as CompileReport, Workspace,
};
