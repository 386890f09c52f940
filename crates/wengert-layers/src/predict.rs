//! Asking a network.

use wengert::{Leaf, Numerics, Options, Tape};

use crate::bind::Granularity;
use crate::data::Dataset;
use crate::mlp::Mlp;

/// Rows that a network can't take. The network is as it was.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FitError {
    /// The rows are not as wide as the network's input.
    #[error("the rows have {rows} features, but the network has {network} inputs")]
    Inputs {
        /// The features of a row.
        rows: usize,
        /// The inputs of the network.
        network: usize,
    },

    /// There are not as many classes as outputs, nor two classes and one output.
    #[error("the data has {classes} classes, but the network has {network} outputs")]
    Outputs {
        /// The classes of the data.
        classes: usize,
        /// The outputs of the network.
        network: usize,
    },

    /// A feature is NaN or infinite.
    #[error("column {column}: {value:?} is not a finite number")]
    NotFinite {
        /// The column, from 0.
        column: usize,
        /// The value found there.
        value: f64,
    },

    /// The tape refused: it is full.
    #[error(transparent)]
    Tape(#[from] wengert::Error),
}

/// Rows of a data set are answered in batches of this many, so that memory does not grow with the
/// data.
const BATCH: usize = 256;

/// Answers have the same digits everywhere.
fn exact_tape() -> Tape {
    Tape::with(Options::default().numerics(Numerics::Exact))
}

impl Mlp {
    /// What the network answers to one row: its outputs. To see how, [`bind`](Mlp::bind) and
    /// [`forward`](crate::Bound::forward).
    ///
    /// # Errors
    ///
    /// [`FitError::Inputs`], [`FitError::NotFinite`], [`FitError::Tape`].
    ///
    /// # Examples
    ///
    /// ```
    /// use wengert_layers::{Activation, Init, Mlp};
    ///
    /// let mlp = Mlp::new(&[2, 1, 2], Activation::Sigmoid, Init::Notebook { seed: 1 })?;
    /// assert_eq!(mlp.answer(&[1.0, 0.0]).unwrap(), [0.6629970129852887, 0.7253160725279748]);
    /// assert!(mlp.answer(&[1.0]).is_err());
    /// # Ok::<(), wengert_layers::MlpError>(())
    /// ```
    pub fn answer(&self, row: &[f64]) -> Result<Vec<f64>, FitError> {
        if row.len() != self.inputs() {
            return Err(FitError::Inputs { rows: row.len(), network: self.inputs() });
        }
        if let Some(column) = row.iter().position(|value| !value.is_finite()) {
            return Err(FitError::NotFinite { column, value: row[column] });
        }
        self.answer_batch(&mut exact_tape(), row)
    }

    /// The class of one row: the index of the largest output, the first of equals (Python's
    /// `outputs.index(max(outputs))`); of a single output 1 where it is above a half, else 0.
    ///
    /// # Errors
    ///
    /// As [`answer`](Mlp::answer).
    pub fn predict(&self, row: &[f64]) -> Result<usize, FitError> {
        self.answer(row).map(|outputs| largest(&outputs))
    }

    /// The class of every row of a data set, as [`predict`](Mlp::predict) tells it; the labels are
    /// not looked at.
    ///
    /// # Errors
    ///
    /// [`FitError::Inputs`], [`FitError::Outputs`], [`FitError::Tape`].
    pub fn predict_all(&self, data: &Dataset) -> Result<Vec<usize>, FitError> {
        self.check_fit(data)?;
        let mut tape = exact_tape();
        let mut classes = Vec::with_capacity(data.labels().len());
        for rows in data.features().chunks(BATCH * self.inputs()) {
            let outputs = self.answer_batch(&mut tape, rows)?;
            classes.extend(outputs.chunks_exact(self.outputs()).map(largest));
        }
        Ok(classes)
    }

    /// The share of rows, from 0 to 1, whose class is predicted as their label.
    ///
    /// # Errors
    ///
    /// As [`predict_all`](Mlp::predict_all).
    pub fn accuracy(&self, data: &Dataset) -> Result<f64, FitError> {
        let predicted = self.predict_all(data)?;
        let right = predicted
            .iter()
            .zip(data.labels())
            .filter(|(predicted, label)| predicted == label)
            .count();
        Ok(right as f64 / predicted.len() as f64)
    }

    /// Whether these rows have the network's inputs and outputs.
    pub(crate) fn check_fit(&self, data: &Dataset) -> Result<(), FitError> {
        if data.width() != self.inputs() {
            return Err(FitError::Inputs { rows: data.width(), network: self.inputs() });
        }
        let single = self.outputs() == 1 && data.classes() == 2;
        if data.classes() != self.outputs() && !single {
            return Err(FitError::Outputs { classes: data.classes(), network: self.outputs() });
        }
        Ok(())
    }

    /// The outputs for rows that lie one after the other.
    fn answer_batch(&self, tape: &mut Tape, rows: &[f64]) -> Result<Vec<f64>, FitError> {
        tape.clear();
        let bound = self.try_bind(tape, Granularity::PerLayer)?;
        let x = tape.tensor(Leaf::Data, rows, [rows.len() / self.inputs(), self.inputs()])?;
        Ok(bound.try_forward(x)?.output().values())
    }
}

/// A single output says the second of two classes where it is above a half.
fn largest(outputs: &[f64]) -> usize {
    if let [one] = outputs {
        return usize::from(*one > 0.5);
    }
    (1..outputs.len()).fold(0, |best, i| if outputs[i] > outputs[best] { i } else { best })
}
