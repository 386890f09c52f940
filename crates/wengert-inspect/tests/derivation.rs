//! Derivations: whoever computes with the printed numbers gets the printed results, for any
//! program.

#[path = "common/calculator.rs"]
mod calculator;

use crate::common::{AT, network, tensor_program};
use calculator::{Found, recompute};
use proptest::prelude::*;
use wengert::number::Real;
use wengert::op::{Binary, Unary};
use wengert::{Tape, Var};
use wengert_inspect::{Derivation, Known, Level, Trace};

fn of<'t>(output: Var<'t>) -> Trace {
    Trace::of(&output.backward()).expect("nothing was replayed")
}

#[track_caller]
fn all_lines(trace: &Trace, level: Level) -> Found {
    let text = Derivation::new(trace).level(level).limit(usize::MAX).check(0).to_string();
    let found =
        std::panic::catch_unwind(|| recompute(&text, 10)).unwrap_or_else(|_| panic!("{text}"));
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
        assert!(found.recomputed > 15 && found.sums == 1, "{level:?}: {found:?}");
        assert_eq!((found.shortened, found.unequal), (0, 0), "{level:?}");
    }
}

#[test]
fn every_structural_op_can_be_recomputed() {
    let tape = Tape::new();
    let trace = of(tensor_program(&tape, tape.input(AT).named("x")));
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

#[track_caller]
fn says(trace: &Trace, derivation: impl Fn(Derivation<'_>) -> String, expect: &str) {
    let text = derivation(Derivation::new(trace).check(0));
    assert!(text.contains(expect), "{text}");
}

#[test]
fn zeros_say_why() {
    let tape = Tape::new();
    let (x, y) = (tape.param(2.0).named("x"), tape.input(0.0).named("y"));
    let idle = tape.param(1.0).named("idle");
    let flat = tape.param(-3.0).named("flat");
    let _ = (idle * 2.0).named("dead");
    let trace = of((x * y + flat.relu() + flat.floor()).named("L"));
    says(&trace, |d| d.to_string(), "\n  ∂L/∂x = y\n        = 0\n        (y = 0)\n");
    says(&trace, |d| d.to_string(), "\n  ∂L/∂idle = 0\n           (no path to L)\n");
    says(&trace, |d| d.to_string(), "the slope of relu is 0 at flat = -3");
    says(&trace, |d| d.markdown().to_string(), "\\qquad \\text{(y = 0)}");
    says(&trace, |d| d.html().to_string(), "<span class=\"note\">(no path to L)</span>");
}

#[test]
fn only_what_was_asked_for() {
    let tape = Tape::new();
    let trace = of(network(&tape));
    let text = Derivation::new(&trace).wrt(&["output/0/w"]).check(8).to_string();
    assert!(text.contains("∂L/∂(output/0/w) =") && !text.contains("∂L/∂(hidden"), "{text}");
    assert!(text.contains("1 of 1 derivative agree"), "{text}");
    let text = Derivation::new(&trace).nodes(&["hidden/0", "nothing"]).check(0).to_string();
    assert!(text.contains("hidden/0/z =") && text.contains("∂L/∂(hidden/0/w[1])"), "{text}");
    assert!(
        !text.contains("output/0/z =") && text.contains("nothing is not on the trace."),
        "{text}"
    );
    let text = Derivation::new(&trace).limit(2).check(3).to_string();
    assert!(
        text.contains("5 more values of 7 were left out")
            && text.contains("3 of 3 derivatives, evenly spaced among 9, agree."),
        "{text}"
    );
    let text = Derivation::new(&trace).digits(4).check(0).to_string();
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("The loss is L = 0.2577."), "{text}");
    assert!(words.contains("4 significant digits, what is put in has 6"), "{text}");
    assert_eq!(recompute(&text, 4).unequal, 0);
}

/// A trace of another program may be wrong: the text shows what its own numbers give, and the check
/// says which disagree.
#[test]
fn a_wrong_adjoint_is_shown_and_found() {
    let tape = Tape::new();
    let mut data = of(network(&tape)).into_data();
    let hidden = data.nodes.iter().position(|node| node.path == "hidden/0/z").unwrap();
    let wengert_inspect::Adjoint::Computed(right) = data.nodes[hidden].adjoints[0] else {
        panic!("it was computed")
    };
    data.nodes[hidden].adjoints[0] = wengert_inspect::Adjoint::Computed(-right);
    let text = Derivation::new(&Trace::new(data.clone()).unwrap()).to_string();
    assert!(text.contains("(so on the tape; the numbers put in give 0.00"), "{text}");
    let hidden_w = data.nodes.iter().position(|node| node.op == "param").unwrap();
    data.nodes[hidden_w].adjoints[0] = wengert_inspect::Adjoint::Computed(0.25);
    let text = Derivation::new(&Trace::new(data.clone()).unwrap()).to_string();
    assert!(text.contains("8 of 9 derivatives agree, 1 DISAGREE."), "{text}");
    // A value that its op does not give: there is nothing to compare with.
    data.nodes[hidden].values[0] = 0.5;
    let text = Derivation::new(&Trace::new(data).unwrap()).to_string();
    assert!(
        text.contains(
            "No differences could be taken: `hidden/0/z` is 0.89 by its op and operands, but the trace says 0.5."
        ),
        "{text}"
    );
}

#[test]
fn an_unknown_op_is_shown_and_not_explained() {
    let tape = Tape::new();
    let x = tape.input(0.5).named("x");
    let mut data = of(x.exp().named("y").sin().named("L")).into_data();
    data.nodes[1].op = "bessel".to_owned();
    let text = Derivation::new(&Trace::new(data).unwrap()).to_string();
    assert!(
        text.contains(
            "y = bessel(x)\n    = bessel(0.5)\n    ≈ 1.648721271\n    (so on the tape; the op is not known here)"
        ),
        "{text}"
    );
    assert!(text.contains("`y` has the op bessel, which is not known here"), "{text}");
}

#[test]
fn references_match_or_not() {
    let tape = Tape::new();
    let trace = of(network(&tape));
    let z = trace.slot("output/0/z").unwrap();
    let adjoint = trace.adjoint(z).number().unwrap();
    let rows = [
        ("output/0/z", Known::Delta(-adjoint)),
        ("output/0/z", Known::Adjoint(-adjoint)),
        ("L", Known::Value(trace.value(trace.loss().unwrap()))),
        ("nothing", Known::Value(1.0)),
    ];
    let text = Derivation::new(&trace).check(0).reference("the book", rows).to_string();
    assert!(text.contains("2 of 4 match the book"), "{text}");
}

/// Recomputing in f64 what the tape computed in f32: results are printed in the digits that hold.
#[test]
fn single_precision_is_printed_in_its_own_digits() {
    let tape = Tape::<f32>::with(wengert::Options::default());
    let (x, w) = (tape.input(0.3).named("x"), tape.param(-1.7).named("w"));
    let z = (w * x).named("z");
    let trace = Trace::of(&(z.sigmoid() * z.exp()).named("L").backward()).unwrap();
    let text = Derivation::new(&trace).to_string();
    let found = recompute(&text, 7);
    assert!(found.recomputed >= 4 && found.unequal == 0, "{found:?} {text}");
    assert!(text.contains("2 of 2 derivatives agree."), "{text}");
}

#[test]
fn names_are_escaped() {
    let tape = Tape::new();
    let x = tape.input(2.0).named("a<b>_$&#2");
    let trace = of((x * x).named("L"));
    let page = Derivation::new(&trace).check(0).html().to_string();
    assert!(page.contains("a&lt;b&gt;_$&amp;#2") && !page.contains("<b>"), "{page}");
    let text = Derivation::new(&trace).check(0).markdown().to_string();
    assert!(text.contains("\\text{a<b>\\_\\$\\&\\#2}"), "{text}");
}

#[test]
fn several_outputs_have_bars_and_a_tape_alone_has_values() {
    let tape = Tape::new();
    let x = tape.input([0.5, 2.0]).named("x");
    let y = (x * x).named("y");
    let trace = Trace::of(&y.backward_with(&[1.0, -3.0]).unwrap()).unwrap();
    let text = Derivation::new(&trace).to_string();
    assert!(
        text.contains("Differentiated: y[0] with the cotangent 1, y[1] with the cotangent -3."),
        "{text}"
    );
    let sum = "
  adjoint(x[1]) = adjoint(y[1]) · x[1] + adjoint(y[1]) · x[1]
  by y[1]: adjoint(y[1]) · x[1] = -3 · 2 = -6
  by y[1]: adjoint(y[1]) · x[1] = -3 · 2 = -6
                = -6 - 6
                = -12
";
    assert!(text.contains(sum) && text.contains("2 of 2 derivatives agree."), "{text}");
    let text = Derivation::new(&Trace::of_tape(&tape)).to_string();
    assert!(
        text.contains("y[1] = x[1] · x[1]") && text.ends_with("Nothing was differentiated.\n"),
        "{text}"
    );
}

#[test]
fn a_kink_is_not_compared() {
    let tape = Tape::new();
    let (x, y) = (tape.input(0.0).named("x"), tape.input(1.5).named("y"));
    let text = Derivation::new(&of((x.abs() + y.square()).named("L"))).to_string();
    assert!(text.contains("1 of 2 derivatives agree, 1 could not be compared."), "{text}");
    assert!(text.contains("not compared: kink of abs"), "{text}");
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
        (0..Binary::ALL.len(), any::<usize>(), any::<usize>())
            .prop_map(|(op, x, y)| Step::Binary(op, x, y)),
        (any::<usize>(), -3..5).prop_map(|(x, n)| Step::Power(x, n)),
        (any::<usize>(), -3.0..3.0, any::<bool>())
            .prop_map(|(x, c, left)| Step::Constant(x, c, left)),
    ];
    (step, any::<bool>())
}

const WRITTEN_BY_GRADIENTS: [Binary; 12] = [
    Binary::Powi,
    Binary::MulNoNan,
    Binary::MulNoNanEither,
    Binary::SigmoidSlope,
    Binary::TanhSlope,
    Binary::HypotSlope,
    Binary::OverSquares,
    Binary::PowSlope,
    Binary::PowCurve,
    Binary::PowLn,
    Binary::DifferenceSigmoid,
    Binary::NormPpfSlope,
];

fn run<'t>(tape: &'t Tape, inputs: &[f64], steps: &[(Step, bool)]) -> Var<'t> {
    let mut pool: Vec<Var<'t>> = inputs.iter().map(|&x| tape.input(x)).collect();
    for (k, (step, name)) in steps.iter().enumerate() {
        let at = |i: usize| pool[i % pool.len()];
        let var = match *step {
            Step::Unary(op, x) => at(x).unary(Unary::ALL[op]),
            // The exponent of powi is a whole number; what recorded gradients alone write is
            // written as on paper.
            Step::Binary(op, x, y) if !WRITTEN_BY_GRADIENTS.contains(&Binary::ALL[op]) => {
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
    #![proptest_config(ProptestConfig { rng_seed: proptest::test_runner::RngSeed::Fixed(1), failure_persistence: None, ..ProptestConfig::default() })]

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

proptest! {
    #![proptest_config(ProptestConfig { cases: 5, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn tensor_programs_can_be_recomputed(x in prop::array::uniform8(0.05..1.5)) {
        let tape = Tape::new();
        let trace = of(tensor_program(&tape, tape.input(x).named("x")));
        for level in [Level::Op, Level::Neuron, Level::Layer] {
            let found = all_lines(&trace, level);
            prop_assert!(found.recomputed > 100, "{level:?}: {found:?}");
        }
    }
}
