//! Steps that something else computes: another compiler, another device.

use std::collections::BTreeMap;

use wengert::program::Compile;
use wengert::{Leaf, Scalar, Tape, Var};

use super::TrainerError;
use super::steps::{Manner, Steps, Turn, Work, draw, moving};
use crate::nn::optim::Block;

/// A step of training as nodes: loss, gradient and the optimiser's step.
#[derive(Debug)]
pub struct StepOnTape<'t, S: Scalar = f64> {
    /// The tape that it stands on.
    pub tape: &'t Tape<S>,
    /// The loss before the step.
    pub loss: Var<'t, S>,
    /// What is given to every step, in this order: the features and the targets of its rows, whose
    /// first axis is the rows; random numbers; what the optimiser counts.
    pub given: Vec<Var<'t, S>>,
    /// How many of `given` have a row of the table in each row: the features and the targets.
    pub per_row: usize,
    /// What goes on from step to step, each with what it becomes: parameters, and what the
    /// optimiser keeps of them.
    pub kept: Vec<(Var<'t, S>, Var<'t, S>)>,
}

/// Something that computes steps of training in the place of this crate: a way of a pass, chosen by
/// [`Trainer::engine`](super::Trainer::engine). `wengert-pjrt` has one that is XLA.
pub trait Engine<S: Scalar> {
    /// Takes a step in. It is called once for each number of rows in a batch; the tape is gone
    /// afterwards.
    ///
    /// # Errors
    ///
    /// Why it cannot, in words.
    fn prepare(&self, step: &StepOnTape<'_, S>) -> Result<Box<dyn EngineStep<S> + '_>, String>;
}

/// A step that an [`Engine`] has taken in, with the numbers that it keeps.
pub trait EngineStep<S: Scalar> {
    /// Sets what goes on from step to step, in the order of [`StepOnTape::kept`].
    ///
    /// # Errors
    ///
    /// Why it cannot, in words.
    fn set(&mut self, kept: &[&[S]]) -> Result<(), String>;

    /// Makes a step, of numbers in the order of [`StepOnTape::given`], and returns the loss before
    /// it.
    ///
    /// # Errors
    ///
    /// Why it cannot, in words.
    fn step(&mut self, given: &[&[S]]) -> Result<S, String>;

    /// What goes on, as it is now.
    ///
    /// # Errors
    ///
    /// Why it cannot, in words.
    fn kept(&self) -> Result<Vec<Vec<S>>, String>;
}

/// Records a step for so many rows.
pub(super) fn recorded<'t, S: Compile>(
    tape: &'t Tape<S>,
    manner: Manner<'_, S>,
    work: &Work<'_, S>,
    turn: &Turn<'_, S>,
) -> Result<StepOnTape<'t, S>, TrainerError> {
    let recorded = manner.record(tape, work.model, turn)?;
    let moving = moving(work.model);
    let params: Vec<Var<'t, S>> = moving.iter().map(|&i| recorded.params[i]).collect();
    let gradients = recorded.loss.record_gradient(&params)?;
    let mut blocks = Vec::with_capacity(moving.len());
    for ((&i, &params), gradient) in moving.iter().zip(&params).zip(gradients) {
        let gradient = match gradient {
            Some(gradient) => gradient,
            // No path leads to it.
            None => {
                let zeros = vec![S::from_f64(0.0); params.len()];
                tape.tensor(Leaf::Const, &zeros, params.shape())?
            }
        };
        blocks.push(Block { params, gradient, decays: work.model.blocks()[i].decays });
    }
    let step = work.stepper.optimiser().record(tape, &blocks)?;
    let mut kept = Vec::new();
    for (i, block) in blocks.iter().enumerate() {
        kept.push((block.params, step.params[i]));
        kept.extend(step.kept[i].iter().copied().zip(step.next[i].iter().copied()));
    }
    let mut given = vec![recorded.x(), recorded.target()];
    given.extend(recorded.noise());
    given.extend(step.scalars);
    Ok(StepOnTape { tape, loss: recorded.loss, given, per_row: 2, kept })
}

/// Steps by an engine, one taken in for each number of rows. The numbers stay in the last one.
pub(super) struct ByEngine<'a, S: Scalar> {
    pub(super) manner: Manner<'a, S>,
    pub(super) engine: &'a dyn Engine<S>,
    pub(super) steps: BTreeMap<usize, Taken<'a, S>>,
    pub(super) last: Option<usize>,
}

pub(super) struct Taken<'a, S> {
    step: Box<dyn EngineStep<S> + 'a>,
    /// How many random numbers it is given.
    noise: Vec<usize>,
}

fn failed(reason: String) -> TrainerError {
    TrainerError::Engine { reason }
}

impl<S: Compile> ByEngine<'_, S> {
    fn take(&mut self, work: &Work<'_, S>, turn: &Turn<'_, S>) -> Result<(), TrainerError> {
        if self.steps.contains_key(&turn.rows) {
            return Ok(());
        }
        let tape = self.manner.tape();
        let recorded = recorded(&tape, self.manner, work, turn)?;
        let noise = recorded.given[2..recorded.given.len() - 3].iter().map(|leaf| leaf.len());
        let noise = noise.collect();
        let step = self.engine.prepare(&recorded).map_err(failed)?;
        self.steps.insert(turn.rows, Taken { step, noise });
        Ok(())
    }

    /// Gives the engine the numbers of `work`.
    fn load(&mut self, work: &Work<'_, S>, rows: usize) -> Result<(), TrainerError> {
        let mut all: Vec<&[S]> = Vec::new();
        let mut at = 0;
        for i in moving(work.model) {
            let (start, len) = (work.model.blocks()[i].start, work.model.blocks()[i].len);
            all.push(&work.model.values()[start..start + len]);
            all.extend(work.stepper.kept().iter().map(|kept| &kept[at..at + len]));
            at += len;
        }
        self.steps.get_mut(&rows).expect("taken in").step.set(&all).map_err(failed)
    }

    /// Gives them back.
    fn store(&mut self, work: &mut Work<'_, S>) -> Result<(), TrainerError> {
        let Some(rows) = self.last.take() else { return Ok(()) };
        let mut all = self.steps[&rows].step.kept().map_err(failed)?.into_iter();
        let mut at = 0;
        for i in moving(work.model) {
            let (start, len) = (work.model.blocks()[i].start, work.model.blocks()[i].len);
            let mut next = || {
                let numbers = all.next().filter(|numbers| numbers.len() == len);
                numbers.ok_or_else(|| failed("it kept other numbers than it was given".to_owned()))
            };
            work.model.values_mut()[start..start + len].copy_from_slice(&next()?);
            for kept in work.stepper.kept_mut() {
                kept[at..at + len].copy_from_slice(&next()?);
            }
            at += len;
        }
        Ok(())
    }
}

impl<S: Compile> Steps<S> for ByEngine<'_, S> {
    fn step(&mut self, work: &mut Work<'_, S>, turn: &Turn<'_, S>) -> Result<f64, TrainerError> {
        if self.last != Some(turn.rows) {
            self.store(work)?;
            self.take(work, turn)?;
            self.load(work, turn.rows)?;
            self.last = Some(turn.rows);
        }
        let Taken { step, noise } = self.steps.get_mut(&turn.rows).expect("taken in");
        let noise = draw(turn.seed, noise.iter().copied());
        let counted = work.stepper.optimiser().step_numbers(work.stepper.steps());
        let counted = counted.map(|number| [S::from_f64(number)]);
        let mut given = vec![turn.features, turn.targets];
        given.extend(noise.iter().map(Vec::as_slice));
        given.extend(counted.iter().map(|number| &number[..]));
        let loss = step.step(&given).map_err(failed)?;
        work.stepper.count_step();
        Ok(loss.to_f64())
    }

    fn deliver(&mut self, work: &mut Work<'_, S>) -> Result<(), TrainerError> {
        self.store(work)
    }
}
