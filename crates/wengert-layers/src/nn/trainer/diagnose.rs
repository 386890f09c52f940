//! Why a loss is lost, or stands still.

use wengert::op::Op;
use wengert::{Leaf, Scalar, Tape};

use super::TrainerError;
use super::rows::{Order, Rows};
use super::steps::{Manner, OnFreshTapes, Steps, Turn, Work};
use crate::nn::model::Model;
use crate::nn::optim::Stepper;
use crate::nn::table::Table;
use crate::warning::{self, Warning};

/// What is wrong with a model that does not learn these rows.
pub(super) fn look<S: Scalar>(
    manner: Manner<'_, S>,
    model: &Model<S>,
    turn: &Turn<'_, S>,
    stands_still: bool,
) -> Result<Vec<Warning>, TrainerError> {
    // As an answer: dropout would make rows differ that do not.
    let tape = manner.tape();
    let x = tape.tensor(Leaf::Data, turn.features, [turn.rows, manner.width])?;
    let output = model.record(x)?.output;
    let mut warnings = warning::stuck(&tape, turn.rows, stands_still);
    warnings.extend(warning::same_answer(x, output, turn.rows));
    if warnings.is_empty() && !stands_still {
        return Ok(warnings);
    }
    warnings.extend(warning::unscaled(turn.features));
    let tape = manner.tape();
    let recorded = manner.record(&tape, model, turn)?;
    let gradients = recorded.loss.try_backward()?;
    if recorded.params.iter().all(|&var| gradients.values_wrt(var).iter().all(|g| g.is_zero())) {
        warnings.push(Warning::NoGradient);
    }
    Ok(warnings)
}

/// The first node of a step that is not finite, in words.
fn first_not_finite<S: Scalar>(
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

/// A loss that is no number, and when.
pub(super) struct Lost {
    pub(super) epoch: usize,
    pub(super) batch: usize,
    pub(super) loss: f64,
}

impl Lost {
    /// Goes through the epoch again, on fresh tapes, up to the first step that is not finite.
    pub(super) fn explain<S: Scalar>(
        self,
        manner: Manner<'_, S>,
        work: &mut Work<'_, S>,
        (values, stepper): (Vec<S>, Stepper<S>),
        table: &Table,
        order: &Order,
    ) -> TrainerError {
        work.model.values_mut().copy_from_slice(&values);
        work.stepper = stepper;
        let mut again = OnFreshTapes { manner, tape: manner.tape() };
        let (mut rows, mut why) = (Rows::none(), None);
        let mut at = self.batch;
        for (k, (part, seed)) in order.batches().enumerate() {
            rows.take(table, part, manner.outputs);
            let turn = rows.turn(part.len(), seed);
            match first_not_finite(manner, work.model, &turn) {
                Ok(None) => {}
                Ok(found) => {
                    (why, at) = (found, k);
                    break;
                }
                Err(error) => return error,
            }
            if let Err(error) = again.step(work, &turn) {
                return error;
            }
        }
        work.model.values_mut().copy_from_slice(&values);
        let mut why = why.unwrap_or_else(|| "a parameter became infinite".to_owned());
        match warning::unscaled(&rows.features) {
            Some(unscaled) => why = format!("{why}; {unscaled}"),
            None => why.push_str("; a smaller rate, or clipping, may help"),
        }
        TrainerError::Lost { epoch: self.epoch, batch: at, loss: self.loss, why }
    }
}
