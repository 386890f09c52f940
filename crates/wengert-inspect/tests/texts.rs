//! The views of the smallest network, whole.

use crate::common::network;
use wengert::Tape;
use wengert_inspect::{LedgerText, Picture, Table, Tolerance, Trace};

fn trace() -> Trace {
    let tape = Tape::new();
    Trace::of(&network(&tape).backward()).unwrap()
}

const CAPTION: &str = "L = 1/2 sum (y - target)^2";

#[test]
fn the_table_of_a_network() {
    let table =
        Table::new(&trace()).caption(CAPTION).delta(|path| path.ends_with("/z")).to_string();
    insta::assert_snapshot!(table);
}

#[test]
fn a_listing_shows_slots_and_everything_and_says_what_it_leaves_out() {
    let trace = trace();
    let listing = Table::new(&trace)
        .all(true)
        .slots(true)
        .max_elements(2)
        .tolerance(Tolerance::relative(1e-6));
    insta::assert_snapshot!(listing.to_string());
}

#[test]
fn the_ledger_of_a_network() {
    insta::assert_snapshot!(LedgerText::new(&trace()).caption(CAPTION).to_string());
}

#[test]
fn ledgers_asked_for() {
    let trace = trace();
    insta::assert_snapshot!(
        LedgerText::new(&trace).of(&["hidden/0/w[1]", "nothing", "L"]).slots(true).to_string()
    );
}

#[test]
fn the_graph_of_a_network() {
    insta::assert_snapshot!(
        Picture::new(&trace()).values(true).adjoints(true).partials(true).dot().to_string()
    );
}

#[test]
fn labels_are_escaped() {
    let tape = Tape::new();
    let _scope = tape.scope("a \"scope\"");
    let x = tape.input(1.0).named("back\\slash \"quoted\"\nline");
    let trace = Trace::of_tape(&tape);
    let dot = Picture::new(&trace).show_constants(true).dot().to_string();
    assert!(
        dot.contains(r#"[label="{a \"scope\"/back\\\\slash \"quoted\"\nline|op_code=input\l}"];"#),
        "{dot}"
    );
    let _ = x;
}

#[test]
fn constants_are_hidden_or_shown() {
    let tape = Tape::new();
    let x = tape.input(1.0).named("x");
    let y = (2.0 * x.detach() + x).named("y");
    let trace = Trace::of(&y.backward()).unwrap();
    let hidden = Picture::new(&trace).dot().to_string();
    assert!(hidden.contains("mul(2, _)") && !hidden.contains("const"), "{hidden}");
    assert!(hidden.contains(r#""x" -> "mul#1" [style=dashed];"#), "{hidden}");
    assert!(Picture::new(&trace).show_constants(true).dot().to_string().contains("const"));
}
