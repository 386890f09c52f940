//! The tests of the public interface, as one program.

mod granularity;
mod notebook;
