//! Record once, run many: a tape compiled into a program.
//!
//! ```text
//! tape --lower, derive--> graph --passes--> graph --group--> plan --fuse, memory, assemble--> tasks
//! ```
//!
//! Each arrow is a file or a few. `graph` is the program as an expression graph: a node is a number
//! or a whole run of them. `lower` writes a tape's steps into it and `derive` the reverse sweep
//! from them, with `adjoints` kept by views of runs; `passes` make it smaller. `group` finds scalar
//! nodes that are alike and lays everything out as instructions over runs of addresses; `rows`
//! makes a program for one row one for many. Then `output_placement` computes a gradient in one
//! piece, `bias_epilogue` moves what a product begins with behind it, and `materialise` copies what
//! no strides describe. `fuse` orders the instructions and joins elementwise ones; `folds` puts sums
//! into them; `strips` finds
//! stages that run in pieces; `memory` gives each run a place; `assemble` chooses the kernels of
//! `exec`, which is all that is left at run time. `compile` goes through the stages, one struct
//! each.
//!
//! `ids` has a type for a number of the tape (`Slot`), of the graph (`Value`), of a plan
//! (`Address`) and of a workspace (`Place`), and lines that say in which run a number is: so the
//! cost of compiling follows the runs, not the numbers in them.
//!
//! `source` writes a program as Rust, from the stages that `recipe` keeps: another reader of them
//! beside `assemble`.
//!
//! `internals` shows the tasks of a program as data, and lets a program run something else in their
//! place: the crate `wengert-jit` makes machine code of them.
//!
//! `rounds` finds the loop that recorded a tape, if the same operations repeat. Where alike nodes of
//! all places of a round would read by lists, `group` lays out each place of a round by itself: its
//! numbers in all rounds are one run, walked with one stride.

pub(crate) use wengert_kernels::{elementary, simd};
pub(crate) use wengert_ops::{numerics::Numerics, op, rules, shape};

/// What rules read, and what tapes store.
mod real {
    pub(crate) use wengert_ops::real::Real;
    pub(crate) use wengert_tape::Scalar;
}

// A module uses only modules listed above it.
mod ids;
mod interner;
mod access;
mod graph;
mod report;
mod sym;
mod sums;
mod algebra;
mod products;
mod values;
mod lower;
mod regions;
mod adjoints;
mod derive;
mod passes;
mod rounds;
mod group;
mod rows;
mod output_placement;
mod bias_epilogue;
mod materialise;
mod writers;
mod fuse;
mod folds;
mod strips;
mod feed;
mod memory;
mod exec;
mod listing;
mod recipe;
mod faults;
mod run;
#[doc(hidden)]
pub mod internals;
mod request;
mod step;
mod assemble;
mod compile;
mod profile;
mod batch;
mod which;
mod source;

pub use batch::{Batch, BatchOutputs};
pub use compile::{Compile, CompileTape};
pub use profile::Profile;
pub use report::{Pass, PassReport, Report};
pub use request::Compiler;
pub use run::{Float, Input, InputInfo, Output, Program, Workspace};
pub use source::{RustError, RustOptions};
pub use which::WhichInput;
