//! Tensors from nested arrays, and values lent as slices.

use std::panic::{AssertUnwindSafe, catch_unwind};

use wengert::{Error, Leaf, Nested, Options, Scalar, Tape, Var};

#[track_caller]
fn check<S: Scalar>(numbers: &(impl Nested<S> + ?Sized), dims: &[usize], values: &[f64]) {
    let tape = Tape::<S>::default();
    let x = tape.input(numbers);
    assert_eq!(x.shape().dims(), dims);
    assert_eq!(x.values().iter().map(|v| v.to_f64()).collect::<Vec<_>>(), values);
    assert_eq!(tape.len(), 1);
}

#[test]
fn numbers_arrays_and_vectors_to_any_depth() {
    check::<f64>(&2.5, &[], &[2.5]);
    check::<f64>(&[1.0, 2.0], &[2], &[1.0, 2.0]);
    check::<f64>(&[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], &[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    check::<f32>(&[[[[1.0_f32], [2.0]], [[3.0], [4.0]]]], &[1, 2, 2, 1], &[1.0, 2.0, 3.0, 4.0]);
    check::<f64>(
        &vec![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]],
        &[3, 2],
        &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
    );
    check::<f32>(&vec![vec![[1.0_f32]; 2]; 3], &[3, 2, 1], &[1.0; 6]);
    check::<f64>(&[vec![1.0, 2.0], vec![3.0, 4.0]], &[2, 2], &[1.0, 2.0, 3.0, 4.0]);
    check::<f64>(&[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]][1..], &[2, 2], &[3.0, 4.0, 5.0, 6.0]);
}

#[test]
fn the_kind_of_leaf_is_the_callers() {
    let tape = Tape::new();
    let x = tape.data([[1.0], [2.0]]);
    let w = tape.param([[3.0, 4.0]]);
    assert!(x.is_detached() && !w.is_detached());
    let y = x.matmul(w).sum();
    assert_eq!(y.backward().values_wrt(w), [3.0, 3.0]);
}

#[test]
fn ragged_and_empty_arrays_are_errors_and_leave_nothing_behind() {
    let tape = Tape::new();
    let line = line!() + 1;
    let error = tape.try_leaf(Leaf::Input, &[vec![1.0, 2.0], vec![3.0]]).unwrap_err();
    assert!(
        matches!(&error, Error::Ragged { op: "input", shape, .. } if shape.dims() == [2, 2]),
        "{error}"
    );
    assert!(error.to_string().contains(&format!("arrays.rs:{line}:")), "{error}");
    // As many numbers as even rows would have, and a part that is deeper at its end only.
    assert!(matches!(
        tape.try_leaf(Leaf::Input, &[vec![1.0, 2.0], vec![3.0], vec![4.0; 3]]),
        Err(Error::Ragged { .. })
    ));
    assert!(matches!(
        tape.try_leaf(Leaf::Input, &[vec![vec![1.0]], vec![vec![1.0, 2.0]]]),
        Err(Error::Ragged { .. })
    ));
    assert!(matches!(tape.try_leaf(Leaf::Input, [[0.0; 0]; 3]), Err(Error::Empty { .. })));
    assert!(matches!(tape.try_leaf(Leaf::Input, Vec::<[f64; 2]>::new()), Err(Error::Empty { .. })));
    assert!(tape.is_empty());
}

#[test]
fn values_are_lent_where_they_lie() {
    let tape = Tape::with(Options::default().max_slots(64));
    let x = tape.input([[1.0_f32, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    let place =
        |var: Var<'_, f32>| var.with_values(|values| (values.as_ptr() as usize, values.to_vec()));
    let (start, all) = place(x);
    assert_eq!(all, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    // The same memory each time, and from inside it for a part: no copy.
    assert_eq!(place(x).0, start);
    assert_eq!(place(x.at(1)), (start + 3 * size_of::<f32>(), vec![4.0, 5.0, 6.0]));
    assert_eq!(place(x.at(1).at(2)), (start + 5 * size_of::<f32>(), vec![6.0]));
    assert_eq!(
        place(x.reshape([3, 2]).slice(0, 1..3)),
        (start + 2 * size_of::<f32>(), vec![3.0, 4.0, 5.0, 6.0])
    );
    // Others are copied, in row-major order of the view.
    assert_eq!(place(x.t()).1, [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    assert_eq!(place(x.at(0).broadcast_to([2, 3])).1, [1.0, 2.0, 3.0, 1.0, 2.0, 3.0]);
    assert_eq!(place(x.slice(1, 0..2)).1, [1.0, 2.0, 4.0, 5.0]);
    // Two at a time.
    assert!(x.with_values(|a| x.at(0).with_values(|b| a[0] == b[0])));
}

#[test]
fn what_is_lent_does_not_move() {
    let tape = Tape::new();
    let x = tape.input([1.0, 2.0]);
    let refused =
        |f: &dyn Fn() -> bool| catch_unwind(AssertUnwindSafe(|| x.with_values(|_| f()))).is_err();
    assert!(refused(&|| (x * 2.0).len() > 0));
    assert!(refused(&|| tape.input(1.0).len() > 0));
    assert!(refused(&|| tape.replay(&[(x, &[5.0, 6.0])]).is_ok()));
    // A look at other values is fine, and afterwards so is recording.
    assert!(!refused(&|| (x.at(1).value(), x.values()) == (2.0, vec![1.0, 2.0])));
    assert_eq!((x * 3.0).sum().backward().values_wrt(x), [3.0, 3.0]);
}
