//! A Wengert tape as a StableHLO module: what XLA and its kin compile for processors, graphics cards
//! and tensor units, one or many.
//!
//! ```text
//! tape --outputs, recorded gradients, updates--> Export --module--> text --any PJRT plugin--> numbers
//! ```
//!
//! A recorded gradient ([`Var::record_gradient`], [`Tape::record_vjp`]) is nodes like all others, so
//! that a whole training step (forward, reverse, update) is one module. Nothing is traced and nothing
//! is linked: the text is the program, and whoever runs it need not know of Rust.
//!
//! ```
//! use wengert_stablehlo::Export;
//! let tape = wengert::Tape::new();
//! let (x, w) = (tape.data([1.0, 2.0]).named("x"), tape.param([0.5, -0.25]).named("w"));
//! let loss = (w.dot(x) - 1.0).square().named("loss");
//! let mut export = Export::new(&tape).without_locations();
//! export.output("loss", loss)?;
//! let module = export.module("model")?;
//! println!("{module}");
//! # Ok::<(), wengert_stablehlo::Error>(())
//! ```
//!
//! What is written is StableHLO of version 1.0 or later, and CHLO for functions such as `erf`. XLA
//! rounds in its own way, and adds in its own order: results are the tape's up to a few units of the
//! last place for every operation, and not its bits.
//!
//! | of the tape | in the module |
//! |---|---|
//! | a block of inputs, parameters or data that is read | an argument of `main`, by its path |
//! | a view | slices, reshapes, transposes and broadcasts; a gather where no strides say it |
//! | `scan`, `cond`, a call | `stablehlo.while`, `stablehlo.if`, the function written out |
//! | a name, a line of the source | the value's name, a location |
//! | what differs from row to row ([`Export::rows`]) | the same with one more axis in front |
//! | a guard | nothing: the module is right where the recorded comparisons hold |
//!
//! [`Var::record_gradient`]: wengert_tape::Var::record_gradient
//! [`Tape::record_vjp`]: wengert_tape::Tape::record_vjp

// A module uses only modules listed above it, but that the operations of `Val` stand in several.
mod error;
mod lines;
mod val;
mod writer;
mod special;
mod functions;
mod pairs;
mod number;
mod products;
mod reductions;
mod moves;
mod matrices;
mod bodies;
mod algebra;
mod views;
mod module;
mod text;
mod export;
mod walk;

pub use error::Error;
pub use export::{Element, Export};
pub use module::{Argument, Module, Outcome};
