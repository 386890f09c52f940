//! Machine code against the programs that it was made of, and against the tape.

mod misuse;
mod notebook;
mod operations;
mod random;
mod rounds;
mod oracles;
