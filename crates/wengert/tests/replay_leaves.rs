//! Which slots a replay may fill: every one of a handle is looked at, whatever it spans.

use wengert::{Error, Tape};

#[test]
fn views_over_several_leaves_are_settable() {
    let tape = Tape::new();
    let (a, block, b) = (tape.input(1.0), tape.param([2.0, 3.0]), tape.input(4.0));
    let ends = tape.stack(&[a, b]);
    let y = a * b + block.sum();
    tape.replay(&[(ends, &[10.0, 20.0]), (block.slice(0, 1..2), &[7.0])]).unwrap();
    assert_eq!(
        (ends.values(), block.values(), y.value()),
        (vec![10.0, 20.0], vec![2.0, 7.0], 209.0)
    );
    let strided = tape.param([0.0; 6]).reshape([2, 3]).t().at(1);
    tape.replay(&[(strided, &[1.0, 2.0])]).unwrap();
    assert_eq!(strided.values(), [1.0, 2.0]);
}

#[test]
fn a_computed_number_within_a_view_is_refused() {
    let tape = Tape::new();
    let a = tape.input(1.0);
    let b = tape.input(2.0);
    let c = (a + b).named("c");
    for vars in [[a, b, c], [c, a, b]] {
        let view = tape.stack(&vars);
        assert!(matches!(tape.replay(&[(view, &[5.0; 3])]), Err(Error::NotSettable { .. })));
        assert_eq!((a.value(), b.value(), c.value()), (1.0, 2.0, 3.0));
    }
    let odd = tape.stack(&[a, c]);
    let error = tape.replay(&[(odd, &[5.0; 2])]).unwrap_err();
    assert!(error.to_string().contains("c is computed (add)"), "{error}");
}

#[test]
fn values_are_put_back_if_a_guard_flips() {
    let tape = Tape::new();
    let x = tape.input([1.0, 2.0]);
    let y = if x.at(0) < x.at(1) { x.at(0) * 3.0 } else { x.at(1) };
    assert!(tape.replay(&[(x, &[2.0, 1.0])]).is_err());
    assert_eq!((x.values(), y.value()), (vec![1.0, 2.0], 3.0));
}
