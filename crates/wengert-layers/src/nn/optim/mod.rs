//! Optimisers: how parameters move against a gradient.
//!
//! Every rule is written once, over [`Real`], and read twice: by numbers ([`Stepper`]), and by
//! nodes ([`Optimiser::record`]), so that a compiled program contains the step. In
//! [`Numerics::Exact`](wengert::Numerics::Exact) both give the same bits.
//!
//! ```
//! use wengert_layers::nn::Optimiser;
//!
//! let mut stepper = Optimiser::adam(0.1).start::<f64>(2);
//! let mut w = [1.0, -1.0];
//! for _ in 0..200 {
//!     let gradient = [2.0 * (w[0] - 3.0), 2.0 * w[1]]; // of (w₀ − 3)² + w₁²
//!     stepper.step(&mut w, &gradient)?;
//! }
//! assert!((w[0] - 3.0).abs() < 1e-2 && w[1].abs() < 1e-2);
//! # Ok::<(), wengert_layers::nn::OptimError>(())
//! ```

mod lbfgs;
mod record;
mod rule;
mod schedule;
mod stepper;

pub(crate) use lbfgs::Search;
pub use lbfgs::{Lbfgs, Minimum};
pub use record::{Block, RecordedStep};
pub use rule::Rule;
pub use schedule::Schedule;
pub use stepper::{State, Stepper};

use serde::{Deserialize, Serialize};
use wengert::number::Real;

/// A rule with its rate, a schedule, weight decay and clipping.
///
/// The defaults are PyTorch's: no decay, no clipping, a constant rate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Optimiser {
    rule: Rule,
    rate: f64,
    schedule: Schedule,
    decay: f64,
    clip: Clip,
}

/// What is done to a gradient before it is used.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Clip {
    /// Nothing.
    #[default]
    Off,
    /// The whole gradient is multiplied by `min(1, most / (norm + 1e-6))`, `norm` being the square
    /// root of the sum of its squares over all parameters that move: PyTorch's `clip_grad_norm_`.
    Norm(f64),
    /// Every element is brought between `-most` and `most`: PyTorch's `clip_grad_value_`.
    Value(f64),
}

/// Why an optimiser is refused, or a step of it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum OptimError {
    /// A setting with which nothing can be learnt.
    #[error("the optimiser's {setting} is {value:?}, expected {expected}")]
    Setting {
        /// The setting's name.
        setting: &'static str,
        /// Its value.
        value: f64,
        /// What it may be.
        expected: &'static str,
    },

    /// There are not as many numbers as there are parameters.
    #[error("the {what} has {found} numbers, the optimiser was started for {expected}")]
    Length {
        /// `parameters`, `gradient` or `state`.
        what: &'static str,
        /// The number of parameters.
        expected: usize,
        /// The numbers given.
        found: usize,
    },

    /// A state of another rule.
    #[error("the state is that of {found}, the optimiser is {expected}")]
    OtherRule {
        /// The optimiser's rule.
        expected: &'static str,
        /// The state's.
        found: String,
    },

    /// The function to be minimised is no number where the search begins.
    #[error("the function is {value:?} where the search begins, expected a finite number")]
    NotFinite {
        /// Its value there.
        value: f64,
    },

    /// Recording failed.
    #[error(transparent)]
    Tape(#[from] wengert::Error),
}

impl Optimiser {
    /// A rule at a rate.
    #[must_use]
    pub const fn new(rule: Rule, rate: f64) -> Self {
        Optimiser { rule, rate, schedule: Schedule::Constant, decay: 0.0, clip: Clip::Off }
    }

    /// Gradient descent: `p ← p − rate · g`.
    #[must_use]
    pub const fn gradient_descent(rate: f64) -> Self {
        Optimiser::new(Rule::GradientDescent, rate)
    }

    /// Gradient descent with momentum 0.9.
    #[must_use]
    pub const fn momentum(rate: f64) -> Self {
        Optimiser::new(Rule::Momentum { momentum: 0.9 }, rate)
    }

    /// Nesterov's momentum, 0.9.
    #[must_use]
    pub const fn nesterov(rate: f64) -> Self {
        Optimiser::new(Rule::Nesterov { momentum: 0.9 }, rate)
    }

    /// RMSProp with the smoothing 0.99.
    #[must_use]
    pub const fn rms_prop(rate: f64) -> Self {
        Optimiser::new(Rule::RmsProp { smoothing: 0.99, epsilon: 1e-8 }, rate)
    }

    /// Adagrad.
    #[must_use]
    pub const fn adagrad(rate: f64) -> Self {
        Optimiser::new(Rule::Adagrad { epsilon: 1e-10 }, rate)
    }

    /// Adam with β₁ 0.9, β₂ 0.999, ε 1e-8. 0.001 is the rate to begin with.
    #[must_use]
    pub const fn adam(rate: f64) -> Self {
        Optimiser::new(Rule::Adam { betas: [0.9, 0.999], epsilon: 1e-8 }, rate)
    }

    /// AdamW: Adam with a decay of 0.01 beside the gradient.
    #[must_use]
    pub const fn adam_w(rate: f64) -> Self {
        Optimiser {
            decay: 0.01,
            ..Optimiser::new(Rule::AdamW { betas: [0.9, 0.999], epsilon: 1e-8 }, rate)
        }
    }

    /// How the rate changes from step to step.
    #[must_use]
    pub const fn schedule(self, schedule: Schedule) -> Self {
        Optimiser { schedule, ..self }
    }

    /// Pulls weights to 0: `decay · p` is added to the gradient, which is the gradient of
    /// `½ decay Σ p²`; AdamW takes `rate · decay · p` off the parameter instead. Biases and the
    /// gains of norms are left alone, where a [`Block`] or a model says which those are.
    #[must_use]
    pub const fn weight_decay(self, decay: f64) -> Self {
        Optimiser { decay, ..self }
    }

    /// Clips the gradient.
    #[must_use]
    pub const fn clip(self, clip: Clip) -> Self {
        Optimiser { clip, ..self }
    }

    /// The rule.
    #[must_use]
    pub const fn rule(&self) -> Rule {
        self.rule
    }

    /// The rate at a step, counted from 0.
    #[must_use]
    pub fn rate_at(&self, step: u64) -> f64 {
        self.rate * self.schedule.factor(step)
    }

    /// Whether something can be learnt with these settings.
    ///
    /// # Errors
    ///
    /// [`OptimError::Setting`], naming the first that is out of range: a rate of 0 or NaN, a
    /// momentum of 1, a negative decay.
    pub fn check(&self) -> Result<(), OptimError> {
        let positive = |setting, value: f64| match value > 0.0 && value.is_finite() {
            true => Ok(()),
            false => {
                Err(OptimError::Setting { setting, value, expected: "a finite number above 0" })
            }
        };
        positive("rate", self.rate)?;
        self.rule.check()?;
        self.schedule.check()?;
        if !(self.decay >= 0.0 && self.decay.is_finite()) {
            let (setting, value) = ("weight decay", self.decay);
            return Err(OptimError::Setting { setting, value, expected: "a finite number from 0" });
        }
        match self.clip {
            Clip::Off => Ok(()),
            Clip::Norm(most) | Clip::Value(most) => positive("clip", most),
        }
    }

    /// The numbers of a step that are the same for every parameter: the rate, and what the rule
    /// needs.
    fn scalars(&self, step: u64) -> [f64; SCALARS] {
        let [first, second] = self.rule.corrections(step);
        [self.rate_at(step), first, second]
    }

    /// One parameter, or a block of them, after a step. `state` is moved with it.
    fn moved<R: Real>(
        &self,
        p: R,
        g: R,
        state: &mut [R],
        scalars: [R; SCALARS],
        factor: Option<R>,
        decays: bool,
    ) -> R {
        let mut g = match (self.clip, factor) {
            (Clip::Norm(_), Some(factor)) => g * factor,
            (Clip::Value(most), _) => g.max(g.like(-most)).min(g.like(most)),
            _ => g,
        };
        let mut p = p;
        if decays && self.decay != 0.0 {
            match self.rule {
                Rule::AdamW { .. } => p = p * (p.like(1.0) - scalars[0] * p.like(self.decay)),
                _ => g = g + p * p.like(self.decay),
            }
        }
        self.rule.moved(p, g, state, scalars)
    }

    /// What a gradient is multiplied by, if it is clipped by its norm.
    fn factor<R: Real>(&self, sum_of_squares: R) -> Option<R> {
        let Clip::Norm(most) = self.clip else { return None };
        let like = |number| sum_of_squares.like(number);
        Some((like(most) / (sum_of_squares.sqrt() + like(1e-6))).min(like(1.0)))
    }
}

/// The rate, and both corrections of Adam.
const SCALARS: usize = 3;

#[cfg(test)]
mod tests;
