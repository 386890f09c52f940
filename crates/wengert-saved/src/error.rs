//! Why a text is no tape, and no program.

use serde_json::error::Category;

use crate::VERSION;

/// Why a file cannot be loaded. Nothing of it was run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The text is not JSON, or has another form.
    #[error("line {line}, column {column}: {message}")]
    Form {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What was found or expected there.
        message: String,
    },
    /// The text ends before it is complete.
    #[error(
        "the file ends at line {line} before it is complete; it was cut off, so write or copy it again"
    )]
    Truncated {
        /// The last line, from 1.
        line: usize,
    },
    /// It does not begin as files of this crate do.
    #[error("this is no saved tape or program: it has no field \"wengert\"")]
    NotSaved,
    /// It is the other kind of file.
    #[error("this is a saved {found}, and a {wanted} is asked for")]
    Kind {
        /// What it is.
        found: String,
        /// What was asked for.
        wanted: &'static str,
    },
    /// A version that this crate does not know.
    #[error("the file has version {found}, and this program reads versions 1 to {VERSION}")]
    Version {
        /// The file's.
        found: u32,
    },
    /// It was saved of other numbers.
    #[error("the file holds numbers of the type {found}, and {wanted} is asked for")]
    NumberType {
        /// The file's.
        found: String,
        /// What was asked for.
        wanted: &'static str,
    },
    /// A part of it that breaks a rule of its own.
    #[error("{part}: {problem}")]
    Invalid {
        /// Which part: `node 12`, `body 3, node 4`.
        part: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A part of it that a tape, or a compiler, refuses.
    #[error("{part}: {error}")]
    Refused {
        /// Which part.
        part: String,
        /// Why.
        error: Box<wengert_tape::Error>,
    },
    /// It asks for more than the [`Loader`](crate::Loader) allows.
    #[error(
        "{part}: it takes {needed} {what}, and the bound is {bound}; who trusts the file sets a higher one"
    )]
    TooLarge {
        /// Which part.
        part: String,
        /// `numbers` or `operations`.
        what: &'static str,
        /// How many.
        needed: u64,
        /// How many are allowed.
        bound: u64,
    },
}

impl LoadError {
    pub(crate) fn of_json(error: &serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        if error.classify() == Category::Eof {
            return LoadError::Truncated { line };
        }
        let mut message = error.to_string();
        // The place is a field of its own.
        if let Some(end) = message.find(" at line ") {
            message.truncate(end);
        }
        LoadError::Form { line, column, message }
    }

    pub(crate) fn invalid(part: &str, problem: impl Into<String>) -> Self {
        LoadError::Invalid { part: part.to_owned(), problem: problem.into() }
    }

    pub(crate) fn refused(part: &str, error: wengert_tape::Error) -> Self {
        LoadError::Refused { part: part.to_owned(), error: Box::new(error) }
    }
}
