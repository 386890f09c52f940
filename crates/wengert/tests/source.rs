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
#[path = "source/rustc.rs"]
mod rustc;
#[allow(clippy::all, reason = "calls made by a program")]
#[rustfmt::skip]
#[path = "source/written.rs"]
mod written;

use std::path::Path;

use wengert::program::{RustError, RustOptions};
use wengert::{Compiler, Tape, Var};

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

/// A program of one number, and its text.
fn text_of(
    f: impl for<'t> Fn(Var<'t>) -> Var<'t>,
    options: &RustOptions,
) -> Result<String, RustError> {
    let tape = Tape::new();
    let x = tape.input(0.5).named("x");
    let y = f(x).named("y");
    let mut compiler = Compiler::new(&tape);
    compiler.output(y).unwrap();
    compiler.compile().unwrap().to_rust_with("f", options)
}

#[test]
fn names_that_rust_refuses_are_refused() {
    let tape = Tape::new();
    let x = tape.input(0.5);
    let mut compiler = Compiler::new(&tape);
    compiler.output(x * x).unwrap();
    let program = compiler.compile().unwrap();
    for name in ["", "2nd", "a b", "match", "_", "größe", "self"] {
        let error = program.to_rust(name).unwrap_err();
        assert_eq!(error, RustError::Name { name: name.to_owned() });
        assert!(error.to_string().contains(&format!("`{name}`")), "{error}");
    }
    assert!(program.to_rust("groesse_2").is_ok());
    for path in ["", "a-b", "a::", "::", "a:b", "f(x)"] {
        let error = program.to_rust_with("f", &RustOptions::default().functions(path));
        assert_eq!(error.unwrap_err(), RustError::Path { path: path.to_owned() });
    }
    for path in ["libm", "::wengert::exact::f64", "crate::functions", "super::f"] {
        let text = program.to_rust_with("f", &RustOptions::default().functions(path));
        assert!(text.is_ok(), "{path}");
    }
}

#[test]
fn a_function_that_the_platform_lacks_is_refused_by_name() {
    let error = text_of(|x| x.erf(), &RustOptions::default()).unwrap_err();
    assert_eq!(error, RustError::NoFunction { operation: "erf" });
    let message = error.to_string();
    assert!(message.contains("no erf") && message.contains("wengert::exact"), "{message}");
    let text = text_of(|x| x.erf(), &RustOptions::default().functions("a::b")).unwrap();
    assert!(text.contains("use a::b::erf;") && text.contains("let y = erf(x);"), "{text}");
}

#[test]
fn a_program_that_is_too_long_is_refused() {
    let tape = Tape::new();
    let mut x = tape.input(0.5);
    for _ in 0..70_000 {
        x = x.sin();
    }
    let mut compiler = Compiler::new(&tape);
    compiler.output(x).unwrap();
    let error = compiler.compile().unwrap().to_rust("f").unwrap_err();
    assert_eq!(error, RustError::TooLong { bound: 65_536 });
    assert!(error.to_string().contains("65536"), "{error}");
}

#[test]
fn what_is_fed_to_rows_of_their_own_is_refused() {
    let tape = Tape::new();
    let x = tape.data([0.5]).named("x");
    let mut compiler = Compiler::new(&tape);
    compiler.rows(2, &[x]).unwrap();
    let sum = compiler.output((x * 2.0).sum()).unwrap();
    compiler.feed(sum, x).unwrap();
    let error = compiler.compile().unwrap().to_rust("f").unwrap_err();
    assert!(matches!(error, RustError::Instruction { operation: "feed", .. }), "{error}");
}

#[test]
fn rows_taken_by_computed_numbers_are_refused() {
    let tape = Tape::new();
    let (x, rows) = (tape.input([0.5, 1.5]).named("x"), tape.data([1.0, 0.0]).named("rows"));
    let mut compiler = Compiler::new(&tape);
    compiler.output(x.take(rows)).unwrap();
    let error = compiler.compile().unwrap().to_rust("f").unwrap_err();
    assert!(matches!(error, RustError::Instruction { operation: "take", .. }), "{error}");
}

/// A comparison that comes out differently says which, and nothing is fed back.
#[test]
fn a_flipped_comparison_is_an_error_of_the_function() {
    let mut x = vec![vec![0.75, -0.5, 0.25]];
    assert!(written::call("guarded", &x).is_ok());
    x[0][1] = 2.0;
    let error = written::call("guarded", &x).unwrap_err();
    assert_eq!(error, "comparison 0: largest > x[1] no longer holds");
}

#[test]
fn options_say_how_the_function_is_declared() {
    let options = RustOptions::default().attribute("#[inline]").private();
    let text = text_of(|x| x * 2.0, &options).unwrap();
    assert!(text.contains("\n#[inline]\nfn f(x: f64) -> f64 {\n    let y = x * 2.0;"), "{text}");
    let text = text_of(|x| x * 2.0, &RustOptions::default().of_crate()).unwrap();
    assert!(text.contains("\npub(crate) fn f("), "{text}");
}
