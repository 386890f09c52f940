//! Derivations: whoever computes with the printed numbers gets the printed results, for any program.

mod common;
#[path = "common/calculator.rs"]
mod calculator;

use calculator::{Found, recompute};
use common::{AT, network, tensor_program};
use proptest::prelude::*;
use wengert::{Binary, Real, Tape, Unary, Var};
use wengert_inspect::{Derivation, Level, Trace};

fn of<'t>(output: Var<'t>) -> Trace {
    Trace::of(&output.backward()).expect("nothing was replayed")
}

#[track_caller]
fn all_lines(trace: &Trace, level: Level) -> Found {
    let text = Derivation::new(trace).level(level).limit(usize::MAX).check(0).to_string();
    let found = std::panic::catch_unwind(|| recompute(&text, 10)).unwrap_or_else(|_| panic!("{text}"));
    let unequal: Vec<&str> = text.split("\n\n").filter(|equation| equation.contains('≈')).collect();
    assert_eq!(unequal, Vec::<&str>::new(), "{level:?}");
    found
}

#[test]
fn the_printed_numbers_give_the_printed_results() {
    let tape = Tape::new();
    let trace = of(network(&tape));
    for level in [Level::Op, Level::Neuron, Level::Layer] {
        let found = all_lines(&trace, level);
        assert!(found.recomputed > 20 && found.sums == 1, "{level:?}: {found:?}");
        assert_eq!((found.shortened, found.unequal), (0, 0), "{level:?}");
    }
}

#[test]
fn every_structural_op_can_be_recomputed() {
    let tape = Tape::new();
    let trace = of(tensor_program(&tape, tape.inputs(&AT).named("x")));
    for level in [Level::Op, Level::Neuron, Level::Layer] {
        let found = all_lines(&trace, level);
        assert!(found.recomputed > 100, "{level:?}: {found:?}");
        assert_eq!(found.unequal, 0, "{level:?}");
    }
}

#[test]
fn a_zero_that_passes_nothing_on_says_so() {
    let tape = Tape::new();
    let (x, y) = (tape.input(0.0).named("x"), tape.input(2.0).named("y"));
    // The derivative by y is x^y ln x, and ln 0 is infinite.
    let text = Derivation::new(&of(x.powf(y).named("L"))).check(0).to_string();
    let expect = "
  ∂L/∂y = L · ln(x)
        = 0 · ln(0)
        = 0
        (a factor of 0 passes nothing on, whatever the others are)
";
    assert!(text.contains(expect), "{text}");
}

/// A step of a random program: an op, the numbers that it reads, and whether it gets a name.
#[derive(Clone, Debug)]
enum Step {
    Unary(usize, usize),
    Binary(usize, usize, usize),
    Power(usize, i32),
    Constant(usize, f64, bool),
}

fn step() -> impl Strategy<Value = (Step, bool)> {
    let step = prop_oneof![
        (0..Unary::ALL.len(), any::<usize>()).prop_map(|(op, x)| Step::Unary(op, x)),
        (0..Binary::ALL.len(), any::<usize>(), any::<usize>()).prop_map(|(op, x, y)| Step::Binary(op, x, y)),
        (any::<usize>(), -3..5).prop_map(|(x, n)| Step::Power(x, n)),
        (any::<usize>(), -3.0..3.0, any::<bool>()).prop_map(|(x, c, left)| Step::Constant(x, c, left)),
    ];
    (step, any::<bool>())
}

fn run<'t>(tape: &'t Tape, inputs: &[f64], steps: &[(Step, bool)]) -> Var<'t> {
    let mut pool: Vec<Var<'t>> = inputs.iter().map(|&x| tape.input(x)).collect();
    for (k, (step, name)) in steps.iter().enumerate() {
        let at = |i: usize| pool[i % pool.len()];
        let var = match *step {
            Step::Unary(op, x) => at(x).unary(Unary::ALL[op]),
            // The exponent of powi is a whole number, and chain is written by recorded gradients alone.
            Step::Binary(op, x, y) if ![Binary::Powi, Binary::Chain].contains(&Binary::ALL[op]) => {
                at(x).binary(Binary::ALL[op], at(y))
            }
            Step::Binary(_, x, y) => at(x) - at(y),
            Step::Power(x, n) => at(x).powi(n),
            Step::Constant(x, c, true) => c / at(x),
            Step::Constant(x, c, false) => at(x) * c,
        };
        pool.push(if *name { var.named(&format!("t{k}")) } else { var });
    }
    // So that most of them lead to the output.
    let last = pool.len().saturating_sub(4);
    pool[last..].iter().copied().reduce(|a, b| a + b).expect("there are inputs").named("L")
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_programs_can_be_recomputed(
        inputs in prop::collection::vec(-2.0..2.0, 1..4),
        steps in prop::collection::vec(step(), 1..14),
    ) {
        let tape = Tape::new();
        let trace = of(run(&tape, &inputs, &steps));
        let found = all_lines(&trace, Level::Op);
        prop_assert_eq!((found.shortened, found.unequal), (0, 0));
        let found = all_lines(&trace, Level::Neuron);
        prop_assert_eq!(found.unequal, 0);
            }
}
