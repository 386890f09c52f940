//! What a trace holds: the tape's numbers, four kinds of adjoints, names, and files that survive.

use crate::common::{AT, network, tensor_program};
use wengert::Tape;
use wengert::node::Status;
use wengert_inspect::{Adjoint, LedgerText, Malformed, Picture, Stale, Table, Trace, TraceData};

fn traced_network() -> Trace {
    let tape = Tape::new();
    Trace::of(&network(&tape).backward()).unwrap()
}

#[test]
fn values_adjoints_and_labels_are_the_tapes() {
    let tape = Tape::new();
    let gradients = tensor_program(&tape, tape.input(AT).named("x")).backward();
    let _ = tape.input(1.0).named("later");
    let trace = Trace::of(&gradients).unwrap();
    assert_eq!((trace.len(), trace.nodes().len()), (tape.slots(), tape.len()));
    let ids = tape
        .nodes()
        .flat_map(|node| node.slots().map(move |slot| (node.id, slot)).collect::<Vec<_>>());
    for (slot, (first, id)) in trace.slots().zip(ids) {
        assert_eq!(slot.index(), id);
        assert_eq!(trace.value(slot).to_bits(), tape.all_values()[id].to_bits());
        assert_eq!(trace.at(trace.spot(slot)), slot);
        assert_eq!(trace.slot(&trace.label(slot)), Some(slot), "{}", trace.label(slot));
        let node_id = tape.node(first).unwrap().id;
        if slot.index() == node_id.slot() && slot.index() < gradients.adjoints().len() {
            let both = (trace.adjoint(slot), gradients.status_at(node_id));
            assert!(
                match both {
                    (Adjoint::Computed(a), Status::Reached(b)) => a.to_bits() == b.to_bits(),
                    (Adjoint::Zero(_), Status::Reached(zero)) => zero == 0.0,
                    (Adjoint::Zero(_) | Adjoint::NoPath, Status::NoPath) => true,
                    _ => false,
                },
                "{both:?}"
            );
        }
    }
    assert_eq!(*trace.adjoint(trace.slot("later").unwrap()), Adjoint::NotComputed);
    assert_eq!(trace.label(trace.find("w").unwrap().slots()[4]), "w[1, 1]");
    assert_eq!(trace.value(trace.slot("w[1, 1]").unwrap()), AT[4]);
    assert_eq!(
        (trace.find("w[2, 0]"), trace.find("w[1]"), trace.find("nothing")),
        (None, None, None)
    );
}

#[track_caller]
fn answer(
    record: impl for<'t> FnOnce(&'t Tape, wengert::Var<'t>) -> wengert::Var<'t>,
    expect: &str,
) {
    let tape = Tape::new();
    let x = tape.input(0.0).named("x");
    let output = record(&tape, x);
    let trace = Trace::of(&output.backward()).unwrap();
    assert_eq!(trace.adjoint(trace.slot("x").unwrap()).to_string(), expect);
}

#[test]
fn four_answers_and_their_reasons() {
    answer(|tape, _| tape.input(1.0).exp(), "no path");
    answer(|_, x| x.detach() * 2.0 + 1.0, "no path");
    answer(|tape, x| x * tape.input(0.0).named("y"), "zero: y = 0");
    answer(|_, x| x.floor() + 1.0, "zero: floor is piecewise constant");
    answer(|_, x| x.indicator_gt(1.0) * 3.0, "zero: indicator_gt is piecewise constant");
    answer(|_, x| x.relu(), "zero: the slope of relu is 0 at x = 0");
    // Through nodes without a name the reason is passed on; one with a name has a line of its own.
    answer(|_, x| (x - 3.0).relu(), "zero: the slope of relu is 0 at sub#1 = -3");
    answer(|_, x| (x - 3.0).named("z").relu(), "zero: the adjoint of z is zero");
}

#[test]
fn zeros_that_cancel_or_vanish_are_computed() {
    answer(|_, x| x - x, "0");
    answer(|_, x| (x * 1e-300) * 1e-300, "0");
    answer(|_, x| x * 5.0, "5");
    answer(|_, x| x.sqrt() * 0.0, "zero: a constant factor is 0");
    // The sum's own adjoint is a computed zero, so nothing is added to x.
    answer(
        |_, x| {
            let y = x + 1.0;
            y - y
        },
        "0",
    );
}

#[test]
fn more_zeros_with_reasons() {
    answer(
        |tape, x| tape.constant(1.0).select(tape.input(2.0), x),
        "zero: select chose the other branch",
    );
    answer(|tape, x| x.select(tape.input(2.0), tape.input(3.0)), "no path");
    answer(
        |tape, x| tape.stack(&[x, tape.input(2.0)]).max_axes(0),
        "zero: max_over chose another element",
    );
    answer(|_, x| x.max(1.0), "zero: the slope of max is 0 at x = 0");
    answer(|_, x| x.square(), "zero: the slope of powi is 0 at x = 0");
    answer(
        |tape, x| {
            let zeros = ["a", "b", "c", "d"].map(|name| tape.input(0.0).named(name));
            zeros.into_iter().fold(tape.input(1.0), |sum, zero| sum + x * zero)
        },
        "zero: d = 0; c = 0; and 2 more",
    );
}

#[test]
fn stale_gradients_make_no_trace() {
    let tape = Tape::new();
    let x = tape.input(1.0);
    let gradients = x.exp().backward();
    tape.replay(&[(x, &[2.0])]).unwrap();
    assert_eq!(Trace::of(&gradients).unwrap_err(), Stale);
    assert!(Trace::of_tape(&tape).outputs().is_empty());
}

#[test]
fn a_trace_of_a_tape_alone_has_no_adjoints() {
    let tape = Tape::new();
    let _ = network(&tape);
    let trace = Trace::of_tape(&tape);
    assert!(trace.slots().all(|slot| *trace.adjoint(slot) == Adjoint::NotComputed));
    assert_eq!((trace.loss(), trace.slot("hidden/0/z").is_some()), (None, true));
    assert!(Table::new(&trace).to_string().starts_with("# adjoints: not computed\n"));
}

#[test]
fn names_that_look_like_paths_stay_apart() {
    let tape = Tape::new();
    let x = tape.input(2.0);
    let y = (x * x + x.exp().named("mul#1")).named("input#1");
    let trace = Trace::of(&y.backward()).unwrap();
    assert_eq!(
        trace.nodes().iter().map(|node| node.path.as_str()).collect::<Vec<_>>(),
        ["input#2", "mul#2", "mul#1", "input#1"]
    );
}

#[test]
fn guards_are_kept() {
    let tape = Tape::new();
    let x = tape.input(2.0).named("x");
    let y = if x > 1.0 { x * x } else { x };
    let trace = Trace::of(&y.backward()).unwrap();
    let [guard] = trace.guards() else { panic!("one comparison was made") };
    assert_eq!((guard.comparison.as_str(), guard.outcome), (">", true));
    assert_eq!(trace.label(trace.at(guard.left)), "x");
}

#[test]
fn json_keeps_every_number() {
    let tape = Tape::new();
    let x = tape
        .input([0.1, -0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 5e-324, 1.0 / 3.0, 2.0])
        .named("x");
    let y = (x * x.sin()).sum().named("y");
    let trace = Trace::of(&y.backward()).unwrap();
    let json = serde_json::to_string(&trace).unwrap();
    let back: Trace = serde_json::from_str(&json).unwrap();
    for slot in trace.slots() {
        assert_eq!(trace.value(slot).to_bits(), back.value(slot).to_bits());
        match (trace.adjoint(slot), back.adjoint(slot)) {
            (Adjoint::Computed(a), Adjoint::Computed(b)) => assert_eq!(a.to_bits(), b.to_bits()),
            (a, b) => assert_eq!(a, b),
        }
    }
    assert_eq!(json, serde_json::to_string(&back).unwrap());
    assert!(json.contains(r#""values":[0.1,-0.0,"NaN","inf","-inf",5e-324,"#), "{json}");
    assert!(
        json.starts_with(r#"{"version":1,"precision":"f64","outputs":[{"of":{"node":"#),
        "{json}"
    );
}

#[test]
fn everything_is_deterministic_and_a_function_of_the_trace() {
    let texts = |trace: &Trace| {
        let dot = Picture::new(trace).values(true).adjoints(true).partials(true).dot().to_string();
        let table = Table::new(trace).all(true).slots(true);
        [
            serde_json::to_string(trace).unwrap(),
            table.to_string(),
            LedgerText::new(trace).to_string(),
            dot.to_string(),
        ]
    };
    let record = || {
        let tape = Tape::new();
        let x = tape.input(AT).named("x");
        Trace::of(&tensor_program(&tape, x).backward()).unwrap()
    };
    let first = texts(&record());
    assert_eq!(first, texts(&record()));
    assert_eq!(first, texts(&serde_json::from_str(&first[0]).unwrap()));
}

/// A trace of the network, changed.
fn corrupted(change: impl FnOnce(&mut TraceData)) -> Malformed {
    let mut data = traced_network().into_data();
    change(&mut data);
    let json = serde_json::to_string(&data).unwrap();
    let error = Trace::new(data).expect_err("it was corrupted");
    let from_json = serde_json::from_str::<Trace>(&json).unwrap_err().to_string();
    assert!(from_json.starts_with(&error.to_string()), "{from_json}");
    error
}

fn node_of(data: &mut TraceData, op: &str) -> usize {
    data.nodes.iter().position(|node| node.op == op).unwrap()
}

#[test]
fn every_rule_of_a_trace_is_checked() {
    use Malformed as M;
    let affine = |change: fn(&mut wengert_inspect::TraceNode)| {
        corrupted(|data| {
            let node = node_of(data, "affine");
            change(&mut data.nodes[node]);
        })
    };
    assert!(matches!(corrupted(|d| d.version = 3), M::Version { found: 3 }));
    assert!(
        matches!(corrupted(|d| d.parts[0].path = "x".into()), M::DuplicatePath { path } if path == "x")
    );
    assert!(matches!(affine(|n| n.values.push(1.0)), M::Length { what: "values", found: 2, .. }));
    assert!(matches!(
        affine(|n| n.adjoints.push(Adjoint::NoPath)),
        M::Length { what: "adjoints", found: 2, .. }
    ));
    assert!(matches!(affine(|n| n.shape = vec![usize::MAX, 2]), M::Shape { .. }));
    assert!(matches!(affine(|n| n.shape = vec![0]), M::Shape { .. }));
    assert!(matches!(
        affine(|n| n.operands[0].elements.first.node = 2),
        M::OperandOrder { operand: 0, node: 2, .. }
    ));
    assert!(matches!(
        affine(|n| n.operands[0].elements.first.node = 999),
        M::OperandOrder { node: 999, .. }
    ));
    assert!(matches!(
        affine(|n| n.operands[1].elements.first.position = 7),
        M::OutOfRange { position: 7, .. }
    ));
    assert!(matches!(
        affine(|n| n.operands[1].elements.strides = Some(vec![1, 1])),
        M::Strides { rank: 1, found: 2, .. }
    ));
    assert!(matches!(
        affine(|n| n.operands[1].elements.strides = Some(vec![100])),
        M::OperandOrder { operand: 1, .. }
    ));
    assert!(matches!(
        affine(|n| n.operands[1].elements.strides = Some(vec![usize::MAX])),
        M::OperandOrder { .. }
    ));
    assert!(matches!(affine(|n| drop(n.operands.pop())), M::Operands { .. }));
    assert!(matches!(affine(|n| n.operands[1].elements.shape = vec![1]), M::Operands { .. }));
    assert!(matches!(
        corrupted(|d| d.parts[0].elements.first.node = 99),
        M::OutOfRange { node: 99, .. }
    ));
    assert!(matches!(corrupted(|d| d.parts[0].elements.shape = vec![500]), M::OutOfRange { .. }));
    assert!(matches!(
        corrupted(|d| d.outputs[0].of.position = 1),
        M::OutOfRange { position: 1, .. }
    ));
}

#[test]
fn an_unknown_op_can_be_shown_but_is_not_explained() {
    let mut data = traced_network().into_data();
    let node = node_of(&mut data, "sigmoid");
    data.nodes[node].op = "swish".to_owned();
    let trace = Trace::new(data).unwrap();
    let (z, y) = (trace.slot("hidden/0/z").unwrap(), trace.slot("hidden/0/y").unwrap());
    assert_eq!((trace.is_explained(z), trace.is_explained(y)), (false, true));
    assert!(trace.ledger(z).contributions().is_empty());
    assert!(Table::new(&trace).to_string().contains("swish"));
}

#[test]
fn what_is_no_trace_is_refused() {
    for json in [
        "",
        "{}",
        "[1]",
        r#"{"version":1,"precision":"f16","nodes":[]}"#,
        r#"{"version":1,"precision":"f64","nodes":["#,
    ] {
        assert!(serde_json::from_str::<Trace>(json).is_err(), "{json}");
    }
    for word in [r#""maybe""#, r#"{"nil":"x"}"#, r#"{"zero":"x","one":"y"}"#, "{}", "[]"] {
        let json = format!(
            r#"{{"version":1,"precision":"f64","nodes":[{{"path":"x","op":"input","values":[1],"adjoints":[{word}]}}]}}"#
        );
        assert!(serde_json::from_str::<Trace>(&json).is_err(), "{json}");
    }
    let hand_written = r#"{"version":1,"precision":"f64","nodes":[{"path":"x","op":"input","values":[1],"adjoints":["inf"]}]}"#;
    let trace: Trace = serde_json::from_str(hand_written).unwrap();
    assert_eq!(*trace.adjoint(trace.slot("x").unwrap()), Adjoint::Computed(f64::INFINITY));
}
