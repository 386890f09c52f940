//! What a tape remembers from one step to the next, and forgets in time.

use wengert::{Error, Tape};

/// A tape remembers which views can be set; not past a rewind.
#[test]
fn what_could_be_set_before_a_rewind_cannot_be_set_after_it_unless_it_stands_still() {
    let mut tape = Tape::new();
    let params = tape.param([1.0, 2.0]);
    tape.update(params, |params| params[0] = 3.0).unwrap();
    let (params, mark) = (params.key(), tape.mark());
    let leaf = tape.input([1.0, 2.0]);
    tape.replay(&[(leaf, &[3.0, 4.0])]).unwrap();
    let start = leaf.id();
    tape.rewind(mark);
    tape.update(tape.var(params), |params| params[1] = 5.0).unwrap();
    let computed = tape.var(params) * 2.0;
    // A run of the same shape at the same place, but for the constant before it.
    let same_place = computed.id() == start;
    let refused = tape.replay(&[(computed, &[0.0, 0.0])]);
    assert!(matches!(refused, Err(Error::NotSettable { .. })), "{refused:?} {same_place}");
    tape.rewind(mark);
    let computed = tape.var(params).exp();
    assert_eq!(computed.id(), start);
    let refused = tape.replay(&[(computed, &[0.0, 0.0])]);
    assert!(matches!(refused, Err(Error::NotSettable { .. })), "{refused:?}");
    tape.clear();
    let leaf = tape.input([1.0, 2.0]);
    tape.replay(&[(leaf, &[3.0, 4.0])]).unwrap();
    tape.clear();
    let computed = tape.constant([1.0, 2.0]);
    assert!(tape.replay(&[(computed, &[0.0, 0.0])]).is_err());
}

/// A tape remembers of which vector an element was picked last; not past a table of layouts.
#[test]
fn an_element_is_of_the_vector_that_there_is_after_clear() {
    let mut tape = Tape::new();
    for len in 2..90 {
        let leaf = tape.input(vec![1.0; len]);
        assert_eq!(leaf.at(len - 1).value(), 1.0);
    }
    tape.clear();
    // The table of layouts is a new one, in which other vectors have the old ones' numbers.
    for len in (2..90).rev() {
        let leaf = tape.input((0..len).map(|i| i as f64).collect::<Vec<_>>());
        assert_eq!(leaf.at(len - 1).value(), (len - 1) as f64);
        let beyond = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| leaf.at(len)));
        assert!(beyond.is_err(), "of length {len}");
    }
}

/// Gradients share the memory of those that are gone, and of no others.
#[test]
fn gradients_that_are_held_keep_their_numbers() {
    let mut tape = Tape::new();
    let x = tape.input(3.0);
    let y = x.square();
    let mut held: Vec<_> = (0..7).map(|k| (y * f64::from(k)).backward()).collect();
    for (k, gradients) in held.iter().enumerate() {
        assert_eq!(gradients.wrt(x), 6.0 * k as f64);
    }
    held.drain(1..5);
    let again: Vec<_> = (10..14).map(|k| (y * f64::from(k)).backward()).collect();
    let numbers: Vec<f64> = held.iter().chain(&again).map(|all| all.wrt(x)).collect();
    assert_eq!(numbers, [0.0, 30.0, 36.0, 60.0, 66.0, 72.0, 78.0]);
    // Written again, one leaves the others alone.
    let z = x * 100.0;
    z.backward_into(&mut held[1]).unwrap();
    z.backward_into(&mut held[1]).unwrap();
    let after = (y * 20.0).backward();
    assert_eq!((held[1].wrt(x), held[2].wrt(x), after.wrt(x)), (100.0, 36.0, 120.0));
    // Dropped after the tape was cleared, they are in nobody's way.
    let late = y.backward();
    let value = late.wrt(x);
    tape.clear();
    let x = tape.input(5.0);
    assert_eq!((value, x.square().backward().wrt(x)), (6.0, 10.0));
}

/// Data and detached numbers are recorded by the way of every other: the marks say what passes.
#[test]
fn marks_of_single_numbers_are_those_of_their_handles() {
    let tape = Tape::new();
    let (x, data) = (tape.input(2.0), tape.data(5.0));
    let (still, two) = (x.detach(), 2.0);
    let cases = [
        (x + data, Some(1.0)),
        (data + x, Some(1.0)),
        (x - data, Some(1.0)),
        (data - x, Some(-1.0)),
        (x * data, Some(5.0)),
        (data * x, Some(5.0)),
        (x * still, Some(2.0)),
        (still * x, Some(2.0)),
        (x / data, Some(0.2)),
        (data / x, Some(-1.25)),
        (x * two - data, Some(2.0)),
        (x.square() * data, Some(20.0)),
        (x.powi(3), Some(12.0)),
        (data * still, None),
        (still + two, None),
        (two - data, None),
        (data.square().sin() + still.powi(3), None),
    ];
    for (i, (y, expected)) in cases.into_iter().enumerate() {
        assert_eq!(y.is_detached(), expected.is_none(), "case {i}");
        let gradients = y.backward();
        assert_eq!(gradients.get(x), expected, "case {i}");
        assert_eq!(gradients.get(data), None, "case {i}");
        let recorded = y.record_gradient(&[x]).unwrap()[0].map(wengert::Var::value);
        assert_eq!(recorded, expected, "case {i}");
    }
}
