//! Traces as JSON text, with what is wrong with a text told apart.

use serde::Deserialize;
use serde_json::error::Category;

use super::Trace;
use super::check::Malformed;
use super::data::{TraceData, VERSION};

/// Why a text is no trace.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The text ends in the middle of the trace.
    #[error(
        "the trace ends at line {line} before it is complete; the file was cut off, so write or copy it again"
    )]
    Truncated {
        /// The last line, from 1.
        line: usize,
    },
    /// The text is not JSON.
    #[error("line {line}, column {column}: not JSON: {message}")]
    Syntax {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What was found or expected there.
        message: String,
    },
    /// A field that is missing, unknown, or of another kind.
    #[error("line {line}, column {column}: {message}; docs/trace.md has the form of a trace")]
    Form {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What was found or expected there.
        message: String,
    },
    /// A trace of the right form that breaks a rule of [`TraceData::check`]; another version among
    /// them.
    #[error(transparent)]
    Malformed(#[from] Malformed),
}

impl ReadError {
    fn of(error: &serde_json::Error, json: &str) -> Self {
        let (line, column) = (error.line(), error.column());
        let mut message = error.to_string();
        // The place is a field of its own.
        if let Some(end) = message.find(" at line ") {
            message.truncate(end);
        }
        // A number that ends in its sign or before its exponent: invalid, but only because nothing
        // follows.
        let at_end = message == "invalid number" && json.ends_with(['-', '+', 'e', 'E', '.']);
        match error.classify() {
            Category::Eof => ReadError::Truncated { line },
            Category::Syntax if at_end && line == json.lines().count() => {
                ReadError::Truncated { line }
            }
            Category::Data => ReadError::Form { line, column, message },
            Category::Syntax | Category::Io => ReadError::Syntax { line, column, message },
        }
    }
}

/// What every version of the form has.
#[derive(Deserialize)]
struct Stated {
    version: u32,
}

impl Trace {
    /// Reads a trace from JSON, of this program or another one: docs/trace.md and
    /// docs/trace.schema.json have the form.
    ///
    /// Numbers are read to the nearest `f64`, so what was written is read bit for bit; of a NaN
    /// only that it is one.
    ///
    /// # Errors
    ///
    /// [`ReadError`]: the text is cut off, no JSON, of another form or version, or breaks a rule of [`TraceData::check`].
    ///
    /// # Examples
    ///
    /// ```
    /// use wengert_inspect::{Malformed, ReadError, Trace};
    ///
    /// let tape = wengert::Tape::new();
    /// let x = tape.input(0.1).named("x");
    /// let json = Trace::of(&x.exp().backward())?.to_json();
    /// assert_eq!(Trace::from_json(&json)?.to_json(), json);
    ///
    /// let cut_off = Trace::from_json(&json[..50]).unwrap_err();
    /// assert_eq!(cut_off, ReadError::Truncated { line: 1 });
    /// let newer = json.replacen("\"version\":1", "\"version\":9", 1);
    /// assert_eq!(Trace::from_json(&newer).unwrap_err(), Malformed::Version { found: 9 }.into());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_json(json: &str) -> Result<Self, ReadError> {
        // Another version may have another form, so its number is read first.
        let wrong = |error: serde_json::Error| ReadError::of(&error, json);
        let Stated { version } = serde_json::from_str(json).map_err(wrong)?;
        if !(1..=VERSION).contains(&version) {
            return Err(Malformed::Version { found: version }.into());
        }
        Ok(Trace::new(serde_json::from_str::<TraceData>(json).map_err(wrong)?)?)
    }

    /// The trace as JSON on one line.
    ///
    /// Every finite number is written in the fewest digits that read back as it; NaN and the
    /// infinities as `"NaN"`, `"inf"`, `"-inf"`.
    #[must_use]
    pub fn to_json(&self) -> String {
        match serde_json::to_string(self) {
            Ok(json) => json,
            Err(error) => unreachable!("numbers and texts can be written: {error}"),
        }
    }
}
