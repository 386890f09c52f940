//! Nodes that run a function: an operation of a user's, a loop, a branch, a checkpoint. Their ops do
//! not say their Jacobians, so a trace states them.

use wengert::{Operation, Scan, Tape, Var};
use wengert_inspect::{
    Adjoint, Derivation, Diff, LedgerText, Malformed, Page, Picture, ReadError, Trace, TraceNode,
};

/// One of each, and rows taken by computed numbers.
struct Program<'t> {
    x: Var<'t>,
    p: Var<'t>,
    own: Var<'t>,
    looped: Var<'t>,
    rows: Var<'t>,
    again: Var<'t>,
    loss: Var<'t>,
}

fn program(tape: &Tape) -> Program<'_> {
    let stable = Operation::new("log1pexp", |x: &[Var<'_>]| (x[0].exp() + 1.0).ln())
        .with_vjp(|x, _, g| vec![g * x[0].sigmoid()]);
    let x = tape.input([0.5, -1.0, 2.0]).named("x");
    let p = tape.param(0.75).named("p");
    let own = stable.of(&[x]).named("own");
    let looped = Scan::new()
        .state(p)
        .rows(own)
        .fixed(p)
        .record(|step| {
            let next = (step.state(0) * step.fixed(0) + step.row(0)).tanh();
            step.next([next]).with([next.square()])
        })
        .unwrap();
    let (last, rows) = (looped.state(0), looped.rows(0));
    let looped = looped.node().named("loop");
    let branch = tape
        .cond(x.at(1).indicator_gt(0.0), &[last, x], |v| v[0] + v[1].sum(), |v| v[0] * v[1].at(2))
        .unwrap()
        .named("branch");
    let again = tape.checkpoint(&[rows], |v| v[0].exp().sum()).unwrap().named("again");
    let taken = x.take(tape.data([2.0, 0.0, 2.0])).named("taken");
    let loss = (branch + again + taken.square().sum()).named("L");
    Program { x, p, own, looped, rows, again, loss }
}

fn traced() -> Trace {
    let tape = Tape::new();
    Trace::of(&program(&tape).loss.backward()).unwrap()
}

fn node<'a>(trace: &'a Trace, path: &str) -> &'a TraceNode {
    trace.nodes().iter().find(|node| node.path == path).unwrap()
}

#[test]
fn partials_are_those_of_forward_mode() {
    let tape = Tape::new();
    let Program { x, p, own, looped, rows, again, loss } = program(&tape);
    let trace = Trace::of(&loss.backward()).unwrap();
    let cases: [(Var<'_>, &[usize], Var<'_>); 4] =
        [(own, &[0], x), (looped, &[1], own), (looped, &[0, 2], p), (again, &[0], rows)];
    for (of, operands, by) in cases {
        let partials = &node(&trace, &of.name().unwrap()).partials;
        let columns = by.len();
        for column in 0..columns {
            let mut direction = vec![0.0; columns];
            direction[column] = 1.0;
            let tangent = tape.tangents(&[(by, &direction)]).unwrap().values(of);
            for (out, tangent) in tangent.into_iter().enumerate() {
                let stated: f64 =
                    operands.iter().map(|&i| partials[i][out * columns + column]).sum();
                assert!((stated - tangent).abs() < 1e-14, "{of:?} {out} {column}");
            }
        }
    }
}

#[test]
fn every_number_is_explained_and_adds_up() {
    let trace = traced();
    assert_eq!(trace.data().version, 2);
    for slot in trace.slots() {
        assert!(trace.is_explained(slot), "{}", trace.label(slot));
        let ledger = trace.ledger(slot);
        let size: f64 = ledger.contributions().iter().map(|c| c.product.abs()).sum();
        let adjoint = trace.adjoint(slot).number().unwrap();
        let near = (ledger.sum() - adjoint).abs() <= 4.0 * f64::EPSILON * size;
        assert!(near || ledger.seed().is_some(), "{}: {ledger:?} {adjoint}", trace.label(slot));
    }
    // By hand: log1pexp passes its rule's slope.
    let own = node(&trace, "own");
    let slope = |x: f64| 1.0 / (1.0 + (-x).exp());
    assert_eq!(own.partials.len(), 1);
    let slopes = [0.5, -1.0, 2.0].map(slope);
    for (k, &partial) in own.partials[0].iter().enumerate() {
        let known = if k % 4 == 0 { slopes[k / 4] } else { 0.0 };
        assert!((partial - known).abs() < 1e-15, "{k}: {partial} {known}");
    }
    // The condition passes nothing on; the branch that was taken is a product.
    let branch = node(&trace, "branch");
    assert!(branch.operands[0].cut && branch.partials[0].is_empty());
    let last = trace.value(trace.slot("loop[0]").unwrap());
    assert_eq!(branch.partials[1..], [vec![2.0], vec![0.0, 0.0, last]]);
}

#[test]
fn written_and_read_by_version_2_alone() {
    let trace = traced();
    let json = trace.to_json();
    assert!(json.starts_with(r#"{"version":2,"#), "{json}");
    assert_eq!(Trace::from_json(&json).unwrap().to_json(), json);
    let older = json.replacen(r#""version":2"#, r#""version":1"#, 1);
    let error = Trace::from_json(&older).unwrap_err();
    assert!(error.to_string().contains("partials are stated from version 2 on"), "{error}");
    // What states none is of version 1, for those who read no other.
    let tape = Tape::new();
    let plain = Trace::of(&tape.input(1.0).exp().backward()).unwrap();
    assert_eq!(plain.data().version, 1);
    let newer = plain.to_json().replacen(r#""version":1"#, r#""version":2"#, 1);
    assert!(Trace::from_json(&newer).is_ok());
}

#[test]
fn partials_that_do_not_fit_are_refused() {
    let data = traced().into_data();
    let at = |path: &str| data.nodes.iter().position(|node| node.path == path).unwrap();
    let refused = |change: &dyn Fn(&mut [TraceNode]), rule: &str| {
        let mut data = data.clone();
        change(&mut data.nodes);
        let error = Trace::new(data).unwrap_err();
        assert!(matches!(error, Malformed::Operands { .. }), "{error}");
        assert!(error.to_string().contains(rule), "{error}");
    };
    let (own, branch, loss) = (at("own"), at("branch"), at("L"));
    refused(&|nodes| nodes[own].partials[0].truncate(8), "a row for each number");
    refused(&|nodes| nodes[own].partials.push(vec![]), "for every operand");
    refused(&|nodes| nodes[branch].partials[0].push(1.0), "a row for each number");
    refused(&|nodes| nodes[loss].partials = vec![vec![1.0], vec![1.0]], "its op says");
    let words = traced().to_json().replacen(r#""partials":[["#, r#""partials":[["x","#, 1);
    assert!(matches!(Trace::from_json(&words), Err(ReadError::Form { .. })));
}

#[test]
fn listed_derived_and_drawn() {
    let trace = traced();
    let text = LedgerText::new(&trace).to_string();
    assert!(!text.contains("not explained"), "{text}");
    let derivation = Derivation::new(&trace).to_string();
    // What stands in the loop's third row reaches p by the loop alone, once as the state and once
    // as what is fixed; and rows that are taken are the numbers themselves.
    for line in [
        "own[0] = log1pexp(x[0], x[1], x[2])",
        "branch = cond([x[1] > 0], loop[0], x[0], x[1], x[2])",
        "∂L/∂loop[0] = ∂L/∂branch · 2",
        "by loop[3]: ∂L/∂loop[3] · 0.03849987664 = 2.66977550321 · 0.0384998766424 = 0.1027860275",
        "taken[1] = x[0]",
    ] {
        assert!(derivation.contains(line), "{line}: {derivation}");
    }
    let (svg, page) = (Picture::new(&trace).svg().to_string(), Page::of(&trace).to_string());
    for text in [svg, page] {
        for op in ["log1pexp [3]", "scan [4]", "cond", "checkpoint", "take [3]"] {
            assert!(text.contains(op), "{op}");
        }
    }
    // The strongest way of the gradient goes through the functions.
    let way = trace.gradient_path(trace.slot("x[0]").unwrap());
    let way: Vec<String> = way.iter().map(|c| trace.label(c.reader)).collect();
    assert_eq!(way.first().map(String::as_str), Some("taken[1]"), "{way:?}");
    let way = trace.gradient_path(trace.slot("p").unwrap());
    let way: Vec<String> = way.iter().map(|c| trace.label(c.reader)).collect();
    assert_eq!(way, ["loop[2]", "again", "add#1", "L"]);
}

#[test]
fn a_zero_has_its_reason_and_no_path_is_told_apart() {
    let tape = Tape::new();
    let (x, unused) = (tape.input([2.0, 3.0]).named("x"), tape.input(1.0).named("unused"));
    let first = Operation::new("first", |x: &[Var<'_>]| x[0].at(0) + 0.0 * x[1]);
    let y = first.of(&[x, unused]).named("y");
    let trace = Trace::of(&y.backward()).unwrap();
    let adjoint = |path: &str| trace.adjoint(trace.slot(path).unwrap()).clone();
    assert_eq!(adjoint("x[0]"), Adjoint::Computed(1.0));
    for path in ["x[1]", "unused"] {
        let answer = adjoint(path);
        assert!(matches!(&answer, Adjoint::Zero(why) if why.contains("first")), "{answer:?}");
    }
}

#[test]
fn a_mistake_behind_a_call_is_found_through_it() {
    let ours = traced();
    // Another program that loses a factor in the gradient of p alone.
    let mut data = traced().into_data();
    let p = data.nodes.iter().position(|node| node.path == "p").unwrap();
    let right = ours.adjoint(ours.slot("p").unwrap()).number().unwrap();
    data.nodes[p].adjoints = vec![Adjoint::Computed(2.0 * right)];
    let theirs = Trace::new(data).unwrap();
    let text = Diff::new(&ours, &theirs).to_string();
    assert!(text.contains("dL/dp") || text.contains("adjoint of p"), "{text}");
    assert!(!text.contains("not known"), "{text}");
}

#[test]
fn what_would_take_too_long_is_left_unexplained() {
    let tape = Tape::new();
    let x = tape.input(vec![0.5; 100]).named("x");
    let squares = Operation::new("squares", |x: &[Var<'_>]| x[0].square());
    let trace = Trace::of(&squares.of(&[x]).sum().backward()).unwrap();
    assert_eq!(trace.data().version, 1);
    assert!(!trace.is_explained(trace.slot("x[0]").unwrap()));
    assert!(LedgerText::new(&trace).to_string().contains("not explained"));
}

#[test]
fn what_is_left_out_takes_its_partials_along() {
    let whole = traced();
    for limit in 1..whole.len() {
        let cut = whole.clone().limited(limit);
        let again = Trace::from_json(&cut.to_json()).unwrap();
        for node in again.nodes().iter().filter(|node| !node.partials.is_empty()) {
            assert_eq!(node.partials.len(), node.operands.len());
        }
    }
}
