//! What ails a trace is found where it arose, forward and backward apart.

use crate::common::network;
use wengert::{Tape, Var};
use wengert_inspect::{Health, Trace};

fn traced(record: impl for<'t> FnOnce(&'t Tape) -> Var<'t>) -> Trace {
    let tape = Tape::new();
    Trace::of(&record(&tape).backward()).unwrap()
}

#[track_caller]
fn says(trace: &Trace, words: &[&str]) {
    let text = Health::new(trace).to_string();
    for words in words {
        assert!(text.contains(words), "{words} is not in\n{text}");
    }
}

const HERE: &str = "at crates/wengert-inspect/tests/health.rs:";

#[test]
fn the_first_infinity_and_the_first_nan_of_the_values() {
    let trace = traced(|tape| {
        let x = tape.input([1.0, 0.0]).named("x");
        let logs = x.ln().named("logs");
        let product = (logs.at(1) * x.at(1)).named("product");
        (product + x.at(0)).named("L")
    });
    let health = Health::new(&trace);
    let label = |slot| trace.label(slot);
    assert_eq!(health.first_value().map(label).as_deref(), Some("logs[1]"));
    assert!(!health.is_well());
    says(
        &trace,
        &[
            "forward: 3 of 6 values not finite\n",
            &format!("  the first: logs[1] (ln, {HERE}"),
            "is -inf\n    computed from x[1] = 0\n",
            &format!("  the first NaN: product (mul, {HERE}"),
            "    computed from logs[1] = -inf, x[1] = 0\n",
        ],
    );
}

#[test]
fn a_number_that_was_given_so_is_told() {
    let trace = traced(|tape| tape.input(f64::NAN).named("x").exp());
    says(&trace, &["the first: x (input, ", "is NaN\n    it was given so\n"]);
    // A run is told by its largest number.
    let trace = traced(|tape| tape.input([1e308, 1e308, 2.0]).named("x").sum().named("s"));
    says(
        &trace,
        &["the first: s (sum, ", "is inf\n    computed from x (3 numbers, the largest 1e308)\n"],
    );
}

#[test]
fn the_first_adjoint_is_the_sweeps_and_apart_from_the_values() {
    let trace = traced(|tape| {
        let x = tape.input(0.0).named("x");
        let root = x.sqrt().named("root");
        (root * 3.0).named("L")
    });
    let health = Health::new(&trace);
    assert_eq!(health.first_value(), None);
    assert_eq!(health.first_adjoint().map(|slot| trace.label(slot)).as_deref(), Some("x"));
    says(
        &trace,
        &[
            "forward: every one of 4 values is finite\n",
            "backward: 1 of 3 adjoints not finite\n",
            &format!("  the first: that of x (input, {HERE}"),
            &format!("    from root (sqrt, {HERE}"),
            ": the partial inf times the adjoint 3\n",
        ],
    );
    // Two contributions that are finite, and their sum is not.
    let trace = traced(|tape| {
        let x = tape.input(1e-10).named("x");
        x * 1.5e308 + x * 1.5e308
    });
    says(&trace, &["    a sum of finite contributions that is too large\n"]);
    let seeded = {
        let tape = Tape::new();
        let x = tape.input(1.0).named("x");
        Trace::of(&x.backward_with(&[f64::INFINITY]).unwrap()).unwrap()
    };
    says(&seeded, &["    the sweep was started so: inf\n"]);
}

/// A chain of layers, each of which multiplies the adjoint by a factor.
fn layers(factor: f64) -> Trace {
    traced(|tape| {
        let mut y = tape.input(1.0).named("x");
        for layer in 0..5 {
            let _scope = tape.scope(&format!("layer{layer}"));
            let w = tape.param(factor).named("w");
            y = (y * w).named("z");
        }
        (y * 1.0).named("L")
    })
}

#[test]
fn vanishing_and_exploding_adjoints_are_told_by_scope() {
    let vanishing = layers(0.05);
    let found = Health::new(&vanishing).layers();
    let ratios: Vec<(&str, Option<f64>)> =
        found.iter().map(|layer| (layer.scope.as_str(), layer.of_last)).collect();
    let expected = [("layer0", 0.05_f64.powi(4)), ("layer1", 0.05_f64.powi(3)), ("layer4", 1.0)];
    for (scope, ratio) in expected {
        let found =
            ratios.iter().find(|(of, _)| *of == scope).and_then(|(_, ratio)| *ratio).unwrap();
        assert!((found - ratio).abs() < 1e-12 * ratio, "{scope}: {found}");
    }
    let text = Health::new(&vanishing).to_string();
    let verdicts =
        |text: &str, word: &str| text.lines().filter(|line| line.ends_with(word)).count();
    // 0.05^3 and 0.05^4 are below a thousandth, 0.05^2 is not.
    assert_eq!((verdicts(&text, "vanishing"), verdicts(&text, "exploding")), (2, 0), "{text}");
    assert!(!Health::new(&vanishing).is_well());
    assert!(Health::new(&vanishing).spread(1e6).is_well());
    let text = Health::new(&layers(20.0)).to_string();
    assert_eq!((verdicts(&text, "vanishing"), verdicts(&text, "exploding")), (0, 2), "{text}");
    assert!(Health::new(&layers(1.25)).is_well());
}

#[test]
fn saturated_activations_are_counted_by_scope() {
    let trace = traced(|tape| {
        let x = tape.input([0.1, 40.0, -9.0]).named("x");
        let hidden = {
            let _scope = tape.scope("hidden");
            x.sigmoid().named("y")
        };
        let other = {
            let _scope = tape.scope("other");
            (x.tanh().named("t") + (x - 1.0).relu().named("r")).sum()
        };
        (hidden.sum() + other).named("L")
    });
    let found: Vec<(String, String, usize, usize)> = Health::new(&trace)
        .saturation()
        .into_iter()
        .map(|of| (of.scope, of.op, of.saturated, of.numbers))
        .collect();
    let row = |scope: &str, op: &str, saturated| (scope.to_owned(), op.to_owned(), saturated, 3);
    assert_eq!(
        found,
        [row("hidden", "sigmoid", 2), row("other", "tanh", 2), row("other", "relu", 2)]
    );
    says(
        &trace,
        &[
            "saturated: a slope below 0.001; of a relu, shut\n",
            "  hidden: 2 of 3 sigmoids, the first hidden/y[1] = 1 at x[1] = 40\n",
            "  other: 2 of 3 relus, the first other/r[0] = 0 at other/sub#1[0] = -0.9\n",
        ],
    );
    assert!(
        Health::new(&trace)
            .saturated_below(1e-30)
            .saturation()
            .iter()
            .all(|of| of.op != "sigmoid" || of.saturated == 1)
    );
}

#[test]
fn subnormal_numbers_are_counted_in_the_precision_of_the_tape() {
    let trace = traced(|tape| {
        let x = tape.input(1e-200).named("x");
        let tiny = (x * 1e-120).named("tiny");
        (tiny * 2.0).named("L")
    });
    says(
        &trace,
        &[
            "subnormal: 2 values and 0 adjoints\n",
            &format!("  the first value: tiny (mul, {HERE}"),
            "is 1e-320\n",
        ],
    );
    let trace = traced(|tape| {
        let (x, y) = (tape.input(1.0).named("x"), tape.input(1.0).named("y"));
        ((x * 1e-200).named("small") * 1e-120 + y).named("L")
    });
    says(
        &trace,
        &[
            "subnormal: 1 value and 1 adjoint\n",
            "  the first adjoint of the sweep: that of x (input, ",
        ],
    );
    let tape = Tape::<f32>::default();
    let x = tape.input(1e-40).named("x");
    let trace = Trace::of(&(x + 1.0).backward()).unwrap();
    assert_eq!(
        Health::new(&trace).subnormal_values().map(|slot| trace.label(slot)).collect::<Vec<_>>(),
        ["x"]
    );
}

#[test]
fn the_report_on_a_network() {
    let trace = traced(network);
    assert!(Health::new(&trace).is_well());
    insta::assert_snapshot!(Health::new(&trace).to_string());
}

#[test]
fn without_adjoints_the_values_are_looked_at() {
    let tape = Tape::new();
    let _ = network(&tape);
    says(
        &Trace::of_tape(&tape),
        &["# health; adjoints: not computed\n", "backward: no adjoint was computed\n"],
    );
}
