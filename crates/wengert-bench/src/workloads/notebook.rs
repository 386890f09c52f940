//! W1: the notebook's training, one step of gradient descent a row, its network written in scalar
//! code neuron by neuron.

use std::array;

use wengert::{Gradients, Tape, Var};
use wengert_layers::{Activation, Init, Mlp};

use crate::compare::same_gradient;
use crate::compiled::Compiled;
use crate::hand::notebook::{Net, Row};
use crate::source::notebook::epoch;
use crate::workload::{About, Aim, Contenders, Measure, Unit, Workload};

const RATE: f64 = 0.02;

/// The notebook's ten rows.
const ROWS: [([f64; 2], usize); 10] = [
    ([2.7810836, 2.550537003], 0),
    ([1.465489372, 2.362125076], 0),
    ([3.396561688, 4.400293529], 0),
    ([1.38807019, 1.850220317], 0),
    ([3.06407232, 3.005305973], 0),
    ([7.627531214, 2.759262235], 1),
    ([5.332441248, 2.088626775], 1),
    ([6.922596716, 1.77106367], 1),
    ([8.675418651, -0.242068655], 1),
    ([7.673756466, 3.508563011], 1),
];

/// The network and its ten rows.
pub(crate) struct Notebook;

/// The loss as a program has it: parameters by layer, by neuron, two weights and a bias.
fn record<'t>(params: Var<'t>, x: Var<'t>, target: Var<'t>) -> Var<'t> {
    let p: [Var<'t>; 12] = array::from_fn(|i| params.at(i));
    let neuron = |p: &[Var<'t>], x: [Var<'t>; 2]| (p[2] + p[0] * x[0] + p[1] * x[1]).sigmoid();
    let x = [x.at(0), x.at(1)];
    let hidden = [neuron(&p[0..3], x), neuron(&p[3..6], x)];
    let output = [neuron(&p[6..9], hidden), neuron(&p[9..12], hidden)];
    0.5 * ((target.at(0) - output[0]).square() + (target.at(1) - output[1]).square())
}

struct Recorded<'t> {
    params: Var<'t>,
    x: Var<'t>,
    target: Var<'t>,
    loss: Var<'t>,
}

/// Everything on a tape.
fn on<'t>(tape: &'t Tape, start: &[f64], row: &Row) -> Recorded<'t> {
    let (params, x, target) = (tape.param(start), tape.data(row.0), tape.data(row.1));
    Recorded { params, x, target, loss: record(params, x, target) }
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
fn step(tape: &Tape, start: &[f64], row: &Row) -> Compiled<f64> {
    let Recorded { params, x, target, loss } = on(tape, start, row);
    let params = params.named("params");
    Compiled::step(loss.named("loss"), params, RATE, &[x.named("x"), target.named("target")])
}

/// The step as Rust, as it is committed.
#[cfg(test)]
pub(crate) fn text() -> String {
    step(&Tape::new(), &[0.0; 12], &([0.0; 2], [0.0; 2])).text("step")
}

impl Workload for Notebook {
    fn about(&self) -> About {
        About {
            id: "W1".to_owned(),
            what: "notebook 2-2-2, f64, SGD step a row, scalar code per neuron".to_owned(),
            threads: 1,
            unit: Unit::ns("ns/step", ROWS.len()),
            aims: [Some(Aim::Ratio(6.0)), Some(Aim::Ratio(4.0)), Some(Aim::Ratio(2.5))],
            aims_below: [Some(Aim::Ratio(1.05)), Some(Aim::Ratio(1.3))],
            reference: "hand 43; codipack 198, xad 211, reverse 212, stan 231, adept 240, jax scan 581, the notebook's own Python 8450",
        }
    }

    fn run(&self, measure: Measure<'_>) {
        let rows: [Row; 10] =
            ROWS.map(|(x, class)| (x, array::from_fn(|k| if k == class { 1.0 } else { 0.0 })));
        let notebook = Mlp::new(&[2, 2, 2], Activation::Sigmoid, Init::Notebook { seed: 1 })
            .expect("three sizes");
        let start: [f64; 12] = notebook
            .params()
            .try_into()
            .expect("two layers of two neurons with two weights and a bias");
        let mut net = Net::new(&start);

        let [kept, to_compile] = [Tape::new(), Tape::new()];
        let Recorded { params, x, target, loss } = on(&kept, &start, &rows[0]);
        let mut gradients = loss.backward();
        let mut compiled = step(&to_compile, &start, &rows[0]);
        let mut jit = compiled.jit();
        let mut tape = Tape::new();
        let (key, mark) = (tape.param(start).key(), tape.mark());
        let record_row = |tape: &mut Tape, row: &Row| {
            tape.rewind(mark);
            let (params, x, target) = (tape.var(key), tape.data(row.0), tape.data(row.1));
            descend(params, &record(params, x, target).backward());
        };
        let mut replay_row = |row: &Row| {
            kept.replay(&[(x, &row.0), (target, &row.1)]).expect("there is no guard");
            loss.backward_into(&mut gradients).expect("the loss is a single number");
            descend(params, &gradients);
        };
        for row in &rows {
            kept.replay(&[(x, &row.0), (target, &row.1)]).expect("there is no guard");
            same_gradient("tape", &loss.backward().values_wrt(params), &net.gradient(row), 1e-12);
        }
        // A whole epoch, since every row's step is from where the last one ended.
        let mut by_hand = net;
        by_hand.epoch(&rows, RATE);
        for row in &rows {
            record_row(&mut tape, row);
            replay_row(row);
            compiled.run(&[&row.0, &row.1]);
            jit.run(&[&row.0, &row.1]);
        }
        let mut written = start;
        epoch(&mut written, &rows);
        same_gradient("written epoch", &written, &by_hand.params(), 1e-12);
        same_gradient("compiled epoch", &compiled.result(), &by_hand.params(), 1e-12);
        same_gradient("jit epoch", &jit.result(), &by_hand.params(), 1e-12);
        same_gradient("recorded epoch", &tape.var(key).values(), &by_hand.params(), 1e-12);
        same_gradient("replayed epoch", &params.values(), &by_hand.params(), 1e-12);

        let mut facts = compiled.facts();
        facts.extend(jit.facts());
        measure(Contenders {
            hand: Box::new(|| net.epoch(&rows, RATE)),
            modes: [
                Some(Box::new(|| {
                    for row in &rows {
                        record_row(&mut tape, row);
                    }
                })),
                Some(Box::new(|| {
                    for row in &rows {
                        replay_row(row);
                    }
                })),
                Some(Box::new(|| {
                    for row in &rows {
                        compiled.run(&[&row.0, &row.1]);
                    }
                })),
            ],
            below: [
                Some(Box::new(|| epoch(&mut written, &rows))),
                Some(Box::new(|| {
                    for row in &rows {
                        jit.run(&[&row.0, &row.1]);
                    }
                })),
            ],
            facts,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::Notebook;
    use crate::workloads::tests::sets_up;

    #[test]
    fn hand_and_tape_agree() {
        sets_up(&Notebook);
    }
}
