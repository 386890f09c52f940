//! Every mode gives the tape's bits on the programs of the oracles and of the examples. Machine code
//! is held to them beside the code generator: `crates/wengert-jit/tests/modes.rs`.

#[path = "../crates/wengert/tests/source/glue.rs"]
#[allow(dead_code, reason = "the engine's tests use all of it")]
mod glue;
#[path = "modes/programs.rs"]
mod programs;
#[path = "../crates/wengert/tests/source/rustc.rs"]
mod rustc;
#[path = "modes/sample.rs"]
mod sample;

use std::path::Path;

use rustc::Written;
use sample::Text;
use wengert::program::RustOptions;

#[test]
fn a_replay_and_a_program_give_the_tapes_bits() {
    for sample in programs::all() {
        let (runs, compiled) = (sample.runs(), sample.compiled());
        let by_program = compiled.found(&compiled.program, &runs);
        for ((run, replayed), found) in runs.iter().zip(sample.replayed(&runs)).zip(by_program) {
            sample.hold("replayed", run, &replayed);
            sample.hold("compiled", run, &found);
        }
    }
}

/// Holds all texts to the tape, as `rustc` compiles them at a level of optimisation.
fn hold_written(level: &str) {
    let options = RustOptions::default().functions("wengert_ops::exact::f64");
    let mut all = Vec::new();
    for (i, sample) in programs::all().into_iter().enumerate() {
        let (name, compiled) = (format!("program_{i}"), sample.compiled());
        let text = compiled.program.to_rust_with(&name, &options);
        match sample.text {
            Text::Held => all.push((sample, name, compiled, text.unwrap())),
            Text::TooLong => assert!(text.unwrap().lines().count() > 5000, "{}", sample.name),
            Text::Refused(operation) => {
                let error = text.unwrap_err().to_string();
                assert!(error.contains(&format!("{operation} cannot be written")), "{error}");
            }
        }
    }
    let texts: Vec<(&str, usize)> = all
        .iter()
        .map(|(_, _, compiled, text)| (text.as_str(), compiled.program.inputs().len()))
        .collect();
    let mut written = Written::compiled("modes", &texts, level);
    for (sample, name, compiled, _) in &all {
        for run in sample.runs() {
            let found = written.call(name, &compiled.inputs(&run)).unwrap();
            sample.hold("written", &run, &found);
        }
    }
    written.finish();
}

#[test]
fn a_program_written_as_rust_gives_the_tapes_bits() {
    hold_written("0");
}

#[test]
#[ignore = "fifteen seconds of rustc"]
fn a_program_written_as_rust_gives_the_tapes_bits_in_a_release() {
    hold_written("3");
}

/// `WENGERT_WRITE=1 cargo test --test all modes::` writes it anew.
#[test]
fn the_document_lists_what_is_held() {
    let mut table = String::from("| program | replayed | interpreted | machine code | Rust |\n");
    table += "|---|---|---|---|---|\n";
    for sample in programs::all() {
        let rust = match sample.text {
            Text::Held => "held",
            Text::TooLong => "too long to compile in a test",
            Text::Refused(_) => "refused",
        };
        table += &format!("| {} | held | held | held | {rust} |\n", sample.name);
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/jit.md");
    let document = std::fs::read_to_string(&path).unwrap();
    let from = document.find("| program | replayed |").expect("the document has the table");
    let to = from + document[from..].find("\n\n").expect("a line after it") + 1;
    if std::env::var_os("WENGERT_WRITE").is_some() {
        let text = format!("{}{table}{}", &document[..from], &document[to..]);
        std::fs::write(&path, text).unwrap();
        return;
    }
    assert_eq!(&document[from..to], table, "WENGERT_WRITE=1 writes it anew");
}
