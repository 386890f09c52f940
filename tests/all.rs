//! The tests of several crates together, of the examples and of the documents, as one program.
//!
//! `cargo test --test all page::` runs those of one file.

#![allow(clippy::duplicate_mod, reason = "an example, and what tests it, read the same files")]

mod schema;

mod adbench;
mod custom_op_example;
mod derivation;
mod faults_document;
mod gaussian_process;
mod kalman;
mod live;
mod localised;
mod microgpt_example;
mod modes;
mod notebook_example;
mod notebook_transcript;
mod ode_example;
mod outside;
mod page;
mod page_opens;
mod pictures;
mod planted;
mod program_example;
mod readme;
mod rust_source;
mod side_by_side;
mod trace_size;
mod training_examples;
mod wheat_seeds;
