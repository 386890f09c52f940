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

mod access;
mod assemble;
mod batch;
mod compile;
mod derive;
mod epilogue;
mod exec;
mod fuse;
mod graph;
mod group;
mod home;
mod listing;
mod lower;
mod memory;
mod pack;
mod passes;
mod report;
mod rows;
mod run;
mod sym;

pub use batch::{Batch, BatchOutputs};
pub use compile::{Compiler, Output};
pub use listing::Profile;
pub use report::{Pass, PassReport, Report};
pub use run::{Float, Input, InputInfo, Program, Workspace};
