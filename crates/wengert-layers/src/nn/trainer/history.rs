//! What a training came to, epoch by epoch.

use std::fmt::{self, Write};

use serde::{Deserialize, Serialize};

use super::checkpoint::Checkpoint;
use crate::nn::picture::{Curve, curves};
use crate::warning::Warning;

/// An epoch: every row once.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EpochReport {
    /// Its number, from 0.
    pub epoch: usize,
    /// The rate of its last step.
    pub rate: f64,
    /// The mean over its rows of the loss, each batch's from before its step; with penalties.
    pub loss: f64,
    /// The loss of the table for validation after it, without penalties and dropout.
    pub validation: Option<f64>,
    /// The share of that table's rows whose class is found; `None` for numbers.
    pub accuracy: Option<f64>,
}

/// Why training ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Ended {
    /// All epochs are done.
    AfterAllEpochs,
    /// The loss has not become better for as many epochs as patience was asked for.
    OutOfPatience,
    /// The callback said so.
    ByCallback,
    /// Somebody asked for it, by Ctrl-C or the flag.
    Interrupted,
    /// No step makes the loss smaller: L-BFGS has found a minimum.
    Converged,
}

/// What a training came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// Epoch by epoch.
    pub epochs: Vec<EpochReport>,
    /// The epoch whose parameters the model has: the best on the table for validation, or the last.
    pub kept: Option<usize>,
    /// Why it ended.
    pub ended: Ended,
    /// What keeps the model from learning, if it does not learn.
    pub warnings: Vec<Warning>,
    /// The training as it stands after the last whole epoch, for
    /// [`Trainer::resume`](super::Trainer::resume).
    pub checkpoint: Checkpoint,
}

impl History {
    /// The epoch whose parameters the model has.
    #[must_use]
    pub fn kept(&self) -> Option<&EpochReport> {
        self.kept.and_then(|epoch| self.epochs.iter().find(|report| report.epoch == epoch))
    }

    /// A line for each epoch: `epoch,rate,loss,validation,accuracy`.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut text = "epoch,rate,loss,validation,accuracy\n".to_owned();
        let shown =
            |number: Option<f64>| number.map_or(String::new(), |number| format!("{number:?}"));
        for report in &self.epochs {
            let EpochReport { epoch, rate, loss, validation, accuracy } = *report;
            let (validation, accuracy) = (shown(validation), shown(accuracy));
            // Writing to a String does not fail.
            let _ = writeln!(text, "{epoch},{rate:?},{loss:?},{validation},{accuracy}");
        }
        text
    }

    /// The curves of the losses over the epochs as an SVG picture. For those of several trainings
    /// in one, see [`curves`].
    #[must_use]
    pub fn to_svg(&self) -> String {
        let checked: Vec<f64> = self.epochs.iter().filter_map(|report| report.validation).collect();
        let losses = Curve { name: "loss", values: &self.losses() };
        curves("epoch", &[losses, Curve { name: "validation", values: &checked }])
    }

    /// The loss of each epoch.
    #[must_use]
    pub fn losses(&self) -> Vec<f64> {
        self.epochs.iter().map(|report| report.loss).collect()
    }
}

/// `epoch 12  rate 0.01  loss 0.0123  validation 0.0200  accuracy 98.3%`.
impl fmt::Display for EpochReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "epoch {:>4}  rate {:.3e}  loss {:.6}", self.epoch, self.rate, self.loss)?;
        if let Some(validation) = self.validation {
            write!(f, "  validation {validation:.6}")?;
        }
        if let Some(accuracy) = self.accuracy {
            write!(f, "  accuracy {:.2}%", 100.0 * accuracy)?;
        }
        Ok(())
    }
}
