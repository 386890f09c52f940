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

//! # Where things are
//!
//! | to | take |
//! |---|---|
//! | get the gradient of a closure | [`grad`], [`value_and_grad`]; [`jacobian`], [`hessian`], [`hvp`], [`vjp`], [`jvp`], [`taylor`] |
//! | hold a function in a struct, and ask it at many points | [`Function`], [`function`] |
//! | record a program and differentiate it | [`Tape`], [`Var`], [`Var::backward`], [`Gradients`] |
//! | go through many rows, or train | [`Tape::replay`], or compiled: [`CompileTape`], [`Compiler`], [`program`] |
//! | have a gradient as a Rust function in a file | [`Program::to_rust`] |
//! | differentiate a derivative | [`Var::record_gradient`], [`Tape::hvp`], [`hessian`] |
//! | go forward instead of backward | [`Tape::tangents`], [`Var::record_tangent`] |
//! | explain a gradient | [`Gradients::ledgers`], [`Gradients::status`], `Display` of a tape; `wengert-inspect` |
//! | check a gradient | [`check`], [`verify`], [`truth`] (feature `precision`) |
//! | read a tape as data | [`node`] |
//! | know what an operation computes | [`op`], and [`rulebook`] for its derivative |
//! | write code for any kind of number | [`number`], [`Scalar`] |
//!
//! A program usually begins with `use wengert::prelude::*;`.

#![cfg_attr(
    not(all(feature = "programs", feature = "precision")),
    allow(
        rustdoc::broken_intra_doc_links,
        reason = "the table above names what a feature may have left out"
    )
)]

pub mod function;

pub use function::Function;
pub use wengert_ops::exact;
pub use wengert_ops::numerics::Numerics;
pub use wengert_ops::op::Leaf;
pub use wengert_ops::shape::Shape;
pub use wengert_tape::{
    Axes, Axis, Error, External, Externals, Gradients, Key, Last, Mark, Nested, Operand, Operation,
    Options, Place, Scalar, Scan, Tangents, Tape, Var, scan,
};
pub use wengert_tape::{
    grad, grads, hessian, hvp, jacobian, jvp, taylor, value_and_grad, value_and_grads, verify, vjp,
};

#[cfg(feature = "programs")]
pub use wengert_program::{CompileTape, Compiler, Program, Workspace};

/// What a program that records, differentiates and compiles needs at hand.
///
/// ```
/// use wengert::prelude::*;
/// let gradient = grad(|x| x.square().sum(), &[1.0, 2.0])?;
/// assert_eq!(gradient, [2.0, 4.0]);
/// # Ok::<(), Error>(())
/// ```
pub mod prelude {
    pub use crate::{
        Axes, Error, External, Gradients, Last, Leaf, Numerics, Operation, Options, Scalar, Scan,
        Tape, Var,
    };
    #[cfg(feature = "programs")]
    pub use crate::{CompileTape, Compiler, Program, Workspace};
    pub use crate::{grad, hessian, jacobian, value_and_grad};
}

/// The operations: what a step of a tape can be.
pub mod op {
    pub use wengert_ops::attributes::Attributes;
    pub use wengert_ops::op::{Binary, Comparison, Leaf, Op, Structural, Unary};
}

/// Numbers: the traits that formulas are generic over, and the numbers beside `f64` and `f32`.
pub mod number {
    pub use wengert_ops::double_double::DoubleDouble;
    pub use wengert_ops::dual::Dual;
    pub use wengert_ops::real::{Constant, Real, Scalar as Number};
}

/// A tape as data: its nodes, names, scopes and guards; the contributions to an adjoint.
pub mod node {
    pub use wengert_ops::shape::Layout;
    pub use wengert_tape::{
        Contribution, Culprit, Edge, GuardInfo, NameInfo, Node, NodeId, Scope, Status,
    };
}

/// The derivatives: [`rules`](rulebook::rules) has the local partials of elementwise operations; of
/// structural ones [`entries`](rulebook::entries) lists the Jacobian one by one, and
/// [`Algebra`](rulebook::Algebra) is what their vector-Jacobian products are written over.
pub mod rulebook {
    pub use wengert_ops::algebra::Algebra;
    pub use wengert_ops::rules;
    pub use wengert_ops::structural::{At, Entry, Misfit, Reading, Site};
    pub use wengert_ops::tensor::Tensor;
    pub use wengert_ops::value::entries;
}

/// The gradient check: [`Check`](check::Check) compares every derivative with differences, and names the
/// first node where they part.
pub mod check {
    pub use wengert_tape::check::*;
}

#[cfg(feature = "precision")]
#[doc(inline)]
pub use wengert_tape::truth;

/// Compiled programs: what is asked of a compiler, and what it gives.
#[cfg(feature = "programs")]
pub mod program {
    pub use wengert_program::{
        Batch, BatchOutputs, Compile, CompileTape, Compiler, Float, Input, InputInfo, Output, Pass,
        PassReport, Profile, Program, Report, RustError, RustOptions, WhichInput, Workspace,
    };
}
