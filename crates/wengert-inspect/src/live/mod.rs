//! A trace as a program for a page: its steps and the entries of its Jacobian as data, and the rules
//! that they need as JavaScript.
//!
//! The rules are not written a second time. [`rules`] reads the core's table as a writer of
//! formulas does, and so does every rule of a partial; the few functions that a browser lacks, or
//! has in fewer digits, stand in `functions.js`.

mod generic;
mod program;
mod rules;

pub(crate) use generic::generic;
pub(crate) use program::Program;

/// The functions that rules call.
pub(crate) const FUNCTIONS: &str = include_str!("functions.js");
/// What runs a program.
pub(crate) const ENGINE: &str = include_str!("engine.js");
