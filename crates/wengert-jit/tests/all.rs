//! Machine code against the programs that it was made of, and against the tape.

#![allow(clippy::duplicate_mod, reason = "several tests read the same programs")]

mod formulas;
mod loops;
mod misuse;
mod modes;
mod networks;
mod notebook;
mod operations;
mod passes;
mod random;
mod rounds;
mod oracles;
