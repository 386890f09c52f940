//! One mini-batch, three ways: recorded, replayed, compiled.

use std::collections::BTreeMap;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use wengert::program::{Compile, Input, Output};
use wengert::{
    Compiler, Gradients, Leaf, Numerics, Options, Program, Scalar, Tape, Var, Workspace,
};

use super::TrainerError;
use crate::nn::layer::uniform;
use crate::nn::loss::{self, Loss};
use crate::nn::model::Model;
use crate::nn::optim::{Block, State, Stepper};

/// Rows whose turn it is.
pub(super) struct Turn<'a, S> {
    pub(super) features: &'a [S],
    pub(super) targets: &'a [S],
    pub(super) rows: usize,
    /// Where the random numbers of this step begin.
    pub(super) seed: u64,
}

/// What is trained, and how far it is.
pub(super) struct Work<'a, S: Scalar> {
    pub(super) model: &'a mut Model<S>,
    pub(super) stepper: Stepper<S>,
}

/// How the loss of some rows is recorded.
#[derive(Clone, Copy)]
pub(super) struct Manner<'a, S: Scalar> {
    pub(super) loss: &'a (dyn Loss<S> + Sync),
    pub(super) l1: f64,
    pub(super) l2: f64,
    pub(super) width: usize,
    pub(super) outputs: usize,
    pub(super) numerics: Numerics,
}

/// Moves a model batch by batch.
pub(super) trait Steps<S: Scalar> {
    /// Moves the parameters against the gradient of some rows. Returns the loss from before.
    fn step(&mut self, work: &mut Work<'_, S>, turn: &Turn<'_, S>) -> Result<f64, TrainerError>;

    /// Gives `work` the numbers, if they have been kept elsewhere.
    fn deliver(&mut self, _work: &mut Work<'_, S>) -> Result<(), TrainerError> {
        Ok(())
    }

    /// The rate of the last step.
    fn rate(&self, work: &Work<'_, S>) -> f64 {
        work.stepper.optimiser().rate_at(work.stepper.steps().saturating_sub(1))
    }

    /// What the optimiser has come to, after [`deliver`](Steps::deliver).
    fn state(&self, work: &Work<'_, S>) -> State {
        work.stepper.state()
    }

    /// Whether no step makes the loss smaller.
    fn is_done(&self) -> bool {
        false
    }
}

/// The loss of some rows on a tape.
pub(super) struct Recorded<'t, S: Scalar> {
    pub(super) params: Vec<Var<'t, S>>,
    noise: Vec<Var<'t, S>>,
    x: Var<'t, S>,
    target: Var<'t, S>,
    pub(super) loss: Var<'t, S>,
}

impl<'t, S: Scalar> Recorded<'t, S> {
    pub(super) fn noise(&self) -> &[Var<'t, S>] {
        &self.noise
    }

    pub(super) fn x(&self) -> Var<'t, S> {
        self.x
    }

    pub(super) fn target(&self) -> Var<'t, S> {
        self.target
    }
}

impl<S: Scalar> Manner<'_, S> {
    pub(super) fn tape(self) -> Tape<S> {
        Tape::with(Options::default().numerics(self.numerics))
    }

    pub(super) fn record<'t>(
        self,
        tape: &'t Tape<S>,
        model: &Model<S>,
        turn: &Turn<'_, S>,
    ) -> Result<Recorded<'t, S>, TrainerError> {
        let shaped = |width: usize| [turn.rows, width];
        let x = tape.tensor(Leaf::Data, turn.features, shaped(self.width))?.named("x");
        let target = tape.tensor(Leaf::Data, turn.targets, shaped(self.outputs))?.named("target");
        let pass = model.record_training(x, turn.seed)?;
        if pass.output.shape().dims() != shaped(self.outputs) {
            let outputs = pass.output.len() / turn.rows;
            let targets = format!("needs {} of each row", self.outputs);
            return Err(TrainerError::Outputs { outputs, targets });
        }
        let mut loss = self.loss.record(pass.output.named("output"), target)?;
        let decaying: Vec<Var<'t, S>> = model
            .blocks()
            .iter()
            .zip(&pass.params)
            .filter(|(block, _)| block.decays && !block.frozen)
            .map(|(_, &var)| var)
            .collect();
        for penalty in [
            if self.l1 > 0.0 { loss::l1(self.l1, &decaying)? } else { None },
            if self.l2 > 0.0 { loss::l2(self.l2, &decaying)? } else { None },
        ] {
            loss = penalty.map_or(Ok(loss), |penalty| loss.try_add(penalty))?;
        }
        Ok(Recorded { params: pass.params, noise: pass.noise, x, target, loss: loss.named("loss") })
    }
}

/// The blocks that move: their places in the model's list.
pub(super) fn moving<S: Scalar>(model: &Model<S>) -> Vec<usize> {
    (0..model.blocks().len()).filter(|&i| !model.blocks()[i].frozen).collect()
}

/// Moves the numbers of a model, given the gradient of what moves, block after block.
pub(super) fn learn<S: Scalar>(work: &mut Work<'_, S>, gradient: &[S]) -> Result<(), TrainerError> {
    let moving = moving(work.model);
    let blocks: Vec<_> = moving.iter().map(|&i| work.model.blocks()[i].clone()).collect();
    let mut numbers = Vec::with_capacity(gradient.len());
    for block in &blocks {
        numbers.extend_from_slice(&work.model.values()[block.start..block.start + block.len]);
    }
    let lengths: Vec<(usize, bool)> =
        blocks.iter().map(|block| (block.len, block.decays)).collect();
    work.stepper.step_blocks(&mut numbers, gradient, &lengths)?;
    let mut at = 0;
    for block in &blocks {
        work.model.values_mut()[block.start..block.start + block.len]
            .copy_from_slice(&numbers[at..at + block.len]);
        at += block.len;
    }
    Ok(())
}

/// The adjoints of what moves, block after block.
fn gradient<S: Scalar>(
    model: &Model<S>,
    recorded: &Recorded<'_, S>,
    gradients: &Gradients<'_, S>,
) -> Vec<S> {
    let mut all = Vec::new();
    for i in moving(model) {
        let var = recorded.params[i];
        all.extend_from_slice(&gradients.adjoints()[var.id().slot()..][..var.len()]);
    }
    all
}

/// [`Passes::Recorded`](crate::Passes::Recorded).
pub(super) struct OnFreshTapes<'a, S: Scalar> {
    pub(super) manner: Manner<'a, S>,
    pub(super) tape: Tape<S>,
}

impl<S: Scalar> Steps<S> for OnFreshTapes<'_, S> {
    fn step(&mut self, work: &mut Work<'_, S>, turn: &Turn<'_, S>) -> Result<f64, TrainerError> {
        self.tape.clear();
        let recorded = self.manner.record(&self.tape, work.model, turn)?;
        let gradients = recorded.loss.try_backward()?;
        let gradient = gradient(work.model, &recorded, &gradients);
        let loss = recorded.loss.value().to_f64();
        learn(work, &gradient)?;
        Ok(loss)
    }
}

/// [`Passes::Replayed`](crate::Passes::Replayed): a tape for each number of rows.
pub(super) struct OnOneTape<'a, 't, S: Scalar> {
    pub(super) manner: Manner<'a, S>,
    pub(super) tapes: &'t [Tape<S>; 2],
    pub(super) kept: Vec<(usize, Recorded<'t, S>, Gradients<'t, S>)>,
}

impl<S: Scalar> Steps<S> for OnOneTape<'_, '_, S> {
    fn step(&mut self, work: &mut Work<'_, S>, turn: &Turn<'_, S>) -> Result<f64, TrainerError> {
        if !self.kept.iter().any(|(rows, ..)| *rows == turn.rows) {
            let tape = &self.tapes[self.kept.len()];
            let recorded = self.manner.record(tape, work.model, turn)?;
            let gradients = recorded.loss.try_backward()?;
            self.kept.push((turn.rows, recorded, gradients));
        }
        let found = self.kept.iter_mut().find(|(rows, ..)| *rows == turn.rows);
        let (_, recorded, gradients) = found.expect("recorded");
        let noise = draw(turn.seed, recorded.noise.iter().map(|leaf| leaf.len()));
        let mut inputs = vec![(recorded.x, turn.features), (recorded.target, turn.targets)];
        for (leaf, numbers) in recorded.noise.iter().zip(&noise) {
            inputs.push((*leaf, numbers));
        }
        for (block, &var) in work.model.blocks().iter().zip(&recorded.params) {
            if !block.frozen {
                inputs.push((var, &work.model.values()[block.start..block.start + block.len]));
            }
        }
        recorded.loss.tape().replay(&inputs)?;
        recorded.loss.backward_into(gradients)?;
        let gradient = gradient(work.model, recorded, gradients);
        let loss = recorded.loss.value().to_f64();
        learn(work, &gradient)?;
        Ok(loss)
    }
}

/// The random numbers of a step: those of its recording, if that is seeded alike.
pub(super) fn draw<S: Scalar>(seed: u64, lengths: impl Iterator<Item = usize>) -> Vec<Vec<S>> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    lengths.map(|len| uniform(&mut rng, len)).collect()
}

/// [`Passes::Compiled`](crate::Passes::Compiled): forward, reverse and the optimiser's step are one
/// program for each number of rows. The numbers stay in the workspace of the last one.
pub(super) struct InPrograms<'a, S: Compile> {
    pub(super) manner: Manner<'a, S>,
    pub(super) programs: BTreeMap<usize, StepProgram<S>>,
    pub(super) last: Option<usize>,
}

pub(super) struct StepProgram<S: Compile> {
    program: Program<S>,
    workspace: Workspace<S>,
    x: Input,
    target: Input,
    loss: Output,
    noise: Vec<(Input, usize)>,
    /// The rate, and what else the rule needs; none that it does not read.
    scalars: [Option<Input>; 3],
    /// By block that moves.
    params: Vec<Input>,
    /// By block that moves, by what the rule keeps.
    kept: Vec<Vec<Input>>,
}

impl<S: Compile> StepProgram<S> {
    fn compile(
        manner: Manner<'_, S>,
        work: &Work<'_, S>,
        turn: &Turn<'_, S>,
    ) -> Result<Self, TrainerError> {
        let tape = manner.tape();
        let recorded = manner.record(&tape, work.model, turn)?;
        let mut compiler = Compiler::new(&tape).numerics(manner.numerics);
        let mut blocks = Vec::new();
        for i in moving(work.model) {
            let (block, params) = (&work.model.blocks()[i], recorded.params[i]);
            let zeros = vec![S::from_f64(0.0); block.len];
            let gradient = tape.tensor(Leaf::Data, &zeros, params.shape())?;
            compiler.gradient_as(recorded.loss, params, gradient)?;
            blocks.push(Block { params, gradient, decays: block.decays });
        }
        let step = work.stepper.optimiser().record(&tape, &blocks)?;
        for (i, block) in blocks.iter().enumerate() {
            let next = compiler.output(step.params[i])?;
            compiler.feed(next, block.params)?;
            for (next, kept) in step.next[i].iter().zip(&step.kept[i]) {
                let next = compiler.output(*next)?;
                compiler.feed(next, *kept)?;
            }
        }
        let loss = compiler.output(recorded.loss)?;
        let program = compiler.compile()?;
        let input = |leaf: Var<'_, S>| program.input(leaf);
        let inputs = |leaves: &[Var<'_, S>]| {
            leaves.iter().map(|&leaf| input(leaf)).collect::<Result<_, _>>()
        };
        let mut noise = Vec::new();
        for leaf in &recorded.noise {
            noise.push((input(*leaf)?, leaf.len()));
        }
        let params: Vec<Var<'_, S>> = blocks.iter().map(|block| block.params).collect();
        Ok(StepProgram {
            workspace: program.workspace(),
            x: input(recorded.x)?,
            target: input(recorded.target)?,
            loss,
            noise,
            scalars: step.scalars.map(|scalar| input(scalar).ok()),
            params: inputs(&params)?,
            kept: step.kept.iter().map(|kept| inputs(kept)).collect::<Result<_, _>>()?,
            program,
        })
    }

    /// Takes the numbers of `work`.
    fn load(&mut self, work: &Work<'_, S>) -> Result<(), TrainerError> {
        let mut at = 0;
        for (k, i) in moving(work.model).into_iter().enumerate() {
            let block = &work.model.blocks()[i];
            let values = &work.model.values()[block.start..block.start + block.len];
            self.workspace.set(self.params[k], values)?;
            for (input, kept) in self.kept[k].iter().zip(work.stepper.kept()) {
                self.workspace.set(*input, &kept[at..at + block.len])?;
            }
            at += block.len;
        }
        Ok(())
    }

    /// Gives them back.
    fn store(&self, work: &mut Work<'_, S>) {
        let mut at = 0;
        for (k, i) in moving(work.model).into_iter().enumerate() {
            let (start, len) = (work.model.blocks()[i].start, work.model.blocks()[i].len);
            let values = self.workspace.input(self.params[k]);
            work.model.values_mut()[start..start + len].copy_from_slice(values);
            for (input, kept) in self.kept[k].iter().zip(work.stepper.kept_mut()) {
                kept[at..at + len].copy_from_slice(self.workspace.input(*input));
            }
            at += len;
        }
    }
}

impl<S: Compile> Steps<S> for InPrograms<'_, S> {
    fn step(&mut self, work: &mut Work<'_, S>, turn: &Turn<'_, S>) -> Result<f64, TrainerError> {
        if self.last != Some(turn.rows) {
            self.deliver(work)?;
            if !self.programs.contains_key(&turn.rows) {
                let program = StepProgram::compile(self.manner, work, turn)?;
                self.programs.insert(turn.rows, program);
            }
            self.programs.get_mut(&turn.rows).expect("compiled").load(work)?;
            self.last = Some(turn.rows);
        }
        let step = self.programs.get_mut(&turn.rows).expect("compiled");
        let workspace = &mut step.workspace;
        workspace.set(step.x, turn.features)?;
        workspace.set(step.target, turn.targets)?;
        let noise = draw(turn.seed, step.noise.iter().map(|&(_, len)| len));
        for ((input, _), numbers) in step.noise.iter().zip(&noise) {
            workspace.set(*input, numbers)?;
        }
        let numbers = work.stepper.optimiser().step_numbers(work.stepper.steps());
        for (input, number) in step.scalars.iter().zip(numbers) {
            if let Some(input) = input {
                workspace.set(*input, &[S::from_f64(number)])?;
            }
        }
        step.program.run(workspace)?;
        work.stepper.count_step();
        Ok(workspace.value(step.loss).to_f64())
    }

    fn deliver(&mut self, work: &mut Work<'_, S>) -> Result<(), TrainerError> {
        if let Some(rows) = self.last.take() {
            self.programs[&rows].store(work);
        }
        Ok(())
    }
}
