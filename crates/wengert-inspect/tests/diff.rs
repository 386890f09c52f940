//! Two traces, and a trace with numbers from elsewhere: what differs first, what follows, and what
//! is not the same program.

use crate::common::{AT, network, network_of, tensor_program};
use proptest::prelude::*;
use wengert::{Tape, Var};
use wengert_inspect::{
    Adjoint, Diff, Origin, Quantity, Reference, Structure, Tolerance, Trace, TraceData,
};

fn traced(record: impl for<'t> FnOnce(&'t Tape) -> Var<'t>) -> Trace {
    let tape = Tape::new();
    Trace::of(&record(&tape).backward()).unwrap()
}

fn program(at: [f64; 8]) -> Trace {
    traced(|tape| tensor_program(tape, tape.input(at).named("x")))
}

/// A trace, changed as data.
fn changed(trace: &Trace, change: impl FnOnce(&mut TraceData)) -> Trace {
    let mut data = trace.clone().into_data();
    change(&mut data);
    Trace::new(data).unwrap()
}

#[test]
fn a_trace_is_the_same_as_itself_nans_and_all() {
    let record = |tape: &Tape| {
        let x = tape.input([0.1, f64::NAN, f64::INFINITY, -0.0]).named("x");
        Trace::of(&(x * x.sin()).sum().named("y").backward()).unwrap()
    };
    let trace = record(&Tape::new());
    let found = Diff::new(&trace, &trace).tolerance(Tolerance::relative(0.0)).findings();
    assert!(found.agree() && found.structure.is_empty() && found.answers.is_empty(), "{found:?}");
    assert_eq!((found.values, found.adjoints), (trace.len(), trace.len()));
    let text = Diff::new(&trace, &trace).to_string();
    assert_eq!(
        text,
        format!(
            "no number differs\ncompared: {0} values and {0} adjoints, rtol=1e-9 atol=1e-15\n",
            trace.len()
        )
    );
}

#[test]
fn whatever_a_changed_input_makes_of_a_program_follows_from_it() {
    let ours = program(AT);
    for i in 0..AT.len() {
        let mut at = AT;
        at[i] += 0.0137;
        let theirs = program(at);
        let found = Diff::new(&ours, &theirs).findings();
        let cause = found.cause().unwrap();
        assert_eq!(
            (cause.quantity, cause.slot.index(), cause.origin),
            (Quantity::Value, i, Origin::First)
        );
        let own: Vec<&str> = found.of(Origin::Own).map(|other| other.path.as_str()).collect();
        assert!(own.is_empty(), "x[{i}]: {own:?}");
        assert!(found.of(Origin::Follows).count() > 10);
        assert!(found.structure.is_empty(), "{:?}", found.structure);
    }
}

/// Of a recorded gradient too, among whose nodes are those that programs do not write, such as the
/// running sum from the back.
#[test]
fn whatever_a_changed_input_makes_of_a_gradient_follows_from_it() {
    let gradient = |at: [f64; 8]| {
        traced(|tape| {
            let x = tape.input(at).named("x");
            let gradient = tensor_program(tape, x).record_gradient(&[x]).unwrap()[0].unwrap();
            (gradient * gradient).sum()
        })
    };
    let ours = gradient(AT);
    assert!(ours.nodes().iter().any(|node| node.op == "cumsum_back"));
    let mut at = AT;
    at[3] += 0.0137;
    let theirs = gradient(at);
    let found = Diff::new(&ours, &theirs).findings();
    assert_eq!(found.cause().unwrap().slot.index(), 3);
    let own: Vec<&str> = found.of(Origin::Own).map(|other| other.path.as_str()).collect();
    assert!(own.is_empty(), "{own:?}");
    assert!(found.of(Origin::Follows).count() > 100);
}

/// What a diff cannot evaluate it would have to believe.
#[test]
fn a_wrong_node_of_a_gradient_is_a_cause_of_its_own() {
    let gradient = |at: [f64; 3]| {
        traced(|tape| {
            let x = tape.input(at).named("x");
            let squares = x.cumsum(0).square().sum();
            let gradient = squares.record_gradient(&[x]).unwrap()[0].unwrap();
            (gradient * gradient).sum()
        })
    };
    let ours = gradient([0.3, 0.5, 0.7]);
    let back = ours.nodes().iter().position(|node| node.op == "cumsum_back").unwrap();
    let theirs = changed(&gradient([0.3, 0.6, 0.7]), |data| data.nodes[back].values[0] += 0.1);
    let found = Diff::new(&ours, &theirs).findings();
    assert_eq!(found.cause().unwrap().path, "x[1]");
    let own: Vec<_> =
        found.of(Origin::Own).map(|other| (other.quantity, other.path.as_str())).collect();
    assert!(own.contains(&(Quantity::Value, "cumsum_back#1[0]")), "{own:?}");
}

#[test]
fn an_adjoint_is_looked_at_only_if_all_values_agree_and_then_from_the_loss_back() {
    let ours = program(AT);
    let last_first: Vec<usize> = (0..ours.nodes().len()).rev().collect();
    for &node in &last_first {
        let later = node / 2;
        // Wrong at two nodes: the one nearer to the loss is the cause, whichever is changed first.
        let theirs = changed(&ours, |data| {
            for node in [later, node] {
                let adjoint = &mut data.nodes[node].adjoints[0];
                *adjoint = Adjoint::Computed(adjoint.number().unwrap() + 0.37);
            }
        });
        let found = Diff::new(&ours, &theirs).findings();
        let cause = found.cause().unwrap();
        assert_eq!((ours.spot(cause.slot).node, cause.quantity), (node, Quantity::Adjoint));
        assert_eq!(
            found.of(Origin::Own).count(),
            usize::from(later != node),
            "{}",
            Diff::new(&ours, &theirs)
        );
        // A wrong value comes before either.
        let theirs = changed(&theirs, |data| data.nodes[ours.nodes().len() - 1].values[0] += 1.0);
        let found = Diff::new(&ours, &theirs).findings();
        assert_eq!(found.cause().unwrap().quantity, Quantity::Value);
        assert!(found.of(Origin::Own).any(|other| ours.spot(other.slot).node == node));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: proptest::test_runner::RngSeed::Fixed(1), failure_persistence: None, ..ProptestConfig::with_cases(48) })]
    #[test]
    fn a_wrong_value_and_a_wrong_adjoint_are_both_found_apart(node in 0_usize..40, wrong in 0_usize..40, off in 0.01..2.0) {
        let ours = program(AT);
        let nodes = ours.nodes().len();
        let (node, wrong) = (node % nodes, wrong % nodes);
        let mut at = AT;
        at[3] += off;
        // Everything that follows from another x[3], and one number that does not.
        let theirs = changed(&program(at), |data| {
            data.nodes[node].values[0] += off;
            let adjoint = &mut data.nodes[wrong].adjoints[0];
            // Not by as much as the value: through a partial of 1 the one would pass for what
            // follows from the other.
            *adjoint = Adjoint::Computed(adjoint.number().unwrap() + 0.731 * off);
        });
        let found = Diff::new(&ours, &theirs).findings();
        let is = |quantity, node: usize| {
            found.differences.iter().any(|d| d.origin != Origin::Follows && d.quantity == quantity && ours.spot(d.slot).node == node)
        };
        prop_assert!(is(Quantity::Value, node), "value of {}", ours.nodes()[node].path);
        prop_assert!(is(Quantity::Adjoint, wrong), "adjoint of {}", ours.nodes()[wrong].path);
    }
}

#[test]
fn numbers_of_f32_follow_in_f32() {
    let record = |x: f32| {
        let tape = Tape::<f32>::default();
        let x = tape.input(x).named("x");
        let y = ((x * x + 0.3).sin() * x.exp()).named("y");
        Trace::of(&(y.square() + x).named("L").backward()).unwrap()
    };
    let (ours, theirs) = (record(0.7), record(0.8));
    let found = Diff::new(&ours, &theirs).tolerance(Tolerance::relative(1e-6)).findings();
    assert_eq!(found.cause().unwrap().path, "x");
    assert_eq!(found.of(Origin::Own).count(), 0);
    let double = traced(|tape| tape.input(0.7).named("x").exp());
    let structure = Diff::new(&ours, &double).findings().structure;
    assert!(
        structure.iter().any(|s| s.to_string() == "precision: f32 here, f64 there"),
        "{structure:?}"
    );
}

/// A right port in the coarser type is right without being told a tolerance.
#[test]
fn the_tolerance_is_that_of_the_coarser_type() {
    fn record<S: wengert::Scalar + wengert_inspect::Traced>() -> Trace {
        let tape = Tape::<S>::default();
        let numbers: Vec<S> = (0..8).map(|i| S::from_f64(f64::from(i) * 0.1 + 0.05)).collect();
        let x = tape.input(numbers).named("x");
        let y = (x.exp().sum() * x.sin().sum()).named("y");
        Trace::of(&y.tanh().named("L").backward()).unwrap()
    }
    let (double, single) = (record::<f64>(), record::<f32>());
    for (ours, theirs) in [(&double, &single), (&single, &double), (&single, &single)] {
        let diff = Diff::new(ours, theirs);
        assert!(diff.findings().agree(), "{diff}");
        assert!(diff.to_string().contains("rtol=1e-4 atol=1e-7"), "{diff}");
        assert!(diff.findings().contradictions.is_empty(), "{diff}");
    }
    let told = Diff::new(&double, &single).tolerance(Tolerance::default());
    assert!(!told.findings().agree());
}

/// Every number of a program, made wrong one at a time, denies what it was computed from; and no
/// other is blamed, unless it reads the one.
#[test]
fn a_trace_that_contradicts_itself_is_found_at_the_number() {
    let ours = program(AT);
    assert!(Diff::new(&ours, &ours).findings().contradictions.is_empty());
    for node in (0..ours.nodes().len()).filter(|&node| !ours.nodes()[node].operands.is_empty()) {
        let theirs = changed(&ours, |data| data.nodes[node].values[0] += 0.37);
        let found = Diff::new(&ours, &theirs).findings();
        let first = &found.contradictions[0];
        let at = (ours.spot(first.slot).node, first.quantity, first.theirs);
        assert_eq!(at, (node, Quantity::Value, true), "{}", ours.nodes()[node].path);
        let theirs = changed(&ours, |data| {
            let adjoint = &mut data.nodes[node].adjoints[0];
            *adjoint = Adjoint::Computed(adjoint.number().unwrap() + 0.37);
        });
        let found = Diff::new(&ours, &theirs).findings();
        let first = &found.contradictions[0];
        let at = (ours.spot(first.slot).node, first.quantity, first.theirs);
        assert_eq!(at, (node, Quantity::Adjoint, true), "{}", ours.nodes()[node].path);
        let text = Diff::new(&ours, &theirs).titles("ours", "theirs").to_string();
        assert!(text.starts_with("the trace theirs contradicts itself: the adjoint of "), "{text}");
    }
}

#[test]
fn two_sides_with_nothing_in_common_say_so_first() {
    let ours = traced(|tape| {
        let x = tape.input(1.5).named("ours/x");
        (x.exp().named("ours/y") * x.sin().named("ours/z")).named("L")
    });
    let theirs = traced(|tape| {
        let x = tape.input(1.5).named("theirs/x");
        (x.sinh().named("theirs/y") * x.cos().named("theirs/z")).named("L")
    });
    let diff = Diff::new(&ours, &theirs);
    assert!(diff.to_string().starts_with("little lines up: 1 of 4 names are both "), "{diff}");
    let names = diff.findings().names;
    assert_eq!((names.both, names.ours, names.theirs), (1, 4, 4));
}

#[test]
fn shapes_that_are_transposed_say_so() {
    let record = |shape: [usize; 2]| {
        traced(move |tape| tape.input([0.5; 6]).reshape(shape).exp().named("y").sum().named("L"))
    };
    let (ours, theirs) = (record([2, 3]), record([3, 2]));
    let text = Diff::new(&ours, &theirs).to_string();
    assert!(text.contains("y: shape [2, 3] here, [3, 2] there: transposed?"), "{text}");
}

/// `L = (w x + b)²`, or what somebody else made of it.
fn other(record: impl for<'t> FnOnce(Var<'t>, Var<'t>, Var<'t>) -> Var<'t>) -> Trace {
    traced(|tape| {
        let (x, w, b) = (
            tape.data([3.0]).at(0).named("x"),
            tape.param(0.5).named("w"),
            tape.param(0.25).named("b"),
        );
        record(x, w, b).named("L")
    })
}

#[track_caller]
fn structure(theirs: &Trace, expected: &[&str]) {
    let ours = other(|x, w, b| (w * x + b).named("z").square());
    let found = Diff::new(&ours, theirs).findings();
    let lines: Vec<String> = found.structure.iter().map(ToString::to_string).collect();
    assert_eq!(lines, expected);
}

#[test]
fn other_structure_is_told_apart_from_other_numbers() {
    structure(&other(|x, w, b| (w * x + b).named("z").square()), &[]);
    structure(
        &other(|x, w, b| (w * x + b).named("z").exp()),
        &["const#1 (const): only here", "L: powi here, exp there"],
    );
    structure(&other(|x, w, b| (w * x - b).named("z").square()), &["z: add here, sub there"]);
    structure(
        &other(|x, w, b| (x * w + b).named("z").square()),
        &["mul#1: reads w, x here, x, w there"],
    );
    structure(
        &other(|x, w, b| (w.detach() * x + b).named("z").square()),
        &[
            "mul#1: reads w, x here, detached w, x there",
            "z: reads mul#1, b here, detached mul#1, b there",
        ],
    );
    structure(
        &other(|x, w, b| (w * x + b).named("z").square() * 0.5),
        &["L: powi here, mul there", "powi#1 (powi): only there", "const#2 (const): only there"],
    );
    structure(
        &other(|x, w, b| (w * x + b).named("sum").square()),
        &["z (add): only here", "L: reads z, 2 here, sum, 2 there", "sum (add): only there"],
    );
}

#[test]
fn a_node_more_does_not_shift_those_after_it() {
    let chain = |more: bool| {
        traced(move |tape| {
            let x = tape.input(1.5).named("x");
            let mut y = x * 0.5;
            if more {
                y = y * 0.5 * 2.0;
            }
            for factor in [0.25, 3.0, -1.0] {
                y = (y * factor).sin() * x;
            }
            y.named("L")
        })
    };
    let (short, long) = (chain(false), chain(true));
    // What is read from the sum on is what was read before it; the numbers are the same too.
    let found = Diff::new(&short, &long).findings();
    assert!(found.agree(), "{}", Diff::new(&short, &long));
    let lines: Vec<String> = found.structure.iter().map(ToString::to_string).collect();
    let expected = [
        "mul#2: reads mul#1, 0.25 here, mul#3, 0.25 there",
        "mul#2 (mul): only there",
        "const#2 (const): only there",
        "mul#3 (mul): only there",
    ];
    assert_eq!(lines, expected);

    // A node aside, which nothing that follows is computed from, shifts counts and nothing else.
    let aside = |more: bool| {
        traced(move |tape| {
            let x = tape.input(1.5).named("x");
            if more {
                let _ = x * 7.0;
            }
            ((x * 0.5).sin() * x * 3.0).named("L")
        })
    };
    let (ours, theirs) = (aside(false), aside(true));
    let found = Diff::new(&ours, &theirs).findings();
    let lines: Vec<String> = found.structure.iter().map(ToString::to_string).collect();
    assert_eq!(lines, ["const#1 (const): only there", "mul#1 (mul): only there"]);
    assert!(found.agree() && found.values == ours.len(), "{found:?}");
    let found = Diff::new(&theirs, &ours).findings();
    let lines: Vec<String> = found.structure.iter().map(ToString::to_string).collect();
    assert_eq!(lines, ["const#1 (const): only here", "mul#1 (mul): only here"]);
    // And a number that does differ is told by its own node.
    let theirs = changed(&theirs, |data| {
        data.nodes.iter_mut().filter(|node| node.op == "sin").for_each(|node| node.values[0] += 0.5)
    });
    assert_eq!(Diff::new(&ours, &theirs).findings().cause().unwrap().path, "sin#1");
}

#[test]
fn another_shape_or_output_is_structure_and_its_numbers_are_not_compared() {
    let record = |n: usize, cotangent: f64| {
        let tape = Tape::new();
        let x = tape.input(vec![0.5; n]).named("x");
        let y = x.exp().sum().named("y");
        Trace::of(&y.backward_with(&[cotangent]).unwrap()).unwrap()
    };
    let (ours, theirs) = (record(2, 1.0), record(3, 2.0));
    let found = Diff::new(&ours, &theirs).findings();
    let lines: Vec<String> = found.structure.iter().map(ToString::to_string).collect();
    assert_eq!(lines[0], "differentiated: y here, 2 · y there");
    assert!(lines.contains(&"x: shape [2] here, [3] there".to_owned()), "{lines:?}");
    assert!(
        matches!(&found.structure[1], Structure::Shape { path, .. } if path == "x" || path == "exp#1")
    );
    assert_eq!(found.values, 1);
    assert_eq!(found.cause().unwrap().path, "y");
}

#[test]
fn another_constant_is_a_number_and_no_structure() {
    let record = |factor: f64| {
        other(move |x, w, b| ((w * x * factor + b).square() * 0.5 + factor * b).named("z"))
    };
    let (ours, theirs) = (record(0.25), record(0.75));
    let found = Diff::new(&ours, &theirs).findings();
    assert!(found.structure.is_empty(), "{:?}", found.structure);
    assert_eq!(
        (found.cause().unwrap().path.as_str(), found.of(Origin::Own).count()),
        ("const#1", 0)
    );
    // Another one of the constants that both have is structure.
    let record = |first: f64, second: f64| {
        other(move |x, w, b| (w * x * first + b * second).named("z").exp())
    };
    let lines: Vec<String> = {
        let found = Diff::new(&record(2.0, 3.0), &record(3.0, 2.0)).findings();
        found.structure.iter().map(ToString::to_string).collect()
    };
    assert!(lines.contains(&"mul#2: reads mul#1, 2 here, mul#1, 3 there".to_owned()), "{lines:?}");
}

#[test]
fn another_branch_is_told() {
    let branching = |at: f64| {
        traced(move |tape| {
            let x = tape.input(at).named("x");
            let y = if x > 1.0 { x * x } else { x.exp() };
            y.named("L")
        })
    };
    let found = Diff::new(&branching(2.0), &branching(0.5)).findings();
    let lines: Vec<String> = found.structure.iter().map(ToString::to_string).collect();
    assert_eq!(lines[0], "guard 0: x > 1 is true here, x > 1 is false there");
    assert!(lines.contains(&"L: mul here, exp there".to_owned()), "{lines:?}");
    assert!(Diff::new(&branching(2.0), &branching(3.0)).findings().structure.is_empty());
    let ours = branching(2.0);
    let without = changed(&ours, |data| data.guards.clear());
    let lines: Vec<String> =
        Diff::new(&ours, &without).findings().structure.iter().map(ToString::to_string).collect();
    assert_eq!(lines, ["guard 0: x > 1 is true here, no comparison there"]);
}

/// A stored table has ten digits of what has a name; what is computed from them is a consequence
/// all the same.
#[test]
fn consequences_are_told_from_rounded_numbers_too() {
    let ours = traced(network);
    for (i, path) in [(0, "hidden/0/w[0]"), (2, "hidden/0/b"), (3, "output/0/w"), (6, "output/1/b")]
    {
        let mut params = [0.13, 0.85, 0.76, 0.25, 0.5, 0.45, 0.65];
        params[i] += 0.01;
        let theirs = traced(|tape| network_of(tape, params));
        let stored =
            Reference::of_table(&wengert_inspect::Table::new(&theirs).to_string()).unwrap();
        let diff = Diff::new(&ours, &stored);
        let found = diff.findings();
        assert_eq!(found.cause().unwrap().path, path, "{diff}");
        assert_eq!(found.of(Origin::Own).count(), 0, "{diff}");
        assert!(found.of(Origin::Follows).count() > 5, "{diff}");
    }
}

#[test]
fn a_cause_that_was_recorded_differently_says_so() {
    let ours = other(|x, w, b| (w * x + b).named("z").square());
    let theirs = other(|x, w, b| (w * x - b).named("z").square());
    let text = Diff::new(&ours, &theirs).titles("in the port", "in the original").to_string();
    assert!(
        text.starts_with("first difference, in the order of the tape: the value of z\n"),
        "{text}"
    );
    assert!(text.contains("recorded differently: z: add here, sub there"), "{text}");
    assert!(text.contains("structure: 1 difference"), "{text}");
}

#[test]
fn what_a_reference_says_of_nothing_on_the_tape_is_said() {
    let trace = other(|x, w, b| (w * x + b).square());
    let mut reference = Reference::new();
    reference.adjoint("weight", 1.0);
    let diff = Diff::new(&trace, &reference).titles("on the tape", "in the paper");
    assert!(!diff.findings().agree());
    let text = diff.to_string();
    assert!(
        text.starts_with("nothing was compared: no path is both on the tape and in the paper\n"),
        "{text}"
    );
    assert!(text.contains("weight: only in the paper"), "{text}");
    reference.adjoints("w", &[1.0, 2.0]);
    assert!(Diff::new(&trace, &reference).to_string().contains("w: shape [] here, [2] there"));
}

#[test]
fn the_answers_are_told_apart_where_both_sides_state_them() {
    let ours = other(|x, w, b| (w * x + b.detach()).square());
    let theirs = other(|x, w, b| (w * x + b.floor() + 0.25).square());
    let found = Diff::new(&ours, &theirs).findings();
    assert_eq!(found.answers.len(), 1, "{found:?}");
    let (no, zero) = (found.answers[0].ours.to_string(), found.answers[0].theirs.to_string());
    assert_eq!((no.as_str(), zero.as_str()), ("no path", "zero: floor is piecewise constant"));
    // A number says nothing of paths.
    let mut reference = Reference::new();
    reference.adjoint("b", 0.0);
    let found = Diff::new(&ours, &reference).findings();
    assert!(found.agree() && found.answers.is_empty());
}

#[test]
fn rounded_numbers_are_compared_as_rounded() {
    let trace = traced(|tape| tape.input(0.123456789123).named("x").exp().named("y"));
    let mut reference = Reference::new().rounded_to(4);
    reference.value("x", 0.1235).adjoint("x", 1.131);
    let close = Tolerance::relative(1e-3);
    assert!(Diff::new(&trace, &reference).tolerance(close).findings().agree());
    reference.value("y", 1.14);
    assert_eq!(
        Diff::new(&trace, &reference).tolerance(close).findings().cause().unwrap().path,
        "y"
    );
}

/// The guesses at one wrong number of the small network of the tests.
#[track_caller]
fn guess(path: &str, quantity: Quantity, wrong: impl FnOnce(&Trace, f64) -> f64, expected: &str) {
    let trace = traced(network);
    let slot = trace.slot(path).unwrap();
    let own = if quantity == Quantity::Value {
        trace.value(slot)
    } else {
        trace.adjoint(slot).number().unwrap()
    };
    let wrong = wrong(&trace, own);
    let mut reference = Reference::new();
    match quantity {
        Quantity::Value => reference.value(path, wrong),
        Quantity::Adjoint => reference.adjoint(path, wrong),
        Quantity::Delta => reference.delta(path, -wrong),
    };
    let text = Diff::new(&trace, &reference).to_string();
    let guesses: Vec<&str> =
        text.lines().filter_map(|line| line.trim().strip_prefix("guess, there: ")).collect();
    assert_eq!(guesses.first().copied().unwrap_or(""), expected, "{text}");
}

#[test]
fn a_guess_stands_on_an_equation() {
    use Quantity::{Adjoint as A, Delta, Value as V};
    let value = |trace: &Trace, path: &str| trace.value(trace.slot(path).unwrap());
    guess("output/0/z", Delta, |_, d| -d, "the sign is flipped (the ratio is -1)");
    guess("output/0/z", Delta, |_, d| 2.0 * d, "a factor 2 (is there a 1/2 in the loss?)");
    guess(
        "output/0/z",
        A,
        |_, d| -0.5 * d,
        "a factor 1/2 (is there a 1/2 in the loss?), or a mean over 2 where it is a sum, and the sign is flipped",
    );
    guess(
        "hidden/0/y",
        A,
        |trace, _| {
            let z = trace.slot("output/1/z").unwrap();
            trace.adjoint(z).number().unwrap() * value(trace, "output/1/w")
        },
        "only the contribution of output/1/mul#1, -0.02468425335: written over the others instead of added to them?",
    );
    guess(
        "hidden/0/z",
        A,
        |trace, d| {
            let y = value(trace, "hidden/0/y");
            d / (y * (1.0 - y))
        },
        "as if the sigmoid's derivative y (1 - y) = 0.2063648958 of y = hidden/0/y were missing",
    );
    guess(
        "hidden/0/z",
        A,
        |trace, d| {
            let (y, z) = (value(trace, "hidden/0/y"), value(trace, "hidden/0/z"));
            d / (y * (1.0 - y)) * z * (1.0 - z)
        },
        "as if the derivative y (1 - y) were taken of hidden/0/z instead of hidden/0/y",
    );
    guess(
        "hidden/0/y",
        V,
        |trace, _| value(trace, "hidden/0/z"),
        "as if sigmoid had not been applied",
    );
    guess(
        "hidden/0/z",
        V,
        |trace, z| z - value(trace, "hidden/0/b"),
        "as if the bias hidden/0/b were missing",
    );
    guess("hidden/0/z", V, |_, z| z - 0.13, "as if the term hidden/0/w[0] x[0] were missing");
    guess(
        "hidden/0/w[0]",
        V,
        |trace, w| w - 0.05 * trace.adjoint(trace.slot("hidden/0/w[0]").unwrap()).number().unwrap(),
        "as if it had taken a step of gradient descent at rate 0.05",
    );
    guess("hidden/0/b", A, |_, _| 0.0, "it is 0: never computed, or cut off");
    // Nothing that a person would name.
    guess("hidden/0/z", A, |_, d| d * 1.2345, "");
    guess("hidden/0/z", V, |_, _| f64::NAN, "");
}

#[test]
fn an_exchanged_element_and_a_mean_are_guessed() {
    let trace = traced(|tape| {
        let x = tape.input([0.5, -1.5, 2.5, 0.125, 0.75]).named("x");
        x.exp().sum().named("L")
    });
    let text = |number: f64| {
        let mut reference = Reference::new();
        reference.adjoint("x[1]", number);
        Diff::new(&trace, &reference).to_string()
    };
    let there = text(2.5_f64.exp());
    assert!(
        there.contains("guess, there: it is the number of x[2]: transposed, or in another order?"),
        "{there}"
    );
    let mean = text((-1.5_f64).exp() / 5.0);
    assert!(
        mean.contains(
            "guess, there: a factor 1/5: a mean instead of a sum over the 5 elements of x?"
        ),
        "{mean}"
    );
}

/// Without the numbers of source lines, which change with every edit of the file.
fn without_lines(text: &str) -> String {
    let mut parts = text.split(".rs:");
    let first = parts.next().unwrap_or("").to_owned();
    let rest = parts.map(|part| part.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':'));
    rest.fold(first, |text, part| text + ".rs" + part)
}

#[test]
fn the_text_counts_what_follows() {
    let (ours, mut at) = (program(AT), AT);
    at[3] = 0.75;
    insta::assert_snapshot!(without_lines(&Diff::new(&ours, &program(at)).shown(3).to_string()));
}
