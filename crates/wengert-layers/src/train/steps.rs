//! One row's step, three ways: recorded, replayed, compiled.

use wengert::program::{Input, Output};
use wengert::{Compiler, Error, Gradients, Numerics, Options, Program, Tape, Var, Workspace};

use super::RowPass;
use crate::bind::{Bound, Granularity};
use crate::forward::Forward;
use crate::mlp::Mlp;
use crate::sgd::Sgd;

/// A row when it is its turn.
pub(super) struct Turn<'a> {
    pub(super) row: usize,
    pub(super) features: &'a [f64],
    pub(super) target: &'a [f64],
    /// Whether its numbers are asked for.
    pub(super) shown: bool,
}

/// Moves the parameters of a network row by row.
pub(super) trait Steps {
    /// Computes the pass of a row with the parameters as they are, and moves them against its
    /// gradient. Returns the loss from before, and the numbers of the pass if they are asked for.
    fn step(&mut self, work: &mut Mlp, turn: &Turn<'_>) -> Result<(f64, Option<RowPass>), Error>;

    /// Gives `work` the parameters, if they have been kept elsewhere.
    fn deliver(&self, _work: &mut Mlp) {}
}

/// How steps are taken.
#[derive(Clone, Copy)]
pub(super) struct Manner {
    pub(super) sgd: Sgd,
    pub(super) granularity: Granularity,
    pub(super) numerics: Numerics,
}

impl Manner {
    pub(super) fn tape(self) -> Tape {
        Tape::with(Options::default().numerics(self.numerics))
    }
}

/// A row's pass on the tape, with the names that the caller sees in errors.
struct Pass<'t> {
    bound: Bound<'t>,
    x: Var<'t>,
    target: Var<'t>,
    forward: Forward<'t>,
    loss: Var<'t>,
}

impl<'t> Pass<'t> {
    fn record(
        tape: &'t Tape,
        work: &Mlp,
        granularity: Granularity,
        features: &[f64],
        target: &[f64],
    ) -> Result<Self, Error> {
        let bound = work.try_bind(tape, granularity)?;
        let leaf = |values: &[f64]| tape.tensor(wengert::Leaf::Data, values, [values.len()]);
        let (x, target) = (leaf(features)?.named("x"), leaf(target)?.named("target"));
        let forward = bound.try_forward(x)?;
        let loss = forward.try_half_squared_error(target)?;
        Ok(Pass { bound, x, target, forward, loss })
    }

    /// Moves the parameters, having read off what is asked for.
    fn learn(
        &self,
        gradients: &Gradients<'t>,
        sgd: Sgd,
        work: &mut Mlp,
        turn: &Turn<'_>,
    ) -> (f64, Option<RowPass>) {
        let layers = self.forward.layers();
        let shown = turn.shown.then(|| RowPass {
            row: turn.row,
            loss: self.loss.value(),
            z: layers.iter().map(|layer| layer.z().values()).collect(),
            outputs: layers.iter().map(|layer| layer.output().values()).collect(),
            deltas: self.forward.deltas(gradients),
        });
        // Their block of the column of adjoints, without a copy.
        let params = self.bound.params();
        sgd.step(work.params_mut(), &gradients.adjoints()[params.id().slot()..][..params.len()]);
        (self.loss.value(), shown)
    }
}

/// [`Passes::Replayed`].
pub(super) struct Replayed<'t> {
    sgd: Sgd,
    pass: Pass<'t>,
    gradients: Gradients<'t>,
}

impl<'t> Replayed<'t> {
    pub(super) fn new(
        tape: &'t Tape,
        manner: Manner,
        work: &Mlp,
        features: &[f64],
        target: &[f64],
    ) -> Result<Self, Error> {
        let pass = Pass::record(tape, work, manner.granularity, features, target)?;
        Ok(Replayed { sgd: manner.sgd, gradients: pass.loss.try_backward()?, pass })
    }
}

impl Steps for Replayed<'_> {
    fn step(&mut self, work: &mut Mlp, turn: &Turn<'_>) -> Result<(f64, Option<RowPass>), Error> {
        let Pass { bound, x, target, loss, .. } = &self.pass;
        let inputs = [(bound.params(), work.params()), (*x, turn.features), (*target, turn.target)];
        loss.tape().replay(&inputs)?;
        loss.backward_into(&mut self.gradients)?;
        Ok(self.pass.learn(&self.gradients, self.sgd, work, turn))
    }
}

/// [`Passes::Recorded`].
pub(super) struct Recorded {
    tape: Tape,
    manner: Manner,
}

impl Recorded {
    pub(super) fn new(manner: Manner) -> Self {
        Recorded { tape: manner.tape(), manner }
    }
}

impl Steps for Recorded {
    fn step(&mut self, work: &mut Mlp, turn: &Turn<'_>) -> Result<(f64, Option<RowPass>), Error> {
        self.tape.clear();
        let pass =
            Pass::record(&self.tape, work, self.manner.granularity, turn.features, turn.target)?;
        let gradients = pass.loss.try_backward()?;
        Ok(pass.learn(&gradients, self.manner.sgd, work, turn))
    }
}

/// [`Passes::Compiled`]: the workspace keeps the parameters from step to step.
pub(super) struct Compiled {
    program: Program,
    workspace: Workspace,
    params: Input,
    x: Input,
    target: Input,
    loss: Output,
    layers: Vec<LayerOutputs>,
}

/// What of a layer is asked of the program.
struct LayerOutputs {
    z: Output,
    output: Output,
    /// `∂L/∂z`, of each neuron or of all at once.
    adjoints: Vec<Output>,
}

impl Compiled {
    pub(super) fn new(
        manner: Manner,
        work: &Mlp,
        features: &[f64],
        target: &[f64],
    ) -> Result<Self, Error> {
        let tape = manner.tape();
        let Pass { bound, x, target, forward, loss } =
            Pass::record(&tape, work, manner.granularity, features, target)?;
        let params = bound.params();
        // The step of `Sgd`, as nodes: the same operations in the same order.
        let gradient = tape
            .tensor(wengert::Leaf::Data, &vec![0.0; params.len()], params.shape())?
            .named("gradient");
        let moved = params.try_sub(gradient.try_mul(manner.sgd.rate)?)?.named("moved");

        let mut compiler = Compiler::new(&tape).numerics(manner.numerics);
        compiler.gradient_as(loss, params, gradient)?;
        let next = compiler.output(moved)?;
        compiler.feed(next, params)?;
        let mut layers = Vec::with_capacity(forward.layers().len());
        for layer in forward.layers() {
            let (z, output) = (compiler.output(layer.z())?, compiler.output(layer.output())?);
            let adjoints = layer.zs().into_iter().map(|z| compiler.gradient(loss, z));
            layers.push(LayerOutputs { z, output, adjoints: adjoints.collect::<Result<_, _>>()? });
        }
        let loss = compiler.output(loss)?;
        let program = compiler.compile()?;
        Ok(Compiled {
            workspace: program.workspace(),
            params: program.input(params)?,
            x: program.input(x)?,
            target: program.input(target)?,
            program,
            loss,
            layers,
        })
    }

    fn numbers(&self, row: usize) -> RowPass {
        let of_layers =
            |read: &dyn Fn(&LayerOutputs) -> Vec<f64>| self.layers.iter().map(read).collect();
        RowPass {
            row,
            loss: self.workspace.value(self.loss),
            z: of_layers(&|layer| self.workspace.values(layer.z)),
            outputs: of_layers(&|layer| self.workspace.values(layer.output)),
            deltas: of_layers(&|layer| {
                let values = layer.adjoints.iter().flat_map(|&g| self.workspace.values(g));
                values.map(|g| -g).collect()
            }),
        }
    }
}

impl Steps for Compiled {
    fn step(&mut self, _work: &mut Mlp, turn: &Turn<'_>) -> Result<(f64, Option<RowPass>), Error> {
        self.workspace.set(self.x, turn.features)?;
        self.workspace.set(self.target, turn.target)?;
        self.program.run(&mut self.workspace)?;
        Ok((self.workspace.value(self.loss), turn.shown.then(|| self.numbers(turn.row))))
    }

    fn deliver(&self, work: &mut Mlp) {
        work.params_mut().copy_from_slice(self.workspace.input(self.params));
    }
}
