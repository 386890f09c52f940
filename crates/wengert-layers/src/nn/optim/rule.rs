//! The rules, each stated once.

use serde::{Deserialize, Serialize};
use wengert::number::Real;

use super::{OptimError, SCALARS};

/// How a parameter `p` moves against its gradient `g`; `rate` is the step's.
///
/// The formulas and their defaults are those of PyTorch's documentation of the optimiser of that
/// name, and so are the digits, to rounding.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Rule {
    /// `p ← p − rate · g` (Cauchy 1847).
    GradientDescent,

    /// `b ← momentum · b + g`, `p ← p − rate · b` (Polyak 1964).
    Momentum {
        /// What is kept of the last direction, from 0 up to 1.
        momentum: f64,
    },

    /// `b ← momentum · b + g`, `p ← p − rate · (g + momentum · b)` (Nesterov 1983, as Sutskever and
    /// others 2013 write it).
    Nesterov {
        /// What is kept of the last direction, from 0 up to 1.
        momentum: f64,
    },

    /// `v ← smoothing · v + (1 − smoothing) · g²`, `p ← p − rate · g / (√v + epsilon)` (Tieleman
    /// and Hinton 2012).
    RmsProp {
        /// What is kept of the last mean square, from 0 up to 1.
        smoothing: f64,
        /// What keeps the quotient finite.
        epsilon: f64,
    },

    /// `v ← v + g²`, `p ← p − rate · g / (√v + epsilon)` (Duchi, Hazan and Singer 2011).
    Adagrad {
        /// What keeps the quotient finite.
        epsilon: f64,
    },

    /// `m ← β₁ m + (1 − β₁) g`, `v ← β₂ v + (1 − β₂) g²`, both divided by `1 − βᵏ` at step k,
    /// `p ← p − rate · m̂ / (√v̂ + epsilon)` (Kingma and Ba 2015, algorithm 1).
    Adam {
        /// What is kept of the first and of the second moment, from 0 up to 1.
        betas: [f64; 2],
        /// What keeps the quotient finite.
        epsilon: f64,
    },

    /// [`Adam`](Rule::Adam), with weight decay beside the gradient: `p ← p − rate · decay · p`
    /// first (Loshchilov and Hutter 2019, algorithm 2).
    AdamW {
        /// As Adam's.
        betas: [f64; 2],
        /// As Adam's.
        epsilon: f64,
    },
}

impl Rule {
    /// The name in saved states and messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Rule::GradientDescent => "gradient_descent",
            Rule::Momentum { .. } => "momentum",
            Rule::Nesterov { .. } => "nesterov",
            Rule::RmsProp { .. } => "rms_prop",
            Rule::Adagrad { .. } => "adagrad",
            Rule::Adam { .. } => "adam",
            Rule::AdamW { .. } => "adam_w",
        }
    }

    /// How many numbers it keeps for each parameter; all are 0 at first.
    #[must_use]
    pub const fn kept(self) -> usize {
        match self {
            Rule::GradientDescent => 0,
            Rule::Momentum { .. } | Rule::Nesterov { .. } => 1,
            Rule::RmsProp { .. } | Rule::Adagrad { .. } => 1,
            Rule::Adam { .. } | Rule::AdamW { .. } => 2,
        }
    }

    pub(super) fn check(self) -> Result<(), OptimError> {
        let share = |setting, value: f64| match (0.0..1.0).contains(&value) {
            true => Ok(()),
            false => Err(OptimError::Setting { setting, value, expected: "from 0 up to below 1" }),
        };
        let positive = |value: f64| match value > 0.0 && value.is_finite() {
            true => Ok(()),
            false => Err(OptimError::Setting {
                setting: "epsilon",
                value,
                expected: "a finite number above 0",
            }),
        };
        match self {
            Rule::GradientDescent => Ok(()),
            Rule::Momentum { momentum } | Rule::Nesterov { momentum } => {
                share("momentum", momentum)
            }
            Rule::RmsProp { smoothing, epsilon } => {
                share("smoothing", smoothing).and_then(|()| positive(epsilon))
            }
            Rule::Adagrad { epsilon } => positive(epsilon),
            Rule::Adam { betas, epsilon } | Rule::AdamW { betas, epsilon } => {
                share("first beta", betas[0])?;
                share("second beta", betas[1])?;
                positive(epsilon)
            }
        }
    }

    /// `1 − βᵏ` of both moments at a step, counted from 0; 1 where there are none.
    pub(super) fn corrections(self, step: u64) -> [f64; 2] {
        match self {
            Rule::Adam { betas, .. } | Rule::AdamW { betas, .. } => {
                betas.map(|beta| 1.0 - Real::powf(beta, (step + 1) as f64))
            }
            _ => [1.0; 2],
        }
    }

    /// The statement: for a number and for a node.
    pub(super) fn moved<R: Real>(
        self,
        p: R,
        g: R,
        state: &mut [R],
        [rate, first, second]: [R; SCALARS],
    ) -> R {
        let like = |number: f64| p.like(number);
        match self {
            Rule::GradientDescent => p - rate * g,
            Rule::Momentum { momentum } => {
                state[0] = like(momentum) * state[0] + g;
                p - rate * state[0]
            }
            Rule::Nesterov { momentum } => {
                state[0] = like(momentum) * state[0] + g;
                p - rate * (g + like(momentum) * state[0])
            }
            Rule::RmsProp { smoothing, epsilon } => {
                state[0] = like(smoothing) * state[0] + like(1.0 - smoothing) * (g * g);
                p - rate * g / (state[0].sqrt() + like(epsilon))
            }
            Rule::Adagrad { epsilon } => {
                state[0] = state[0] + g * g;
                p - rate * g / (state[0].sqrt() + like(epsilon))
            }
            Rule::Adam { betas, epsilon } | Rule::AdamW { betas, epsilon } => {
                state[0] = like(betas[0]) * state[0] + like(1.0 - betas[0]) * g;
                state[1] = like(betas[1]) * state[1] + like(1.0 - betas[1]) * (g * g);
                let (m, v) = (state[0] / first, state[1] / second);
                p - rate * m / (v.sqrt() + like(epsilon))
            }
        }
    }
}
