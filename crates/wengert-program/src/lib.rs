//! Record once, run many: a tape compiled into a program.
//!
//! ```text
//! tape --lower--> graph --derive--> graph with adjoints --passes--> graph --group--> plan --fuse, memory, assemble--> tasks
//! ```
//!
//! Each arrow is a file. `graph` is the program as scalar nodes and runs, every slot defined once; `lower` writes a tape's steps into it,
//! `derive` the reverse sweep from them, `passes` make it smaller. `group` finds nodes that are alike and lays them out as instructions over runs; `pack`
//! copies what no strides describe; `fuse` orders them and joins elementwise ones; `memory` gives each run a place; `assemble` chooses the
//! kernels of `exec`, which is all that is left at run time.
//!
//! Two later steps have their places: repeated sub-programs re-rolled into loops belong between `passes` and `group`, which already finds
//! what repeats; machine code is another reader of the stages beside `assemble`.

pub(crate) use wengert_kernels::{elementary, simd};
pub(crate) use wengert_ops::{numerics::Numerics, op, rules, shape};

/// What rules read, and what tapes store.
mod real {
    pub(crate) use wengert_ops::real::Real;
    pub(crate) use wengert_tape::Scalar;
}

// A module uses only modules listed above it.
mod access;
mod graph;
mod report;
mod sym;
mod lower;
mod derive;
mod passes;
mod group;
mod rows;
mod home;
mod epilogue;
mod pack;
mod fuse;
mod feed;
mod memory;
mod exec;
mod listing;
mod run;
mod request;
mod step;
mod assemble;
mod compile;
mod profile;
mod batch;

pub use batch::{Batch, BatchOutputs};
pub use compile::{Compile, CompileTape};
pub use profile::Profile;
pub use report::{Pass, PassReport, Report};
pub use request::Compiler;
pub use run::{Float, Input, InputInfo, Output, Program, Workspace};
