//! Programs large enough for what small ones do without: passes that run in pieces, and factors by
//! a kernel.

use wengert::program::Batch;
use wengert::{Compiler, Error, Leaf, Numerics, Options, Tape, Var};

/// The value and the gradient that a program computes, at the recorded numbers and at others.
fn of_program<'t>(y: Var<'t>, x: Var<'t>, numerics: Numerics, at: &[f64]) -> [Vec<f64>; 2] {
    let mut compiler = Compiler::new(y.tape()).numerics(numerics);
    let value = compiler.output(y).unwrap();
    let gradient = compiler.gradient(y, x).unwrap();
    let program = compiler.compile().unwrap();
    let mut workspace = program.workspace();
    workspace.set(program.input(x).unwrap(), at).unwrap();
    program.run(&mut workspace).unwrap();
    [workspace.values(value), workspace.values(gradient)]
}

fn of_tape(y: Var<'_>, x: Var<'_>, at: &[f64]) -> [Vec<f64>; 2] {
    y.tape().replay(&[(x, at)]).unwrap();
    [vec![y.value()], y.backward().values_wrt(x)]
}

fn close(found: &[Vec<f64>; 2], expected: &[Vec<f64>; 2], bound: f64) {
    for (found, expected) in found.iter().flatten().zip(expected.iter().flatten()) {
        assert!((found - expected).abs() <= bound * (1.0 + expected.abs()), "{found} {expected}");
    }
}

/// Each element with the next, the one before and the one after the next.
fn neighbours(x: Var<'_>) -> Var<'_> {
    let n = x.len();
    let part = |from: usize| x.slice(0, from..n - 3 + from);
    let [a, b, c, d] = [0, 1, 2, 3].map(part);
    let inner = (b - a * a) * c;
    let m = inner.len();
    let ahead = inner.slice(0, 2..m) * inner.slice(0, 0..m - 2).sin();
    (inner * d).sum() + (ahead * ahead).sum()
}

#[test]
fn long_passes_have_the_tapes_bits() {
    let numbers = |seed: f64| (0..40_000).map(|i| (i as f64 * seed).sin()).collect::<Vec<_>>();
    let tape = Tape::with(Options::default().numerics(Numerics::Exact));
    let x = tape.input(numbers(0.37));
    let y = neighbours(x);
    for at in [numbers(0.37), numbers(0.11)] {
        let expected = of_tape(y, x, &at);
        let bits =
            |all: [Vec<f64>; 2]| all.concat().iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        let found = of_program(y, x, Numerics::Exact, &at);
        assert_eq!(bits(found), bits(expected.clone()));
        close(&of_program(y, x, Numerics::Fast, &at), &expected, 1e-12);
    }
}

#[test]
fn long_scalar_programs_have_the_tapes_bits() {
    let numbers: Vec<f64> = (0..30_000).map(|i| (i as f64 * 0.7).cos()).collect();
    let tape = Tape::with(Options::default().numerics(Numerics::Exact));
    let x = tape.input(numbers.clone());
    let term = |i: usize| {
        let (x, next) = (x.at(i), x.at(i + 1));
        100.0 * (next - x.square()).square() + (1.0 - x).square()
    };
    let y = (1..numbers.len() - 1).fold(term(0), |sum, i| sum + term(i));
    let expected = of_tape(y, x, &numbers);
    let found = of_program(y, x, Numerics::Exact, &numbers);
    let bits = |all: [Vec<f64>; 2]| all.concat().iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(found), bits(expected.clone()));
    close(&of_program(y, x, Numerics::Fast, &numbers), &expected, 1e-12);
}

/// A positive definite matrix, row-major, and another one.
fn positive_definite(n: usize, seed: f64) -> Vec<f64> {
    let b: Vec<f64> = (0..n * n).map(|i| (i as f64 * seed).sin()).collect();
    let dot = |i: usize, j: usize| (0..n).map(|k| b[i * n + k] * b[j * n + k]).sum::<f64>();
    let own = |at: usize| if at / n == at % n { n as f64 } else { 0.0 };
    (0..n * n).map(|at| dot(at / n, at % n) + own(at)).collect()
}

fn likelihood<'t>(k: Var<'t>, y: Var<'t>) -> Var<'t> {
    let l = k.cholesky();
    (l.cholesky_quadratic_form(y) + l.cholesky_logdet()) * 0.5 + l.cholesky_inverse().sum()
}

#[test]
fn factors_by_a_kernel_are_the_tapes() {
    for n in [15, 16, 17, 40, 70] {
        let (k, other) = (positive_definite(n, 0.7), positive_definite(n, 0.3));
        let y: Vec<f64> = (0..n).map(|i| (i as f64 * 0.3).cos()).collect();
        let tape = Tape::with(Options::default().numerics(Numerics::Exact));
        let (kv, yv) = (tape.tensor(Leaf::Input, &k, [n, n]).unwrap(), tape.input(&y));
        let loss = likelihood(kv, yv);
        for at in [&k, &other] {
            let expected = of_tape(loss, kv, at);
            close(&of_program(loss, kv, Numerics::Fast, at), &expected, 1e-11);
            let found = of_program(loss, kv, Numerics::Exact, at);
            for (a, b) in found.iter().flatten().zip(expected.iter().flatten()) {
                assert_eq!(a.to_bits(), b.to_bits(), "{n}");
            }
        }
    }
}

#[test]
fn a_kernels_factor_that_is_none_is_an_error() {
    let n = 20;
    let k = positive_definite(n, 0.7);
    let tape = Tape::new();
    let kv = tape.tensor(Leaf::Input, &k, [n, n]).unwrap();
    let program = {
        let mut compiler = Compiler::new(&tape).numerics(Numerics::Fast);
        compiler.output(kv.cholesky().cholesky_logdet()).unwrap();
        compiler.compile().unwrap()
    };
    let mut workspace = program.workspace();
    program.run(&mut workspace).unwrap();
    for bad in [-1.0, 0.0, f64::NAN] {
        let mut changed = k.clone();
        changed[7 * n + 7] = bad;
        workspace.set(program.input(kv).unwrap(), &changed).unwrap();
        assert!(matches!(program.run(&mut workspace), Err(Error::Singular { .. })), "{bad}");
    }
    workspace.set(program.input(kv).unwrap(), &k).unwrap();
    program.run(&mut workspace).unwrap();
}

#[test]
fn factors_by_a_kernel_row_by_row() {
    let (n, rows) = (18, 5);
    let k = positive_definite(n, 0.7);
    let tape = Tape::new();
    let kv = tape.tensor(Leaf::Input, &k, [n, n]).unwrap();
    let y = tape.input((0..n).map(|i| i as f64 * 0.1).collect::<Vec<_>>());
    let loss = likelihood(kv, y);
    let mut compiler = Compiler::new(&tape).numerics(Numerics::Fast);
    compiler.batched(&[y]).unwrap();
    let total = compiler.gradient(loss, kv).unwrap();
    let program = compiler.compile().unwrap();
    let of_rows = program.input(y).unwrap();
    let all: Vec<f64> = (0..rows * n).map(|i| (i as f64 * 0.2).sin()).collect();
    let result = Batch::new(program).run(&[], &[(of_rows, &all)]).unwrap();
    let found = result.values(total);
    let mut expected = vec![0.0; n * n];
    for row in all.chunks(n) {
        tape.replay(&[(y, row)]).unwrap();
        let gradient = loss.backward().values_wrt(kv);
        expected.iter_mut().zip(gradient).for_each(|(sum, x)| *sum += x);
    }
    for (a, b) in found.iter().zip(&expected) {
        assert!((a - b).abs() <= 1e-10 * (1.0 + b.abs()), "{a} {b}");
    }
}
