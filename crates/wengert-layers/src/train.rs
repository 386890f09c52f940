//! Training row by row, as the teaching notebook does it.

mod steps;

use wengert::{Error, Leaf, Numerics};

use self::steps::{Compiled, Manner, Recorded, Replayed, Steps, Turn};
use crate::bind::Granularity;
use crate::data::Dataset;
use crate::mlp::Mlp;
use crate::predict::FitError;
use crate::sgd::Sgd;
use crate::warning::{self, Warning};

/// Row-by-row training: for every row a forward pass, a reverse sweep, and a step of [`Sgd`] before
/// the next row.
///
/// The loss of a row is `L = ½ Σ (target − output)²`, with a target of 1 for the output of the
/// row's class and 0 for the others.
///
/// # Examples
///
/// The notebook's training, 5001 epochs there:
///
/// ```
/// use wengert_layers::{Activation, Dataset, Init, Mlp, Sgd, Trainer};
///
/// let data = Dataset::new([([2.7810836, 2.550537003], 0), ([7.627531214, 2.759262235], 1)], 2)?;
/// let mut mlp = Mlp::new(&[2, 2, 2], Activation::Sigmoid, Init::Notebook { seed: 1 })?;
/// let trained = Trainer::new(Sgd { rate: 0.5 }, 200).train_with(&mut mlp, &data, |epoch| {
///     if epoch.epoch % 100 == 0 {
///         println!(">epoch={}, error={:.3}", epoch.epoch, epoch.sum_error);
///     }
/// })?;
/// assert!(trained.history[199].sum_error < trained.history[0].sum_error);
/// assert_eq!(mlp.accuracy(&data)?, 1.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trainer {
    sgd: Sgd,
    epochs: usize,
    granularity: Granularity,
    passes: Passes,
    numerics: Numerics,
}

/// What happens to the tape from row to row. In [`Numerics::Exact`], the default, the numbers are
/// the same to the last bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Passes {
    /// Recorded at the first row, [replayed](wengert::Tape::replay) in place at every other: the
    /// graph of a network does not depend on the numbers. The default, being faster: nothing is
    /// named or looked up again, which a 2-2-2 network spends six sevenths of its time on and a
    /// 784-30-10 one a quarter.
    #[default]
    Replayed,
    /// Recorded anew for every row on a [cleared](wengert::Tape::clear) tape, as one must where the
    /// graph does depend on them.
    Recorded,
    /// Recorded at the first row and [compiled](wengert::Compiler): a forward pass, its reverse
    /// sweep and the move of the parameters are one program, run at every row. Compiling costs
    /// milliseconds for a small network, so it pays for more than a few hundred rows.
    Compiled,
}

/// One epoch: every row once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Epoch {
    /// Counted from 0.
    pub epoch: usize,
    /// `Σ (target − output)²` over outputs and rows, which is the sum of the rows' `2L`: **twice**
    /// the loss that is minimised. Each row is taken with the parameters as they are when it is its
    /// turn. The notebook's "error".
    pub sum_error: f64,
}

/// What training leaves behind beside the trained network.
#[derive(Debug, Clone, PartialEq)]
pub struct Trained {
    /// Every epoch in order.
    pub history: Vec<Epoch>,
    /// The pass of the last row of the last epoch, computed **before** the last update of the
    /// parameters: what the notebook's cell 10 shows beside the trained weights. `None` for no
    /// epochs.
    pub last: Option<RowPass>,
    /// What keeps the network from learning, if it does not learn: units that are dead, the same
    /// answer to every row, an error that stands still.
    pub warnings: Vec<Warning>,
}

/// The numbers of one row's pass, forward and back.
#[derive(Debug, Clone, PartialEq)]
pub struct RowPass {
    /// The row, from 0.
    pub row: usize,
    /// `½ Σ (target − output)²`.
    pub loss: f64,
    /// By layer, the `z` of each neuron.
    pub z: Vec<Vec<f64>>,
    /// By layer, the output of each neuron.
    pub outputs: Vec<Vec<f64>>,
    /// By layer, the delta of each neuron: `−∂L/∂z`.
    pub deltas: Vec<Vec<f64>>,
}

/// Why training was refused or given up. The network is as it was before.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// The data does not fit the network.
    #[error(transparent)]
    Fit(#[from] FitError),

    /// The rate is not a finite number from 0.
    #[error("the learning rate is {rate:?}, expected a finite number from 0")]
    Rate {
        /// The rate given.
        rate: f64,
    },

    /// A parameter has become so large that its square is no finite number, or the error is none.
    #[error("training diverged in epoch {epoch}: {what} is {value:?}; try a smaller rate")]
    Diverged {
        /// The epoch, from 0.
        epoch: usize,
        /// The parameter, `hidden/0.w[1]`, or `the error`.
        what: String,
        /// What it has become.
        value: f64,
    },

    /// The tape refused: it is full.
    #[error(transparent)]
    Tape(#[from] Error),
}

impl Trainer {
    /// Training for a number of epochs, [per neuron](Granularity::PerNeuron), on a
    /// [replayed](Passes::Replayed) tape, in [exact](Numerics::Exact) numbers.
    #[must_use]
    pub fn new(sgd: Sgd, epochs: usize) -> Self {
        let (granularity, passes) = (Granularity::default(), Passes::default());
        Trainer { sgd, epochs, granularity, passes, numerics: Numerics::Exact }
    }

    /// How finely the passes are recorded.
    #[must_use]
    pub fn granularity(mut self, granularity: Granularity) -> Self {
        self.granularity = granularity;
        self
    }

    /// What happens to the tape from row to row.
    #[must_use]
    pub fn passes(mut self, passes: Passes) -> Self {
        self.passes = passes;
        self
    }

    /// How numbers are computed: [`Exact`](Numerics::Exact) unless asked otherwise, so that neither
    /// [`Passes`] nor [`Granularity`] changes a bit of what is learnt, on any platform; the
    /// notebook's digits are among it. [`Fast`](Numerics::Fast) changes the last digits of what is
    /// recorded [per layer](Granularity::PerLayer), in weighted sums or
    /// [compiled](Passes::Compiled), and is faster where layers are wide.
    #[must_use]
    pub fn numerics(mut self, numerics: Numerics) -> Self {
        self.numerics = numerics;
        self
    }

    /// Trains `mlp` on the rows of `data` in their order.
    ///
    /// # Errors
    ///
    /// As [`train_with`](Trainer::train_with).
    pub fn train(&self, mlp: &mut Mlp, data: &Dataset) -> Result<Trained, TrainError> {
        self.train_with(mlp, data, |_| ())
    }

    /// As [`train`](Trainer::train), telling about each epoch when it is done.
    ///
    /// # Errors
    ///
    /// [`TrainError::Fit`] if the data has another width or number of classes than the network,
    /// [`TrainError::Rate`], [`TrainError::Diverged`], which is looked for after each epoch,
    /// [`TrainError::Tape`]. Then `mlp` is as it was.
    pub fn train_with(
        &self,
        mlp: &mut Mlp,
        data: &Dataset,
        on_epoch: impl FnMut(&Epoch),
    ) -> Result<Trained, TrainError> {
        mlp.check_fit(data)?;
        let rate = self.sgd.rate;
        if !(rate.is_finite() && rate >= 0.0) {
            return Err(TrainError::Rate { rate });
        }
        let mut work = mlp.clone();
        let manner =
            Manner { sgd: self.sgd, granularity: self.granularity, numerics: self.numerics };
        let (features, label) = data.row(0);
        let target = data.target(label, mlp.outputs());
        let trained = match self.passes {
            Passes::Replayed => {
                let tape = manner.tape();
                let mut steps = Replayed::new(&tape, manner, &work, features, &target)?;
                self.epochs(&mut steps, &mut work, data, on_epoch)?
            }
            Passes::Recorded => {
                self.epochs(&mut Recorded::new(manner), &mut work, data, on_epoch)?
            }
            Passes::Compiled => {
                let mut steps = Compiled::new(manner, &work, features, &target)?;
                self.epochs(&mut steps, &mut work, data, on_epoch)?
            }
        };
        let warnings = warnings(&trained.history, manner, &work, data)?;
        *mlp = work;
        Ok(Trained { warnings, ..trained })
    }

    fn epochs(
        &self,
        steps: &mut impl Steps,
        work: &mut Mlp,
        data: &Dataset,
        mut on_epoch: impl FnMut(&Epoch),
    ) -> Result<Trained, TrainError> {
        let (mut history, mut last) = (Vec::new(), None);
        let outputs = work.outputs();
        let targets: Vec<Vec<f64>> =
            (0..data.classes()).map(|class| data.target(class, outputs)).collect();
        let last_row = data.rows().len() - 1;
        for epoch in 0..self.epochs {
            let mut sum_error = 0.0;
            for (row, (features, label)) in data.rows().enumerate() {
                let shown = (epoch + 1, row) == (self.epochs, last_row);
                let (loss, pass) =
                    steps.step(work, &Turn { row, features, target: &targets[label], shown })?;
                sum_error += 2.0 * loss;
                last = last.or(pass);
            }
            steps.deliver(work);
            // Finite but huge is as lost: every neuron is saturated, and the error stands still as
            // if it had been learnt.
            if let Some((k, &value)) =
                work.params().iter().enumerate().find(|(_, param)| !(*param * *param).is_finite())
            {
                return Err(TrainError::Diverged { epoch, what: work.param_name(k), value });
            }
            if !sum_error.is_finite() {
                return Err(TrainError::Diverged {
                    epoch,
                    what: "the error".to_owned(),
                    value: sum_error,
                });
            }
            history.push(Epoch { epoch, sum_error });
            on_epoch(&history[epoch]);
        }
        Ok(Trained { history, last, warnings: Vec::new() })
    }
}

/// Rows that are looked at where something may be wrong.
const LOOKED_AT: usize = 256;

fn warnings(
    history: &[Epoch],
    manner: Manner,
    mlp: &Mlp,
    data: &Dataset,
) -> Result<Vec<Warning>, Error> {
    let [first, .., last] = history else { return Ok(Vec::new()) };
    let still = warning::stands_still(first.sum_error, last.sum_error, history.len());
    let rows = data.labels().len().min(LOOKED_AT);
    let features = &data.features()[..rows * data.width()];
    let tape = manner.tape();
    let x = tape.tensor(Leaf::Data, features, [rows, data.width()])?;
    let pass = mlp.try_bind(&tape, Granularity::PerLayer)?.try_forward(x)?;
    let mut found = warning::stuck(&tape, rows, still.is_some());
    found.extend(warning::same_answer(x, pass.output(), rows));
    if still.is_some() || !found.is_empty() {
        found.extend(warning::unscaled(features));
    }
    Ok(still.into_iter().chain(found).collect())
}

#[cfg(test)]
mod tests;
