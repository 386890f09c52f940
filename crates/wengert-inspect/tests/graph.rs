//! The graph's algorithms against what a person sees, and path sums against the sweep's adjoints.

use crate::common::{AT, network, tensor_program};
use wengert::Tape;
use wengert_inspect::{Adjoint, Trace};

fn traced() -> Trace {
    let tape = Tape::new();
    Trace::of(&network(&tape).backward()).unwrap()
}

#[track_caller]
fn node(trace: &Trace, path: &str) -> usize {
    trace.spot(trace.find(path).expect("the path is on the trace").slots()[0]).node
}

fn paths(trace: &Trace, nodes: &[usize]) -> Vec<String> {
    nodes.iter().map(|&node| trace.nodes()[node].path.clone()).collect()
}

#[test]
fn ancestors_and_descendants_are_each_others_inverse() {
    let trace = traced();
    let of = paths(&trace, &trace.ancestors(node(&trace, "hidden/0/y")));
    assert_eq!(of, ["x", "param#1", "hidden/0/z"]);
    assert_eq!(trace.descendants(node(&trace, "L")), [0; 0]);
    for a in 0..trace.nodes().len() {
        for b in 0..trace.nodes().len() {
            assert_eq!(
                trace.ancestors(b).contains(&a),
                trace.descendants(a).contains(&b),
                "{a} {b}"
            );
        }
    }
}

#[test]
fn a_gradient_takes_the_stronger_output() {
    let trace = traced();
    let way: Vec<String> = trace
        .gradient_path(trace.slot("hidden/0/z").unwrap())
        .iter()
        .map(|c| trace.label(c.reader))
        .collect();
    assert_eq!(way[..4], ["hidden/0/y", "output/0/mul#1", "output/0/z", "output/0/y"]);
    assert_eq!(way.last().map(String::as_str), Some("L"));
    assert_eq!(trace.gradient_path(trace.slot("L").unwrap()), []);
    // At each number it is the largest line of the ledger.
    let mut at = trace.slot("hidden/0/w[0]").unwrap();
    for step in trace.gradient_path(at) {
        let ledger = trace.ledger(at);
        assert!(ledger.contributions().iter().all(|line| line.product.abs() <= step.product.abs()));
        assert!(ledger.contributions().contains(&step));
        at = step.reader;
    }
    assert_eq!(Some(at), trace.loss());
}

#[test]
fn all_paths_add_up_to_the_adjoint() {
    let tape = Tape::new();
    let of_tensors =
        Trace::of(&tensor_program(&tape, tape.input(AT).named("x")).backward()).unwrap();
    for trace in [traced(), of_tensors] {
        let loss = trace.loss().unwrap();
        let mut compared = 0;
        for slot in trace.slots().filter(|&slot| slot <= loss) {
            let found = trace.paths(slot, loss, 3);
            match trace.adjoint(slot) {
                Adjoint::Computed(adjoint) => {
                    let error = (found.derivative - adjoint).abs();
                    assert!(
                        error <= 1e-12 * adjoint.abs().max(1.0),
                        "{}: {error}",
                        trace.label(slot)
                    );
                    compared += 1;
                }
                Adjoint::NoPath => assert_eq!(found.count, 0, "{}", trace.label(slot)),
                _ => assert_eq!(found.derivative, 0.0, "{}", trace.label(slot)),
            }
            if found.count <= 3 {
                assert_eq!(found.strongest.len() as u64, found.count);
                let sum: f64 = found.strongest.iter().map(|path| path.product).sum();
                assert!((sum - found.derivative).abs() <= 1e-12 * sum.abs().max(1.0));
            }
            for path in &found.strongest {
                let product: f64 =
                    path.hops.iter().rev().fold(1.0, |product, hop| hop.partial * product);
                assert_eq!(product.to_bits(), path.product.to_bits());
                assert_eq!(path.hops.last().map_or(slot, |hop| hop.reader), loss);
            }
            assert!(found.strongest.windows(2).all(|w| w[0].product.abs() >= w[1].product.abs()));
        }
        assert!(compared > 15, "{compared}");
    }
}

#[test]
fn paths_are_counted_where_they_cannot_be_listed() {
    let tape = Tape::new();
    let x = tape.input(1.0).named("x");
    let mut y = x;
    for _ in 0..100 {
        y = y * 0.5 + y * 0.25;
    }
    let trace = Trace::of(&y.named("y").backward()).unwrap();
    let found = trace.paths(trace.slot("x").unwrap(), trace.slot("y").unwrap(), 2);
    assert_eq!(found.count, u64::MAX, "2^100 is more than fits");
    assert_eq!(found.strongest[0].product, 0.5_f64.powi(100));
    assert_eq!(found.strongest[1].product, 0.5_f64.powi(101));
    assert_eq!(found.strongest[0].hops.len(), 200);
}

#[test]
fn dominators_are_the_nodes_that_every_path_meets() {
    let trace = traced();
    let meets = |path: &str| paths(&trace, &trace.dominators(node(&trace, path)));
    assert_eq!(meets("hidden/0/z"), ["hidden/0/y", "output/1/add#1", "L"]);
    assert_eq!(meets("L"), [""; 0]);
    let tape = Tape::new();
    let (x, y) = (tape.input(1.0).named("x"), tape.input(2.0).named("idle"));
    let trace = Trace::of(&(x.detach() * y + x).backward()).unwrap();
    let _ = y;
    assert_eq!(paths(&trace, &trace.dominators(node(&trace, "x"))), ["add#1"]);
}

#[test]
fn nodes_without_a_reader_are_dead_unless_they_are_the_output() {
    let tape = Tape::new();
    let x = tape.input(1.0).named("x");
    let unused = x.exp().named("unused").sqrt().named("unused too");
    let detached = (x.detach() * 2.0).named("detached");
    let trace = Trace::of(&(x * detached).named("L").backward()).unwrap();
    assert_eq!(paths(&trace, &trace.dead_nodes()), ["unused", "unused too"]);
    let _ = unused;
    assert_eq!(Trace::of_tape(&tape).dead_nodes(), [0; 0], "nothing was asked of the tape");
}
