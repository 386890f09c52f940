//! Why training does not begin, or breaks off.

use crate::nn::keep::KeepError;
use crate::nn::model::ModelError;
use crate::nn::optim::OptimError;

/// Why a model is not trained. It has the parameters from before, or where training broke off those
/// of the beginning of that epoch.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TrainerError {
    /// The optimiser is refused.
    #[error(transparent)]
    Optim(#[from] OptimError),

    /// The model is refused, or recording it failed.
    #[error(transparent)]
    Model(#[from] ModelError),

    /// A checkpoint is not of this model, or could not be written.
    #[error(transparent)]
    Keep(#[from] KeepError),

    /// A batch of no rows, or of more than there are.
    #[error("a batch of {batch} rows: there are at least 1 and at most the {rows} of the table")]
    Batch {
        /// The rows of a batch.
        batch: usize,
        /// The rows there are.
        rows: usize,
    },

    /// The model has not an output for each class or target.
    #[error("the model has {outputs} outputs, the table {targets}")]
    Outputs {
        /// The model's outputs.
        outputs: usize,
        /// What the table has: `3 classes`, `2 targets`.
        targets: String,
    },

    /// A table for checking that is not of the kind of the one for training.
    #[error("the table for validation has {found}, the one for training {expected}")]
    Validation {
        /// What training has.
        expected: String,
        /// What the table has.
        found: String,
    },

    /// A feature or a target that is missing or not finite.
    #[error(
        "row {row}, {column}: {value:?} is not a finite number; fill it with a Scaling, or see \
         Missing"
    )]
    NotFinite {
        /// The row, from 0.
        row: usize,
        /// The name of the column.
        column: String,
        /// What stands there.
        value: f64,
    },

    /// The threads could not be started.
    #[error("{threads} threads could not be started: {reason}")]
    Threads {
        /// How many were asked for.
        threads: usize,
        /// What the system says.
        reason: String,
    },

    /// An [`Engine`](super::Engine) does not take the step, or failed.
    #[error("the engine: {reason}")]
    Engine {
        /// What it says.
        reason: String,
    },

    /// No parameter is free to move.
    #[error("every parameter of the model is frozen, or it has none")]
    NothingToLearn,

    /// The loss is no finite number any more.
    #[error("epoch {epoch}, batch {batch}: the loss is {loss:?}; {why}")]
    Lost {
        /// The epoch, from 0.
        epoch: usize,
        /// The batch of that epoch, from 0.
        batch: usize,
        /// The loss.
        loss: f64,
        /// The first node that is not finite, and what leads there.
        why: String,
    },
}

impl From<wengert::Error> for TrainerError {
    fn from(error: wengert::Error) -> Self {
        TrainerError::Model(ModelError::Tape(error))
    }
}
