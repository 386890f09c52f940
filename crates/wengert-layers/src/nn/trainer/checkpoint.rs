//! A training as it stands after an epoch, in memory and in a file.

use std::path::Path;

use serde::{Deserialize, Serialize};
use wengert::Scalar;

use super::history::EpochReport;
use crate::nn::keep::{self, KeepError, SavedBlock};
use crate::nn::model::Model;
use crate::nn::optim::State;

/// A training as it stands after an epoch: what [`Trainer::resume`](super::Trainer::resume) goes on
/// from, bit for bit.
///
/// # Examples
///
/// ```
/// use wengert_layers::nn::{Checkpoint, Dense, Model, Optimiser, Table, Trainer, loss};
///
/// let table = Table::of_numbers(vec![1.0, 2.0, 3.0], vec![3.0, 5.0, 7.0], 1)?;
/// let new = || Model::<f64>::new(Dense::new(1, 1), 1);
/// let trainer = || Trainer::new(Optimiser::adam(0.1), loss::MeanSquaredError).epochs(20);
/// let (mut whole, mut parts) = (new()?, new()?);
/// trainer().train(&mut whole, &table)?;
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("line.checkpoint");
/// trainer().epochs(7).train(&mut parts, &table)?.checkpoint.save(&path)?;
/// let mut parts = new()?; // another day
/// trainer().resume(Checkpoint::load(&path)?).train(&mut parts, &table)?;
/// assert_eq!(parts.values(), whole.values());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Every epoch so far.
    pub epochs: Vec<EpochReport>,
    pub(super) params: Vec<SavedBlock>,
    /// What the optimiser has come to.
    pub state: State,
    pub(super) best: Option<Best>,
}

/// The best epoch so far, and the model's numbers there, if a table for validation says which.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Best {
    pub(super) epoch: usize,
    pub(super) loss: f64,
    pub(super) values: Vec<f64>,
}

/// What a file says that it is.
const FORMAT: &str = "wengert-layers/checkpoint";
const VERSION: u64 = 1;

#[derive(Serialize, Deserialize)]
struct Saved<C> {
    format: String,
    version: u64,
    checkpoint: C,
}

impl Checkpoint {
    pub(super) fn of<S: Scalar>(
        model: &Model<S>,
        values: &[S],
        state: State,
        epochs: &[EpochReport],
        best: Option<&Best>,
    ) -> Self {
        let params = model.tensors_of(values).into_iter().map(SavedBlock::from).collect();
        Checkpoint { epochs: epochs.to_vec(), params, state, best: best.cloned() }
    }

    /// Gives a model its numbers.
    ///
    /// # Errors
    ///
    /// [`KeepError::Names`], [`KeepError::Shape`] of a model with other blocks; then it is as it
    /// was.
    pub fn set<S: Scalar>(&self, model: &mut Model<S>) -> Result<(), KeepError> {
        let tensors: Vec<_> = self.params.iter().cloned().map(Into::into).collect();
        model.set_tensors("the checkpoint", &tensors)
    }

    /// Writes it as JSON. A full disk or a crash leaves the old file.
    ///
    /// # Errors
    ///
    /// [`KeepError::File`].
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), KeepError> {
        let saved = Saved { format: FORMAT.to_owned(), version: VERSION, checkpoint: self };
        keep::save_json(path.as_ref(), &saved)
    }

    /// Reads what [`save`](Checkpoint::save) has written.
    ///
    /// # Errors
    ///
    /// [`KeepError`]: no such file, truncated, of another kind or version.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, KeepError> {
        let saved: Saved<Checkpoint> =
            keep::load_json(path.as_ref(), FORMAT, VERSION, "a checkpoint")?;
        Ok(saved.checkpoint)
    }
}
