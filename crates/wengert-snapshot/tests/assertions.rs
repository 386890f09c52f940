//! The assertions through insta: what passes, what fails and how it says so, what is written.
//!
//! A failing assertion is run in a process of its own, with insta's settings in its environment:
//! the ignored tests below are the children's.

use std::path::Path;
use std::process::{Command, Output};

use wengert::Tape;
use wengert_inspect::{LedgerText, ParameterTable, Reference, Table, Tolerance, Trace};
use wengert_snapshot::{assert_agree, assert_gradients, assert_text_close, assert_trace};

/// The trace of `(w x)²`.
fn trace(w: f64) -> Trace {
    let tape = Tape::new();
    let (x, w) = (tape.input(3.0).named("x"), tape.param(w).named("w"));
    Trace::of(&(w * x).square().named("L").backward()).unwrap()
}

const W: f64 = 0.1234567891234;

#[test]
fn files_are_named_after_the_test() {
    assert_trace!(trace(W));
    assert_text_close!("a_name", LedgerText::new(&trace(W)));
}

#[test]
fn inline_snapshots_are_close_to_what_they_were_made_of() {
    assert_trace!(&trace(W * (1.0 + 2e-10)), @r"
    # loss: L = 0.1371742091
    # numbers: 10 significant digits, compared with rtol=1e-9 atol=1e-15
    path  op      value          adjoint
    x     input   3              0.09144947268
    w     param   0.1234567891   2.222222204
    L     powi    0.137174209    1
    ");
}

#[test]
fn the_tolerance_is_the_one_that_the_text_states() {
    assert_text_close!(Table::new(&trace(W * 1.001)).tolerance(Tolerance::relative(0.01)), @r"
    # loss: L = 0.1371742114
    # numbers: 10 significant digits, compared with rtol=1e-2 atol=0
    path  op     value          adjoint
    x     input  3              0.09144947427
    w     param  0.1234567891   2.222222204
    L     powi   0.1371742114   1
    ");
}

#[test]
fn gradients_by_path() {
    let trace = trace(2.0);
    assert_gradients!(trace, vec![("x", 24.0), ("w", 36.0), ("L", 1.0)]);
    assert_gradients!(&trace, [("w".to_owned(), 36.0 + 1e-6)], Tolerance::relative(1e-7));
}

#[test]
#[should_panic(expected = "1 of 2 gradients differ, first `w`")]
fn a_wrong_gradient_is_named() {
    assert_gradients!(trace(2.0), [("x", 24.0), ("w", -36.0)]);
}

#[test]
#[should_panic(expected = "first `b`")]
fn a_gradient_of_nothing_is_wrong() {
    assert_gradients!(trace(2.0), [("x", 24.0), ("b", 0.0)]);
}

#[test]
#[should_panic(expected = "nothing was compared")]
fn expecting_nothing_proves_nothing() {
    assert_gradients!(trace(2.0), [("x", 0.0); 0]);
}

/// Half the squared error of one neuron.
fn neuron(w: f64) -> Trace {
    neuron_with(w, 0.5)
}

fn neuron_with(w: f64, factor: f64) -> Trace {
    let tape = Tape::new();
    let (x, w, b) =
        (tape.data([3.0]).at(0).named("x"), tape.param(w).named("w"), tape.param(0.25).named("b"));
    let z = (w * x + b).named("z");
    let error = (1.0 - z.sigmoid().named("y")).named("error");
    Trace::of(&(factor * error.square()).named("L").backward()).unwrap()
}

#[test]
fn gradients_in_snapshots() {
    assert_gradients!(neuron(0.5));
    assert_gradients!("gradients_of_a_neuron", &neuron(0.5));
    assert_gradients!(neuron(0.5), @r"
    # loss: L = 0.01095898642
    # shapes: w, b
    # adjoint: dL/dv
    # numbers: 10 significant digits, compared with rtol=1e-9 atol=1e-15
    path   adjoint
    w     -0.05601923514
    b     -0.01867307838
    ");
}

#[test]
fn a_configured_table_is_a_trace_too() {
    let trace = neuron(0.5);
    let table = Table::new(&trace)
        .caption("L = 1/2 (1 - y)^2")
        .delta(|path| path == "z")
        .tolerance(Tolerance::relative(1e-6));
    assert_trace!("a_neuron", table);
}

#[test]
#[should_panic(expected = "first difference, in the order of the sweep: the adjoint of b")]
fn wrong_gradients_are_told_by_their_first_cause() {
    assert_gradients!(neuron(0.5), [("w", 0.05601923514), ("b", 0.01867307838)]);
}

#[test]
fn two_sides_agree() {
    assert_agree!(&neuron(0.5), &neuron(0.5));
    let mut reference = Reference::new().rounded_to(3);
    reference.value("y", 0.852).delta("z", 0.0187);
    assert_agree!(&neuron(0.5), &reference, Tolerance::relative(1e-2));
}

#[test]
#[should_panic(expected = "the value of w\n")]
fn two_sides_that_differ_are_told_by_their_first_cause() {
    assert_agree!(&neuron(0.5), &neuron(0.6));
}

#[test]
#[should_panic(expected = "nothing was compared")]
fn agreeing_in_nothing_proves_nothing() {
    assert_agree!(&neuron(0.5), &Reference::new());
}

// The children, and what they are run on.

#[test]
#[ignore = "run by other tests"]
fn child_neuron() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(std::env::var("SNAPSHOTS").unwrap());
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| match std::env::var("TEXT").unwrap().as_str() {
        "trace" => assert_trace!("text", neuron(0.5)),
        "no half" => assert_trace!("text", neuron_with(0.5, 1.0)),
        "layers" => assert_trace!("text", layers()),
        "wide" => assert_trace!("text", wide()),
        _ => assert_gradients!("text", neuron(0.5)),
    });
}

#[test]
#[ignore = "run by other tests"]
fn child_inline() {
    assert_trace!(trace(2.0 + 2e-6), @r"
    # loss: L = 36
    # numbers: 10 significant digits, compared with rtol=1e-9 atol=1e-15
    path  op     value   adjoint
    x     input  3       24
    w     param  2       36
    L     powi   36      1
    ");
}

#[test]
#[ignore = "run by other tests"]
fn child_file() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(std::env::var("SNAPSHOTS").unwrap());
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| assert_text_close!("text", std::env::var("TEXT").unwrap()));
}

/// Two layers, of which the step between their sums has no name.
fn layers() -> Trace {
    let tape = Tape::with(wengert::Options::default().source_lines(true));
    let x = tape.data([0.5, -1.0]).named("x");
    let layer = |scope: &str, w: [f64; 4], x| {
        let _scope = tape.scope(scope);
        let w = tape.param(w).reshape([2, 2]).named("w");
        wengert::Var::affine(tape.param([0.25, 0.125]).named("b"), w, x).named("z")
    };
    let second = layer("second", [1.5, 0.25, -0.5, -1.0], x);
    let head = layer("head", [0.75, -0.5, 0.25, 1.0], second.relu());
    Trace::of(&head.square().sum().named("L").backward()).unwrap()
}

/// A number that forty others read, and two layers of names.
fn wide() -> Trace {
    let tape = Tape::with(wengert::Options::default().source_lines(true));
    let w = tape.param(0.5).named("w");
    let x = w.exp().named("x");
    let read: Vec<_> =
        (0..40).map(|i| (x * f64::from(i)).sin().named(&format!("of/{i}"))).collect();
    let sum = read.into_iter().fold(x.detach(), |sum, next| sum + next);
    Trace::of(&sum.square().named("L").backward()).unwrap()
}

fn child(test: &str, update: &str, environment: &[(&str, &str)]) -> (Output, String) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", test])
        .env("INSTA_UPDATE", update)
        .env_remove("INSTA_FORCE_PASS")
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("running 1 test"), "{text}");
    (output, text)
}

/// Runs the file assertion on `now` where the snapshot holds `stored`: whether it passed, what it
/// said, what the snapshot holds then, and whether a new one waits for review.
fn file(stored: &str, now: &str, update: &str) -> (bool, String, String, bool) {
    file_of("child_file", stored, now, update)
}

fn file_of(test: &str, stored: &str, now: &str, update: &str) -> (bool, String, String, bool) {
    let (passed, text, contents, description) = described(test, stored, now, update, &[]);
    (passed, text, contents, description.is_some())
}

/// The same, with the description of the new snapshot if one waits.
fn described(
    test: &str,
    stored: &str,
    now: &str,
    update: &str,
    more: &[(&str, &str)],
) -> (bool, String, String, Option<String>) {
    let directory = tempfile::tempdir().unwrap();
    let snapshot = directory.path().join("text.snap");
    std::fs::write(
        &snapshot,
        format!("---\nsource: tests/assertions.rs\nexpression: text\n---\n{stored}\n"),
    )
    .unwrap();
    let path = Path::new(directory.path()).to_str().unwrap();
    let environment = [&[("SNAPSHOTS", path), ("TEXT", now)], more].concat();
    let (output, text) = child(test, update, &environment);
    let after = std::fs::read_to_string(&snapshot).unwrap();
    let contents = after.splitn(3, "---\n").last().unwrap().trim_end().to_owned();
    let waiting = directory.path().join("text.snap.new");
    let description = waiting.exists().then(|| {
        let snapshot = insta::Snapshot::from_file(&waiting).unwrap();
        snapshot.metadata().description().unwrap_or("").to_owned()
    });
    (output.status.success(), text, contents, description)
}

/// What a failing test prints from the start to the end of the cause, without what differs between
/// machines and with every edit of this file.
fn to_the_cause(text: &str, description: &str) -> String {
    let start = text.find("\u{2501}").unwrap();
    assert_eq!(text.matches(description).count(), 1, "once: {text}");
    let end = text.find(description).unwrap() + description.len();
    assert!(text[start..end].lines().count() <= 25, "{}", &text[start..end]);
    let mut shown = String::new();
    for line in text[start..end].lines() {
        let line =
            if line.starts_with("Snapshot file:") { "Snapshot file: text.snap" } else { line };
        let mut parts = line.split(".rs:");
        shown += parts.next().unwrap();
        for part in parts {
            shown += ".rs";
            shown += part.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':');
        }
        shown.push('\n');
    }
    shown
}

#[test]
fn an_inline_failure_says_the_cause() {
    let (output, text) = child("child_inline", "no", &[]);
    assert!(!output.status.success(), "{text}");
    assert!(
        text.contains("first difference, in the order of the tape: the value of w\n"),
        "{text}"
    );
    assert!(text.contains("assertions.rs"), "{text}");
}

#[test]
fn a_close_text_passes_and_leaves_the_snapshot_alone() {
    for update in ["no", "new", "always"] {
        let (passed, text, after, waiting) = file("w 0.3", "w   0.3000000001", update);
        assert!(passed && after == "w 0.3" && !waiting, "{update}: {text}");
    }
}

#[test]
fn a_change_fails_and_waits_for_review() {
    let (passed, text, after, waiting) = file("v 1\nw 0.3", "v 1\nw 0.3000003", "new");
    assert!(!passed && after == "v 1\nw 0.3" && waiting, "{text}");
    let first = "row `w` (line 2): number 1 was 0.3 in the snapshot and is 0.3000003: relative difference 1e-6";
    assert!(text.contains(first), "{text}");
}

#[test]
fn a_change_is_taken_over_if_insta_is_told_so() {
    let (passed, text, after, waiting) = file("v 1\nw 0.3", "v 1", "always");
    assert!(passed && after == "v 1" && !waiting, "{text}");
}

#[test]
fn rows_missing_and_new_fail() {
    let (passed, text, ..) = file("v 1\nw 0.3", "v 1", "no");
    assert!(!passed && text.contains("row `w` (line 2 of the snapshot) is missing"), "{text}");
    let (passed, text, ..) = file("v 1", "v 1\nw 0.3", "no");
    assert!(!passed && text.contains("row `w` (line 2) is new"), "{text}");
}

#[test]
fn nan_equals_itself_only() {
    assert!(file("v NaN", "v  NaN", "no").0);
    let (passed, text, ..) = file("v NaN", "v 1", "no");
    assert!(!passed && text.contains("was NaN in the snapshot and is 1"), "{text}");
}

/// What an earlier program computed: the adjoints of some paths had the other sign.
fn flipped(text: &str, paths: &[&str]) -> String {
    let mut stored = String::new();
    for line in text.lines() {
        let flip = paths.iter().any(|path| line.starts_with(path));
        let (kept, last) = line.rsplit_once("  ").filter(|_| flip).unwrap_or((line, ""));
        let last = match last.trim().strip_prefix('-') {
            _ if !flip => String::new(),
            Some(positive) => format!("   {positive}"),
            None => format!("  -{}", last.trim()),
        };
        stored += &format!("{}{last}\n", kept.trim_end());
    }
    stored
}

#[test]
fn a_derivative_with_the_other_sign() {
    let stored = flipped(&Table::new(&neuron(0.5)).to_string(), &["w ", "b ", "z ", "y "]);
    let (passed, text, _, waiting) = described("child_neuron", &stored, "trace", "new", &[]);
    let cause = waiting.unwrap();
    assert!(!passed && cause.contains("the sign is flipped"), "{text}");
    insta::assert_snapshot!(to_the_cause(&text, &cause));
    // Rows that are as they were are shown as they were.
    for row in ["x      data", "error  sub", "L      mul"] {
        assert!(!text.contains(&format!("\u{2502}+{row}")), "{text}");
    }
}

#[test]
fn a_derivative_that_is_wrong_between_two_names() {
    let stored = flipped(&Table::new(&layers()).to_string(), &["second/"]);
    let (passed, text, _, waiting) = described("child_neuron", &stored, "layers", "new", &[]);
    let cause = waiting.unwrap();
    assert!(!passed, "{text}");
    assert!(
        cause.contains("head/z agrees, so the fault is between second/z and it: in "),
        "{text}"
    );
    insta::assert_snapshot!(to_the_cause(&text, &cause));
}

#[test]
fn the_longest_failure() {
    let table = Table::new(&wide()).to_string();
    let stored: String = flipped(&table, &["x ", "w "])
        .lines()
        .filter(|line| !line.starts_with("of/7 "))
        .map(|line| format!("{line}\n"))
        .collect();
    let stored = stored + "gone   mul  1  1\n";
    let (passed, text, _, waiting) = described("child_neuron", &stored, "wide", "new", &[]);
    assert!(!passed, "{text}");
    insta::assert_snapshot!(to_the_cause(&text, &waiting.unwrap()));
}

#[test]
fn a_row_more_and_a_row_less() {
    let stored = Table::new(&neuron(0.5)).to_string().replace("z ", "sum ");
    let (passed, text, _, waiting) = described("child_neuron", &stored, "trace", "new", &[]);
    assert!(!passed, "{text}");
    insta::assert_snapshot!(to_the_cause(&text, &waiting.unwrap()));
}

/// What docs/snapshots.md shows: of a loss that lost its half the failure, and the change of the
/// file as a forge shows it.
#[test]
fn the_document_shows_a_failure_and_a_hunk_as_they_are() {
    let document = include_str!("../../../docs/snapshots.md");
    let stored = Table::new(&neuron(0.5)).to_string();
    let directory = tempfile::tempdir().unwrap();
    let report = directory.path().join("report.md");
    let named = [("WENGERT_SNAPSHOT_REPORT", report.to_str().unwrap())];
    let (passed, text, ..) = described("child_neuron", &stored, "no half", "new", &named);
    assert!(!passed, "{text}");
    let written = std::fs::read_to_string(&report).unwrap();
    let block = |language: &str| {
        let start = written.split_once(&format!("```{language}\n")).unwrap().1;
        start.split_once("\n```").unwrap().0.to_owned()
    };
    let shown = |line: &str| line.split(".rs:").next().unwrap().to_owned();
    for line in block("text").lines() {
        assert!(document.contains(&shown(line)), "{line}\nof\n{written}");
    }
    for line in block("diff").lines() {
        assert!(document.lines().any(|other| other == line), "{line}\nof\n{written}");
    }
}

#[test]
fn a_text_that_is_of_no_trace() {
    let (passed, text, _, waiting) =
        described("child_file", "v 1\nw 0.3", "v 1\nw 0.4", "new", &[]);
    assert!(!passed, "{text}");
    insta::assert_snapshot!(to_the_cause(&text, &waiting.unwrap()));
}

#[test]
fn the_cause_is_said_where_insta_says_nothing() {
    let stored = flipped(&Table::new(&neuron(0.5)).to_string(), &["w ", "b ", "z ", "y "]);
    for output in ["minimal", "none"] {
        let quiet = [("INSTA_OUTPUT", output)];
        let (_, text, _, waiting) = described("child_neuron", &stored, "trace", "new", &quiet);
        assert_eq!(text.matches(&waiting.unwrap()).count(), 1, "{text}");
    }
}

#[test]
fn a_failure_is_reported_as_markdown_where_the_environment_says() {
    let directory = tempfile::tempdir().unwrap();
    let report = directory.path().join("report.md");
    let named = [("WENGERT_SNAPSHOT_REPORT", report.to_str().unwrap())];
    let stored = flipped(&Table::new(&neuron(0.5)).to_string(), &["w ", "b ", "z ", "y "]);
    for update in ["no", "new"] {
        described("child_neuron", &stored, "trace", update, &named);
    }
    let written = std::fs::read_to_string(&report).unwrap();
    let sections: Vec<&str> = written.split_inclusive("</details>\n\n").collect();
    assert_eq!(sections.len(), 2, "one for each failure: {written}");
    let lines: Vec<&str> =
        sections[0].lines().map(|line| line.split(".rs:").next().unwrap()).collect();
    insta::assert_snapshot!(lines.join("\n"));
    // What passes is no failure.
    let now = Table::new(&neuron(0.5)).to_string();
    described("child_neuron", &now, "trace", "no", &named);
    assert_eq!(std::fs::read_to_string(&report).unwrap(), written);
}

#[test]
fn a_changed_gradient_is_told_by_its_cause() {
    let now = ParameterTable::new(&neuron(0.5)).to_string();
    let (passed, text, ..) = file_of("child_neuron", &now, "gradients", "no");
    assert!(passed, "{text}");
    let stored = now.replace("-0.01867307838", "-0.03734615676");
    let (passed, text, ..) = file_of("child_neuron", &stored, "gradients", "no");
    assert!(!passed, "{text}");
    assert!(text.contains("in the order of the sweep: the adjoint of b\n"), "{text}");
    assert!(
        text.contains("guess, in the snapshot: a factor 2 (is there a 1/2 in the loss?)"),
        "{text}"
    );
}

#[test]
fn an_answer_that_changed_is_told() {
    let now = Table::new(&neuron(0.5)).to_string();
    let stored = now.replace("no path", "zero: w = 0");
    assert!(stored != now);
    let (passed, text, ..) = file_of("child_neuron", &stored, "trace", "no");
    assert!(
        !passed && text.contains("no number differs\nthe same number, another answer: 1 adjoint"),
        "{text}"
    );
    assert!(text.contains("  x: no path now, zero: w = 0 in the snapshot"), "{text}");
}
