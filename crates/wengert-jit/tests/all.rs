//! Machine code against the programs that it was made of, and against the tape.

mod formulas;
mod misuse;
mod networks;
mod notebook;
mod operations;
mod passes;
mod random;
mod rounds;
mod oracles;
