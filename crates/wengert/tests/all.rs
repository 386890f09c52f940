//! The tests of the public interface, as one program: a program for each would be linked anew each
//! time.
//!
//! `cargo test -p wengert --test all program::` runs those of one file. Allocations are counted in
//! a program of their own.

#![allow(clippy::duplicate_mod, reason = "files of tests share their generators")]

mod arrays;
mod calculus;
#[cfg(feature = "programs")]
mod calls;
mod check;
mod deep;
mod double_double;
#[cfg(feature = "programs")]
mod external;
#[cfg(feature = "programs")]
mod external_keys;
#[cfg(feature = "fast")]
mod fast_kernels;
#[cfg(feature = "programs")]
mod fast_slopes;
#[cfg(feature = "programs")]
mod faults;
#[cfg(feature = "programs")]
mod function;
#[cfg(feature = "programs")]
mod guards;
#[cfg(feature = "programs")]
mod hard_points;
#[cfg(feature = "programs")]
mod hard_structural;
#[cfg(feature = "programs")]
mod implicit;
#[cfg(feature = "programs")]
mod laws;
#[cfg(feature = "programs")]
mod linalg;
#[cfg(feature = "programs")]
mod linalg_inside;
mod misuse;
mod names;
mod ndarray;
mod nested;
mod numpy;
mod op_closed_forms;
mod op_policies;
mod op_precision;
#[cfg(feature = "programs")]
mod program;
#[cfg(feature = "programs")]
mod program_large;
#[cfg(feature = "programs")]
mod program_loops;
#[cfg(feature = "programs")]
mod program_misuse;
#[cfg(feature = "programs")]
mod program_parts;
#[cfg(feature = "programs")]
mod program_rounds;
#[cfg(feature = "programs")]
mod program_takes;
mod random_scalars;
mod random_tensors;
mod remembers;
mod replay_leaves;
mod rewind;
#[cfg(feature = "programs")]
mod rulebook;
mod second_order;
#[cfg(feature = "programs")]
mod source;
#[cfg(feature = "programs")]
mod special;
mod statuses;
mod taylor;
#[cfg(all(feature = "precision", feature = "programs"))]
mod truth;
mod verify;
