//! A mini-batch over threads: parts of it, each through a program of its own workspace.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use wengert::program::{Compile, Input, Output};
use wengert::{Compiler, Program, Workspace};

use super::TrainerError;
use super::steps::{Manner, Steps, Turn, Work, draw, learn, moving};

/// Parts of a batch are computed on threads; their gradients are added in the order of the parts.
/// How a batch is divided does not depend on the threads, and so no bit of the result does.
pub(super) struct OverThreads<'a, S: Compile> {
    pub(super) manner: Manner<'a, S>,
    pub(super) pool: rayon::ThreadPool,
    /// The rows of a part.
    pub(super) part: usize,
    pub(super) programs: BTreeMap<usize, PartProgram<S>>,
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
        work: &Work<'_, S>,
        turn: &Turn<'_, S>,
    ) -> Result<Self, TrainerError> {
        let tape = manner.tape();
        let recorded = manner.record(&tape, work.model, turn)?;
        let mut compiler = Compiler::new(&tape).numerics(manner.numerics);
        let moving = moving(work.model);
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
    fn run(&self, work: &Work<'_, S>, turn: &Turn<'_, S>) -> Result<(S, Vec<S>), wengert::Error> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = idle().pop();
        let mut workspace = waiting.unwrap_or_else(|| self.program.workspace());
        workspace.set(self.x, turn.features)?;
        workspace.set(self.target, turn.targets)?;
        let noise = draw(turn.seed, self.noise.iter().map(|&(_, len)| len));
        for ((input, _), numbers) in self.noise.iter().zip(&noise) {
            workspace.set(*input, numbers)?;
        }
        for (input, i) in self.params.iter().zip(moving(work.model)) {
            let block = &work.model.blocks()[i];
            workspace.set(*input, &work.model.values()[block.start..block.start + block.len])?;
        }
        self.program.run(&mut workspace)?;
        let gradient = self.gradients.iter().flat_map(|&output| workspace.values(output)).collect();
        let loss = workspace.value(self.loss);
        idle().push(workspace);
        Ok((loss, gradient))
    }
}

impl<S: Compile> Steps<S> for OverThreads<'_, S> {
    fn step(&mut self, work: &mut Work<'_, S>, turn: &Turn<'_, S>) -> Result<f64, TrainerError> {
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
                let program = PartProgram::compile(self.manner, work, part)?;
                self.programs.insert(part.rows, program);
            }
        }
        let programs = &self.programs;
        let results: Vec<_> = {
            let work = &*work;
            self.pool.install(|| {
                parts.par_iter().map(|part| programs[&part.rows].run(work, part)).collect()
            })
        };
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
        learn(work, &gradient)?;
        Ok(loss.to_f64())
    }
}
