//! The tests of the public interface, as one program.

mod granularity;
mod notebook;
mod pytorch_steps;
