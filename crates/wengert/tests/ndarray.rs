//! Arrays of the crate `ndarray` in and out, contiguous and not:
//! `cargo test -p wengert --features ndarray --test all ndarray::`.
#![cfg(feature = "ndarray")]

use ndarray::{Array1, Array2, ArrayD, ArrayView, Axis, Dimension, arr0, array, s};
use wengert::{Error, Leaf, Scalar, Tape};

/// There and back, and the numbers in the array's logical order.
#[track_caller]
fn check<S: Scalar, D: Dimension>(view: ArrayView<'_, S, D>) {
    let tape = Tape::<S>::default();
    let x = tape.input(&view);
    assert_eq!(x.shape().dims(), view.shape());
    assert!(x.values().iter().zip(view.iter()).all(|(a, b)| a == b));
    assert_eq!(x.to_ndarray(), view.into_dyn());
}

#[test]
fn any_layout_there_and_back() {
    let table = Array2::from_shape_fn((4, 6), |(i, j)| (10 * i + j) as f64);
    check(table.view());
    check(table.t());
    check(table.slice(s![1..;2, ..]));
    check(table.slice(s![.., ..;-1]));
    check(table.slice(s![2, 1..;3]));
    check(table.index_axis(Axis(1), 3));
    check(table.broadcast((2, 4, 6)).unwrap());
    check(arr0(3.0).view());
    check(array![[[1.0_f32, 2.0], [3.0, 4.0]]].view());
    let mut column_major = table.clone();
    column_major.swap_axes(0, 1);
    check(column_major.view());
    check(column_major.into_dyn().view());
}

#[test]
fn values_and_gradients_as_arrays() {
    let tape = Tape::new();
    let a = array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
    let (x, w) = (tape.data(&a), tape.param(array![1.0, 0.5, 2.0]));
    let y = x.matmul(w);
    assert_eq!(y.to_ndarray(), a.dot(&array![1.0, 0.5, 2.0]).into_dyn());
    let gradients = y.sum().backward();
    assert_eq!(gradients.ndarray_wrt(w), a.sum_axis(Axis(0)).into_dyn());
    // Of a view too, and of a transpose that no slice shows.
    assert_eq!(ArrayD::from(x.t()), a.t().into_dyn());
    assert_eq!(x.t().with_ndarray(|view| view.to_owned()), a.t().into_dyn());
    let place = |x: wengert::Var<'_>| x.with_ndarray(|view| view.as_ptr() as usize);
    assert_eq!(place(x.at(1)), place(x) + 3 * size_of::<f64>());
    // A replay takes the slice of an array in row-major order.
    let b: Array1<f64> = array![0.0, 1.0, 0.0];
    tape.replay(&[(w, b.as_slice().unwrap())]).unwrap();
    assert_eq!(y.to_ndarray(), array![2.0, 5.0].into_dyn());
}

#[test]
fn an_array_without_elements_is_an_error() {
    let tape = Tape::new();
    assert!(matches!(
        tape.try_leaf(Leaf::Input, Array2::<f64>::zeros((0, 3))),
        Err(Error::Empty { .. })
    ));
    assert!(matches!(
        tape.try_leaf(Leaf::Input, Array2::<f64>::zeros((3, 0))),
        Err(Error::Empty { .. })
    ));
    // Arrays of arrays are nested as any other part, and ragged if they are.
    let rows = [array![1.0, 2.0], array![3.0]];
    assert!(matches!(tape.try_leaf(Leaf::Input, &rows), Err(Error::Ragged { .. })));
    assert!(tape.is_empty());
}
