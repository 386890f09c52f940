//! What can go wrong, each case with its place.

use std::io;

use wengert_inspect::ReadError;
use wengert_saved::LoadError;

/// Why the tool stopped.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{path}: {error}")]
    Read { path: String, error: io::Error },
    #[error("{path}: {error}")]
    Load { path: String, error: LoadError },
    #[error("{path}: {error}")]
    Trace { path: String, error: ReadError },
    #[error("{path}: it holds a {kind}, and {wanted}")]
    Kind { path: String, kind: &'static str, wanted: &'static str },
    #[error("{path}: {problem}")]
    Program { path: String, problem: String },
    #[error("there is no input `{name}`; the program takes {known}")]
    NoInput { name: String, known: String },
    #[error("{0} is no tolerance")]
    Tolerance(f64),
    #[error("line {line}: {problem}")]
    Line { line: u64, problem: String },
    #[error("line {line}, column {column} ({name}): `{found}` is no number")]
    Number { line: u64, column: usize, name: String, found: String },
    #[error("writing: {0}")]
    Write(io::Error),
}

impl Failure {
    /// 1 where the rows are wrong, 2 where files or arguments are.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Failure::Line { .. } | Failure::Number { .. } | Failure::Write(_) => 1,
            _ => 2,
        }
    }
}
