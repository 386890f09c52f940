//! The tests of the public interface, as one program.

mod bad_input;
mod granularity;
mod interrupt;
mod notebook;
mod people;
mod pytorch_steps;
mod saving;
