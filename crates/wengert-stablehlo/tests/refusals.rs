//! What cannot be exported says what is wrong.

use wengert::op::Binary;
use wengert::{Options, Tape, Var};
use wengert_stablehlo::{Error, Export};

#[test]
fn an_empty_export_is_refused() {
    let tape = Tape::new();
    let export = Export::new(&tape);
    assert_eq!(export.module("nothing"), Err(Error::Empty));
}

#[test]
fn an_argument_is_a_whole_leaf() {
    let tape = Tape::new();
    let w = tape.param([[1.0, 2.0], [3.0, 4.0]]).named("w");
    let y = (w * 2.0).named("y");
    let mut export = Export::new(&tape);
    let message = |result: Result<(), Error>| result.unwrap_err().to_string();
    for (var, part) in [
        (w.at(1), "a part of a block"),
        (w.t(), "another order"),
        (y, "it is computed"),
        (tape.constant(3.0), "a constant is no argument"),
    ] {
        let found = message(export.input(var));
        assert!(found.contains(part), "{found}");
    }
    assert!(message(export.update(y, y)).contains("update of y"));
    let found = message(export.update(w, y.sum()));
    assert_eq!(found, "update of w of shape [2, 2] by a value of shape []");
    let other = Tape::new();
    let strange = other.input(1.0);
    let foreign: Var<'_> = strange;
    let mut of_other = Export::new(&other);
    assert!(matches!(of_other.output("x", foreign), Ok(())));
    assert!(matches!(export.output("y", y), Ok(())));
    assert_eq!(export.output("y", w), Err(Error::Name { name: "y".to_owned() }));
}

#[test]
fn an_operation_without_a_form_is_named_with_its_line() {
    let tape: Tape = Tape::with(Options::default().source_lines(true));
    let x = tape.input(0.5).named("x");
    let second = x.try_binary(Binary::I0eDerivative, tape.constant(2.0)).unwrap().named("second");
    let mut export = Export::new(&tape);
    export.output("second", second).unwrap();
    let error = export.module("bessel").unwrap_err();
    assert!(matches!(&error, Error::Operation { op: "i0e_derivative", .. }), "{error:?}");
    let message = error.to_string();
    let line = "i0e_derivative, node second at crates/wengert-stablehlo/tests/refusals.rs:";
    assert!(message.contains(line) && message.contains("first derivative"), "{message}");
}

#[test]
fn a_sharding_that_does_not_fit_is_refused() {
    let tape = Tape::new();
    let w = tape.param([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]).named("w");
    let mut export = Export::new(&tape);
    let message = |result: Result<(), Error>| result.unwrap_err().to_string();
    assert!(message(export.shard(w, &[Some("data"), None])).contains("no axis `data`"));
    assert!(message(export.mesh(&[])).contains("no axes"));
    assert!(message(export.mesh(&[("a", 2), ("a", 2)])).contains("`a`"));
    assert!(message(export.mesh(&[("a", 0)])).contains("no devices"));
    export.mesh(&[("data", 2)]).unwrap();
    assert!(message(export.shard(w, &[None])).contains("1 axes for shape [3, 2]"));
    assert!(message(export.shard(w, &[Some("data"), None])).contains("3 elements"));
    assert!(message(export.shard(w, &[Some("data"), Some("data")])).contains("3 elements"));
    export.shard(w, &[None, Some("data")]).unwrap();
}
