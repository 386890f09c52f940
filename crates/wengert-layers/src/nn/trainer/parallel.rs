//! A mini-batch over threads: parts of it, each through a program of its own workspace.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use wengert::program::{Compile, Input, Output};
use wengert::{Compiler, Program, Workspace};

use super::TrainerError;
use super::steps::{Manner, Steps, Turn, Work, draw, learn, moving};
use crate::nn::model::Model;

/// Parts of a batch are computed on threads; their gradients are added in the order of the parts.
/// How a batch is divided does not depend on the threads, and so no bit of the result does.
pub(super) struct OverThreads<'a, S: Compile> {
    pub(super) manner: Manner<'a, S>,
    pub(super) pool: rayon::ThreadPool,
    /// The rows of a part.
    pub(super) part: usize,
    pub(super) programs: BTreeMap<usize, PartProgram<S>>,
}

impl<'a, S: Compile> OverThreads<'a, S> {
    /// For batches of so many rows.
    pub(super) fn new(
        manner: Manner<'a, S>,
        threads: usize,
        batch: usize,
    ) -> Result<Self, TrainerError> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let refused = |error: rayon::ThreadPoolBuildError| TrainerError::Threads {
            threads,
            reason: error.to_string(),
        };
        let (part, programs) = (batch.div_ceil(8).max(8), BTreeMap::new());
        Ok(OverThreads { manner, pool: pool.map_err(refused)?, part, programs })
    }
}

/// Computes the loss of a part, and its gradient.
pub(super) struct PartProgram<S: Compile> {
    program: Program<S>,
    idle: Mutex<Vec<Workspace<S>>>,
    x: Input,
    target: Input,
    noise: Vec<(Input, usize)>,
    params: Vec<Input>,
    loss: Output,
    gradients: Vec<Output>,
}

impl<S: Compile> PartProgram<S> {
    fn compile(
        manner: Manner<'_, S>,
        model: &Model<S>,
        turn: &Turn<'_, S>,
    ) -> Result<Self, TrainerError> {
        let tape = manner.tape();
        let recorded = manner.record(&tape, model, turn)?;
        let mut compiler = Compiler::new(&tape).numerics(manner.numerics);
        let moving = moving(model);
        let mut gradients = Vec::with_capacity(moving.len());
        for &i in &moving {
            gradients.push(compiler.gradient(recorded.loss, recorded.params[i])?);
        }
        let loss = compiler.output(recorded.loss)?;
        let program = compiler.compile()?;
        let mut noise = Vec::new();
        for leaf in recorded.noise() {
            noise.push((program.input(*leaf)?, leaf.len()));
        }
        let params =
            moving.iter().map(|&i| program.input(recorded.params[i])).collect::<Result<_, _>>()?;
        Ok(PartProgram {
            idle: Mutex::default(),
            x: program.input(recorded.x())?,
            target: program.input(recorded.target())?,
            noise,
            params,
            loss,
            gradients,
            program,
        })
    }

    /// The loss, and the gradient of what moves, block after block.
    fn run(&self, model: &Model<S>, turn: &Turn<'_, S>) -> Result<(S, Vec<S>), wengert::Error> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = idle().pop();
        let mut workspace = waiting.unwrap_or_else(|| self.program.workspace());
        workspace.set(self.x, turn.features)?;
        workspace.set(self.target, turn.targets)?;
        let noise = draw(turn.seed, self.noise.iter().map(|&(_, len)| len));
        for ((input, _), numbers) in self.noise.iter().zip(&noise) {
            workspace.set(*input, numbers)?;
        }
        for (input, i) in self.params.iter().zip(moving(model)) {
            let block = &model.blocks()[i];
            workspace.set(*input, &model.values()[block.start..block.start + block.len])?;
        }
        self.program.run(&mut workspace)?;
        let gradient = self.gradients.iter().flat_map(|&output| workspace.values(output)).collect();
        let loss = workspace.value(self.loss);
        idle().push(workspace);
        Ok((loss, gradient))
    }
}

impl<S: Compile> OverThreads<'_, S> {
    /// The loss of some rows, and the gradient of what moves.
    pub(super) fn evaluate(
        &mut self,
        model: &Model<S>,
        turn: &Turn<'_, S>,
    ) -> Result<(S, Vec<S>), TrainerError> {
        let (width, outputs) = (self.manner.width, self.manner.outputs);
        let starts: Vec<usize> = (0..turn.rows).step_by(self.part).collect();
        let parts: Vec<Turn<'_, S>> = starts
            .iter()
            .enumerate()
            .map(|(k, &start)| {
                let rows = self.part.min(turn.rows - start);
                Turn {
                    features: &turn.features[start * width..(start + rows) * width],
                    targets: &turn.targets[start * outputs..(start + rows) * outputs],
                    rows,
                    seed: turn.seed.wrapping_add(k as u64),
                }
            })
            .collect();
        for part in &parts {
            if !self.programs.contains_key(&part.rows) {
                let program = PartProgram::compile(self.manner, model, part)?;
                self.programs.insert(part.rows, program);
            }
        }
        let programs = &self.programs;
        let results: Vec<_> = self.pool.install(|| {
            parts.par_iter().map(|part| programs[&part.rows].run(model, part)).collect()
        });
        let (mut loss, mut gradient) = (S::from_f64(0.0), Vec::new());
        for (part, result) in parts.iter().zip(results) {
            let (of_part, its_gradient) = result?;
            let share = S::from_f64(part.rows as f64 / turn.rows as f64);
            loss = loss + of_part * share;
            gradient.resize(its_gradient.len(), S::from_f64(0.0));
            for (sum, g) in gradient.iter_mut().zip(its_gradient) {
                *sum = *sum + g * share;
            }
        }
        Ok((loss, gradient))
    }
}

impl<S: Compile> Steps<S> for OverThreads<'_, S> {
    fn step(&mut self, work: &mut Work<'_, S>, turn: &Turn<'_, S>) -> Result<f64, TrainerError> {
        let (loss, gradient) = self.evaluate(work.model, turn)?;
        learn(work, &gradient)?;
        Ok(loss.to_f64())
    }
}
