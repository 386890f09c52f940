//! Training: epochs of mini-batches, a table for validation, the best parameters kept.

mod check;
mod checkpoint;
mod diagnose;
mod engine;
mod error;
mod history;
#[cfg(feature = "interrupt")]
mod interrupt;
mod parallel;
mod progress;
mod rows;
mod run;
mod search;
mod steps;

pub use checkpoint::Checkpoint;
pub use engine::{Engine, EngineStep, StepOnTape};
pub use error::TrainerError;
pub use history::{Ended, EpochReport, History};
pub use progress::Show;

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use wengert::{Numerics, Scalar};

use super::loss::Loss;
use super::optim::{Lbfgs, Optimiser};
use super::table::Table;
use crate::train::Passes;

/// How a model is trained.
///
/// # Examples
///
/// ```
/// use wengert_layers::Activation;
/// use wengert_layers::nn::loss::BinaryCrossEntropy;
/// use wengert_layers::nn::{Dense, Model, Optimiser, Sequential, Table, Trainer};
///
/// let xor = Table::of_classes(vec![0., 0., 0., 1., 1., 0., 1., 1.], vec![0, 1, 1, 0], 2)?;
/// let layers = Sequential::new()
///     .then(Dense::new(2, 4))
///     .then(Activation::Tanh)
///     .then(Dense::new(4, 1)); // one output for two classes
/// let mut model: Model = Model::new(layers, 1)?;
/// let history = Trainer::new(Optimiser::adam(0.05), BinaryCrossEntropy::default())
///     .epochs(300)
///     .train(&mut model, &xor)?;
/// assert!(history.epochs[299].loss < 0.02);
/// assert_eq!(model.answers(&xor)?.classes(), [0, 1, 1, 0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Trainer<'a, S: Scalar = f64> {
    method: Method,
    loss: Box<dyn Loss<S> + Sync + 'a>,
    epochs: usize,
    batch: Option<usize>,
    seed: u64,
    validation: Option<&'a Table>,
    patience: Option<usize>,
    l1: f64,
    l2: f64,
    passes: Passes,
    engine: Option<&'a dyn Engine<S>>,
    numerics: Numerics,
    threads: Option<usize>,
    show: Show,
    callback: Option<Callback<'a>>,
    stop: Option<Arc<AtomicBool>>,
    from: Option<Checkpoint>,
    file: Option<(PathBuf, usize)>,
}

/// How the parameters of a model move.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Method {
    /// A step for every mini-batch.
    Steps(Optimiser),
    /// A step for every epoch, on all rows as they stand; dropout draws the same numbers in every
    /// step. It ends at a minimum.
    Search(Lbfgs),
}

impl From<Optimiser> for Method {
    fn from(optimiser: Optimiser) -> Self {
        Method::Steps(optimiser)
    }
}

impl From<Lbfgs> for Method {
    fn from(search: Lbfgs) -> Self {
        Method::Search(search)
    }
}

type Callback<'a> = Box<dyn FnMut(&EpochReport) -> ControlFlow<()> + 'a>;

impl<S: Scalar> std::fmt::Debug for Trainer<'_, S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut all = f.debug_struct("Trainer");
        all.field("method", &self.method).field("epochs", &self.epochs);
        all.field("batch", &self.batch).field("passes", &self.passes).finish_non_exhaustive()
    }
}

impl<'a, S: Scalar> Trainer<'a, S> {
    /// 100 epochs of batches of 32 rows, compiled, quiet. The method is an [`Optimiser`], or
    /// [`Lbfgs`] for a small table and a smooth loss.
    #[must_use]
    pub fn new(method: impl Into<Method>, loss: impl Loss<S> + Sync + 'a) -> Self {
        Trainer {
            method: method.into(),
            loss: Box::new(loss),
            epochs: 100,
            batch: None,
            seed: 0,
            validation: None,
            patience: None,
            l1: 0.0,
            l2: 0.0,
            passes: Passes::Compiled,
            engine: None,
            numerics: Numerics::Fast,
            threads: None,
            show: Show::Nothing,
            callback: None,
            stop: None,
            from: None,
            file: None,
        }
    }

    /// How often every row is learnt, epochs before a [`resume`](Trainer::resume) included.
    #[must_use]
    pub fn epochs(self, epochs: usize) -> Self {
        Trainer { epochs, ..self }
    }

    /// The rows of a mini-batch, 32 unless said otherwise, or all if there are fewer. The rows of
    /// an epoch are shuffled; its last batch has what is left.
    #[must_use]
    pub fn batch(self, rows: usize) -> Self {
        Trainer { batch: Some(rows), ..self }
    }

    /// Where the generator of the shuffling and of dropout begins (ChaCha8).
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Trainer { seed, ..self }
    }

    /// A table that is not learnt: its loss is taken after every epoch, and at the end the model
    /// has the parameters of the epoch at which that was least.
    #[must_use]
    pub fn validate(self, table: &'a Table) -> Self {
        Trainer { validation: Some(table), ..self }
    }

    /// Stops after so many epochs without a better loss: of the table for validation, or without
    /// one of the training.
    #[must_use]
    pub fn patience(self, epochs: usize) -> Self {
        Trainer { patience: Some(epochs), ..self }
    }

    /// Adds `factor Σ |w|` over all weights to the loss; biases are left alone.
    #[must_use]
    pub fn l1(self, factor: f64) -> Self {
        Trainer { l1: factor, ..self }
    }

    /// Adds `½ factor Σ w²` over all weights to the loss; biases are left alone.
    #[must_use]
    pub fn l2(self, factor: f64) -> Self {
        Trainer { l2: factor, ..self }
    }

    /// How steps are computed: on fresh tapes, on one that is replayed, or as compiled programs,
    /// which is fastest and the default.
    #[must_use]
    pub fn passes(self, passes: Passes) -> Self {
        Trainer { passes, ..self }
    }

    /// Has steps computed by an [`Engine`], whatever [`passes`](Trainer::passes) and threads say: the
    /// history, checkpoints and all else are those of every training, the bits the engine's own.
    #[must_use]
    pub fn engine(self, engine: &'a dyn Engine<S>) -> Self {
        Trainer { engine: Some(engine), ..self }
    }

    /// [`Numerics::Exact`] gives the same bits on every machine, and whichever way steps are
    /// computed; [`Numerics::Fast`] is the default.
    #[must_use]
    pub fn numerics(self, numerics: Numerics) -> Self {
        Trainer { numerics, ..self }
    }

    /// Divides each batch into up to eight parts of at least eight rows, which are computed on so
    /// many threads. The bits are the same for any number of them, 1 included. It is worth it where
    /// a step takes a good part of a millisecond. Steps are compiled, whatever
    /// [`passes`](Trainer::passes) says.
    #[must_use]
    pub fn threads(self, threads: usize) -> Self {
        Trainer { threads: Some(threads.max(1)), ..self }
    }

    /// What is shown.
    #[must_use]
    pub fn show(self, show: Show) -> Self {
        Trainer { show, ..self }
    }

    /// Called after every epoch; [`ControlFlow::Break`] ends the training.
    #[must_use]
    pub fn each_epoch(self, callback: impl FnMut(&EpochReport) -> ControlFlow<()> + 'a) -> Self {
        Trainer { callback: Some(Box::new(callback)), ..self }
    }

    /// Ends the training soon after the flag has become true; the model keeps what was learnt.
    #[must_use]
    pub fn stop_when(self, flag: Arc<AtomicBool>) -> Self {
        Trainer { stop: Some(flag), ..self }
    }

    /// Ends the training at Ctrl-C; the model keeps what was learnt. A second Ctrl-C ends the
    /// program. A training that begins later in the same program ends at once. Needs the feature
    /// `interrupt`.
    ///
    /// # Panics
    ///
    /// If the program has a handler of its own already.
    #[cfg(feature = "interrupt")]
    #[must_use]
    #[track_caller]
    pub fn stop_at_interrupt(self) -> Self {
        self.stop_when(interrupt::flag())
    }

    /// Goes on from a checkpoint: bit for bit as if there had been no interruption. The model is
    /// given the numbers of that moment.
    #[must_use]
    pub fn resume(self, checkpoint: Checkpoint) -> Self {
        Trainer { from: Some(checkpoint), ..self }
    }

    /// Writes a [`Checkpoint`] after every so many epochs, and after the last. A crash, or a disk
    /// that is full, leaves the one before.
    #[must_use]
    pub fn checkpoints(self, path: impl Into<PathBuf>, every: usize) -> Self {
        Trainer { file: Some((path.into(), every.max(1))), ..self }
    }
}

#[cfg(test)]
mod tests;
