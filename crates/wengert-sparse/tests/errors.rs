//! What is refused, by name.

use wengert::{Error, External, Tape};
use wengert_sparse::{SparseHessian, SparseJacobian, hessian_pattern, jacobian_pattern};

#[test]
fn detached_outputs_and_inputs() {
    let tape = Tape::new();
    let (x, data) = (tape.input([1.0, 2.0]), tape.data([3.0, 4.0]));
    let y = x * data;
    for (output, input) in [(y.detach(), x), (data + 1.0, x), (y, data), (y, x.detach())] {
        let error = jacobian_pattern(&[output], input).unwrap_err();
        assert!(matches!(error, Error::Operand { .. }), "{error}");
        assert!(error.to_string().contains("no derivative passes"), "{error}");
        assert!(SparseHessian::new(output.at(0), input).is_err());
    }
}

#[test]
fn runs_repeated_numbers_two_tapes_and_nothing() {
    let (tape, other) = (Tape::new(), Tape::new());
    let x = tape.input([1.0, 2.0]);
    let elsewhere = other.input([1.0, 2.0]);
    assert!(matches!(hessian_pattern(x.sin(), x), Err(Error::Operand { .. })));
    let repeated = x.at(0).broadcast_to([3]);
    assert!(matches!(jacobian_pattern(&[x], repeated), Err(Error::Operand { .. })));
    assert!(matches!(jacobian_pattern(&[x], elsewhere), Err(Error::TwoTapes { .. })));
    assert!(matches!(jacobian_pattern(&[], x), Err(Error::NothingAsked { .. })));
    assert!(matches!(SparseHessian::lagrangian(&[], x), Err(Error::NothingAsked { .. })));
}

#[test]
fn a_function_of_plain_numbers_without_a_derivative() {
    let plain = External::new("plain", |x, y| y[0] = x[0][0] * x[0][0]);
    let tape = Tape::new();
    let x = tape.input([1.0, 2.0]);
    let y = plain.of(&[x.at(0)]) * x.at(1);
    // What depends on what can be said, and no number of it.
    assert_eq!(jacobian_pattern(&[y], x).unwrap().len(), 2);
    let refused = [SparseJacobian::new(&[y], x).err(), SparseHessian::new(y, x).err()];
    for error in refused.map(Option::unwrap) {
        assert!(matches!(error, Error::NoRule { .. }), "{error}");
        assert!(error.to_string().contains("plain"), "{error}");
    }
    // By the other number it is as far as it goes.
    assert!(SparseHessian::new(x.at(1).square(), x).is_ok());
}

#[test]
fn a_flipped_branch() {
    let tape = Tape::new();
    let x = tape.input([1.0, 2.0]);
    let y = if x.at(0) > x.at(1) { x.sin() } else { x.square() };
    let jacobian = SparseJacobian::new(&[y], x).unwrap();
    let hessian = SparseHessian::new(y.sum(), x).unwrap();
    assert!(matches!(jacobian.at(&[3.0, 2.0]), Err(Error::GuardFlipped { .. })));
    assert!(matches!(hessian.at(&[3.0, 2.0]), Err(Error::GuardFlipped { .. })));
    // The tape is as it was.
    assert_eq!(jacobian.here().unwrap().values, [2.0, 4.0]);
}

#[test]
fn wrong_lengths_and_computed_inputs() {
    let tape = Tape::new();
    let x = tape.input([1.0, 2.0]);
    let middle = x.sin();
    let y = middle.square();
    assert!(matches!(SparseJacobian::new(&[y], x).unwrap().at(&[1.0]), Err(Error::Length { .. })));
    let hessian = SparseHessian::new(y.sum(), x).unwrap();
    assert!(matches!(hessian.at(&[1.0; 3]), Err(Error::Length { .. })));
    assert!(matches!(hessian.at_with(&[1.0; 2], &[]), Err(Error::NoSuchPath { .. })));
    let by_middle = SparseJacobian::new(&[y], middle).unwrap();
    assert!(matches!(by_middle.at(&[1.0, 2.0]), Err(Error::NotSettable { .. })));
    let lagrangian = SparseHessian::lagrangian(&[y], x).unwrap();
    assert!(matches!(lagrangian.at_with(&[1.0, 2.0], &[1.0]), Err(Error::Length { .. })));
}
