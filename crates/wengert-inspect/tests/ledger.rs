//! Ledgers recomputed from a trace: the tape's own, and exact.

use crate::common::{AT, network, tensor_program};
use proptest::prelude::*;
use wengert::number::Real;
use wengert::op::{Binary, Structural, Unary};
use wengert::{Gradients, Numerics, Options, Tape, Var};
use wengert_inspect::{Adjoint, Contribution, Slot, Trace, Traced};

/// Every ledger of the trace is the core's own, line by line, and adds up to the adjoint bit for
/// bit.
#[track_caller]
fn check<S: Traced>(gradients: &Gradients<'_, S>) {
    let trace = Trace::of(gradients).unwrap();
    let slots: Vec<Slot> = trace.slots().take(gradients.adjoints().len()).collect();
    let same = |a: f64, b: f64| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
    let core = gradients.ledgers(|_| true);
    assert_eq!(core.len(), slots.len());
    for (ledger, (id, mut core)) in trace.ledgers(&slots).iter().zip(core) {
        assert_eq!(ledger.slot().index(), id.slot());
        assert_eq!(ledger.contributions().len(), core.len(), "{id}");
        let mut contributions = ledger.contributions().to_vec();
        // The core lists what a running sum reads result by result, and sums it element by element.
        let running =
            |c: &Contribution| trace.nodes()[trace.spot(c.reader).node].op.starts_with("cum");
        if contributions.iter().any(running) {
            contributions.sort_by_key(|c| (c.reader, c.operand));
            core.sort_by_key(|c| (c.reader, c.operand));
        }
        for (ours, theirs) in contributions.iter().zip(core) {
            assert_eq!(
                (ours.reader.index(), ours.operand),
                (theirs.reader.slot(), theirs.operand),
                "{id}"
            );
            assert!(same(ours.partial, theirs.partial.to_f64()), "{id}: {ours:?} {theirs:?}");
            assert!(same(ours.adjoint, theirs.adjoint.to_f64()), "{id}: {ours:?} {theirs:?}");
            assert!(same(ours.product, theirs.product.to_f64()), "{id}: {ours:?} {theirs:?}");
        }
        match trace.adjoint(ledger.slot()) {
            Adjoint::Computed(adjoint) => {
                assert!(same(ledger.sum(), *adjoint), "{id}: {} {adjoint}", ledger.sum())
            }
            Adjoint::NoPath => assert!(ledger.contributions().is_empty(), "{id}"),
            Adjoint::Zero(_) => assert!(ledger.sum() == 0.0, "{id}"),
            Adjoint::NotComputed => panic!("{id} was computed"),
        }
    }
}

/// A ledger adds up to its adjoint bit for bit where sums are in the order of their formulas.
fn exact() -> Tape {
    Tape::with(Options::default().numerics(Numerics::Exact))
}

#[test]
fn every_structural_op() {
    let tape = exact();
    let x = tape.input(AT).named("x");
    let y = tensor_program(&tape, x);
    check(&y.backward());
    // A running sum from the end is only recorded in a gradient.
    let gradient = y.record_gradient(&[x]).unwrap()[0].unwrap();
    check(&gradient.cumsum(0).backward_with(&[1.0, -2.0, 0.0, 3.0, 0.5, 1.0, 1.0, 1.0]).unwrap());
    // Of a running product the sweep's sums are nested, in as many steps as there are elements: to
    // the bit they are the ledger's where nothing is rounded, as with numbers of few bits.
    let products = tape.input([2.0, -1.5, 0.0, 3.0, 0.5]).cumprod(0);
    check(&products.backward_with(&[1.0, -2.0, 3.0, 0.5, 4.0]).unwrap());
    // Rows by numbers, one of them twice, and what their gradient is recorded as.
    let rows = tape.data([1.0, 0.0, 1.0]);
    let taken = x.reshape([4, 2]).take(rows).square().sum();
    check(&taken.backward());
    check(&taken.record_gradient(&[x]).unwrap()[0].unwrap().sum().backward());
    let used: Vec<String> =
        Trace::of_tape(&tape).nodes().iter().map(|node| node.op.clone()).collect();
    for op in Structural::ALL.iter().filter(|op| !op.runs_a_body()) {
        assert!(
            used.iter().any(|name| name == op.name()),
            "no ledger of {} was compared",
            op.name()
        );
    }
    check(&network(&tape).backward());
}

#[test]
fn matrix_products_of_every_rank() {
    let tape = exact();
    let x = tape.input(AT).named("x");
    let (a, b) = (x.reshape([2, 2, 2]), x.slice(0, 1..5).reshape([2, 2]));
    for product in
        [a.matmul(b), b.matmul(a), a.matmul(x.slice(0, 0..2)), x.slice(0, 6..8).matmul(a)]
    {
        check(&product.sum().backward());
    }
    check(&x.slice(0, 0..2).matmul(x.slice(0, 4..6)).backward());
}

#[test]
fn recorded_gradients_and_cotangents() {
    let tape = exact();
    let x = tape.input(AT);
    let gradient = tensor_program(&tape, x).record_gradient(&[x]).unwrap()[0].unwrap();
    check(&gradient.backward_with(&[1.0, -2.0, 0.0, 3.0, 0.5, 1.0, 1.0, 1.0]).unwrap());
    let y = x.exp();
    check(
        &tape
            .backward_from(&[(y, &[0.25; 8]), (y.at(0), &[2.0]), (x, &[1.0; 8]), (y.at(0), &[3.0])])
            .unwrap(),
    );
}

#[test]
fn single_precision_adds_in_single_precision() {
    let tape = Tape::<f32>::with(Options::default().numerics(Numerics::Exact));
    let (a, b) = (tape.input([0.3, -0.7, 1.1]), tape.input([0.2, 0.3, 0.3]));
    let y = (a * b).cumsum(0).log_sum_exp_axes(0)
        + a.max_axes(0) * b.max_axes(0)
        + tape.stack(&[a, a, a]).max_axes(0).dot(b);
    check(&y.backward());
    let x = tape.input([0.3, -0.7, 1.1]);
    let mut sum = x.at(0).exp();
    for i in 0..3 {
        for j in 0..3 {
            sum += (x.at(i) * x.at(j)).sigmoid().powf(1.5) * x.at(0).sin();
        }
    }
    check(&sum.backward());
}

/// One step of a program: which op, and where its operands stand, counted back from the end.
#[derive(Clone, Debug)]
enum Make {
    Unary(usize, usize),
    Binary(usize, usize, usize),
    Detached(usize, usize),
}

fn make() -> impl Strategy<Value = Make> {
    let back = 0..12_usize;
    prop_oneof![
        (0..Unary::ALL.len(), back.clone()).prop_map(|(op, a)| Make::Unary(op, a)),
        (0..Binary::ALL.len(), back.clone(), back.clone())
            .prop_map(|(op, a, b)| Make::Binary(op, a, b)),
        (back.clone(), back).prop_map(|(a, b)| Make::Detached(a, b)),
    ]
}

fn run<'t>(first: &[Var<'t>], program: &[Make]) -> Var<'t> {
    let mut vars = first.to_vec();
    for make in program {
        let at = |back: usize| vars[vars.len() - 1 - back % vars.len()];
        let next = match *make {
            Make::Unary(op, a) => at(a).unary(Unary::ALL[op]),
            Make::Binary(op, a, b) => at(a).binary(Binary::ALL[op], at(b)),
            Make::Detached(a, b) => at(a).detach() * at(b),
        };
        vars.push(next);
    }
    vars[vars.len() - 1]
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: proptest::test_runner::RngSeed::Fixed(1), failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn any_scalar_program(program in prop::collection::vec(make(), 1..40), x in -2.0..2.0_f64, y in -2.0..2.0_f64) {
        let tape = exact();
        check(&run(&[tape.input(x), tape.input(y), tape.param(0.0)], &program).backward());
    }

    #[test]
    fn any_program_on_runs(program in prop::collection::vec(make(), 1..20), x in prop::array::uniform4(-2.0..2.0_f64)) {
        let tape = exact();
        let block = tape.input(x);
        let first = [block.reshape([2, 2]), block.slice(0, 1..3), block.at(0), block.reshape([2, 2]).t()];
        check(&run(&first, &program).sum().backward());
    }
}
