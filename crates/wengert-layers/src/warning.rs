//! What keeps a network from learning, read off the nodes of a pass.

use std::fmt;

use serde::{Deserialize, Serialize};
use wengert::node::NodeId;
use wengert::op::{Op, Unary};
use wengert::{Scalar, Tape, Var};

/// What keeps a network from learning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Warning {
    /// The loss of the last epoch is not below that of the first.
    StandsStill {
        /// The loss of the first epoch.
        first: f64,
        /// The loss of the last.
        last: f64,
    },
    /// Units of a relu that are 0 for every row looked at: no gradient passes, and none will.
    DeadUnits {
        /// The layer's scope, or the node.
        place: String,
        /// How many.
        dead: usize,
        /// Of how many.
        of: usize,
    },
    /// Outputs of a sigmoid or tanh within 1e-3 of an end: almost no gradient passes.
    Saturated {
        /// The layer's scope, or the node.
        place: String,
        /// How many, over all rows looked at.
        saturated: usize,
        /// Of how many.
        of: usize,
    },
    /// Features far from the size of 1.
    Unscaled {
        /// The largest magnitude of a feature.
        largest: f64,
    },
    /// Rows that differ are answered alike: to 1e-6 of the outputs.
    SameAnswer {
        /// How many rows were looked at.
        rows: usize,
    },
    /// Every element of the gradient is 0.
    NoGradient,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warning::StandsStill { first, last } => {
                write!(
                    f,
                    "the loss stands still: {first:.6} in the first epoch, {last:.6} in the last"
                )
            }
            Warning::DeadUnits { place, dead, of } => {
                write!(f, "{dead} of {of} units of {place} are dead: 0 for every row")
            }
            Warning::Saturated { place, saturated, of } => {
                write!(
                    f,
                    "{saturated} of {of} outputs of {place} are saturated: within 1e-3 of an end"
                )
            }
            Warning::Unscaled { largest } => {
                write!(f, "features are as large as {largest:.3e}: scale them (Scaling::standard)")
            }
            Warning::SameAnswer { rows } => {
                write!(f, "all {rows} rows get the same answer, whatever their features")
            }
            Warning::NoGradient => write!(f, "every element of the gradient is 0"),
        }
    }
}

/// From which size on features are said to be too large.
const LARGE: f64 = 20.0;

/// Features that should be scaled.
pub(crate) fn unscaled<S: Scalar>(features: &[S]) -> Option<Warning> {
    let largest = features.iter().map(|x| x.to_f64().abs()).fold(0.0, f64::max);
    (largest > LARGE).then_some(Warning::Unscaled { largest })
}

/// Whether a loss is where it was, after some epochs.
pub(crate) fn stands_still(first: f64, last: f64, epochs: usize) -> Option<Warning> {
    (epochs >= 5 && last >= 0.99 * first).then_some(Warning::StandsStill { first, last })
}

/// The activations of a recorded pass of so many rows that pass no gradient on. Layers of which
/// only a part is dead or saturated are told where the loss stands still: a network that learns has
/// such, too.
pub(crate) fn stuck<S: Scalar>(tape: &Tape<S>, rows: usize, stands_still: bool) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for node in tape.nodes() {
        let Op::Unary(op @ (Unary::Relu | Unary::Sigmoid | Unary::Tanh)) = node.op else {
            continue;
        };
        let value = |slot: usize| tape.value_at(NodeId::at(slot as u32)).to_f64();
        let values: Vec<f64> = node.slots().map(value).collect();
        let units = values.len() / rows.max(1);
        if units * rows != values.len() || units == 0 {
            continue;
        }
        let (scope, label) = (tape.scope_of(node.id), tape.label(node.id));
        let place = format!("{} ({})", if scope.is_empty() { label } else { scope }, op.name());
        if op == Unary::Relu {
            let dead = |unit: &usize| values.iter().skip(*unit).step_by(units).all(|&y| y == 0.0);
            let dead = (0..units).filter(dead).count();
            if dead == units || dead > 0 && stands_still {
                warnings.push(Warning::DeadUnits { place, dead, of: units });
            }
            continue;
        }
        let low = if op == Unary::Sigmoid { 0.0 } else { -1.0 };
        let at_an_end = |y: &&f64| **y - low < 1e-3 || 1.0 - **y < 1e-3;
        let saturated = values.iter().filter(at_an_end).count();
        if stands_still && 2 * saturated > values.len() {
            warnings.push(Warning::Saturated { place, saturated, of: values.len() });
        }
    }
    warnings
}

/// Rows that differ, and whose answers do not.
pub(crate) fn same_answer<S: Scalar>(
    x: Var<'_, S>,
    output: Var<'_, S>,
    rows: usize,
) -> Option<Warning> {
    let spread = |values: &[S]| {
        let width = values.len() / rows.max(1);
        let (first, rest) = values.split_at(width);
        let mut pairs = rest.iter().enumerate().map(|(i, y)| (y.to_f64(), first[i % width]));
        pairs.any(|(y, first)| {
            let first = first.to_f64();
            (y - first).abs() > 1e-6 * first.abs().max(1e-6)
        })
    };
    (rows > 1 && spread(&x.values()) && !spread(&output.values()))
        .then_some(Warning::SameAnswer { rows })
}
