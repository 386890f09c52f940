//! Why a loss is lost, or stands still.

use wengert::op::Op;
use wengert::{Leaf, Scalar, Tape};

use super::TrainerError;
use super::steps::{Manner, Turn};
use crate::nn::model::Model;
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
