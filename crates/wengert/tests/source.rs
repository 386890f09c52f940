//! Programs written as Rust: the texts as they are committed, what they compute once compiled, and
//! what is refused.

#[path = "source/case.rs"]
mod case;
#[path = "source/glue.rs"]
mod glue;
#[path = "source/programs.rs"]
mod programs;
#[path = "source/random.rs"]
mod random;
#[rustfmt::skip]
#[path = "source/written.rs"]
mod written;

use std::path::Path;

/// What is committed is what is written now: `WENGERT_WRITE=1 cargo test` writes it anew, and a
/// review sees the difference.
#[test]
fn the_committed_texts_are_those_that_are_written() {
    let cases = programs::all();
    let texts: Vec<(&str, usize)> =
        cases.iter().map(|case| (case.text.as_str(), case.inputs)).collect();
    let functions: Vec<&str> = texts.iter().map(|(text, _)| *text).collect();
    let text = format!(
        "//! Written by the test `the_committed_texts_are_those_that_are_written`.\n\n{}\n{}",
        functions.join("\n"),
        glue::calls(&texts)
    );
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/source/written.rs");
    if std::env::var_os("WENGERT_WRITE").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap();
    let differs = committed.lines().zip(text.lines()).enumerate().find(|(_, (a, b))| a != b);
    assert!(
        committed == text,
        "written.rs is not what is written now: WENGERT_WRITE=1 writes it anew. {differs:?}"
    );
}

#[test]
fn committed_texts_give_their_programs_bits() {
    for mut case in programs::all() {
        let name = case.name.clone();
        let compared = case.check(|inputs| written::call(&name, inputs));
        assert!(compared > 2, "{name}: only {compared} numbers");
    }
}
