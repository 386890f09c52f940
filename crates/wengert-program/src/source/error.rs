//! Why a program is not written as Rust.

use std::fmt;

/// Why a program is not written as Rust.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RustError {
    /// The name for the function is no identifier of Rust, or a keyword.
    Name {
        /// What was given.
        name: String,
    },
    /// The path of a module of functions is none: identifiers with `::` between them.
    Path {
        /// What was given.
        path: String,
    },
    /// The standard library has no such function: name a
    /// [module](super::RustOptions::functions) that has.
    NoFunction {
        /// The operation: `erf`.
        operation: &'static str,
    },
    /// The program is too long for a text.
    TooLong {
        /// The most instructions of a program that is written.
        bound: usize,
    },
    /// An instruction that has no text.
    Instruction {
        /// The operation.
        operation: &'static str,
        /// What of it cannot be written.
        what: &'static str,
    },
}

impl fmt::Display for RustError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RustError::Name { name } => {
                write!(f, "to_rust: `{name}` cannot be the name of a function in Rust")
            }
            RustError::Path { path } => {
                write!(f, "to_rust: `{path}` is not the path of a module: `wengert::exact::f64`")
            }
            RustError::NoFunction { operation } => write!(
                f,
                "to_rust: the standard library has no {operation}; RustOptions::functions names a \
                 module that has, such as wengert::exact::f64"
            ),
            RustError::TooLong { bound } => write!(
                f,
                "to_rust: the program has more than {bound} instructions, too many for a text"
            ),
            RustError::Instruction { operation, what } => {
                write!(f, "to_rust: {operation} cannot be written: {what}")
            }
        }
    }
}

impl std::error::Error for RustError {}
