//! `wengert show`.

use wengert::{Compiler, Tape};
use wengert_inspect::Trace;
use wengert_saved::{program_text, tape_text};

use crate::tool::{fit, folder, wengert, write};

#[test]
fn a_program() {
    let folder = folder();
    write(&folder, "fit.wg", &fit());
    let done = wengert(&folder, &["show", "fit.wg"], "");
    assert_eq!((done.err.as_str(), done.code), ("", 0));
    insta::assert_snapshot!(done.out);
    let brief = wengert(&folder, &["show", "fit.wg", "--brief"], "");
    assert!(done.out.starts_with(&brief.out) && !brief.out.contains("matmul"), "{}", brief.out);
}

#[test]
fn a_step_that_is_fed_and_rows() {
    let folder = folder();
    let tape = Tape::<f32>::default();
    let (w, x) = (tape.param([1.0, 1.0]).named("w"), tape.data([0.0, 0.0]).named("x"));
    let mut compiler = Compiler::new(&tape);
    let next = compiler.output((w + 1.0).named("next")).unwrap();
    compiler.feed(next, w).unwrap();
    write(&folder, "step.wg", &program_text(&compiler));
    let done = wengert(&folder, &["show", "step.wg", "--brief"], "");
    assert!(done.out.contains("a program of f32"), "{}", done.out);
    assert!(done.out.contains("  w [2]  fed after each run\n"), "{}", done.out);
    let mut compiler = Compiler::new(&tape);
    compiler.rows(4, &[x]).unwrap();
    compiler.output((w * x).sum().named("y")).unwrap();
    write(&folder, "rows.wg", &program_text(&compiler));
    let done = wengert(&folder, &["show", "rows.wg", "--brief"], "");
    assert!(done.out.contains("rows at a time: 4"), "{}", done.out);
    assert!(done.out.contains("  x [2]  of each row\n"), "{}", done.out);
    assert!(done.out.contains("  y []  of each row\n"), "{}", done.out);
}

#[test]
fn a_tape_and_a_trace() {
    let folder = folder();
    let tape = Tape::new();
    let x = tape.input([1.0, 2.0]).named("x");
    let y = x.square().sum().named("y");
    write(&folder, "tape.wg", &tape_text(&tape));
    let done = wengert(&folder, &["show", "tape.wg"], "");
    assert!(done.out.starts_with("a tape of f64, version 1"), "{}", done.out);
    assert!(done.out.ends_with(&tape.to_string()), "{}", done.out);
    write(&folder, "trace.json", &Trace::of(&y.backward()).unwrap().to_json());
    let done = wengert(&folder, &["show", "trace.json"], "");
    assert!(done.out.starts_with("a trace, version"), "{}", done.out);
    assert!(done.out.contains("differentiated: y\n"), "{}", done.out);
    assert_eq!(done.code, 0);
}

#[test]
fn what_is_neither_is_said() {
    let folder = folder();
    write(&folder, "rows.csv", "1,2\n");
    let done = wengert(&folder, &["show", "rows.csv"], "");
    assert_eq!(
        done.err.trim_end(),
        "wengert: rows.csv: line 1, column 1: invalid type: integer `1`, expected a saved tape or \
         program"
    );
    assert_eq!(done.code, 2);
    write(&folder, "other.json", "{\"a\": 1}");
    let done = wengert(&folder, &["show", "other.json"], "");
    assert!(done.err.starts_with("wengert: other.json: line 1"), "{}", done.err);
    assert_eq!(done.code, 2);
}
