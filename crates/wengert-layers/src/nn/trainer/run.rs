//! The loop of a training.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::Ordering;

use wengert::Scalar;
use wengert::program::Compile;

use super::check::{self, LOOKED_AT};
use super::checkpoint::{Best, Checkpoint};
use super::diagnose::{self, Lost};
use super::engine::{self, ByEngine, StepOnTape};
use super::history::{Ended, EpochReport, History};
use super::parallel::OverThreads;
use super::rows::{Order, Rows};
use super::search::{self, InSearch};
use super::steps::{InPrograms, Manner, OnFreshTapes, OnOneTape, Steps, Work, moving};
use super::{Method, Trainer, TrainerError};
use crate::nn::model::Model;
use crate::nn::optim::{Optimiser, State};
use crate::nn::table::Table;
use crate::train::Passes;
use crate::warning;

/// A training between two epochs.
struct Standing<S> {
    /// The numbers of the model, and what the optimiser has come to, after the last epoch.
    values: Vec<S>,
    state: State,
    best: Option<Best>,
    /// The least loss so far, and the epochs since.
    least: f64,
    since_least: usize,
}

impl<S: Compile> Trainer<'_, S> {
    /// Trains a model on a table.
    ///
    /// # Errors
    ///
    /// [`TrainerError`]: before the first step for what cannot be learnt, with nothing changed;
    /// [`TrainerError::Lost`] where the loss is no number any more, saying why, the model having
    /// the parameters of the beginning of that epoch; [`TrainerError::Keep`] where a checkpoint
    /// cannot be written, the model having what was learnt.
    pub fn train(&mut self, model: &mut Model<S>, table: &Table) -> Result<History, TrainerError> {
        let batch = self.checked(model, table)?;
        let outputs = check::outputs(model, table)?;
        let manner = Manner {
            loss: &*self.loss,
            l1: self.l1,
            l2: self.l2,
            width: table.width(),
            outputs,
            numerics: self.numerics,
        };
        let count: usize = moving(model).into_iter().map(|i| model.blocks()[i].len).sum();
        if count == 0 {
            return Err(TrainerError::NothingToLearn);
        }
        let optimiser = match self.method {
            Method::Steps(optimiser) => optimiser,
            Method::Search(_) => Optimiser::gradient_descent(1.0), // never asked
        };
        let mut stepper = optimiser.start(count);
        if let Some(checkpoint) = &self.from {
            match self.method {
                Method::Steps(_) => stepper.resume(&checkpoint.state)?,
                Method::Search(_) => search::check(&checkpoint.state, count)?,
            }
        }
        let tapes = [manner.tape(), manner.tape()];
        let way = (self.method, self.threads, self.passes, self.engine);
        let mut steps: Box<dyn Steps<S> + '_> = match way {
            (Method::Search(_), .., Some(_)) => {
                let reason = "L-BFGS searches along lines, and an engine makes steps".to_owned();
                return Err(TrainerError::Engine { reason });
            }
            (.., Some(engine)) => {
                Box::new(ByEngine { manner, engine, steps: BTreeMap::new(), last: None })
            }
            (Method::Search(settings), threads, ..) => Box::new(InSearch {
                over: OverThreads::new(manner, threads.unwrap_or(1), table.len())?,
                settings,
                resumed: self.from.as_ref().map(|checkpoint| checkpoint.state.clone()),
                search: None,
                steps: 0,
                done: false,
            }),
            (_, Some(threads), ..) => Box::new(OverThreads::new(manner, threads, batch)?),
            (_, None, Passes::Recorded, _) => {
                Box::new(OnFreshTapes { manner, tape: manner.tape() })
            }
            (_, None, Passes::Replayed, _) => {
                Box::new(OnOneTape { manner, tapes: &tapes, kept: Vec::new() })
            }
            (_, None, Passes::Compiled, _) => {
                Box::new(InPrograms { manner, programs: BTreeMap::new(), last: None })
            }
        };
        if let Some(checkpoint) = &self.from {
            checkpoint.set(model)?;
        }
        model.set_threshold(self.loss.threshold());
        let mut work = Work { model, stepper };
        let mut standing = Standing::begin(&work, &*steps, self.from.as_ref());
        let mut reports = self.from.as_ref().map_or_else(Vec::new, |from| from.epochs.clone());
        let shown = self.show.start(self.epochs);
        let stop = self.stop.clone();
        let stopped = || stop.as_ref().is_some_and(|stop| stop.load(Ordering::SeqCst));
        let (mut ended, mut rows) = (Ended::AfterAllEpochs, Rows::none());
        'epochs: for epoch in reports.len()..self.epochs {
            let before = (standing.values.clone(), work.stepper.clone());
            let order = match self.method {
                Method::Steps(_) => Order::of(self.seed, epoch, table.len(), batch),
                Method::Search(_) => Order::of_all(self.seed, table.len()),
            };
            let mut sum = 0.0;
            for (k, (part, seed)) in order.batches().enumerate() {
                if stopped() {
                    steps.deliver(&mut work)?;
                    ended = Ended::Interrupted;
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
            steps.deliver(&mut work)?;
            if work.model.values().iter().any(|value| !value.is_finite()) {
                let lost = Lost { epoch, batch: order.count() - 1, loss: f64::NAN };
                return Err(lost.explain(manner, &mut work, before, table, &order));
            }
            let mut report = EpochReport {
                epoch,
                rate: steps.rate(&work),
                loss: sum / table.len() as f64,
                validation: None,
                accuracy: None,
            };
            if let Some(validation) = self.validation {
                let answers = work.model.answers(validation)?;
                report.accuracy = validation.labels().is_some().then(|| answers.accuracy());
                report.validation = Some(check::loss(manner, work.model, validation)?);
            }
            reports.push(report);
            shown.epoch(&report);
            standing.take(&work, &*steps, &report);
            if let Some((path, every)) = &self.file
                && (epoch + 1).is_multiple_of(*every)
            {
                standing.checkpoint(work.model, &reports).save(path)?;
            }
            if let Some(callback) = &mut self.callback
                && let ControlFlow::Break(()) = callback(&report)
            {
                ended = Ended::ByCallback;
                break;
            }
            if steps.is_done() {
                ended = Ended::Converged;
                break;
            }
            if self.patience.is_some_and(|patience| standing.since_least >= patience) {
                ended = Ended::OutOfPatience;
                break;
            }
        }
        shown.finish();
        drop(steps);
        let Work { model, .. } = work;
        let checkpoint = standing.checkpoint(model, &reports);
        if let Some((path, _)) = &self.file {
            checkpoint.save(path)?;
        }
        let mut kept = reports.last().map(|report| report.epoch);
        if let (Some(_), Some(Best { epoch, values, .. })) = (self.validation, &standing.best) {
            kept = Some(*epoch);
            for (value, &best) in model.values_mut().iter_mut().zip(values) {
                *value = S::from_f64(best);
            }
        }
        let mut warnings = Vec::new();
        if let [first, .., last] = &reports[..] {
            let still = warning::stands_still(first.loss, last.loss, reports.len());
            let some: Vec<usize> = (0..table.len().min(LOOKED_AT)).collect();
            rows.take(table, &some, outputs);
            let turn = rows.turn(some.len(), 0);
            let found = diagnose::look(manner, model, &turn, still.is_some())?;
            warnings.extend(still.into_iter().chain(found));
        }
        Ok(History { epochs: reports, kept, ended, warnings, checkpoint })
    }

    /// Records the step of the first batch, as an [`Engine`](super::Engine) is given it, and hands it
    /// to `f`: to export it, or to look at it.
    ///
    /// # Errors
    ///
    /// As [`train`](Trainer::train) before its first step.
    pub fn record_step<R>(
        &self,
        model: &mut Model<S>,
        table: &Table,
        f: impl FnOnce(&StepOnTape<'_, S>) -> R,
    ) -> Result<R, TrainerError> {
        let batch = self.checked(model, table)?;
        let outputs = check::outputs(model, table)?;
        let manner = self.manner(table, outputs);
        let count: usize = moving(model).into_iter().map(|i| model.blocks()[i].len).sum();
        let Method::Steps(optimiser) = self.method else {
            let reason = "L-BFGS has no step of one batch".to_owned();
            return Err(TrainerError::Engine { reason });
        };
        let mut rows = Rows::none();
        let order = Order::of(self.seed, 0, table.len(), batch);
        let Some((part, seed)) = order.batches().next() else {
            return Err(TrainerError::Batch { batch, rows: table.len() });
        };
        rows.take(table, part, outputs);
        let work = Work { model, stepper: optimiser.start(count) };
        let tape = manner.tape();
        let step = engine::recorded(&tape, manner, &work, &rows.turn(part.len(), seed))?;
        Ok(f(&step))
    }

    fn manner(&self, table: &Table, outputs: usize) -> Manner<'_, S> {
        Manner {
            loss: &*self.loss,
            l1: self.l1,
            l2: self.l2,
            width: table.width(),
            outputs,
            numerics: self.numerics,
        }
    }

    /// Refuses what cannot be learnt; returns the rows of a batch.
    fn checked(&self, model: &Model<S>, table: &Table) -> Result<usize, TrainerError> {
        match self.method {
            Method::Steps(optimiser) => optimiser.check()?,
            Method::Search(search) => search.check()?,
        }
        let batch = self.batch.unwrap_or(32.min(table.len()));
        if batch == 0 || batch > table.len() {
            return Err(TrainerError::Batch { batch, rows: table.len() });
        }
        check::outputs(model, table)?;
        check::numbers(table)?;
        if let Some(validation) = self.validation {
            check::alike(table, validation)?;
            check::numbers(validation)?;
        }
        Ok(batch)
    }
}

impl<S: Scalar> Standing<S> {
    fn begin(work: &Work<'_, S>, steps: &dyn Steps<S>, from: Option<&Checkpoint>) -> Self {
        let mut standing = Standing {
            values: work.model.values().to_vec(),
            state: steps.state(work),
            best: None,
            least: f64::INFINITY,
            since_least: 0,
        };
        if let Some(checkpoint) = from {
            standing.state = checkpoint.state.clone();
            checkpoint.epochs.iter().for_each(|report| standing.count(report));
            standing.best = checkpoint.best.clone();
        }
        standing
    }

    /// Whether this epoch is the best one so far. A loss that is no number never is.
    fn count(&mut self, report: &EpochReport) {
        let monitored = report.validation.unwrap_or(report.loss);
        if monitored < self.least {
            (self.least, self.since_least) = (monitored, 0);
        } else {
            self.since_least += 1;
        }
    }

    /// After an epoch.
    fn take(&mut self, work: &Work<'_, S>, steps: &dyn Steps<S>, report: &EpochReport) {
        self.values.copy_from_slice(work.model.values());
        self.state = steps.state(work);
        self.count(report);
        if let (Some(loss), 0) = (report.validation, self.since_least) {
            let values = work.model.values().iter().map(|value| value.to_f64()).collect();
            self.best = Some(Best { epoch: report.epoch, loss, values });
        }
    }

    fn checkpoint(&self, model: &Model<S>, epochs: &[EpochReport]) -> Checkpoint {
        Checkpoint::of(model, &self.values, self.state.clone(), epochs, self.best.as_ref())
    }
}
