//! Loops over rows of data, written in scalar code: every round records the same operations, and a
//! program of it walks over the rows, each operation for many of them.

use std::array;
use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use wengert::program::Report;
use wengert::{Compiler, Numerics, Options, Tape, Var};

/// The value and the gradient of a program, and what compiling it did.
fn of_program<'t>(
    y: Var<'t>,
    wrt: Var<'t>,
    numerics: Numerics,
    at: &[f64],
) -> ([Vec<f64>; 2], Report) {
    let mut compiler = Compiler::new(y.tape()).numerics(numerics);
    let value = compiler.output(y).unwrap();
    let gradient = compiler.gradient(y, wrt).unwrap();
    let program = compiler.compile().unwrap();
    let mut workspace = program.workspace();
    workspace.set(program.input(wrt).unwrap(), at).unwrap();
    program.run(&mut workspace).unwrap();
    ([workspace.values(value), workspace.values(gradient)], program.report().clone())
}

/// Holds programs to the tape: in exact numerics bit for bit. How many rounds stand side by side.
fn hold<'t>(y: Var<'t>, wrt: Var<'t>, at: &[f64]) -> usize {
    y.tape().replay(&[(wrt, at)]).unwrap();
    let expected = [vec![y.value()], y.backward().values_wrt(wrt)];
    let bits = |all: &[Vec<f64>; 2]| all.concat().iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    let (exact, _) = of_program(y, wrt, Numerics::Exact, at);
    assert_eq!(bits(&exact), bits(&expected));
    let (fast, report) = of_program(y, wrt, Numerics::Fast, at);
    let scale = expected.iter().flatten().fold(1.0, |most: f64, x| most.max(x.abs()));
    for (found, expected) in fast.iter().flatten().zip(expected.iter().flatten()) {
        assert!((found - expected).abs() <= 1e-12 * scale, "{found} {expected}");
    }
    report.rounds
}

fn exact() -> Tape {
    Tape::with(Options::default().numerics(Numerics::Exact))
}

fn numbers(count: usize, seed: f64) -> Vec<f64> {
    (0..count).map(|i| (i as f64 * 0.77 + seed).sin()).collect()
}

fn sum<'t>(terms: impl IntoIterator<Item = Var<'t>>) -> Var<'t> {
    terms.into_iter().reduce(|a, b| a + b).unwrap()
}

const D: usize = 4;
const ICF: usize = D * (D + 1) / 2;

/// The log-likelihood of a mixture of Gaussians with triangular factors, element by element: the
/// largest exponent is found by comparing one component after the other, and entries of the
/// triangles stand at no even distance.
fn mixture<'t>(components: usize, params: Var<'t>, data: Var<'t>) -> Var<'t> {
    let of = |x: [Var<'t>; D], component: usize| {
        let at = component * (1 + D + ICF);
        let centred: [Var<'t>; D] = array::from_fn(|d| x[d] - params.at(at + 1 + d));
        let mut entries = (at + 1 + D..).map(|i| params.at(i));
        let rows = (0..D)
            .map(|row| sum(centred[..=row].iter().map(|&x| x * entries.next().unwrap())).square());
        params.at(at) - 0.5 * sum(rows)
    };
    sum((0..data.len() / D).map(|i| {
        let x: [Var<'t>; D] = array::from_fn(|d| data.at(i * D + d));
        let all: Vec<Var<'t>> = (0..components).map(|component| of(x, component)).collect();
        let largest = all.iter().copied().reduce(|a, b| a.max(b)).unwrap();
        largest + sum(all.iter().map(|&one| (one - largest).exp())).ln()
    }))
}

#[test]
fn a_mixture_of_gaussians_has_the_tapes_bits() {
    let (components, points) = (20, 128);
    let tape = exact();
    let params = tape.param(numbers(components * (1 + D + ICF), 0.3)).named("params");
    let data = tape.input(numbers(points * D, 2.0)).named("data");
    let y = mixture(components, params, data);
    assert_eq!(hold(y, params, &numbers(params.len(), 0.5)), points);
    // By the data as well, which every round has others of.
    hold(y, data, &numbers(data.len(), 1.0));
}

/// A loop is not all there is: something before it, something after it that reads what it computed.
#[test]
fn what_is_beside_the_loop_is_computed_too() {
    let tape = exact();
    let x = tape.param(numbers(7, 0.1)).named("x");
    let data = tape.data(numbers(3 * 200, 0.9)).named("data");
    let scale = sum((0..7).map(|i| x.at(i).exp())).ln();
    let mut largest = x.at(0) - 3.0;
    let total = sum((0..200).map(|row| {
        let [a, b, c] = array::from_fn(|i| data.at(3 * row + i) * scale);
        let inner = (a * x.at(1) + x.at(4) * b).max(c * x.at(6)).max(a.sin() * x.at(2));
        // Carried from round to round.
        largest = largest.max(inner);
        inner.tanh() * x.at(5)
    }));
    let y = total * largest + (total * x.at(3)).cos() + largest.square();
    hold(y, x, &numbers(7, 0.4));
}

/// An operation of a formula: of two earlier numbers of it, of the row, or of parameters.
#[derive(Clone, Debug)]
struct Operation {
    code: u8,
    operands: [(u8, usize); 2],
}

fn operation() -> impl Strategy<Value = Operation> {
    let operand = || (0_u8..4, 0_usize..64);
    (0_u8..12, operand(), operand()).prop_map(|(code, a, b)| Operation { code, operands: [a, b] })
}

const PARAMS: usize = 97;
const COLUMNS: usize = 3;
/// Parameters of a formula.
const OWN: usize = 4;

/// A loop over rows, and in each one formula of several sets of parameters, which stand anywhere.
fn random<'t>(
    formula: &[Operation],
    sets: &[[usize; OWN]],
    params: Var<'t>,
    data: Var<'t>,
) -> Var<'t> {
    let of = |row: usize, set: &[usize; OWN]| {
        let mut own: Vec<Var<'t>> = vec![data.at(row * COLUMNS) - params.at(set[0])];
        for Operation { code, operands } in formula {
            let [a, b] = operands.map(|(from, i)| match from {
                0 => params.at(set[i % OWN]),
                1 => data.at(row * COLUMNS + i % COLUMNS),
                _ => own[own.len() - 1 - i % own.len()],
            });
            own.push(match code {
                0 => a - b,
                1 => a.max(b),
                2 => a.sin(),
                3 => a.tanh() * b,
                4 => (a * 0.5).exp().min(b),
                5 => a / (b * b + 1.0),
                6 | 7 => a + b,
                _ => a * b,
            });
        }
        own[own.len() - 1].tanh()
    };
    sum((0..data.len() / COLUMNS).map(|row| {
        let all: Vec<Var<'t>> = sets.iter().map(|set| of(row, set)).collect();
        let largest = all.iter().copied().reduce(|a, b| a.max(b)).unwrap();
        largest + sum(all.iter().map(|&one| (one - largest).exp())).ln()
    }))
}

#[test]
fn random_loops_have_the_tapes_bits() {
    let config = Config { cases: 8, failure_persistence: None, ..Config::default() };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let side_by_side = Cell::new(0);
    let sets = prop::collection::vec(prop::array::uniform4(0..PARAMS), 5..12);
    let drawn = (prop::collection::vec(operation(), 1..10), sets, 64_usize..72);
    let held = runner.run(&drawn, |(formula, sets, rows)| {
        let tape = exact();
        let params = tape.param(numbers(PARAMS, 0.3));
        let data = tape.input(numbers(rows * COLUMNS, 2.0));
        let y = random(&formula, &sets, params, data);
        for (wrt, seed) in [(params, 1.7), (data, 0.6)] {
            let rounds = hold(y, wrt, &numbers(wrt.len(), seed));
            side_by_side.set(side_by_side.get() + usize::from(rounds > 0));
        }
        Ok(())
    });
    held.unwrap();
    // Others walk evenly over all alike operations of a round.
    assert!(side_by_side.get() > 4, "{} of 16", side_by_side.get());
}
