//! What asks for a single number, and for adjoints that were not computed or are stale.

use wengert::op::Comparison;
use wengert::{Error, Leaf, Tape, Var};

use super::{panics, unused};

#[test]
fn what_needs_a_single_number_says_so() {
    let tape = Tape::new();
    let (x, v) = (tape.input(1.0), tape.input([1.0, 2.0]).named("v"));
    let cases: &[(&str, &dyn Fn())] = &[
        ("value", &|| unused(v.value())),
        ("backward", &|| unused(v.backward())),
        ("wrt", &|| unused(x.backward().wrt(v))),
        ("status", &|| unused(v.sum().backward().status(v))),
        ("<", &|| unused(v < x)),
        ("==", &|| unused(x.guard(Comparison::Eq, v))),
        ("<=", &|| unused(x.try_guard(Comparison::Le, v).map_err(|error| panic!("{error}")))),
        ("value", &|| unused(tape.tangents(&[(x, &[1.0])]).unwrap().value(v))),
    ];
    for (what, f) in cases {
        let message = panics(f);
        assert!(message.contains(what) && message.contains("[2]"), "{what}: {message}");
    }
    assert!(matches!(v.try_backward(), Err(Error::Operand { .. })));
    assert!(matches!(v.record_gradient(&[x]), Err(Error::Operand { .. })));
    assert!(matches!(tape.hvp(v, &[], &[x]), Err(Error::Operand { .. })));
    assert!(matches!(v.backward_with(&[1.0]), Err(Error::Length { found: 1, .. })));
    assert!(matches!(tape.tangents(&[(v, &[1.0; 3])]), Err(Error::Length { found: 3, .. })));
    assert!(matches!(
        tape.tensor(Leaf::Data, &[1.0; 3], [2, 2]),
        Err(Error::Length { found: 3, .. })
    ));
    assert!(matches!(tape.tensor(Leaf::Data, &[], [0, 2]), Err(Error::Empty { .. })));
    assert!(matches!(x.try_guard(Comparison::Le, v), Err(Error::Operand { op: "<=", .. })));
    assert!(panics(|| unused(x.iter())).contains("iter at "));
    assert!(panics(|| unused(tape.input([0.0; 0]))).contains("no elements"));
    assert!(panics(|| unused(std::iter::empty::<Var<'_>>().sum::<Var<'_>>())).contains("no terms"));
}

#[test]
fn what_was_recorded_after_the_output_has_no_adjoint() {
    let tape = Tape::new();
    let x = tape.input(1.0);
    let gradients = x.exp().backward();
    let later = tape.input(1.0);
    assert!(panics(|| unused(gradients.wrt(later))).contains("recorded after the output"));
    let tangents = tape.tangents(&[(x, &[1.0])]).unwrap();
    let latest = x.sin();
    assert!(panics(|| unused(tangents.value(latest))).contains("recorded after"));
}

#[test]
fn gradients_know_when_they_are_stale() {
    let tape = Tape::new();
    let x = tape.input(1.0);
    let y = x.square();
    let mut gradients = y.backward();
    assert!(!gradients.is_stale());
    tape.replay(&[(x, &[2.0])]).unwrap();
    assert!(gradients.is_stale());
    assert!(panics(|| unused(gradients.ledgers(|_| true))).contains("run backward again"));
    y.backward_into(&mut gradients).unwrap();
    assert!(!gradients.is_stale());
    assert_eq!(gradients.wrt(x), 4.0);
}

#[test]
fn a_zero_is_not_an_answer_where_nothing_was_computed() {
    let tape = Tape::new();
    let (x, features) = (
        tape.input(3.0).named("x"),
        tape.tensor(Leaf::Data, &[2.0], []).unwrap().named("features"),
    );
    let gradients = (x * features + 1.0).backward();
    for (var, name) in [
        (features, "v1 features"),
        (x.detach(), "v0 x"),
        (tape.constant(1.0), ""),
        (features.exp(), ""),
    ] {
        let error = gradients.try_wrt(var).unwrap_err();
        assert!(matches!(error, Error::NoAdjoint { .. }), "{error}");
        let line = line!() + 1;
        let message = panics(|| unused(gradients.wrt(var)));
        assert!(message.contains(&here!(line)) && message.contains(name), "{message}");
    }
    assert_eq!(gradients.wrt(x), 2.0);
    assert_eq!(gradients.get(features), None);
    // A parameter that nothing reads has the derivative 0, and a status that says so.
    let block = tape.param([1.0, 2.0]).named("w");
    let unread = (x * x).backward();
    assert_eq!(unread.values_wrt(block), [0.0, 0.0]);
    let message = panics(|| unused(unread.wrt(block)));
    assert!(message.contains("w of shape [2]") && message.contains("values_wrt"), "{message}");
}
