//! The tests of the public interface, as one program: a program for each would be linked anew each time.
//!
//! `cargo test -p wengert --test all program::` runs those of one file. Allocations are counted in a program of their own.

mod arrays;
mod calculus;
mod check;
mod deep;
mod fast_kernels;
mod faults;
mod guards;
mod hard_points;
mod hard_structural;
mod misuse;
mod names;
mod ndarray;
mod numpy;
mod op_closed_forms;
mod op_policies;
mod op_precision;
mod program;
mod program_misuse;
mod random_scalars;
mod random_tensors;
mod replay_leaves;
mod rewind;
mod rulebook;
mod second_order;
mod statuses;
mod verify;
