//! A step of training three ways: recorded anew, replayed, or one compiled program for each length
//! of name.

use wengert::program::{Input, Output};
use wengert::{Compiler, Error, Gradients, Numerics, Options, Program, Tape, Var, Workspace};

use super::model::{TOKENS, layers, loss, marks};
use super::{adam, schedule};

/// How finely the model is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grain {
    /// Each number is a node, as in the original.
    Scalar,
    /// Each row of numbers is one.
    PerLayer,
}

impl Grain {
    /// An empty tape. Single numbers are exact in any case; sums per layer are, too, if they are
    /// added in their order, as the original's, and not in the lanes of vectors.
    pub(crate) fn tape(self) -> Tape {
        match self {
            Grain::Scalar => Tape::new(),
            Grain::PerLayer => Tape::with(Options::default().numerics(Numerics::Exact)),
        }
    }
}

/// How a step is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// On an empty tape, as the original does it.
    Recorded,
    /// On the tape of the first name of this length, at new numbers.
    Replayed,
    /// Forward, reverse and Adam's step as one program.
    Compiled,
}

/// The weights, both moments, and what is kept for each length of name.
pub(crate) struct Learner<'t> {
    way: Way,
    grain: Grain,
    tapes: &'t [Tape],
    /// Weights, first moments, second moments.
    numbers: [Vec<f64>; 3],
    recording: Tape,
    replays: Vec<Option<Replay<'t>>>,
    programs: Vec<Option<Step>>,
}

/// The loss of a name on a tape, and room for its gradient.
struct Replay<'t> {
    params: Var<'t>,
    tokens: Var<'t>,
    loss: Var<'t>,
    gradients: Gradients<'t>,
}

/// A program that computes the loss and moves the weights and moments.
struct Step {
    program: Program,
    workspace: Workspace,
    /// Weights, first moments, second moments.
    numbers: [Input; 3],
    moved: [Output; 3],
    tokens: Input,
    /// The rate, and 1 − βᵏ of both moments.
    schedule: [Input; 3],
    loss: Output,
}

impl<'t> Learner<'t> {
    pub(crate) fn new(way: Way, grain: Grain, params: Vec<f64>, tapes: &'t [Tape]) -> Self {
        let zeros = vec![0.0; params.len()];
        Learner {
            way,
            grain,
            tapes,
            numbers: [params, zeros.clone(), zeros],
            recording: grain.tape(),
            replays: tapes.iter().map(|_| None).collect(),
            programs: tapes.iter().map(|_| None).collect(),
        }
    }

    pub(crate) fn params(&self) -> &[f64] {
        &self.numbers[0]
    }

    /// Does what is done once for each length of name.
    pub(crate) fn prepare(&mut self, tokens: &[usize]) -> Result<(), Error> {
        let length = tokens.len() - 1;
        match self.way {
            Way::Recorded => {}
            Way::Replayed => {
                if self.replays[length].is_none() {
                    self.replays[length] = Some(Replay::record(
                        &self.tapes[length],
                        self.grain,
                        &self.numbers[0],
                        tokens,
                    )?);
                }
            }
            Way::Compiled => {
                if self.programs[length].is_none() {
                    self.programs[length] = Some(Step::compile(self.grain, &self.numbers, tokens)?);
                }
            }
        }
        Ok(())
    }

    /// Learns one name; returns its loss from before.
    pub(crate) fn step(&mut self, tokens: &[usize], step: usize) -> Result<f64, Error> {
        let length = tokens.len() - 1;
        match self.way {
            Way::Recorded => {
                self.recording.clear();
                let (params, _, loss) =
                    record(&self.recording, self.grain, &self.numbers[0], tokens)?;
                let gradients = loss.try_backward()?;
                let gradient = &gradients.adjoints()[params.id().slot()..][..params.len()];
                learn(&mut self.numbers, gradient, step);
                Ok(loss.value())
            }
            Way::Replayed => {
                let Replay { params, tokens: marked, loss, gradients } =
                    self.replays[length].as_mut().expect("prepared");
                let inputs = [(*params, &self.numbers[0][..]), (*marked, &marks(tokens)[..])];
                loss.tape().replay(&inputs)?;
                loss.backward_into(gradients)?;
                let gradient = &gradients.adjoints()[params.id().slot()..][..params.len()];
                learn(&mut self.numbers, gradient, step);
                Ok(loss.value())
            }
            Way::Compiled => {
                let program = self.programs[length].as_mut().expect("prepared");
                program.run(&mut self.numbers, tokens, step)
            }
        }
    }
}

/// The loss of a name, with the leaves that it depends on.
pub(crate) fn record<'t>(
    tape: &'t Tape,
    grain: Grain,
    params: &[f64],
    tokens: &[usize],
) -> Result<(Var<'t>, Var<'t>, Var<'t>), Error> {
    let params = tape.tensor(wengert::Leaf::Param, params, [params.len()])?.named("params");
    let tokens =
        tape.tensor(wengert::Leaf::Data, &marks(tokens), [tokens.len(), TOKENS])?.named("tokens");
    let loss = match grain {
        Grain::Scalar => loss(params, tokens),
        Grain::PerLayer => layers::loss(params, tokens),
    };
    Ok((params, tokens, loss.named("loss")))
}

/// Adam's step, number by number.
fn learn([params, m, v]: &mut [Vec<f64>; 3], gradient: &[f64], step: usize) {
    let (rate, correction) = schedule(step);
    for (((p, m), v), &g) in params.iter_mut().zip(m).zip(v).zip(gradient) {
        [*p, *m, *v] = adam([*p, *m, *v], g, rate, correction);
    }
}

impl<'t> Replay<'t> {
    fn record(
        tape: &'t Tape,
        grain: Grain,
        params: &[f64],
        tokens: &[usize],
    ) -> Result<Self, Error> {
        let (params, tokens, loss) = record(tape, grain, params, tokens)?;
        Ok(Replay { params, tokens, loss, gradients: loss.try_backward()? })
    }
}

impl Step {
    fn compile(grain: Grain, numbers: &[Vec<f64>; 3], tokens: &[usize]) -> Result<Self, Error> {
        let tape = grain.tape();
        let (params, tokens, loss) = record(&tape, grain, &numbers[0], tokens)?;
        let block = |numbers: &[f64]| tape.tensor(wengert::Leaf::Data, numbers, [params.len()]);
        let leaves = [params, block(&numbers[1])?, block(&numbers[2])?];
        let gradient = block(&vec![0.0; params.len()])?.named("gradient");
        let [rate, first, second] = [0.1; 3].map(|number| tape.data(number));
        let moved = adam(leaves, gradient, rate, [first, second]);

        let mut compiler = Compiler::new(&tape);
        compiler.gradient_as(loss, params, gradient)?;
        let mut outputs = Vec::with_capacity(3);
        for (moved, leaf) in moved.into_iter().zip(leaves) {
            let moved = compiler.output(moved)?;
            compiler.feed(moved, leaf)?;
            outputs.push(moved);
        }
        let loss = compiler.output(loss)?;
        let program = compiler.compile()?;
        let input = |leaf: Var<'_>| program.input(leaf);
        Ok(Step {
            workspace: program.workspace(),
            numbers: [input(leaves[0])?, input(leaves[1])?, input(leaves[2])?],
            moved: [outputs[0], outputs[1], outputs[2]],
            tokens: input(tokens)?,
            schedule: [input(rate)?, input(first)?, input(second)?],
            loss,
            program,
        })
    }

    fn run(
        &mut self,
        numbers: &mut [Vec<f64>; 3],
        tokens: &[usize],
        step: usize,
    ) -> Result<f64, Error> {
        let (rate, [first, second]) = schedule(step);
        for (input, number) in self.schedule.into_iter().zip([rate, first, second]) {
            self.workspace.set(input, &[number])?;
        }
        for (input, numbers) in self.numbers.into_iter().zip(&*numbers) {
            self.workspace.set(input, numbers)?;
        }
        self.workspace.set(self.tokens, &marks(tokens))?;
        self.program.run(&mut self.workspace)?;
        for (output, numbers) in self.moved.into_iter().zip(numbers) {
            self.workspace.values_into(output, numbers);
        }
        Ok(self.workspace.value(self.loss))
    }
}
