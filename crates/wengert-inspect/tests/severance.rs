//! Every way in which a parameter can be cut off is told, with the node and the line.

use crate::common::network;
use wengert::{Tape, Var};
use wengert_inspect::{Severance, Trace, Why};

/// The report on a parameter `w` of value 2, and a `v` of value 3 that is reached.
fn report(record: impl for<'t> FnOnce(&'t Tape, Var<'t>) -> Var<'t>) -> (Trace, String) {
    let tape = Tape::new();
    let (w, v) = (tape.param(2.0).named("w"), tape.param(3.0).named("v"));
    let loss = (record(&tape, w) * v + v).named("L");
    let trace = Trace::of(&loss.backward()).unwrap();
    let text = Severance::new(&trace).to_string();
    (trace, text)
}

#[track_caller]
fn check(record: impl for<'t> FnOnce(&'t Tape, Var<'t>) -> Var<'t>, why: &Why, words: &str) {
    let (trace, text) = report(record);
    let parameters = Severance::new(&trace).parameters();
    assert_eq!((parameters[0].path.as_str(), parameters[0].reached), ("w", 0), "{text}");
    let stops = &parameters[0].severed[0].stops;
    assert!(stops.iter().any(|stop| stop.why == *why), "{stops:?}");
    assert!(text.contains(words), "{text}");
    assert!(
        text.contains("# 2 parameters: 1 reached, 0 reached in part, 1 not reached\n"),
        "{text}"
    );
    assert!(text.contains("reached  v, at crates/wengert-inspect/tests/severance.rs:"), "{text}");
}

const HERE: &str = "at crates/wengert-inspect/tests/severance.rs:";

#[test]
fn each_place_where_a_derivative_stops_is_named() {
    check(|tape, _| tape.data([1.0]).at(0), &Why::Unread, "no path: nothing reads it\n");
    check(
        |tape, w| {
            let _ = (w * 2.0).named("forgotten");
            tape.data([1.0]).at(0)
        },
        &Why::Unread,
        &format!("no path: it leads to forgotten, which nothing reads (mul, {HERE}"),
    );
    check(
        |_, w| (w.detach() * 2.0).named("h").exp(),
        &Why::Detached,
        &format!("no path: detached where h reads it (mul, {HERE}"),
    );
    // Further on: the exponential is what is detached.
    check(
        |_, w| w.exp().detach().sin().named("s"),
        &Why::Detached,
        "no path: detached where s reads it (sin, ",
    );
    check(
        |_, w| (w * 1.5).floor(),
        &Why::PiecewiseConstant,
        "zero: floor#1 is piecewise constant (floor)",
    );
    check(
        |_, w| w.indicator_gt(1.0),
        &Why::PiecewiseConstant,
        "zero: indicator_gt#1 is piecewise constant",
    );
    check(
        |tape, w| w.detach().indicator_gt(5.0).select(w, tape.input(1.0)).named("s"),
        &Why::NotSelected,
        "zero: s chose the other branch (select, ",
    );
    check(
        |tape, w| tape.stack(&[w, tape.input(9.0)]).max_axes(0).named("m"),
        &Why::NotChosen,
        "zero: m chose another element (max_over, ",
    );
    check(
        |tape, w| w * tape.data([0.0]).at(0).named("x"),
        &Why::ZeroFactor("x".to_owned()),
        "zero: multiplied by x = 0 in mul#1 (mul)",
    );
    check(|_, w| (-w).relu().named("r"), &Why::NoSlope, "zero: the slope of r is 0 here (relu, ");
}

#[test]
fn several_places_are_all_told_and_many_are_counted() {
    let (trace, text) = report(|_, w| w.detach() * 2.0 + w.floor().exp() + w.ceil());
    let severed = &Severance::new(&trace).parameters()[0].severed[0];
    let whys: Vec<&Why> = severed.stops.iter().map(|stop| &stop.why).collect();
    assert_eq!(whys, [&Why::PiecewiseConstant, &Why::PiecewiseConstant, &Why::Detached], "{text}");
    assert!(
        text.contains(
            "ceil#1 is piecewise constant (ceil); floor#1 is piecewise constant (floor); detached"
        ),
        "{text}"
    );
    let (trace, text) = report(|_, w| w.floor() + w.ceil() + w.round() + w.trunc() + w.signum());
    let severed = &Severance::new(&trace).parameters()[0].severed[0];
    assert_eq!((severed.stops.len(), severed.more), (3, 2));
    assert!(text.contains("; and more\n"), "{text}");
}

#[test]
fn numbers_that_stop_alike_are_one_line() {
    let tape = Tape::new();
    let mut pixels = vec![0.0; 100];
    pixels[17] = 0.5;
    let (w, x) = (tape.param([0.1; 100]).named("w"), tape.data(&pixels).named("x"));
    let trace = Trace::of(&w.dot(x).named("z").tanh().named("L").backward()).unwrap();
    let text = Severance::new(&trace).to_string();
    let line = "99 numbers, zero: multiplied by x[0] = 0, and 98 more such factors, in z (affine, ";
    assert!(text.contains(line) || text.contains(&line.replace("affine", "matmul")), "{text}");
    assert_eq!(text.lines().count(), 4, "{text}");
}

#[test]
fn what_was_recorded_after_the_output_is_not_computed() {
    let tape = Tape::new();
    let (w, v) = (tape.param(2.0).named("w"), tape.param(3.0).named("v"));
    let loss = (v * v).named("L");
    let gradients = loss.backward();
    let _ = (w * v).named("later");
    let late = tape.param(1.0).named("late");
    let _ = late;
    let trace = Trace::of(&gradients).unwrap();
    let text = Severance::new(&trace).to_string();
    assert!(
        text.contains("no path: later was recorded after what was differentiated (mul, "),
        "{text}"
    );
    assert!(text.contains("not computed: recorded after what was differentiated\n"), "{text}");
    let nothing = Severance::new(&Trace::of_tape(&tape)).to_string();
    assert!(
        nothing
            .starts_with("# severance: nothing was differentiated, so no parameter is reached\n"),
        "{nothing}"
    );
    assert!(
        nothing.contains("# 3 parameters: 0 reached, 0 reached in part, 3 not reached\n"),
        "{nothing}"
    );
}

#[test]
fn zeros_that_were_computed_are_reached() {
    let (trace, text) = report(|_, w| w - w);
    let w = &Severance::new(&trace).parameters()[0];
    assert_eq!((w.reached, w.zeros), (1, 1), "{text}");
    assert!(text.contains("1 of them came out as 0"), "{text}");
}

#[test]
fn without_parameters_the_inputs_are_followed() {
    let tape = Tape::new();
    let x = tape.input([0.5, -0.5]).named("x");
    let trace = Trace::of(&x.at(0).exp().named("L").backward()).unwrap();
    let x = &Severance::new(&trace).parameters()[0];
    assert_eq!((x.path.as_str(), x.numbers, x.reached, x.severed[0].numbers), ("x", 2, 1, 1));
    assert!(Severance::new(&trace).to_string().contains("1 number, no path: nothing reads it"));
}

#[test]
fn an_op_that_is_not_known_may_be_where_it_stops() {
    let trace = Trace::of(&network(&Tape::new()).backward()).unwrap();
    let mut data = trace.into_data();
    let node = data.nodes.iter().position(|node| node.path == "hidden/0/y").unwrap();
    data.nodes[node].op = "swish".to_owned();
    let z = data.nodes.iter().position(|node| node.path == "hidden/0/z").unwrap();
    for node in [z, 1] {
        data.nodes[node]
            .adjoints
            .iter_mut()
            .for_each(|adjoint| *adjoint = wengert_inspect::Adjoint::NoPath);
    }
    let trace = Trace::new(data).unwrap();
    let text = Severance::new(&trace).to_string();
    assert!(text.contains("hidden/0/y has an op that is not explained (swish, at"), "{text}");
}

/// Without the numbers of source lines, which change with every edit of the file.
fn without_lines(text: &str) -> String {
    let mut parts = text.split(".rs:");
    let first = parts.next().unwrap_or("").to_owned();
    let rest = parts.map(|part| part.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':'));
    rest.fold(first, |text, part| text + ".rs" + part)
}

#[test]
fn the_report_on_a_network() {
    let trace = Trace::of(&network(&Tape::new()).backward()).unwrap();
    insta::assert_snapshot!(without_lines(&Severance::new(&trace).to_string()));
}
