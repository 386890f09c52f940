//! What can be wrong with a file.

use crate::nn::model::ModelError;

/// Why a file could not be written, or what is wrong with one.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum KeepError {
    /// The system refused.
    #[error("{file}: {reason}")]
    File {
        /// The file.
        file: String,
        /// What the system says.
        reason: String,
    },

    /// The file ends too early.
    #[error("{file} is truncated: {what}")]
    Truncated {
        /// The file.
        file: String,
        /// What is missing.
        what: String,
    },

    /// The file is not of the kind that was expected.
    #[error("{file} is not {expected}: {reason}")]
    Foreign {
        /// The file.
        file: String,
        /// What it should be: `a safetensors file`.
        expected: &'static str,
        /// What it says instead.
        reason: String,
    },

    /// The file is of a later version than this one reads.
    #[error("{file} is of version {found}, this program reads version {expected}")]
    Version {
        /// The file.
        file: String,
        /// The version that is read.
        expected: u64,
        /// The file's.
        found: u64,
    },

    /// The names of a file are not those of the model's blocks.
    #[error("{file} does not fit the model: missing {missing}; not of the model: {extra}")]
    Names {
        /// The file.
        file: String,
        /// The blocks that the file has not got.
        missing: String,
        /// The names that the model has not got.
        extra: String,
    },

    /// A block of another shape.
    #[error(
        "{file}: {name} has the shape {found:?}, the model's has {expected:?}{}",
        turned(.expected, .found)
    )]
    Shape {
        /// The file.
        file: String,
        /// The block.
        name: String,
        /// The model's shape.
        expected: Vec<usize>,
        /// The file's.
        found: Vec<usize>,
    },

    /// A model with a layer that is not of this crate, which no file describes.
    #[error("a layer is not of this crate: keep the numbers by save_safetensors instead")]
    OwnLayer,

    /// A row of this shape is not what the model takes.
    #[error("rows of the shape {found:?} do not fit: {what}")]
    Row {
        /// What the model says.
        what: String,
        /// The shape of a row that was given.
        found: Vec<usize>,
    },

    /// The numbers are refused.
    #[error(transparent)]
    Model(#[from] ModelError),
}

/// The likely reason for a shape that is the other way round.
fn turned(expected: &[usize], found: &[usize]) -> &'static str {
    if expected.len() == 2 && found.iter().rev().eq(expected) {
        ": transposed? Dense keeps [out, in]; Dense::from_in_out takes the other layout"
    } else {
        ""
    }
}
