//! What is asked of a table and a model before the first step, and of them after every epoch.

use wengert::{Leaf, Scalar};

use super::TrainerError;
use super::rows::Rows;
use super::steps::Manner;
use crate::nn::model::Model;
use crate::nn::table::Table;

/// Rows that are looked at where something is wrong, and at a time where a table is checked.
pub(super) const LOOKED_AT: usize = 256;

/// The loss of a table, without penalties and dropout, averaged over its rows.
pub(super) fn loss<S: Scalar>(
    manner: Manner<'_, S>,
    model: &Model<S>,
    table: &Table,
) -> Result<f64, TrainerError> {
    let mut tape = manner.tape();
    let (mut rows, mut sum) = (Rows::none(), 0.0);
    let all: Vec<usize> = (0..table.len()).collect();
    for part in all.chunks(LOOKED_AT) {
        tape.clear();
        rows.take(table, part, manner.outputs);
        let x = tape.tensor(Leaf::Data, &rows.features, [part.len(), manner.width])?;
        let target = tape.tensor(Leaf::Data, &rows.targets, [part.len(), manner.outputs])?;
        let loss = manner.loss.record(model.record(x)?.output, target)?;
        sum += loss.value().to_f64() * part.len() as f64;
    }
    Ok(sum / table.len() as f64)
}

/// The outputs of a model for a row of a table, if they fit its targets.
pub(super) fn outputs<S: Scalar>(model: &Model<S>, table: &Table) -> Result<usize, TrainerError> {
    let row: Vec<S> =
        table.row(0).iter().map(|&x| S::from_f64(if x.is_finite() { x } else { 0.0 })).collect();
    let outputs = model.answer(&row, &[table.width()])?.len();
    if table.fits(outputs) {
        return Ok(outputs);
    }
    Err(TrainerError::Outputs { outputs, targets: kind(table) })
}

fn kind(table: &Table) -> String {
    match table.labels() {
        Some(_) => format!("{} classes", table.class_names().len()),
        None => format!("{} targets", table.target_names().len()),
    }
}

pub(super) fn alike(table: &Table, other: &Table) -> Result<(), TrainerError> {
    let of = |table: &Table| format!("{} features, {}", table.width(), kind(table));
    let (expected, found) = (of(table), of(other));
    match expected == found {
        true => Ok(()),
        false => Err(TrainerError::Validation { expected, found }),
    }
}

pub(super) fn numbers(table: &Table) -> Result<(), TrainerError> {
    let place = |numbers: &[f64], names: &[String]| {
        let bad = numbers.iter().position(|number| !number.is_finite())?;
        let (row, column) = (bad / names.len(), names[bad % names.len()].clone());
        Some(TrainerError::NotFinite { row, column, value: numbers[bad] })
    };
    let features = place(table.features(), table.feature_names());
    let numbers = table.numbers().and_then(|numbers| place(numbers, table.target_names()));
    features.or(numbers).map_or(Ok(()), Err)
}
