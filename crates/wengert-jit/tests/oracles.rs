//! ADBench's mixture and recurrent network as machine code: the values and gradients that other
//! programs computed, and the bits of the tape and of the interpreter.

#[allow(dead_code, reason = "the tests at the root use all of it")]
#[path = "../../../tests/adbench/gmm.rs"]
mod gmm;
#[allow(dead_code, reason = "as above")]
#[path = "../../../tests/adbench/lstm.rs"]
mod lstm;
#[allow(dead_code, reason = "as above")]
#[path = "../../../tests/adbench/oracle.rs"]
mod oracle;

use gmm::Gmm;
use lstm::Lstm;
use oracle::Answer;
use wengert::{Compiler, Numerics, Options, Program, Tape, Var, Workspace};
use wengert_jit::Jit;

#[test]
fn the_mixture_as_scalar_code() {
    let (gmm, expected) = Gmm::adbench();
    check(&gmm.parameters, &gmm.data, &expected, |p, x| gmm.scalar(&elements(p), &elements(x)));
}

#[test]
fn the_mixture_as_tensor_code() {
    for (gmm, expected) in [Gmm::adbench(), Gmm::gradbench()] {
        check(&gmm.parameters, &gmm.data, &expected, |p, x| gmm.tensor(p, x));
    }
}

#[test]
#[cfg_attr(
    debug_assertions,
    ignore = "a minute or more in a debug build: cargo test --release -p wengert-jit"
)]
fn the_recurrent_network_as_scalar_code() {
    let (lstm, expected) = Lstm::adbench();
    check(&lstm.parameters, &lstm.data, &expected, |p, x| lstm.scalar(&elements(p), &elements(x)));
}

#[test]
#[cfg_attr(
    debug_assertions,
    ignore = "a minute or more in a debug build: cargo test --release -p wengert-jit"
)]
fn the_recurrent_network_as_tensor_code() {
    let (lstm, expected) = Lstm::adbench();
    check(&lstm.parameters, &lstm.data, &expected, |p, x| lstm.tensor(p, x));
}

/// Holds the machine code, made of a recording at other inputs, to the outside answer, and in
/// `Exact` to the tape and to the interpreter bit for bit.
fn check(
    parameters: &[f64],
    data: &[f64],
    expected: &Answer,
    function: impl for<'t> Fn(Var<'t>, Var<'t>) -> Var<'t>,
) {
    let moved = |numbers: &[f64]| -> Vec<f64> { numbers.iter().map(|x| 0.96 * x + 0.01).collect() };
    let elsewhere = (moved(parameters), moved(data));
    for numerics in [Numerics::Exact, Numerics::Fast] {
        let tape = Tape::with(Options::default().numerics(numerics));
        let (p, x) = (tape.param(&elsewhere.0), tape.data(&elsewhere.1));
        let output = function(p, x);
        let mut compiler = Compiler::new(&tape).numerics(numerics);
        compiler.output(output).unwrap();
        compiler.gradient(output, p).unwrap();
        let program = compiler.compile().unwrap();
        let jit = Jit::new(&program).unwrap();
        assert!(jit.report().operations > 0, "{}", jit.report());
        let (mut by_program, mut by_code) = (program.workspace(), jit.workspace());
        for (parameters, data) in [(parameters, data), (&elsewhere.0, &elsewhere.1)] {
            for workspace in [&mut by_program, &mut by_code] {
                workspace.set(program.input(p).unwrap(), parameters).unwrap();
                workspace.set(program.input(x).unwrap(), data).unwrap();
            }
            let found = run(jit.program(), &mut by_code);
            let interpreted = run(&program, &mut by_program);
            tape.replay(&[(p, parameters), (x, data)]).unwrap();
            let of_tape =
                Answer { value: output.value(), gradient: output.backward().values_wrt(p) };
            if numerics == Numerics::Exact {
                assert!(found.bits() == interpreted.bits(), "not the interpreter's bits");
                assert!(found.bits() == of_tape.bits(), "not the tape's bits");
            }
            assert!(found.agrees_with(&of_tape), "off by {:e}", found.deviation(&of_tape));
        }
        for workspace in [&mut by_program, &mut by_code] {
            workspace.set(program.input(p).unwrap(), parameters).unwrap();
            workspace.set(program.input(x).unwrap(), data).unwrap();
        }
        let found = run(jit.program(), &mut by_code);
        assert!(
            found.agrees_with(expected),
            "{numerics:?}: off by {:e}",
            found.deviation(expected)
        );
        assert!(!found.agrees_with(&Answer { value: expected.value + 1.0, ..expected.clone() }));
    }
}

fn run(program: &Program, workspace: &mut Workspace) -> Answer {
    program.run(workspace).unwrap();
    let [value, gradient] = program.outputs()[..] else { panic!("a value and a gradient") };
    Answer { value: workspace.value(value), gradient: workspace.values(gradient) }
}

fn elements(run: Var<'_>) -> Vec<Var<'_>> {
    run.iter().collect()
}
