//! Whole programs: training steps, and two functions of ADBench.

use wengert::{Scan, Tape, Var};
use wengert_layers::{Activation, Granularity, Init, Mlp};
use wengert_stablehlo::Export;

use crate::gmm::Gmm;
use crate::lstm::Lstm;
use crate::xla;

const TOLERANCE: f64 = 1e-12;

/// Runs all that was asked for, and compares with the tape.
pub(crate) fn compared<N: AsRef<str>>(tape: &Tape, asked: &[(N, Var<'_>)]) {
    let mut export = Export::new(tape);
    for (name, var) in asked {
        export.output(name.as_ref(), *var).unwrap();
    }
    let module = export.module("program").unwrap();
    let Some(results) = xla::run(tape, &module) else { return };
    for ((name, var), (_, found)) in asked.iter().zip(&results) {
        let (name, wanted) = (name.as_ref(), var.values());
        let scale = wanted.iter().fold(1e-300_f64, |scale, x| scale.max(x.abs()));
        let off = xla::difference(found, &wanted, scale);
        println!("{name}: {off:.1e}");
        assert!(off <= TOLERANCE, "{name}: {off:e}");
    }
}

fn value_and_gradient(
    parameters: &[f64],
    data: &[f64],
    f: impl for<'t> Fn(Var<'t>, Var<'t>) -> Var<'t>,
) {
    let tape = Tape::new();
    let (p, x) = (tape.param(parameters).named("parameters"), tape.data(data).named("data"));
    let loss = f(p, x);
    let gradient = loss.record_gradient(&[p]).unwrap()[0].unwrap();
    compared(&tape, &[("value", loss), ("gradient", gradient)]);
}

fn elements<'t>(x: Var<'t>) -> Vec<Var<'t>> {
    (0..x.len()).map(|i| x.at(i)).collect()
}

#[test]
fn the_notebooks_step() {
    for granularity in [Granularity::PerNeuron, Granularity::PerLayer] {
        let mlp = Mlp::new(&[2, 3, 2], Activation::Sigmoid, Init::Notebook { seed: 1 }).unwrap();
        let tape = Tape::new();
        let bound = mlp.bind(&tape, granularity);
        let pass = bound.forward(tape.data([1.0, 0.5]).named("x"));
        let loss = pass.half_squared_error(tape.data([0.0, 1.0]).named("target"));
        let w = bound.params();
        let gradient = loss.record_gradient(&[w]).unwrap()[0].unwrap();
        let next = w - 0.02 * gradient;
        compared(&tape, &[("loss", loss), ("gradient", gradient), ("next", next)]);
    }
}

#[test]
fn the_mixture_of_adbench() {
    let (gmm, _) = Gmm::adbench();
    value_and_gradient(&gmm.parameters, &gmm.data, |p, x| gmm.tensor(p, x));
    value_and_gradient(&gmm.parameters, &gmm.data, |p, x| gmm.scalar(&elements(p), &elements(x)));
}

#[test]
fn the_mixture_of_gradbench() {
    let (gmm, _) = Gmm::gradbench();
    value_and_gradient(&gmm.parameters, &gmm.data, |p, x| gmm.tensor(p, x));
}

/// Its first characters, every step written out.
#[test]
fn the_recurrent_network_of_adbench_written_out() {
    let (mut lstm, _) = Lstm::adbench();
    lstm.length = 5;
    lstm.data.truncate((4 + lstm.length) * lstm.bits);
    value_and_gradient(&lstm.parameters, &lstm.data, |p, x| lstm.tensor(p, x));
}

/// All of its 1024 characters, as a loop: 400,000 operations, written out, are too many for XLA.
#[test]
fn the_recurrent_network_of_adbench_as_a_loop() {
    let (lstm, expected) = Lstm::adbench();
    let (b, c) = (lstm.bits, lstm.length);
    value_and_gradient(&lstm.parameters, &lstm.data, |p, x| looped(p, x, b, c));
    let tape = Tape::new();
    let loss = looped(tape.param(&lstm.parameters), tape.data(&lstm.data), b, c);
    assert!((loss.value() - expected.value).abs() < 1e-8, "{} {}", loss.value(), expected.value);
}

/// The loss of two layers, of `b` numbers a character, over `c` characters.
fn looped<'t>(parameters: Var<'t>, data: Var<'t>, b: usize, c: usize) -> Var<'t> {
    let parameters = parameters.reshape([19, b]);
    let data = data.reshape([4 + c, b]);
    let sequence = data.slice(0, 4..4 + c);
    let inputs = sequence.slice(0, 0..c - 1) * parameters.at(16);
    let scan =
        Scan::new().state(data.slice(0, 0..4)).rows(inputs).fixed(parameters.slice(0, 0..16));
    let scan = scan.record(|step| {
        let (state, gates, mut x) = (step.state(0), step.fixed(0), step.row(0));
        let mut next = Vec::new();
        for layer in 0..2 {
            let weight = |i: usize| (gates.at(8 * layer + i), gates.at(8 * layer + 4 + i));
            let [(w_f, b_f), (w_i, b_i), (w_o, b_o), (w_c, b_c)] = std::array::from_fn(weight);
            let (hidden, cell) = (state.at(2 * layer), state.at(2 * layer + 1));
            let (forget, ingate) = ((x * w_f + b_f).sigmoid(), (hidden * w_i + b_i).sigmoid());
            let (outgate, change) = ((x * w_o + b_o).sigmoid(), (hidden * w_c + b_c).tanh());
            let cell = cell * forget + ingate * change;
            x = outgate * cell.tanh();
            next.extend([x, cell]);
        }
        step.next([x.tape().stack(&next)]).with([x])
    });
    let y = scan.unwrap().rows(0) * parameters.at(17) + parameters.at(18);
    let normaliser = (y.exp().sum_axes(1) + 2.0).ln().reshape([c - 1, 1]);
    (sequence.slice(0, 1..c) * (y - normaliser)).sum() * (-1.0 / ((c - 1) * b) as f64)
}

#[test]
fn updates_are_fed_back() {
    // Ten steps by the module are ten steps by the tape.
    let tape = Tape::new();
    let w = tape.param([0.5, -0.5]).named("w");
    let x = tape.data([[1.0, 2.0], [2.0, 1.0], [0.5, 0.25]]).named("x");
    let loss = (x.matmul(w) - 1.0).square().sum();
    let gradient = loss.record_gradient(&[w]).unwrap()[0].unwrap();
    let next = w - 0.05 * gradient;
    let mut export = Export::new(&tape);
    export.output("loss", loss).unwrap();
    export.update(w, next).unwrap();
    let module = export.module("step").unwrap();
    let mut numbers: Vec<Vec<f64>> = module
        .arguments()
        .iter()
        .map(|argument| tape.all_values()[argument.slots.clone()].to_vec())
        .collect();
    for _ in 0..10 {
        let Some(results) = xla::run_at(&module, &numbers) else { return };
        let (wanted, next) = (loss.value(), next.values());
        assert!(xla::difference(&results[0].1, &[wanted], 1e-300) <= TOLERANCE);
        for (argument, numbers) in module.arguments().iter().zip(&mut numbers) {
            if let Some(result) = argument.next {
                numbers.clone_from(&results[result].1);
            }
        }
        tape.replay(&[(w, &next)]).unwrap();
    }
}

#[test]
fn numbers_of_32_bits() {
    let tape: Tape<f32> = Tape::with(wengert::Options::default());
    let (x, w) = (tape.data([[1.0, 2.0], [3.0, 4.0]]), tape.param([0.5, -0.25]));
    let loss = x.matmul(w).tanh().sum();
    let gradient = loss.record_gradient(&[w]).unwrap()[0].unwrap();
    let mut export = Export::new(&tape);
    export.output("loss", loss).unwrap();
    export.output("gradient", gradient).unwrap();
    let module = export.module("single").unwrap();
    assert!(!module.text().contains("f64"), "{module}");
    let Some(results) = xla::run(&tape, &module) else { return };
    let wanted: Vec<f64> = gradient.values().into_iter().map(f64::from).collect();
    assert!(xla::difference(&results[1].1, &wanted, 1e-3) <= 1e-5, "{results:?} {wanted:?}");
}
