//! The crate's public interface.

mod colour;
mod compiled;
mod errors;
mod known;
mod matrix;
mod nlp;
mod problems;
mod random;
