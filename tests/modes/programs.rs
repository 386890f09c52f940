//! The programs: of the oracles and of the examples.

#[path = "../../examples/custom_op.rs"]
#[allow(dead_code, reason = "its main is not called here")]
mod custom_op;
#[path = "../../examples/digits/network.rs"]
mod digits_network;
#[path = "../kalman/filter.rs"]
mod filter;
#[path = "../adbench/gmm.rs"]
#[allow(dead_code, reason = "other tests use all of it")]
mod gmm;
#[path = "../adbench/lstm.rs"]
#[allow(dead_code, reason = "as above")]
mod lstm;
#[path = "../../examples/microgpt/model.rs"]
#[allow(dead_code, reason = "as above")]
mod microgpt;
#[path = "../../examples/ode/model.rs"]
#[allow(dead_code, reason = "as above")]
mod ode;
#[path = "../adbench/oracle.rs"]
#[allow(dead_code, reason = "as above")]
mod oracle;
#[path = "../../examples/gaussian_process.rs"]
#[allow(dead_code, reason = "its main is not called here")]
mod process;
#[path = "../../examples/program.rs"]
#[allow(dead_code, reason = "as above")]
mod program;
#[path = "../../examples/regression.rs"]
#[allow(dead_code, reason = "as above")]
mod regression;
#[path = "../../examples/xor.rs"]
#[allow(dead_code, reason = "as above")]
mod xor;

use std::cell::RefCell;

use gmm::Gmm;
use lstm::Lstm;
use wengert::{Tape, Var};
use wengert_layers::Granularity::{self, PerLayer, PerNeuron};
use wengert_layers::nn::loss::{BinaryCrossEntropy, CrossEntropy, Loss, MeanSquaredError};
use wengert_layers::nn::{Csv, Model, Optimiser, Scaling, Sequential, Table};
use wengert_layers::{Activation, Law, Mlp, Sgd};

use super::sample::{Numbers, Recorded, Rule, Sample, Text};

pub(crate) fn all() -> Vec<Sample> {
    let (adbench, gradbench) = (|| Gmm::adbench().0, || Gmm::gradbench().0);
    let kalman = [-2.0, -0.5, -1.5];
    vec![
        mixture("ADBench's mixture, in numbers", adbench(), false),
        mixture("ADBench's mixture, in tensors", adbench(), true),
        mixture("gradbench's mixture of 2 points, in numbers", gradbench().beginning(2), false),
        mixture("gradbench's mixture, in tensors", gradbench(), true),
        recurrent("ADBench's LSTM on 4 characters, in numbers", false),
        recurrent("ADBench's LSTM on 4 characters, in tensors", true),
        asked("the Kalman filter, 5 steps", &kalman, |theta| filter::log_likelihood(theta, 5)),
        not_written(
            Text::TooLong,
            asked("the Kalman filter", &kalman, |theta| {
                filter::log_likelihood(theta, filter::STEPS)
            }),
        ),
        asked("the Gaussian process", &[0.0; 3], process::likelihood),
        not_written(
            Text::Refused("scan"),
            asked("hares and lynxes, a loop of 20 years", &ODE, |point| {
                ode::residuals(point, ode::STEPS).square().sum()
            }),
        ),
        asked("hares and lynxes, 8 steps one by one", &ODE, |point| year(point, 8)),
        descent("the notebook's step, neuron by neuron", &[2, 2, 2], notebook(), 0.5, PerNeuron),
        descent("the notebook's step, layer by layer", &[2, 2, 2], notebook(), 0.5, PerLayer),
        descent("the wheat seeds' step, neuron by neuron", &[7, 5, 3], wheat(), 0.3, PerNeuron),
        descent("the wheat seeds' step, layer by layer", &[7, 5, 3], wheat(), 0.3, PerLayer),
        digits(),
        exclusive_or(),
        curve(),
        names("microgpt's loss of a letter, in numbers", microgpt::loss),
        names("microgpt's loss of a letter, layer by layer", microgpt::layers::loss),
        sigmoids("a 20-9-8 network of sigmoids, in numbers", [20, 9, 8]),
        asked("an operation with a rule of its own", &[-1.0, 0.5, 30.0], |x| {
            custom_op::log1pexp().of(&[x]).square().sum()
        }),
        asked("weights of one bit", &[0.3, 0.2, -0.1, 0.4], |w| {
            let x = w.tape().constant([1.0, 0.5, -0.2, 0.1]);
            (x * custom_op::one_bit().of(&[w]) - 0.5).square().sum()
        }),
        not_written(
            Text::Refused("external"),
            asked("a table of foreign code", &[2.5, 3.5], |height| {
                let measured = height.tape().constant([1.15, 0.8]);
                (custom_op::density().of(&[height]) - measured).square().sum()
            }),
        ),
    ]
}

/// What the solution of the equations is fitted at first.
const ODE: [f64; 6] = [-0.7, -3.9, -0.2, -3.9, 3.4, 1.4];

/// A function of one block of parameters.
fn asked(
    name: &'static str,
    start: &[f64],
    function: impl for<'t> Fn(Var<'t>) -> Var<'t> + 'static,
) -> Sample {
    sample(name, vec![start.to_vec()], Rule::Asked, move |tape, _, params| {
        let params = tape.param(&params[0]);
        Recorded { params: vec![params], data: vec![], value: function(params) }
    })
}

/// A function of parameters and data.
fn with_data(
    name: &'static str,
    start: &[f64],
    data: &[f64],
    function: impl for<'t> Fn(Var<'t>, Var<'t>) -> Var<'t> + 'static,
) -> Sample {
    let data = data.to_vec();
    sample(name, vec![start.to_vec()], Rule::Asked, move |tape, run, params| {
        let params = tape.param(&params[0]);
        let other: Vec<f64> = data.iter().map(|x| x * (1.0 - 0.0625 * run as f64)).collect();
        let data = tape.data(other);
        Recorded { params: vec![params], data: vec![data], value: function(params, data) }
    })
}

fn sample(
    name: &'static str,
    start: Numbers,
    rule: Rule,
    record: impl for<'t> Fn(&'t Tape, usize, &[Vec<f64>]) -> Recorded<'t> + 'static,
) -> Sample {
    Sample { name, start, record: Box::new(record), rule, text: Text::Held }
}

fn mixture(name: &'static str, gmm: Gmm, in_tensors: bool) -> Sample {
    let (start, data) = (gmm.parameters.clone(), gmm.data.clone());
    with_data(name, &start, &data, move |p, x| match in_tensors {
        true => gmm.tensor(p, x),
        false => gmm.scalar(&elements(p), &elements(x)),
    })
}

fn recurrent(name: &'static str, in_tensors: bool) -> Sample {
    let lstm = Lstm::adbench().0.beginning(4);
    let (start, data) = (lstm.parameters.clone(), lstm.data.clone());
    with_data(name, &start, &data, move |p, x| match in_tensors {
        true => lstm.tensor(p, x),
        false => lstm.scalar(&elements(p), &elements(x)),
    })
}

fn elements(run: Var<'_>) -> Vec<Var<'_>> {
    run.iter().collect()
}

fn not_written(text: Text, sample: Sample) -> Sample {
    Sample { text, ..sample }
}

/// The animals after a year, without a loop on the tape: each step is recorded.
fn year(point: Var<'_>, steps: usize) -> Var<'_> {
    let (p, first) = (point.slice(0, 0..4).exp(), point.slice(0, 4..6).exp());
    let mut y = [first.at(0), first.at(1)];
    for _ in 0..steps {
        y = ode::rk4(y, p, 1.0 / steps as f64);
    }
    (y[0].ln() - ode::HARES[1].ln()).square() + (y[1].ln() - ode::LYNXES[1].ln()).square()
}

/// A table of the examples' data, whose features are scaled to [0, 1].
fn table(file: &str, text: &str) -> Table {
    let table = Csv::new().parse(file, text).unwrap();
    Scaling::unit(&table).apply(&table).unwrap()
}

/// Some rows of a table, other ones in each run, with a target for each class.
fn batch<'t>(tape: &'t Tape, table: &Table, run: usize, rows: usize) -> [Var<'t>; 2] {
    // The classes lie one after the other.
    let rows: Vec<usize> = (0..rows).map(|i| (i * 71 + run * 67) % table.len()).collect();
    let classes = table.class_names().len();
    let marks = |&i: &usize| {
        let of_row = table.class_of(i).unwrap();
        (0..classes).map(|class| f64::from(class == of_row)).collect::<Vec<_>>()
    };
    let x = rows.iter().map(|&i| table.row(i).to_vec()).collect::<Vec<_>>();
    [tape.data(x), tape.data(rows.iter().map(marks).collect::<Vec<_>>())]
}

fn wheat() -> Table {
    table("wheat-seeds.csv", include_str!("../../examples/data/wheat-seeds.csv"))
}

/// Rows of the notebook.
fn notebook() -> Table {
    let features = [2.7810836, 2.550537003, 7.627531214, 2.759262235, 1.38807019, 1.850220317];
    Table::of_classes(features.to_vec(), vec![0, 1, 0], 2).unwrap()
}

/// A step of gradient descent as `Trainer` takes it for an `Mlp`: of one row, half the squared
/// error.
fn descent(
    name: &'static str,
    sizes: &[usize],
    table: Table,
    rate: f64,
    granularity: Granularity,
) -> Sample {
    let init = Law::GlorotUniform.seeded(1);
    let mlp = Mlp::new(sizes, Activation::Sigmoid, init).unwrap();
    let start = vec![mlp.params().to_vec()];
    sample(name, start, Rule::Descent(Sgd { rate }), move |tape, run, params| {
        let mut mlp = mlp.clone();
        mlp.set_params(&params[0]).unwrap();
        let bound = mlp.bind(tape, granularity);
        let [x, target] = batch(tape, &table, run, 1).map(|rows| rows.reshape([rows.len()]));
        let value = bound.forward(x).half_squared_error(target);
        Recorded { params: vec![bound.params()], data: vec![x, target], value }
    })
}

/// A step of the training of a model: of a batch that is given for a run.
fn training(
    name: &'static str,
    layers: Sequential,
    optimiser: Optimiser,
    loss: impl Loss<f64> + 'static,
    batch: impl for<'t> Fn(&'t Tape, usize) -> [Var<'t>; 2] + 'static,
) -> Sample {
    let model = RefCell::new(Model::new(layers, 1).unwrap());
    let start = model.borrow().params().map(|block| block.values.to_vec()).collect();
    sample(name, start, Rule::Optimiser(optimiser), move |tape, run, params| {
        let mut model = model.borrow_mut();
        model.set_values(&params.concat()).unwrap();
        let [x, target] = batch(tape, run);
        let pass = model.record_training(x, run as u64).unwrap();
        let value = loss.record(pass.output, target).unwrap();
        let data = [vec![x, target], pass.noise].concat();
        Recorded { params: pass.params, data, value }
    })
}

/// A step of the digits' training, with dropout, of four pictures.
fn digits() -> Sample {
    let table = table("digits.csv", include_str!("../../examples/data/digits.csv"));
    let (name, optimiser) =
        ("the digits' step, with dropout and AdamW", digits_network::optimiser(100));
    training(
        name,
        digits_network::layers(),
        optimiser,
        CrossEntropy::default(),
        move |tape, run| batch(tape, &table, run, 4),
    )
}

fn exclusive_or() -> Sample {
    let (name, loss) = ("the exclusive or's step, with Adam", BinaryCrossEntropy::default());
    training(name, xor::layers(), xor::OPTIMISER, loss, |tape, run| {
        let mut order = [0, 1, 2, 3];
        order.rotate_left(run);
        let rows = order.map(|i| xor::ROWS[i]);
        [tape.data(rows), tape.data(rows.map(|[a, b]| [f64::from(a != b)]))]
    })
}

fn curve() -> Sample {
    let name = "the regression's step, with Adam";
    training(name, regression::layers(), regression::OPTIMISER, MeanSquaredError, |tape, run| {
        let x: [f64; 8] = std::array::from_fn(|i| 0.125 * (i + run) as f64 - 0.5);
        [tape.data(x.map(|x| [x])), tape.data(x.map(regression::truth))]
    })
}

/// The loss of names of one letter, at the original's first weights.
fn names(name: &'static str, loss: for<'t> fn(Var<'t>, Var<'t>) -> Var<'t>) -> Sample {
    let start: Vec<f64> =
        serde_json::from_str(include_str!("../../examples/microgpt/init.json")).unwrap();
    sample(name, vec![start], Rule::Asked, move |tape, run, params| {
        let params = tape.param(&params[0]);
        let marks = microgpt::marks(&[microgpt::MARK, 3 * run, microgpt::MARK]);
        let tokens = tape.data(marks.chunks(microgpt::TOKENS).collect::<Vec<_>>());
        Recorded { params: vec![params], data: vec![tokens], value: loss(params, tokens) }
    })
}

/// The network of the example `program`, a node for every product and sum.
fn sigmoids(name: &'static str, sizes: [usize; 3]) -> Sample {
    let some = |n: usize, scale: f64| -> Vec<f64> {
        (0..n).map(|i| scale * (i as f64 * 0.7).sin()).collect()
    };
    let params = sizes.windows(2).map(|pair| (pair[0] + 1) * pair[1]).sum();
    let [inputs, _, outputs] = sizes;
    with_data(name, &some(params, 0.1), &some(inputs + outputs, 1.0), move |params, data| {
        let (x, target) = (data.slice(0, 0..inputs), data.slice(0, inputs..data.len()));
        program::network(&sizes, params, x, target)
    })
}
