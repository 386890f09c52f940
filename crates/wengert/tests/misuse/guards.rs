//! Replays that another branch, or what is no leaf, stands against.

use wengert::{Error, Tape, Var};

/// Replays where the recorded branch is not the program's, and looks at the message and at the
/// bits.
#[track_caller]
fn flips(branch: impl for<'t> Fn(Var<'t>) -> Var<'t>, at: f64, to: f64, parts: &[&str]) {
    let tape = Tape::new();
    let x = tape.input(at).named("x");
    let y = branch(x);
    let before: Vec<u64> = tape.all_values().iter().map(|v| v.to_bits()).collect();
    let gradient = y.backward();
    let error = tape.replay(&[(x, &[to])]).unwrap_err();
    assert!(matches!(error, Error::GuardFlipped { .. }), "{error}");
    for part in parts.iter().chain(&["guards.rs:", "record again"]) {
        assert!(error.to_string().contains(part), "{error}: there is no {part:?}");
    }
    let after: Vec<u64> = tape.all_values().iter().map(|v| v.to_bits()).collect();
    assert_eq!(before, after);
    assert!(!gradient.is_stale(), "nothing has changed");
    tape.replay(&[(x, &[at])]).unwrap();
}

#[test]
fn a_guard_that_flips_is_an_error_that_names_node_and_line() {
    flips(
        |x| if x > 1.0 { x * x } else { -x },
        2.0,
        0.5,
        &["guard 0", "x > 1 was true", "was true", "is false now", "0.5 and 1"],
    );
    flips(|x| if x < 1.0 { x * x } else { -x }, 2.0, 0.5, &["x < ", "was false", "is true now"]);
    flips(|x| if x == 2.0 { x * x } else { -x }, 2.0, 2.5, &["x == "]);
    flips(|x| if x.exp() >= x * 3.0 { x } else { -x }, 0.1, 1.0, &["v1 >= v3"]);
    flips(|x| if x.sin() <= 0.5 { x } else { -x }, 0.1, 1.0, &["<="]);
    // Comparing to order asks for less, then for equal, then for greater.
    flips(
        |x| if x.partial_cmp(&1.0).is_some_and(std::cmp::Ordering::is_gt) { x } else { -x },
        2.0,
        1.0,
        &["guard 1", "=="],
    );
}

#[test]
fn a_guard_on_nan_is_false_and_notices_when_it_becomes_one() {
    flips(|x| if x.ln() > -9.0 { x } else { -x }, 1.0, -1.0, &["was true", "NaN"]);
    flips(|x| if x.ln() > -9.0 { x } else { -x }, -1.0, 1.0, &["was false"]);
    let tape = Tape::new();
    let x = tape.input(f64::NAN);
    let outcomes = [x < 1.0, x <= 1.0, x > 1.0, x >= 1.0, x == 1.0];
    assert!(outcomes == [false; 5] && x.partial_cmp(&x).is_none());
    // NaN stays false.
    tape.replay(&[(x, &[f64::NAN])]).unwrap();
}

#[test]
fn a_replay_of_what_cannot_be_set_changes_nothing() {
    let tape = Tape::new();
    let x = tape.input([1.0, 2.0]).named("x");
    let sum = x.sum().named("sum");
    let constant = tape.constant(3.0);
    let y = (sum * constant).named("y");
    let before = tape.all_values();
    let line = line!() + 1;
    let error = tape.replay(&[(x, &[5.0, 6.0]), (y, &[1.0])]).unwrap_err();
    assert!(
        matches!(&error, Error::NotSettable { node, kind, .. } if node == "y" && kind == "computed (mul)"),
        "{error}"
    );
    assert!(error.to_string().contains(&here!(line)), "{error}");
    assert!(
        matches!(tape.replay(&[(constant, &[1.0])]), Err(Error::NotSettable { kind, .. }) if kind == "a constant")
    );
    assert!(matches!(tape.replay(&[(x, &[1.0])]), Err(Error::Length { found: 1, .. })));
    assert_eq!(tape.all_values(), before);
}
