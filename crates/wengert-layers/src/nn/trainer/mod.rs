//! Training: epochs of mini-batches, a table for validation, the best parameters kept.

mod diagnose;
mod error;
mod history;
mod parallel;
mod progress;
mod run;
mod steps;

pub use error::TrainerError;
pub use history::{Ended, EpochReport, History};
pub use progress::Show;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use wengert::{Numerics, Scalar};

use super::loss::Loss;
use super::optim::{Optimiser, State};
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
    optimiser: Optimiser,
    loss: Box<dyn Loss<S> + Sync + 'a>,
    epochs: usize,
    batch: Option<usize>,
    seed: u64,
    validation: Option<&'a Table>,
    patience: Option<usize>,
    l1: f64,
    l2: f64,
    passes: Passes,
    numerics: Numerics,
    threads: Option<usize>,
    show: Show,
    callback: Option<Callback<'a>>,
    stop: Option<Arc<AtomicBool>>,
    state: Option<State>,
    from: usize,
}

type Callback<'a> = Box<dyn FnMut(&EpochReport) -> ControlFlow<()> + 'a>;

impl<S: Scalar> std::fmt::Debug for Trainer<'_, S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut all = f.debug_struct("Trainer");
        all.field("optimiser", &self.optimiser).field("epochs", &self.epochs);
        all.field("batch", &self.batch).field("passes", &self.passes).finish_non_exhaustive()
    }
}

impl<'a, S: Scalar> Trainer<'a, S> {
    /// 100 epochs of batches of 32 rows, compiled, quiet.
    #[must_use]
    pub fn new(optimiser: Optimiser, loss: impl Loss<S> + Sync + 'a) -> Self {
        Trainer {
            optimiser,
            loss: Box::new(loss),
            epochs: 100,
            batch: None,
            seed: 0,
            validation: None,
            patience: None,
            l1: 0.0,
            l2: 0.0,
            passes: Passes::Compiled,
            numerics: Numerics::Fast,
            threads: None,
            show: Show::Nothing,
            callback: None,
            stop: None,
            state: None,
            from: 0,
        }
    }

    /// How often every row is learnt.
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
    /// program. Needs the feature `interrupt`.
    ///
    /// # Panics
    ///
    /// If the program has a handler of its own already.
    #[cfg(feature = "interrupt")]
    #[must_use]
    #[track_caller]
    pub fn stop_at_interrupt(self) -> Self {
        let flag = Arc::new(AtomicBool::new(false));
        let shared = Arc::clone(&flag);
        let handler = move || {
            if shared.swap(true, std::sync::atomic::Ordering::SeqCst) {
                std::process::exit(130);
            }
        };
        if let Err(error) = ctrlc::set_handler(handler) {
            panic!("Ctrl-C cannot be listened to: {error}");
        }
        self.stop_when(flag)
    }

    /// Continues from what an optimiser had come to after so many epochs: bit for bit as if there
    /// had been no interruption, if the model has the numbers of that moment. (With a table for
    /// validation it has those of the best epoch.)
    #[must_use]
    pub fn resume(self, state: State, epochs_done: usize) -> Self {
        Trainer { state: Some(state), from: epochs_done, ..self }
    }
}

#[cfg(test)]
mod tests;
