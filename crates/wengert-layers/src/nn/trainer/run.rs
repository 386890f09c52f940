//! The loop of a training.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::Ordering;

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use wengert::program::Compile;
use wengert::{Leaf, Scalar};

use super::history::{Ended, EpochReport, History};
use super::parallel::OverThreads;
use super::steps::{InPrograms, Manner, OnFreshTapes, OnOneTape, Steps, Turn, Work, moving};
use super::{Trainer, TrainerError, diagnose};
use crate::nn::model::Model;
use crate::nn::table::Table;
use crate::train::Passes;
use crate::warning;

/// Rows that are looked at where something is wrong, and at a time where a table is checked.
const LOOKED_AT: usize = 256;

/// The numbers of some rows.
struct Rows<S> {
    features: Vec<S>,
    targets: Vec<S>,
    room: Vec<f64>,
}

impl<S: Scalar> Rows<S> {
    fn none() -> Self {
        Rows { features: Vec::new(), targets: Vec::new(), room: Vec::new() }
    }

    fn take(&mut self, table: &Table, rows: &[usize], outputs: usize) {
        table.features_of(rows, &mut self.room);
        self.features.clear();
        self.features.extend(self.room.iter().map(|&x| S::from_f64(x)));
        table.targets_of(rows, outputs, &mut self.room);
        self.targets.clear();
        self.targets.extend(self.room.iter().map(|&x| S::from_f64(x)));
    }

    fn turn(&self, rows: usize, seed: u64) -> Turn<'_, S> {
        Turn { features: &self.features, targets: &self.targets, rows, seed }
    }
}

impl<S: Compile> Trainer<'_, S> {
    /// Trains a model on a table.
    ///
    /// # Errors
    ///
    /// [`TrainerError`]: before the first step for what cannot be learnt, with nothing changed;
    /// [`TrainerError::Lost`] where the loss is no number any more, saying why, the model having
    /// the parameters of the beginning of that epoch.
    pub fn train(&mut self, model: &mut Model<S>, table: &Table) -> Result<History, TrainerError> {
        self.optimiser.check()?;
        let batch = self.batch.unwrap_or(32.min(table.len()));
        if batch == 0 || batch > table.len() {
            return Err(TrainerError::Batch { batch, rows: table.len() });
        }
        let outputs = outputs(model, table)?;
        check_numbers(table)?;
        if let Some(validation) = self.validation {
            check_alike(table, validation)?;
            check_numbers(validation)?;
        }
        let count: usize = moving(model).into_iter().map(|i| model.blocks()[i].len).sum();
        if count == 0 {
            return Err(TrainerError::NothingToLearn);
        }
        let mut stepper = self.optimiser.start(count);
        if let Some(state) = &self.state {
            stepper.resume(state)?;
        }
        let manner = Manner {
            loss: &*self.loss,
            l1: self.l1,
            l2: self.l2,
            width: table.width(),
            outputs,
            numerics: self.numerics,
        };
        let tapes = [manner.tape(), manner.tape()];
        let mut steps: Box<dyn Steps<S> + '_> = match (self.threads, self.passes) {
            (Some(threads), _) => {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
                let pool = pool.map_err(|error| TrainerError::Threads {
                    threads,
                    reason: error.to_string(),
                })?;
                Box::new(OverThreads {
                    manner,
                    pool,
                    part: batch.div_ceil(8).max(8),
                    programs: BTreeMap::new(),
                })
            }
            (None, Passes::Recorded) => Box::new(OnFreshTapes { manner, tape: manner.tape() }),
            (None, Passes::Replayed) => {
                Box::new(OnOneTape { manner, tapes: &tapes, kept: Vec::new() })
            }
            (None, Passes::Compiled) => {
                Box::new(InPrograms { manner, programs: BTreeMap::new(), last: None })
            }
        };
        model.set_threshold(self.loss.threshold());
        let stop = self.stop.clone();
        let stopped = || stop.as_ref().is_some_and(|stop| stop.load(Ordering::SeqCst));
        let shown = self.show.start(self.from + self.epochs);
        let mut history = History {
            epochs: Vec::with_capacity(self.epochs),
            kept: None,
            ended: Ended::AfterAllEpochs,
            warnings: Vec::new(),
            state: stepper.state(),
        };
        let mut best: Option<(f64, Vec<S>)> = None;
        let mut since_best = 0;
        let mut work = Work { model, stepper };
        let mut rows = Rows::none();
        'epochs: for epoch in self.from..self.from + self.epochs {
            let before = (work.model.values().to_vec(), work.stepper.clone());
            let order = Order::of(self.seed, epoch, table.len(), batch);
            let mut sum = 0.0;
            for (k, (part, seed)) in order.batches().enumerate() {
                if stopped() {
                    steps.deliver(&mut work);
                    history.ended = Ended::Interrupted;
                    break 'epochs;
                }
                rows.take(table, part, outputs);
                let loss = steps.step(&mut work, &rows.turn(part.len(), seed))?;
                if !loss.is_finite() {
                    let lost = Lost { epoch, batch: k, loss };
                    return Err(lost.explain(manner, &mut work, before, table, &order));
                }
                sum += loss * part.len() as f64;
            }
            steps.deliver(&mut work);
            if work.model.values().iter().any(|value| !value.is_finite()) {
                let lost = Lost { epoch, batch: order.count() - 1, loss: f64::NAN };
                return Err(lost.explain(manner, &mut work, before, table, &order));
            }
            let mut report = EpochReport {
                epoch,
                rate: self.optimiser.rate_at(work.stepper.steps().saturating_sub(1)),
                loss: sum / table.len() as f64,
                validation: None,
                accuracy: None,
            };
            if let Some(validation) = self.validation {
                let answers = work.model.answers(validation)?;
                report.accuracy = validation.labels().is_some().then(|| answers.accuracy());
                report.validation = Some(checked(manner, work.model, validation)?);
            }
            history.epochs.push(report);
            shown.epoch(&report);
            let monitored = report.validation.unwrap_or(report.loss);
            // A loss that is no number is never the best one.
            if best.as_ref().is_none_or(|(least, _)| monitored < *least) {
                history.kept = Some(epoch);
                since_best = 0;
                let values = if self.validation.is_some() {
                    work.model.values()
                } else {
                    Default::default()
                };
                best = Some((monitored, values.to_vec()));
            } else {
                since_best += 1;
            }
            if let Some(callback) = &mut self.callback
                && let ControlFlow::Break(()) = callback(&report)
            {
                history.ended = Ended::ByCallback;
                break;
            }
            if self.patience.is_some_and(|patience| since_best >= patience) {
                history.ended = Ended::OutOfPatience;
                break;
            }
        }
        shown.finish();
        history.state = work.stepper.state();
        if let (Some(_), Some((_, values))) = (self.validation, best) {
            work.model.values_mut().copy_from_slice(&values);
        } else {
            history.kept = history.epochs.last().map(|report| report.epoch);
        }
        if let [first, .., last] = &history.epochs[..] {
            let still = warning::stands_still(first.loss, last.loss, history.epochs.len());
            let some: Vec<usize> = (0..table.len().min(LOOKED_AT)).collect();
            rows.take(table, &some, outputs);
            let turn = rows.turn(some.len(), 0);
            let found = diagnose::look(manner, work.model, &turn, still.is_some())?;
            history.warnings.extend(still.into_iter().chain(found));
        }
        Ok(history)
    }
}

/// The rows of an epoch in their order.
struct Order {
    rows: Vec<usize>,
    seeds: Vec<u64>,
    batch: usize,
}

impl Order {
    fn of(seed: u64, epoch: usize, count: usize, batch: usize) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(epoch as u64);
        let mut rows: Vec<usize> = (0..count).collect();
        rows.shuffle(&mut rng);
        let seeds = (0..count.div_ceil(batch)).map(|_| rng.random()).collect();
        Order { rows, seeds, batch }
    }

    fn count(&self) -> usize {
        self.seeds.len()
    }

    fn batches(&self) -> impl Iterator<Item = (&[usize], u64)> {
        self.rows.chunks(self.batch).zip(self.seeds.iter().copied())
    }
}

/// A loss that is no number, and when.
struct Lost {
    epoch: usize,
    batch: usize,
    loss: f64,
}

impl Lost {
    /// Goes through the epoch again, on fresh tapes, up to the first step that is not finite.
    fn explain<S: Scalar>(
        self,
        manner: Manner<'_, S>,
        work: &mut Work<'_, S>,
        (values, stepper): (Vec<S>, crate::nn::optim::Stepper<S>),
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
            match diagnose::first_not_finite(manner, work.model, &turn) {
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

/// The loss of a table, without penalties and dropout, averaged over its rows.
fn checked<S: Scalar>(
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
fn outputs<S: Scalar>(model: &Model<S>, table: &Table) -> Result<usize, TrainerError> {
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

fn check_alike(table: &Table, other: &Table) -> Result<(), TrainerError> {
    let of = |table: &Table| format!("{} features, {}", table.width(), kind(table));
    let (expected, found) = (of(table), of(other));
    match expected == found {
        true => Ok(()),
        false => Err(TrainerError::Validation { expected, found }),
    }
}

fn check_numbers(table: &Table) -> Result<(), TrainerError> {
    let place = |numbers: &[f64], names: &[String]| {
        let bad = numbers.iter().position(|number| !number.is_finite())?;
        let (row, column) = (bad / names.len(), names[bad % names.len()].clone());
        Some(TrainerError::NotFinite { row, column, value: numbers[bad] })
    };
    let features = place(table.features(), table.feature_names());
    let numbers = table.numbers().and_then(|numbers| place(numbers, table.target_names()));
    features.or(numbers).map_or(Ok(()), Err)
}
