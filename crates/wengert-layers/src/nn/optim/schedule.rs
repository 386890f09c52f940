//! How a rate changes from step to step.

use serde::{Deserialize, Serialize};
use wengert::number::Real;

use super::OptimError;

/// What the rate is multiplied by at a step. Steps are mini-batches, counted from 0.
///
/// The formulas are those of PyTorch's `StepLR`, `LinearLR` and `CosineAnnealingLR`.
///
/// # Examples
///
/// ```
/// use wengert_layers::nn::Schedule;
///
/// let cosine = Schedule::Cosine { warm_up: 10, steps: 100, floor: 0.1 };
/// assert_eq!((cosine.factor(0), cosine.factor(9)), (0.1, 1.0)); // one tenth, ten tenths
/// assert_eq!(cosine.factor(10), 1.0);
/// assert_eq!(cosine.factor(1000), 0.1);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Schedule {
    /// 1.
    #[default]
    Constant,

    /// From `1 / steps` up to 1 at equal distances, then 1.
    WarmUp {
        /// How many steps are below 1, and the first that is not.
        steps: u64,
    },

    /// `factor` to the power of the full `every` steps that have passed.
    Step {
        /// After so many steps the rate falls.
        every: u64,
        /// What it is multiplied by.
        factor: f64,
    },

    /// From 1 to `end` at equal distances, reached after `steps`.
    Linear {
        /// How many steps it takes.
        steps: u64,
        /// Where it ends.
        end: f64,
    },

    /// A warm-up, then `floor + (1 − floor) (1 + cos(π k / steps)) / 2` for `steps` steps k, then
    /// `floor` (Loshchilov and Hutter 2017, without restarts).
    Cosine {
        /// As [`WarmUp`](Schedule::WarmUp); 0 for none.
        warm_up: u64,
        /// How many steps it takes after that.
        steps: u64,
        /// Where it ends.
        floor: f64,
    },
}

impl Schedule {
    /// The factor at a step.
    #[must_use]
    pub fn factor(self, step: u64) -> f64 {
        let share = |of: u64| step.min(of) as f64 / of as f64;
        match self {
            Schedule::Constant => 1.0,
            Schedule::WarmUp { steps } => (step + 1).min(steps) as f64 / steps as f64,
            Schedule::Step { every, factor } => Real::powf(factor, (step / every) as f64),
            Schedule::Linear { steps, end } => 1.0 + (end - 1.0) * share(steps),
            Schedule::Cosine { warm_up, .. } if step < warm_up => {
                (step + 1) as f64 / warm_up as f64
            }
            Schedule::Cosine { warm_up, steps, floor } => {
                let share = (step - warm_up).min(steps) as f64 / steps as f64;
                floor + (1.0 - floor) * (1.0 + Real::cos(std::f64::consts::PI * share)) / 2.0
            }
        }
    }

    pub(super) fn check(self) -> Result<(), OptimError> {
        let (steps, bound) = match self {
            Schedule::Constant => return Ok(()),
            Schedule::WarmUp { steps } => (steps, 1.0),
            Schedule::Step { every, factor } => (every, factor),
            Schedule::Linear { steps, end } => (steps, end),
            Schedule::Cosine { steps, floor, .. } => (steps, floor),
        };
        if steps == 0 {
            let expected = "at least 1";
            return Err(OptimError::Setting { setting: "schedule's steps", value: 0.0, expected });
        }
        if !(bound >= 0.0 && bound.is_finite()) {
            let expected = "a finite number from 0";
            return Err(OptimError::Setting {
                setting: "schedule's factor",
                value: bound,
                expected,
            });
        }
        Ok(())
    }
}
