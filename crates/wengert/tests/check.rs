//! The gradient check, through its public API: what it finds, what it excludes, and that it leaves
//! no trace.

use wengert::check::{Disagreement, Reason, Report, Verdict};
use wengert::op::{Binary, Op, Unary};
use wengert::{Error, Leaf, Options, Tape, Var};

fn neuron<'t>(scope: &str, weights: Var<'t>, signals: [Var<'t>; 2]) -> Var<'t> {
    let _scope = weights.tape().scope(scope);
    (weights.at(0) * signals[0] + weights.at(1) * signals[1]).named("z").sigmoid()
}

/// A 2-2-1 network of sigmoids, as nodes of single numbers; parameters and activations have names.
fn network(tape: &Tape) -> Var<'_> {
    let x = tape.data([0.3, -0.9]);
    let parameters = tape.param([0.4, -0.6, 0.2, 1.1, 0.7, -0.3]).named("parameters");
    let hidden = [0, 1].map(|i| {
        neuron(&format!("hidden/{i}"), parameters.slice(0, 2 * i..2 * i + 2), [x.at(0), x.at(1)])
    });
    let out = neuron("out", parameters.slice(0, 4..6), hidden).named("output");
    (0.5 * (out - 1.0).square()).named("loss")
}

#[track_caller]
fn agrees(output: Var<'_>) -> Report {
    let before: Vec<u64> = output.tape().all_values().iter().map(|v| v.to_bits()).collect();
    let report = output.check().run().unwrap();
    let after: Vec<u64> = output.tape().all_values().iter().map(|v| v.to_bits()).collect();
    assert_eq!(before, after, "the tape's values changed");
    assert!(report.agrees(), "{report}");
    report
}

#[test]
fn a_right_gradient_agrees_in_every_number() {
    let tape = Tape::new();
    let report = agrees(network(&tape));
    assert_eq!(report.rows.len(), 6);
    assert_eq!(report.rows[2].label, "parameters[2]");
    for row in &report.rows {
        assert_eq!(row.verdict, Verdict::Agrees);
        assert!(
            row.error < 1e-10 && (row.difference.unwrap() - row.reverse).abs() <= row.error + 1e-15,
            "{report}"
        );
        assert!((row.forward - row.reverse).abs() < 1e-16, "{report}");
    }
}

#[test]
fn every_structural_op_agrees() {
    let tape = Tape::new();
    let x = tape.tensor(Leaf::Input, &[0.4, -0.2, 0.9, 0.3, 1.2, -0.7], [2, 3]).unwrap();
    let b = tape.param([0.1, -0.3]);
    let h = Var::affine(b, x, x.at(1)).tanh() + x.t().at(0);
    let m = x.matmul(x.t()).reshape([4]).gather(&[3, 0, 0]).scatter_add(&[1, 1, 0], [2]) * h;
    let chosen = x.indicator_gt(0.35).select(x.exp(), x * 0.5).sum_axes(1);
    let y = tape.stack(&[m.at(0), chosen.at(1), h.at(0)]).square().sum() + m.mean();
    assert!(agrees(y).excluded().next().is_none());
}

#[test]
fn a_smooth_op_has_no_kink_where_its_algorithm_branches() {
    let tape = Tape::new();
    let x = tape.input([0.5, 0.5, -1.0, 0.5]);
    let report = agrees(x.log_sum_exp_axes(0));
    assert!(report.excluded().next().is_none(), "{report}");
}

#[test]
fn detached_operands_stand_still_in_differences_too() {
    let tape = Tape::new();
    let x = tape.input(1.5);
    let v = tape.input([0.5, 2.0]);
    let straight_through = x + (x.round() - x).detach();
    let y = x * x.detach() + straight_through + v.dot(v.detach()) + x.detach().exp();
    let report = agrees(y);
    assert!((report.rows[0].difference.unwrap() - 2.5).abs() < 1e-12, "{report}");
    assert!((report.rows[2].difference.unwrap() - 2.0).abs() < 1e-12, "{report}");
}

#[test]
fn a_node_in_the_middle_is_moved_against_its_operands() {
    let tape = Tape::new();
    let x = tape.input([0.5, -0.25]);
    let (s, t) = (x.sin(), x.at(0).exp());
    let y = (s * t).sum() + t.square();
    let report = y.check().leaves(&[s, t, y]).run().unwrap();
    report.assert_agrees();
    let values: Vec<f64> = report.rows.iter().map(|row| row.reverse).collect();
    assert_eq!(values[..2], [t.value(), t.value()]);
    assert_eq!(values[3], 1.0);
}

#[test]
fn other_precision() {
    let tape = Tape::<f32>::default();
    let x = tape.input([0.5, 2.0, -1.0]);
    let y = (x.exp() * x.sin()).sum().sqrt();
    let report = y.check().run().unwrap();
    report.assert_agrees();
    assert!(report.excluded().next().is_none(), "{report}");
    assert!(report.rows.iter().all(|row| row.error < 1e-2));
}

/// Corrupts claims of the sigmoid network's adjoints and looks who is blamed.
#[track_caller]
fn blamed(wrong: &[&str], culprit: Option<&str>) {
    let tape = Tape::new();
    let loss = network(&tape);
    let gradients = loss.backward();
    let mut check = loss.check().leaves(&[]);
    for path in ["parameters", "hidden/0/z", "hidden/1/z", "out/z", "hidden/1/sigmoid#1"] {
        let name = tape.names().into_iter().find(|name| name.path == path);
        let slots: Vec<usize> = match &name {
            Some(name) => (name.start.slot()..name.start.slot() + name.layout.len()).collect(),
            None => {
                tape.nodes().zip(tape.paths()).find(|(_, p)| p == path).unwrap().0.slots().collect()
            }
        };
        let mut claims: Vec<f64> =
            slots.iter().map(|&slot| gradients.adjoints()[slot] + 0.0).collect();
        if wrong.contains(&path) {
            *claims.last_mut().unwrap() *= 1.001;
        }
        check = check.claim_path(path, &claims);
    }
    let report = check.run().unwrap();
    assert_eq!(
        report.culprit.as_ref().map(|culprit| culprit.row.label.as_str()),
        culprit,
        "{report}"
    );
    let disagreeing = report
        .rows
        .iter()
        .filter(|row| row.verdict == Verdict::Disagrees(Disagreement::Claim))
        .count();
    assert_eq!(disagreeing, wrong.len(), "{report}");
}

#[test]
fn a_wrong_claim_is_named_and_of_several_the_first_from_the_output_back() {
    blamed(&[], None);
    blamed(&["hidden/0/z"], Some("hidden/0/z"));
    blamed(&["hidden/0/z", "out/z", "parameters"], Some("out/z"));
    blamed(&["parameters", "hidden/0/z", "hidden/1/z"], Some("hidden/1/z"));
    blamed(&["parameters"], Some("parameters[5]"));
}

#[test]
fn the_report_says_who_where_and_by_how_much() {
    let tape = Tape::with(Options::default().source_lines(true));
    let x = tape.input(0.5).named("x");
    let s = x.sigmoid().named("s");
    let line = line!() - 1;
    let loss = (s - 1.0).square().named("loss");
    let report = loss
        .check()
        .claim(s, &[2.0 * (s.value() - 1.0) * 1.5])
        .claim_tolerance(1e-6)
        .run()
        .unwrap();
    let text = report.to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "derivatives of loss = 0.1425369566: 1 agree, 0 excluded, 1 disagree");
    let columns = |line: usize| lines[line].split_whitespace().collect::<Vec<_>>();
    assert_eq!(
        columns(2)[..5],
        ["v0", "x", "-0.1774469173", "-0.1774469173", "-0.1774469173"],
        "{text}"
    );
    assert_eq!(columns(3)[..4], ["v1", "s", "-1.132622006", "-0.7550813376"], "{text}");
    assert!(lines[3].ends_with("DISAGREE: claimed, reverse"), "{text}");
    let place = format!("tests/check.rs:{line}:");
    assert!(
        lines[4].starts_with("the first to disagree, from the output back: v1 s, sigmoid at "),
        "{text}"
    );
    assert!(lines[4].contains(&place) && lines[4].ends_with("; read by sub v3"), "{text}");
    let caught = std::panic::catch_unwind(|| report.assert_agrees()).unwrap_err();
    assert!(caught.downcast_ref::<String>().unwrap().contains("DISAGREE"));
}

/// The guesses at a claim of z, in `loss = ½ (σ(z) + 3z − 1)²`, and of what reads it.
#[test]
fn a_wrong_claim_gets_the_guesses_of_the_diff() {
    let tape = Tape::new();
    let x = tape.input(0.5).named("x");
    let s = (x * 3.0).named("z").sigmoid().named("s");
    let z = tape.nodes().find(|node| node.op.name() == "mul").unwrap();
    let loss = (0.5 * (s + x - 1.0).square()).named("loss");
    let gradients = loss.backward();
    let right = |slot: usize| gradients.adjoints()[slot];
    let (of_z, of_x, of_s) = (right(z.id.slot()), right(x.id().slot()), right(s.id().slot()));
    let slope = s.value() * (1.0 - s.value());
    let guess = |path: &str, claimed: f64| {
        let report = loss.check().claim_path(path, &[claimed]).run().unwrap();
        let rows = report.rows.iter().filter(|row| row.label == path).count();
        assert_eq!(rows, 1, "a number that is claimed is listed once: {report}");
        let guesses = report.culprit.clone().unwrap().guesses;
        let said = report.to_string();
        assert!(guesses.iter().all(|guess| said.contains(&format!("  guess, claimed: {guess}\n"))));
        guesses.first().cloned().unwrap_or_default()
    };
    assert_eq!(guess("z", -of_z), "the sign is flipped (the ratio is -1)");
    assert_eq!(guess("z", 2.0 * of_z), "a factor 2 (is there a 1/2 in the loss?)");
    assert_eq!(guess("z", 0.5 * of_z), "a factor 1/2 (is there a 1/2 in the loss?)");
    let slopes = "as if the sigmoid's derivative y (1 - y) of s were ";
    assert_eq!(guess("z", of_s), format!("{slopes}missing"));
    assert_eq!(guess("z", of_s * (1.0 - s.value())), format!("{slopes}1 - y"));
    assert!(guess("z", of_z * slope).ends_with("of s (sigmoid) were there twice"));
    assert!(guess("x", 3.0 * of_z).starts_with("only the contribution of z, "));
    assert!(guess("x", of_x + 3.0 * of_z).ends_with("were added twice"));
    assert_eq!(guess("x", 0.0), "it is 0: never computed, or cut off");
    assert_eq!(guess("z", 1.2345 * of_z), "");
}

#[track_caller]
fn excluded(output: Var<'_>, expected: impl Fn(&Reason) -> bool) {
    let report = agrees(output);
    assert_eq!(report.excluded().count(), 1, "{report}");
    assert!(report.excluded().all(|(_, reason)| expected(reason)), "{report}");
}

#[test]
fn what_cannot_be_differenced_is_excluded_with_its_reason() {
    let kink = |expected: Op| move |reason: &Reason| matches!(reason, Reason::Kink { op, .. } if *op == expected);
    // Every tape has one input, so each case gets its own.
    macro_rules! case {
        ($x:expr, $f:expr, $expected:expr) => {{
            let tape = Tape::new();
            let f: fn(Var<'_>) -> Var<'_> = $f;
            excluded(f(tape.input($x)), $expected);
        }};
    }
    case!(0.0, |x| x.abs(), kink(Op::Unary(Unary::Abs)));
    case!(0.0, |x| (x * 2.0).relu().exp(), kink(Op::Unary(Unary::Relu)));
    case!(1.0, |x| x.max(1.0), kink(Op::Binary(Binary::Max)));
    case!(2.0, |x| x.floor() + x, kink(Op::Unary(Unary::Floor)));
    case!(4.0, |x| x % 2.0, kink(Op::Binary(Binary::Rem)));
    case!(0.0, |x| x.hypot(x.detach()), kink(Op::Binary(Binary::Hypot)));
    case!(0.0, |x| x.atan2(-1.0), kink(Op::Binary(Binary::Atan2)));
    case!(0.0, |x| x.sqrt(), |reason| *reason == Reason::NotFinite);
    case!(-1.0, |x| x.ln(), |reason| *reason == Reason::NotFinite);
    case!(f64::NAN, |x| x + 1.0, |reason| *reason == Reason::NotFinite);
    case!(1.0, |x| if x >= 1.0 { x * 2.0 } else { x }, |reason| matches!(
        reason,
        Reason::Guard { index: 0, .. }
    ));
    case!(1.0, |x| (x * 1e17).sin(), |reason| *reason == Reason::Unresolved);
}

#[test]
fn a_kink_or_guard_near_by_only_shortens_the_step() {
    let tape = Tape::new();
    let x = tape.input(1e-4);
    let branch = if x > 0.0 { x.exp() } else { -x };
    let y = branch + x.abs() + (x - 0.9e-4).relu() + x.ln() * 1e-4 + (x * 1e4).max(0.99);
    assert!(agrees(y).excluded().next().is_none());
}

#[test]
fn a_branch_that_was_not_taken_may_be_infinite() {
    let tape = Tape::new();
    let x = tape.input(0.0);
    let y = x.indicator_gt(1.0).select(1.0 / x, x * 3.0);
    let report = agrees(y);
    assert_eq!(report.rows[0].reverse, 3.0);
    assert_eq!(report.rows[0].verdict, Verdict::Agrees, "{report}");
}

#[test]
fn what_has_no_path_or_came_later_is_zero() {
    let tape = Tape::new();
    let (x, unused) = (tape.input(2.0), tape.input(7.0));
    let y = x.square();
    let later = tape.input(1.0);
    let report = y.check().leaves(&[x, unused, later]).run().unwrap();
    report.assert_agrees();
    assert_eq!(report.rows.iter().map(|row| row.reverse).collect::<Vec<_>>(), [4.0, 0.0, 0.0]);
}

#[test]
fn a_sample_says_what_it_left_out() {
    let tape = Tape::new();
    let w = tape.param([0.1; 1000]);
    let y = w.square().sum();
    let report = y.check().sample(7).run().unwrap();
    assert_eq!((report.rows.len(), report.left_out), (7, 993));
    assert!(report.agrees() && report.to_string().contains("993 left out"));
}

#[test]
fn a_check_described_wrongly_is_an_error() {
    let (tape, other) = (Tape::new(), Tape::new());
    let x = tape.input([1.0, 2.0]).named("x");
    let y = x.sum();
    let stranger = other.input(1.0);
    assert!(matches!(x.check().run(), Err(Error::Operand { .. })));
    assert!(matches!(y.check().leaves(&[stranger]).run(), Err(Error::TwoTapes { .. })));
    assert!(matches!(y.check().claim(stranger, &[1.0]).run(), Err(Error::TwoTapes { .. })));
    assert!(matches!(y.check().claim(x, &[1.0]).run(), Err(Error::Length { found: 1, .. })));
    let error = y.check().claim_path("hidden/0.z", &[1.0]).run().unwrap_err();
    assert!(matches!(&error, Error::NoSuchPath { path, .. } if path == "hidden/0.z"));
    let here = format!("tests/check.rs:{}:", line!() - 2);
    assert!(error.to_string().contains(&here), "{error}");
}
