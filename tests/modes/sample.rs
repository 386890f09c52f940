//! A program, what the tape says of it run by run, and how it is compiled.

use wengert::program::{InputInfo, Output};
use wengert::{Compiler, Leaf, Numerics, Options, Program, Tape, Var};
use wengert_layers::Sgd;
use wengert_layers::nn::{Block, Optimiser, Stepper};

/// Several runs of numbers.
pub(crate) type Numbers = Vec<Vec<f64>>;

/// A value on a tape, and the leaves that it depends on.
pub(crate) struct Recorded<'t> {
    /// What it is differentiated by.
    pub(crate) params: Vec<Var<'t>>,
    /// What else is given.
    pub(crate) data: Vec<Var<'t>>,
    pub(crate) value: Var<'t>,
}

/// Records the value of some run at these parameters.
type Record = Box<dyn for<'t> Fn(&'t Tape, usize, &[Vec<f64>]) -> Recorded<'t>>;

/// What becomes of the gradient.
pub(crate) enum Rule {
    /// It is asked for; the parameters of the next run are others.
    Asked,
    /// It moves the parameters, which are fed back.
    Descent(Sgd),
    /// As [`Rule::Descent`], with what the optimiser keeps.
    Optimiser(Optimiser),
}

pub(crate) struct Sample {
    pub(crate) name: &'static str,
    pub(crate) start: Numbers,
    pub(crate) record: Record,
    pub(crate) rule: Rule,
    pub(crate) text: Text,
}

/// What becomes of a sample as Rust.
#[derive(Clone, Copy)]
pub(crate) enum Text {
    Held,
    /// It compiles longer than a test may take.
    TooLong,
    /// This operation is refused.
    Refused(&'static str),
}

/// What was given to the tape in a run, and what came of it.
pub(crate) struct Run {
    /// The parameters, what an optimiser keeps of each, the data, an optimiser's scalars.
    pub(crate) given: Numbers,
    /// The value; then the gradients, or everything that has moved.
    pub(crate) found: Numbers,
}

/// A sample's program, with the order of its inputs and outputs.
pub(crate) struct Compiled {
    pub(crate) program: Program,
    /// By input of the program.
    inputs: Vec<Source>,
    /// In the order of what is found.
    outputs: Vec<Output>,
    /// How many of what is given is moved by the program.
    moved: usize,
}

/// Where an input's numbers are from.
enum Source {
    /// From this place of what is given.
    Given(usize),
    /// The function recorded them itself, the same in every run.
    Recorded(Vec<f64>),
}

/// How often a program is run.
const RUNS: usize = 3;

fn exact() -> Tape {
    Tape::with(Options::default().numerics(Numerics::Exact))
}

/// Bits, every NaN alike.
fn bits(x: f64) -> u64 {
    if x.is_nan() { u64::MAX } else { x.to_bits() }
}

impl Sample {
    /// Holds what a mode found in a run to the tape, bit for bit.
    #[track_caller]
    pub(crate) fn hold(&self, mode: &str, run: &Run, found: &[Vec<f64>]) {
        let name = self.name;
        let lengths = |all: &[Vec<f64>]| all.iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(lengths(found), lengths(&run.found), "{name}, {mode}");
        for (block, (found, expected)) in found.iter().zip(&run.found).enumerate() {
            for (i, (&found, &expected)) in found.iter().zip(expected).enumerate() {
                assert!(
                    bits(found) == bits(expected),
                    "{name}, {mode}, block {block}, number {i}: {found:e}, {expected:e} by the tape"
                );
            }
        }
    }

    /// What the tape says, recorded anew for every run.
    pub(crate) fn runs(&self) -> Vec<Run> {
        let (mut params, mut stepper, mut runs) = (self.start.clone(), self.stepper(), Vec::new());
        for k in 0..RUNS {
            let tape = exact();
            let recorded = (self.record)(&tape, k, &params);
            let data = recorded.data.iter().map(|leaf| leaf.values());
            let mut given = params.clone();
            given.extend(stepper.iter().flat_map(|stepper| self.kept(stepper)));
            given.extend(data);
            if let Rule::Optimiser(optimiser) = &self.rule {
                given.extend(optimiser.step_numbers(k as u64).map(|number| vec![number]));
            }
            let found = self.found(&recorded, &params, stepper.as_mut());
            // What is no number, or 0 everywhere, would hold nothing.
            assert!(found.iter().flatten().all(|x| x.is_finite()), "{}: {found:?}", self.name);
            assert!(found[1..].iter().flatten().any(|&x| x != 0.0), "{}", self.name);
            params = match self.rule {
                Rule::Asked => elsewhere(&params),
                _ => found[1..=params.len()].to_vec(),
            };
            runs.push(Run { given, found });
        }
        runs
    }

    /// What a tape that was recorded elsewhere says, replayed at each run.
    pub(crate) fn replayed(&self, runs: &[Run]) -> Vec<Numbers> {
        let tape = exact();
        let recorded = self.recorded_elsewhere(&tape);
        let (count, mut stepper) = (recorded.params.len(), self.stepper());
        let kept = stepper.iter().flat_map(|stepper| self.kept(stepper)).count();
        let at_run = |run: &Run| {
            let data = recorded.data.iter().zip(&run.given[count + kept..]);
            let all = recorded.params.iter().zip(&run.given).chain(data);
            tape.replay(&all.map(|(&leaf, at)| (leaf, &at[..])).collect::<Vec<_>>()).unwrap();
            self.found(&recorded, &run.given[..count], stepper.as_mut())
        };
        runs.iter().map(at_run).collect()
    }

    /// Recorded where no run is.
    fn recorded_elsewhere<'t>(&self, tape: &'t Tape) -> Recorded<'t> {
        let params = (0..RUNS).fold(self.start.clone(), |params, _| elsewhere(&params));
        (self.record)(tape, RUNS, &params)
    }

    /// The value, and what becomes of the gradient that the tape is swept for.
    fn found(
        &self,
        recorded: &Recorded<'_>,
        params: &[Vec<f64>],
        stepper: Option<&mut Stepper>,
    ) -> Numbers {
        let gradients = recorded.value.backward();
        let slopes: Numbers = recorded.params.iter().map(|&p| gradients.values_wrt(p)).collect();
        let mut found = vec![vec![recorded.value.value()]];
        match (&self.rule, stepper) {
            (Rule::Descent(sgd), _) => {
                for (params, slopes) in params.iter().zip(&slopes) {
                    let mut moved = params.clone();
                    sgd.step(&mut moved, slopes);
                    found.push(moved);
                }
            }
            (Rule::Optimiser(_), Some(stepper)) => {
                let mut all = params.concat();
                let blocks: Vec<(usize, bool)> =
                    recorded.params.iter().map(|block| (block.len(), decays(*block))).collect();
                stepper.step_blocks(&mut all, &slopes.concat(), &blocks).unwrap();
                found.extend(self.by_block(&all));
                found.extend(self.kept(stepper));
            }
            _ => found.extend(slopes),
        }
        found
    }

    fn stepper(&self) -> Option<Stepper> {
        let Rule::Optimiser(optimiser) = &self.rule else { return None };
        Some(optimiser.start(self.start.concat().len()))
    }

    fn by_block(&self, all: &[f64]) -> Numbers {
        let mut at = 0;
        let block = |block: &Vec<f64>| {
            at += block.len();
            all[at - block.len()..at].to_vec()
        };
        self.start.iter().map(block).collect()
    }

    /// What the optimiser keeps, block by block.
    fn kept(&self, stepper: &Stepper) -> Numbers {
        let kinds: Vec<Numbers> =
            stepper.state().kept.iter().map(|kind| self.by_block(kind)).collect();
        (0..self.start.len()).flat_map(|i| kinds.iter().map(move |kind| kind[i].clone())).collect()
    }

    /// The program, recorded elsewhere: forward, reverse, and the step if there is one.
    pub(crate) fn compiled(&self) -> Compiled {
        let tape = exact();
        let Recorded { params, data, value } = self.recorded_elsewhere(&tape);
        let mut compiler = Compiler::new(&tape).numerics(Numerics::Exact);
        let mut outputs = vec![compiler.output(value).unwrap()];
        let (mut leaves, mut scalars, mut moves) = (params.clone(), Vec::new(), Vec::new());
        let zeros = |of: Var<'_>| {
            let zeros = vec![0.0; of.len()];
            tape.tensor(Leaf::Data, &zeros, of.shape().clone()).unwrap()
        };
        match &self.rule {
            Rule::Asked => {
                let slopes = params.iter().map(|&p| compiler.gradient(value, p).unwrap());
                outputs.extend(slopes);
            }
            Rule::Descent(sgd) => {
                for &params in &params {
                    let gradient = zeros(params);
                    compiler.gradient_as(value, params, gradient).unwrap();
                    moves.push((params - gradient * sgd.rate, params));
                }
            }
            Rule::Optimiser(optimiser) => {
                let mut blocks = Vec::new();
                for &params in &params {
                    let gradient = zeros(params);
                    compiler.gradient_as(value, params, gradient).unwrap();
                    blocks.push(Block { params, gradient, decays: decays(params) });
                }
                let step = optimiser.record(&tape, &blocks).unwrap();
                moves.extend(step.params.iter().copied().zip(params));
                let (next, kept) = (step.next.concat(), step.kept.concat());
                moves.extend(next.into_iter().zip(kept.iter().copied()));
                leaves.extend(kept);
                scalars.extend(step.scalars);
            }
        }
        for &(next, leaf) in &moves {
            let next = compiler.output(next).unwrap();
            compiler.feed(next, leaf).unwrap();
            outputs.push(next);
        }
        leaves.extend(data);
        leaves.extend(scalars);
        let program = compiler.compile().unwrap();
        let workspace = program.workspace();
        let source = |info: &InputInfo| {
            let place = leaves.iter().position(|leaf| leaf.id() == info.id);
            let recorded = || workspace.input(program.input(info.id).unwrap()).to_vec();
            place.map_or_else(|| Source::Recorded(recorded()), Source::Given)
        };
        let inputs = program.inputs().iter().map(source).collect();
        Compiled { program, inputs, outputs, moved: moves.len() }
    }
}

impl Compiled {
    /// What it gives in each run, or what another form of it gives. What it moves is set once.
    pub(crate) fn found(&self, program: &Program, runs: &[Run]) -> Vec<Numbers> {
        let mut workspace = program.workspace();
        let mut found = Vec::new();
        for (k, run) in runs.iter().enumerate() {
            for (info, source) in program.inputs().iter().zip(&self.inputs) {
                let Source::Given(place) = *source else { continue };
                if k == 0 || place >= self.moved {
                    let input = program.input(info.id).unwrap();
                    workspace.set(input, &run.given[place]).unwrap();
                }
            }
            program.run(&mut workspace).unwrap();
            found.push(self.outputs.iter().map(|&output| workspace.values(output)).collect());
        }
        found
    }
}

impl Compiled {
    /// What the program's inputs are in a run, in their order.
    pub(crate) fn inputs(&self, run: &Run) -> Numbers {
        let numbers = |source: &Source| match source {
            Source::Given(place) => run.given[*place].clone(),
            Source::Recorded(numbers) => numbers.clone(),
        };
        self.inputs.iter().map(numbers).collect()
    }
}

/// Whether an optimiser's decay applies: to weights, which are matrices, and not to biases.
fn decays(block: Var<'_>) -> bool {
    block.shape().dims().len() > 1
}

/// Numbers near the given ones, none of them the same.
fn elsewhere(all: &[Vec<f64>]) -> Numbers {
    let moved = |(i, x): (usize, &f64)| 0.96 * x + 0.01 * ((i % 7) as f64 - 3.5);
    all.iter().map(|numbers| numbers.iter().enumerate().map(moved).collect()).collect()
}
