//! Why a loss is lost, or stands still.

use std::fmt;

use serde::{Deserialize, Serialize};
use wengert::op::{Op, Unary};
use wengert::{Scalar, Tape};

use super::TrainerError;
use super::steps::{Manner, Turn};
use crate::nn::model::Model;

/// What keeps a model from learning.
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
            Warning::NoGradient => write!(f, "every element of the gradient is 0"),
        }
    }
}

/// What is wrong with a model that does not learn these rows.
pub(super) fn look<S: Scalar>(
    manner: Manner<'_, S>,
    model: &Model<S>,
    turn: &Turn<'_, S>,
) -> Result<Vec<Warning>, TrainerError> {
    let tape = manner.tape();
    let recorded = manner.record(&tape, model, turn)?;
    let mut warnings = Vec::new();
    for node in tape.nodes() {
        let Op::Unary(op @ (Unary::Relu | Unary::Sigmoid | Unary::Tanh)) = node.op else {
            continue;
        };
        let values: Vec<f64> = node
            .slots()
            .map(|slot| tape.value_at(wengert::node::NodeId::at(slot as u32)).to_f64())
            .collect();
        let units = values.len() / turn.rows.max(1);
        if units * turn.rows != values.len() || units == 0 {
            continue;
        }
        let scope = tape.scope_of(node.id);
        let label = tape.label(node.id);
        let place = if scope.is_empty() { label } else { scope };
        let place = format!("{} ({})", place, op.name());
        if op == Unary::Relu {
            let dead = |unit: &usize| values.iter().skip(*unit).step_by(units).all(|&y| y == 0.0);
            let dead = (0..units).filter(dead).count();
            if dead > 0 {
                warnings.push(Warning::DeadUnits { place, dead, of: units });
            }
            continue;
        }
        let low = if op == Unary::Sigmoid { 0.0 } else { -1.0 };
        let at_an_end = |y: &&f64| **y - low < 1e-3 || 1.0 - **y < 1e-3;
        let saturated = values.iter().filter(at_an_end).count();
        if 2 * saturated > values.len() {
            warnings.push(Warning::Saturated { place, saturated, of: values.len() });
        }
    }
    let largest = turn.features.iter().map(|x| x.to_f64().abs()).fold(0.0, f64::max);
    if largest > 20.0 {
        warnings.push(Warning::Unscaled { largest });
    }
    let gradients = recorded.loss.try_backward()?;
    if recorded.params.iter().all(|&var| gradients.values_wrt(var).iter().all(|g| g.is_zero())) {
        warnings.push(Warning::NoGradient);
    }
    Ok(warnings)
}

/// The first node of a step that is not finite, in words.
pub(super) fn first_not_finite<S: Scalar>(
    manner: Manner<'_, S>,
    model: &Model<S>,
    turn: &Turn<'_, S>,
) -> Result<Option<String>, TrainerError> {
    let tape: Tape<S> = manner.tape();
    let recorded = manner.record(&tape, model, turn)?;
    for node in tape.nodes() {
        // Constants can be infinite by intent: a mask.
        if node.op == Op::Leaf(wengert::Leaf::Const) {
            continue;
        }
        let bad = node
            .slots()
            .map(|slot| wengert::node::NodeId::at(slot as u32))
            .find(|&slot| !tape.value_at(slot).is_finite());
        if let Some(slot) = bad {
            let (label, value) = (tape.label(slot), tape.value_at(slot).to_f64());
            let what = match node.op {
                Op::Leaf(_) => "a parameter".to_owned(),
                op => format!("the first node that is not finite, of {op}"),
            };
            return Ok(Some(format!("{label} is {value:?}, {what}")));
        }
    }
    let gradients = recorded.loss.try_backward()?;
    for (block, &var) in model.params().zip(&recorded.params) {
        if gradients.values_wrt(var).iter().any(|g| !g.is_finite()) {
            return Ok(Some(format!(
                "the values are finite, the gradient of {} is not",
                block.name
            )));
        }
    }
    Ok(None)
}
