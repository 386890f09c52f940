//! What cannot be exported, each case naming the culprit.

use std::fmt;

use wengert_ops::shape::Shape;
use wengert_tape::Place;

/// Something that cannot be written as StableHLO. Nothing was changed.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// What should be an argument of the module is none of the tape's whole blocks of inputs,
    /// parameters or data.
    NotALeaf {
        /// What it was given for: `input`, `update`, `shard`.
        of: &'static str,
        /// What a reader calls it: a path or an id.
        label: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// Two arguments, or two results, of one name.
    Name {
        /// The name.
        name: String,
    },
    /// An update of another shape than what it updates.
    Update {
        /// What is updated.
        label: String,
        /// Its shape.
        shape: Shape,
        /// The shape of the update.
        found: Shape,
    },
    /// Nothing was asked for.
    Empty,
    /// A sharding that the mesh, or the shape, does not fit.
    Sharding {
        /// What is sharded.
        label: String,
        /// What is wrong.
        reason: String,
    },
    /// What does not fit a module for many rows.
    Rows {
        /// What it is: a path or an id.
        label: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// An operation that has no form in StableHLO.
    Operation {
        /// The operation.
        op: &'static str,
        /// The node that has it: a path or an id.
        label: String,
        /// Where it was recorded, if the tape keeps lines or the node has a name.
        place: Option<Place>,
        /// Why it has none.
        reason: &'static str,
    },
    /// What the tape refuses: a handle of another tape.
    Tape(wengert_tape::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NotALeaf { of, label, reason } => write!(f, "{of} of {label}: {reason}"),
            Error::Name { name } => write!(f, "the name `{name}` is given twice"),
            Error::Update { label, shape, found } => {
                write!(f, "update of {label} of shape {shape} by a value of shape {found}")
            }
            Error::Empty => f.write_str("nothing to compute: ask for an output or an update"),
            Error::Rows { label, reason } => write!(f, "rows: {label}: {reason}"),
            Error::Sharding { label, reason } => write!(f, "sharding of {label}: {reason}"),
            Error::Operation { op, label, place, reason } => {
                write!(f, "{op}, node {label}")?;
                if let Some(place) = place {
                    write!(f, " at {place}")?;
                }
                write!(f, ", has no form in StableHLO: {reason}")
            }
            Error::Tape(error) => fmt::Display::fmt(error, f),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Tape(error) => Some(error),
            _ => None,
        }
    }
}

impl From<wengert_tape::Error> for Error {
    fn from(error: wengert_tape::Error) -> Self {
        Error::Tape(error)
    }
}
