//! What a model answers to a table, beside what is right.

use std::fmt;

use wengert::Scalar;

use super::metrics::{self, Confusion};
use super::model::{Model, ModelError};
use super::table::Table;

/// The outputs of a model for every row of a table, and measures of how right they are.
#[derive(Debug, Clone, PartialEq)]
pub struct Answers {
    outputs: Vec<f64>,
    width: usize,
    threshold: f64,
    labels: Vec<usize>,
    class_names: Vec<String>,
    numbers: Vec<f64>,
}

impl<S: Scalar> Model<S> {
    /// The model's answers to a table.
    ///
    /// # Errors
    ///
    /// [`ModelError::Tape`] if a row does not fit, [`ModelError::Length`] if the model has not an
    /// output for each class or target.
    pub fn answers(&self, table: &Table) -> Result<Answers, ModelError> {
        let features: Vec<S> = table.features().iter().map(|&x| S::from_f64(x)).collect();
        let outputs = self.answer(&features, &[table.width()])?;
        let width = outputs.len() / table.len();
        if !table.fits(width) {
            let expected = table.class_names().len().max(table.target_names().len());
            let what = "a row of the table's targets".to_owned();
            return Err(ModelError::Length { what, expected, found: width });
        }
        Ok(Answers {
            outputs: outputs.iter().map(|output| output.to_f64()).collect(),
            width,
            threshold: self.threshold(),
            labels: table.labels().map(<[usize]>::to_vec).unwrap_or_default(),
            class_names: table.class_names().to_vec(),
            numbers: table.numbers().map(<[f64]>::to_vec).unwrap_or_default(),
        })
    }
}

/// The class of the outputs of a row: the largest, the first of equals; of a single output the
/// second class where it is above the threshold.
pub(crate) fn class(outputs: &[f64], threshold: f64) -> usize {
    match outputs {
        [one] => usize::from(*one > threshold),
        _ => {
            (1..outputs.len()).fold(0, |best, i| if outputs[i] > outputs[best] { i } else { best })
        }
    }
}

impl Answers {
    /// The number of rows.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a table is never empty")]
    pub fn len(&self) -> usize {
        self.outputs.len() / self.width
    }

    /// The outputs, row after row.
    #[must_use]
    pub fn outputs(&self) -> &[f64] {
        &self.outputs
    }

    /// The class of each row.
    #[must_use]
    pub fn classes(&self) -> Vec<usize> {
        self.outputs.chunks(self.width).map(|row| class(row, self.threshold)).collect()
    }

    /// The share of rows whose class is right; NaN for a table of numbers.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        metrics::accuracy(&self.labels, &self.classes())
    }

    /// How often which class was taken for which.
    #[must_use]
    pub fn confusion(&self) -> Confusion {
        Confusion::of(&self.labels, &self.classes(), &self.class_names)
    }

    /// The area under the ROC curve of two classes, the second being the positive one; NaN for any
    /// other table.
    #[must_use]
    pub fn roc_auc(&self) -> f64 {
        if self.class_names.len() != 2 {
            return f64::NAN;
        }
        let score = |row: &[f64]| if let [zero, one] = row { one - zero } else { row[0] };
        let scores: Vec<f64> = self.outputs.chunks(self.width).map(score).collect();
        let positive: Vec<bool> = self.labels.iter().map(|&label| label == 1).collect();
        metrics::roc_auc(&scores, &positive)
    }

    /// The share of the targets' variance that is explained, for each target.
    #[must_use]
    pub fn r_squared(&self) -> Vec<f64> {
        let of = |numbers: &[f64], i: usize| -> Vec<f64> {
            numbers.iter().skip(i).step_by(self.width).copied().collect()
        };
        let targets = if self.numbers.is_empty() { 0 } else { self.width };
        let r = |i| metrics::r_squared(&of(&self.numbers, i), &of(&self.outputs, i));
        (0..targets).map(r).collect()
    }
}

/// Accuracy and confusion matrix, or R² of each target.
impl fmt::Display for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.numbers.is_empty() {
            return write!(f, "accuracy {:.2}%\n{}", 100.0 * self.accuracy(), self.confusion());
        }
        write!(f, "R²")?;
        self.r_squared().iter().try_for_each(|r| write!(f, " {r:.4}"))
    }
}
