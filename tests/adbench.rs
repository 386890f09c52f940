//! Two functions of ADBench and gradbench, each as scalar and as tensor code, held against values
//! and gradients that other programs computed (`oracle/adbench`): recorded, replayed after a
//! recording at the same and at other inputs, and compiled.

#[path = "adbench/gmm.rs"]
#[allow(dead_code, reason = "other tests take parts of it")]
mod gmm;
#[path = "adbench/lstm.rs"]
#[allow(dead_code, reason = "as above")]
mod lstm;
#[path = "adbench/oracle.rs"]
mod oracle;

use std::time::Instant;

use gmm::{Gmm, Prior};
use lstm::Lstm;
use oracle::{Answer, TOLERANCE};
use wengert::{Compiler, Numerics, Options, Program, Tape, Var, Workspace};

// ---- The mixture, by the sign of its prior.

#[test]
fn gmm_with_adbenchs_sign_of_the_prior_as_scalar_code() {
    let (gmm, expected) = Gmm::adbench();
    check(&gmm.parameters, &gmm.data, &expected, |p, x| gmm.scalar(&elements(p), &elements(x)));
}

#[test]
fn gmm_with_adbenchs_sign_of_the_prior_as_tensor_code() {
    let (gmm, expected) = Gmm::adbench();
    check(&gmm.parameters, &gmm.data, &expected, |p, x| gmm.tensor(p, x));
}

#[test]
fn gmm_with_gradbenchs_opposite_sign_of_the_prior_as_scalar_code() {
    let (gmm, expected) = Gmm::gradbench();
    check(&gmm.parameters, &gmm.data, &expected, |p, x| gmm.scalar(&elements(p), &elements(x)));
}

#[test]
fn gmm_with_gradbenchs_opposite_sign_of_the_prior_as_tensor_code() {
    let (gmm, expected) = Gmm::gradbench();
    check(&gmm.parameters, &gmm.data, &expected, |p, x| gmm.tensor(p, x));
}

/// The outside examples have two dimensions, so one number below the diagonal: they do not see the
/// order of more.
#[test]
fn gmm_in_five_dimensions_is_the_same_as_scalar_and_as_tensor_code() {
    let (dimensions, components, points) = (5, 3, 4);
    let wave = |count: usize, step: f64| -> Vec<f64> {
        (0..count).map(|i| (step * (i + 1) as f64).sin()).collect()
    };
    let parameters = wave(components * (1 + dimensions + dimensions * (dimensions + 1) / 2), 0.7);
    let data = wave(points * dimensions, 1.3);
    for prior in [Prior::Adbench, Prior::Gradbench] {
        let (parameters, data) = (parameters.clone(), data.clone());
        let gmm =
            Gmm { prior, dimensions, components, points, gamma: 1.5, m: 2.0, parameters, data };
        let tape = Tape::new();
        let (p, x) = (tape.param(&gmm.parameters), tape.data(&gmm.data));
        let as_scalars = answer(gmm.scalar(&elements(p), &elements(x)), p);
        check(&gmm.parameters, &gmm.data, &as_scalars, |p, x| gmm.tensor(p, x));
    }
}

// ---- The recurrent network.

#[test]
fn lstm_as_scalar_code() {
    let (lstm, expected) = Lstm::adbench();
    check(&lstm.parameters, &lstm.data, &expected, |p, x| lstm.scalar(&elements(p), &elements(x)));
}

#[test]
fn lstm_as_tensor_code() {
    let (lstm, expected) = Lstm::adbench();
    check(&lstm.parameters, &lstm.data, &expected, |p, x| lstm.tensor(p, x));
}

// ---- The comparison sees what it should.

#[test]
fn scalar_code_over_plain_numbers_gives_the_recorded_value() {
    let (gmm, expected) = Gmm::gradbench();
    let tape = Tape::new();
    let recorded =
        gmm.scalar(&elements(tape.param(&gmm.parameters)), &elements(tape.data(&gmm.data)));
    let plain = gmm.scalar(&gmm.parameters, &gmm.data);
    assert_eq!(plain.to_bits(), recorded.value().to_bits());
    assert!((plain - expected.value).abs() < TOLERANCE * plain.abs());
}

#[test]
fn the_other_sign_of_the_prior_does_not_agree() {
    for ((gmm, expected), other) in
        [(Gmm::adbench(), Prior::Gradbench), (Gmm::gradbench(), Prior::Adbench)]
    {
        let gmm = Gmm { prior: other, ..gmm };
        let tape = Tape::new();
        let (p, x) = (tape.param(&gmm.parameters), tape.data(&gmm.data));
        assert!(answer(gmm.tensor(p, x), p).deviation(&expected) > 1e-3);
    }
}

#[test]
fn one_wrong_number_does_not_agree() {
    for expected in [Gmm::adbench().1, Gmm::gradbench().1, Lstm::adbench().1] {
        assert!(expected.agrees_with(&expected));
        let agrees = |wrong: Answer| wrong.agrees_with(&expected) || expected.agrees_with(&wrong);
        for (i, &derivative) in expected.gradient.iter().enumerate() {
            for wrong in [
                derivative * (1.0 + 1e-7) + 1e-12_f64.copysign(derivative),
                1.0 - derivative,
                f64::NAN,
            ] {
                let mut answer = expected.clone();
                answer.gradient[i] = wrong;
                assert!(!agrees(answer), "{wrong} for {derivative}");
            }
        }
        assert!(!agrees(Answer { value: expected.value * (1.0 + 1e-7), ..expected.clone() }));
    }
}

#[test]
#[should_panic(expected = "compiled, Exact: off by")]
fn a_check_of_a_program_against_a_wrong_gradient_fails() {
    let (gmm, mut expected) = Gmm::gradbench();
    expected.gradient[7] *= 1.0 + 1e-7;
    check_compiled(&gmm.parameters, &gmm.data, &expected, |p, x| gmm.tensor(p, x));
}

#[test]
#[should_panic(expected = "recorded: off by")]
fn a_check_against_a_wrong_gradient_fails() {
    let (gmm, mut expected) = Gmm::gradbench();
    expected.gradient[7] *= 1.0 + 1e-7;
    check(&gmm.parameters, &gmm.data, &expected, |p, x| gmm.tensor(p, x));
}

/// Holds a function of parameters and data against an outside answer: recorded at the inputs,
/// replayed there, replayed elsewhere and back, and recorded elsewhere and replayed at the inputs.
/// Every replay gives the bits of a recording.
fn check(
    parameters: &[f64],
    data: &[f64],
    expected: &Answer,
    function: impl for<'t> Fn(Var<'t>, Var<'t>) -> Var<'t>,
) {
    let (other_parameters, other_data) = (moved(parameters), moved(data));

    let tape = Tape::new();
    let (p, x) = (tape.param(parameters), tape.data(data));
    let output = function(p, x);
    let recorded = answer(output, p);
    let deviation = recorded.deviation(expected);
    println!("{} nodes, off by {deviation:e}", tape.len());
    assert!(recorded.agrees_with(expected), "recorded: off by {deviation:e}");

    tape.replay(&[(p, parameters), (x, data)]).expect("the function does not branch");
    assert!(answer(output, p).bits() == recorded.bits(), "replayed at the same inputs");

    tape.replay(&[(p, &other_parameters), (x, &other_data)]).expect("the function does not branch");
    let elsewhere = answer(output, p);
    assert!(!elsewhere.agrees_with(expected), "the other inputs are other inputs");

    tape.replay(&[(p, parameters), (x, data)]).expect("the function does not branch");
    assert!(answer(output, p).bits() == recorded.bits(), "replayed elsewhere and back");

    let tape = Tape::new();
    let (p, x) = (tape.param(&other_parameters), tape.data(&other_data));
    let output = function(p, x);
    assert!(answer(output, p).bits() == elsewhere.bits(), "recorded elsewhere");

    tape.replay(&[(p, parameters), (x, data)]).expect("the function does not branch");
    let replayed = answer(output, p);
    assert!(replayed.agrees_with(expected), "replayed: off by {:e}", replayed.deviation(expected));
    assert!(replayed.bits() == recorded.bits(), "recorded elsewhere and replayed at the inputs");

    check_compiled(parameters, data, expected, function);
}

/// Holds the function's programs, recorded elsewhere and run at the inputs, there and back, against
/// the outside answer; in `Exact` against the tape bit for bit.
fn check_compiled(
    parameters: &[f64],
    data: &[f64],
    expected: &Answer,
    function: impl for<'t> Fn(Var<'t>, Var<'t>) -> Var<'t>,
) {
    let (other_parameters, other_data) = (moved(parameters), moved(data));
    for numerics in [Numerics::Exact, Numerics::Fast] {
        let tape = Tape::with(Options::default().numerics(numerics));
        let (p, x) = (tape.param(&other_parameters), tape.data(&other_data));
        let output = function(p, x);
        let elsewhere = answer(output, p);
        let start = Instant::now();
        let program = compiled(output, p, numerics);
        println!("{numerics:?}: compiled in {:.2?}", start.elapsed());
        tape.replay(&[(p, parameters), (x, data)]).expect("the function does not branch");
        let here = answer(output, p);

        let mut workspace = program.workspace();
        let mut run = |parameters: &[f64], data: &[f64]| {
            workspace.set(program.input(p).expect("a leaf"), parameters).expect("as many numbers");
            workspace.set(program.input(x).expect("a leaf"), data).expect("as many numbers");
            run(&program, &mut workspace)
        };
        let first = run(parameters, data);
        assert!(
            first.agrees_with(expected),
            "compiled, {numerics:?}: off by {:e}",
            first.deviation(expected)
        );
        let there = run(&other_parameters, &other_data);
        assert!(
            there.agrees_with(&elsewhere),
            "elsewhere, {numerics:?}: off by {:e}",
            there.deviation(&elsewhere)
        );
        assert!(
            run(parameters, data).bits() == first.bits(),
            "{numerics:?}: run elsewhere and back"
        );
        if numerics == Numerics::Exact {
            assert!(
                first.bits() == here.bits(),
                "not the tape's bits: off by {:e}",
                first.deviation(&here)
            );
            assert!(there.bits() == elsewhere.bits(), "elsewhere not the tape's bits");
        }
    }
}

/// The program of a value and its gradient.
fn compiled<'t>(output: Var<'t>, parameters: Var<'t>, numerics: Numerics) -> Program {
    let mut compiler = Compiler::new(output.tape()).numerics(numerics);
    compiler.output(output).expect("of this tape");
    compiler.gradient(output, parameters).expect("a single number of this tape");
    compiler.compile().expect("it is small enough")
}

fn run(program: &Program, workspace: &mut Workspace) -> Answer {
    program.run(workspace).expect("the function does not branch");
    let [value, gradient] = program.outputs()[..] else {
        panic!("a value and a gradient were asked for")
    };
    Answer { value: workspace.value(value), gradient: workspace.values(gradient) }
}

fn answer<'t>(output: Var<'t>, parameters: Var<'t>) -> Answer {
    Answer { value: output.value(), gradient: output.backward().values_wrt(parameters) }
}

fn elements(run: Var<'_>) -> Vec<Var<'_>> {
    run.iter().collect()
}

/// Inputs near the given ones, none of them the same.
fn moved(numbers: &[f64]) -> Vec<f64> {
    numbers
        .iter()
        .enumerate()
        .map(|(i, number)| 0.95 * number + 0.01 * ((i % 7) as f64 - 3.5))
        .collect()
}
