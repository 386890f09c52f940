//! W4: steps of a 4-16-3 network over 16 rows, recorded a layer at a time, where what there is
//! beside the arithmetic shows, and in scalar code.

use wengert::{Gradients, Leaf, Tape, Var};

use crate::compare::same_gradient;
use crate::compiled::Compiled;
use crate::hand::tiny::{Batch, HIDDEN, INPUTS, Net, OUTPUTS, PARAMS, ROWS};
use crate::numbers::Numbers;
use crate::workload::{About, Aim, Contenders, Measure, Unit, Workload};

const RATE: f64 = 1e-3;

/// How the network is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// A layer's weighted sums over all rows are one node.
    Layers,
    /// Row by row and neuron by neuron in products and sums.
    Scalar,
}

/// 4-16-3 over 16 rows.
pub(crate) struct Tiny {
    pub(crate) code: Code,
}

/// The loss as a program has it: by layer the weights `[m, n]`, then the biases `[m]`.
fn record<'t>(code: Code, params: Var<'t>, x: Var<'t>, target: Var<'t>) -> Var<'t> {
    match code {
        Code::Layers => layers(params, x, target),
        Code::Scalar => scalar(params, x, target),
    }
}

fn layers<'t>(params: Var<'t>, x: Var<'t>, target: Var<'t>) -> Var<'t> {
    let part = |from: usize, len: usize| params.slice(0, from..from + len);
    let second = (INPUTS + 1) * HIDDEN;
    let hidden = Var::affine(
        part(INPUTS * HIDDEN, HIDDEN),
        part(0, INPUTS * HIDDEN).reshape([HIDDEN, INPUTS]),
        x,
    );
    let weights = part(second, HIDDEN * OUTPUTS).reshape([OUTPUTS, HIDDEN]);
    let output =
        Var::affine(part(second + HIDDEN * OUTPUTS, OUTPUTS), weights, hidden.sigmoid()).sigmoid();
    0.5 * (output - target).square().sum()
}

/// Every product and every sum is a node.
fn scalar<'t>(params: Var<'t>, x: Var<'t>, target: Var<'t>) -> Var<'t> {
    let (x, target) = (x.reshape([ROWS * INPUTS]), target.reshape([ROWS * OUTPUTS]));
    // A layer's outputs: its weights `[outputs, inputs]` from `at` on, then its biases.
    let layer = |at: usize, outputs: usize, inputs: &[Var<'t>]| -> Vec<Var<'t>> {
        let neuron = |j: usize| {
            let mut z = params.at(at + outputs * inputs.len() + j);
            for (i, &input) in inputs.iter().enumerate() {
                z += params.at(at + j * inputs.len() + i) * input;
            }
            z.sigmoid()
        };
        (0..outputs).map(neuron).collect()
    };
    let mut squares = Vec::with_capacity(ROWS * OUTPUTS);
    for row in 0..ROWS {
        let inputs: Vec<Var<'t>> = (0..INPUTS).map(|i| x.at(row * INPUTS + i)).collect();
        let hidden = layer(0, HIDDEN, &inputs);
        let outputs = layer((INPUTS + 1) * HIDDEN, OUTPUTS, &hidden);
        squares.extend(
            outputs
                .iter()
                .enumerate()
                .map(|(k, &output)| (output - target.at(row * OUTPUTS + k)).square()),
        );
    }
    0.5 * squares.into_iter().reduce(|a, b| a + b).expect("there are outputs")
}

fn data<'t>(tape: &'t Tape, values: &[f64], columns: usize) -> Var<'t> {
    tape.tensor(Leaf::Data, values, [ROWS, columns]).expect("there is room for 16 rows")
}

/// Moves the parameters, which stay on their tape, against the gradient, which stands at the
/// beginning of the adjoints as they do at that of the tape.
fn descend(params: Var<'_>, gradients: &Gradients<'_>) {
    let moved = params.tape().update(params, |params| {
        for (param, gradient) in params.iter_mut().zip(gradients.adjoints()) {
            *param -= RATE * gradient;
        }
    });
    moved.expect("parameters can be set");
}

/// A step as a program.
fn compiled(
    code: Code,
    tape: &Tape,
    start: &[f64],
    features: &[f64],
    targets: &[f64],
) -> Compiled<f64> {
    let params = tape.param(start).named("params");
    let (x, target) = (data(tape, features, INPUTS), data(tape, targets, OUTPUTS));
    let (x, target) = (x.named("x"), target.named("target"));
    Compiled::step(record(code, params, x, target).named("loss"), params, RATE, &[x, target])
}

/// The step as Rust, as it is committed.
#[cfg(test)]
pub(crate) fn text() -> String {
    let (x, target) = ([0.0; ROWS * INPUTS], [0.0; ROWS * OUTPUTS]);
    compiled(Code::Layers, &Tape::new(), &[0.0; PARAMS], &x, &target).text("step")
}

fn array<const N: usize>(values: &[f64]) -> [f64; N] {
    values.try_into().expect("a batch has as many")
}

impl Workload for Tiny {
    fn about(&self) -> About {
        let ratios = |ratios: [f64; 3]| ratios.map(|ratio| Some(Aim::Ratio(ratio)));
        let (id, code, aims, reference) = match self.code {
            Code::Layers => (
                "W4",
                "a node a layer",
                ratios([3.0, 2.0, 1.3]),
                "hand 0.47; jax scan 3.8, dfdx 7.6, torch 107",
            ),
            Code::Scalar => (
                "W4-scalar",
                "scalar code per neuron",
                ratios([20.0, 10.0, 2.0]),
                "hand 0.47; codipack 13.9, adept 17, reverse 18.6",
            ),
        };
        About {
            id: id.to_owned(),
            what: format!("4-16-3, batch 16, f64, SGD step, {code}"),
            threads: 1,
            unit: Unit::us("us/step"),
            aims,
            aims_below: [None, Some(Aim::Ratio(2.0))],
            reference,
        }
    }

    fn run(&self, measure: Measure<'_>) {
        let code = self.code;
        let mut numbers = Numbers::seeded(4);
        let (start, features) = (numbers.take(PARAMS, 0.5), numbers.take(ROWS * INPUTS, 1.0));
        let targets: Vec<f64> = (0..ROWS * OUTPUTS)
            .map(|i| if i / OUTPUTS % OUTPUTS == i % OUTPUTS { 1.0 } else { 0.0 })
            .collect();
        let batch = Batch::new(&features, &targets);
        let mut net = Net::new(&start);
        let gradient = net.gradient(&batch).params();
        let mut moved = net.clone();
        moved.step(&batch, 1.0);
        let step: Vec<f64> =
            start.iter().zip(moved.params()).map(|(before, after)| before - after).collect();
        same_gradient("the hand-written step", &step, &gradient, 1e-10);

        let mut tape = Tape::new();
        let kept = Tape::new();
        let (params, x, target) =
            (kept.param(&start), data(&kept, &features, INPUTS), data(&kept, &targets, OUTPUTS));
        let loss = record(code, params, x, target);
        let mut gradients = loss.backward();
        same_gradient("tape", &gradients.values_wrt(params), &gradient, 1e-10);

        let to_compile = Tape::new();
        let mut compiled = compiled(code, &to_compile, &start, &features, &targets);
        let mut jit = compiled.jit();
        compiled.run(&[&features, &targets]);
        jit.run(&[&features, &targets]);
        same_gradient("jit", &jit.result(), &compiled.result(), 1e-12);
        let step: Vec<f64> = start
            .iter()
            .zip(&*compiled.result())
            .map(|(before, after)| (before - after) / RATE)
            .collect();
        same_gradient("compiled", &step, &gradient, 1e-9);

        let mut written: [f64; PARAMS] = array(&start);
        let (x_array, target_array) = (array(&features), array(&targets));
        crate::source::tiny::step(&mut written, &x_array, &target_array);
        let step: Vec<f64> =
            start.iter().zip(written).map(|(before, after)| (before - after) / RATE).collect();
        same_gradient("written", &step, &gradient, 1e-9);

        let (key, mark) = (tape.param(&start).key(), tape.mark());
        let mut facts = compiled.facts();
        facts.extend(jit.facts());
        measure(Contenders {
            hand: Box::new(|| net.step(&batch, RATE)),
            modes: [
                Some(Box::new(|| {
                    tape.rewind(mark);
                    let (params, x) = (tape.var(key), data(&tape, &features, INPUTS));
                    let target = data(&tape, &targets, OUTPUTS);
                    descend(params, &record(code, params, x, target).backward());
                })),
                Some(Box::new(|| {
                    kept.replay(&[(x, &features), (target, &targets)]).expect("there is no guard");
                    loss.backward_into(&mut gradients).expect("the loss is a single number");
                    descend(params, &gradients);
                })),
                Some(Box::new(|| compiled.run(&[&features, &targets]))),
            ],
            below: [
                (code == Code::Layers).then_some(Box::new(|| {
                    crate::source::tiny::step(&mut written, &x_array, &target_array);
                })),
                Some(Box::new(|| jit.run(&[&features, &targets]))),
            ],
            facts,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::{Code, Tiny};
    use crate::workloads::tests::sets_up;

    #[test]
    fn hand_and_tape_agree() {
        for code in [Code::Layers, Code::Scalar] {
            sets_up(&Tiny { code });
        }
    }
}
