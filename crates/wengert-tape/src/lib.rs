//! The tape: what is recorded, swept backwards, replayed, carried forward and checked.
//!
//! ```text
//! your code --ops on Var--> Tape --reverse sweep--> Gradients
//!                            |---replay, tangents, check
//! ```
//!
//! Users meet this crate through `wengert`, which re-exports it.

pub(crate) use wengert_ops::{attributes, dual, op, rules, run, shape};

/// What rules read, and what tapes store.
mod real {
    pub(crate) use crate::tape::Scalar;
    pub(crate) use wengert_ops::real::Real;
}

// A module uses only modules listed above it.
mod error;
mod kernels;
mod tape;
mod scalars;
#[doc(hidden)]
pub mod faults;
mod var;
mod limits;
mod replay;
mod verify;
mod sweep;
mod taylor;
mod compiled;
mod backward;
#[cfg(feature = "ndarray")]
mod arrays;
mod algebra;
mod record;
mod calls;
mod forward;
mod calculus;
pub mod check;
/// What a loop is made of: see [`Scan`].
pub mod scan {
    pub use crate::calls::{Scanned, Step, Turn};
    pub use wengert_ops::attributes::Snapshots;
}
#[cfg(feature = "precision")]
pub mod truth;
#[doc(hidden)]
pub mod internals;

pub use backward::{Contribution, Gradients, Status};
pub use calculus::{
    grad, grads, hessian, hvp, jacobian, jvp, taylor, value_and_grad, value_and_grads, verify, vjp,
};
pub use calls::{External, Externals, Operation, Scan};
pub use check::{Check, Report};
pub use error::{Culprit, Error, NodeId, Place};
pub use forward::Tangents;
pub use tape::{Edge, GuardInfo, Mark, NameInfo, Nested, Node, Options, Scalar, Scope, Tape};
pub use var::{Axes, Axis, Key, Last, Operand, Var};
