//! Functions whose patterns and derivatives are known.

use wengert::{Scalar, Tape, Var, hessian, jacobian};
use wengert_sparse::colour::Order;
use wengert_sparse::{Mode, SparseHessian, SparseJacobian};

/// Broyden's tridiagonal function, n residuals of n variables.
pub(crate) fn broyden<'t>(x: Var<'t>) -> Var<'t> {
    let n = x.len();
    let zero = x.tape().constant([0.0]);
    let before = x.tape().concat(0, &[zero, x.slice(0, 0..n - 1)]);
    let after = x.tape().concat(0, &[x.slice(0, 1..n), zero]);
    (3.0 - 2.0 * x) * x - before - 2.0 * after + 1.0
}

/// Every variable meets the first.
pub(crate) fn arrow<'t>(x: Var<'t>) -> Var<'t> {
    let rest = x.slice(0, 1..x.len());
    (x.at(0) * rest).sin().sum() + rest.square().sum()
}

pub(crate) fn rosenbrock<'t, S: Scalar>(x: Var<'t, S>) -> Var<'t, S> {
    let n = x.len();
    let (here, next) = (x.slice(0, 0..n - 1), x.slice(0, 1..n));
    let (slope, valley) = (here - S::from_f64(1.0), next - here.square());
    (slope.square() + valley.square() * S::from_f64(100.0)).sum()
}

/// The same, number by number, added up one after another.
fn rosenbrock_by_numbers<'t>(x: Var<'t>) -> Var<'t> {
    let mut total = x.tape().constant(0.0);
    for i in 0..x.len() - 1 {
        let (here, next) = (x.at(i), x.at(i + 1));
        total = total + (1.0 - here).square() + 100.0 * (next - here.square()).square();
    }
    total
}

/// The right side of the Brusselator on a line of m cells: u and v of every cell.
pub(crate) fn brusselator<'t>(x: Var<'t>) -> Var<'t> {
    let m = x.len() / 2;
    let (u, v) = (x.slice(0, 0..m), x.slice(0, m..2 * m));
    let diffused = |w: Var<'t>| {
        let ends = (w.slice(0, 0..1), w.slice(0, m - 1..m));
        let left = x.tape().concat(0, &[ends.0, w.slice(0, 0..m - 1)]);
        let right = x.tape().concat(0, &[w.slice(0, 1..m), ends.1]);
        0.02 * (left - 2.0 * w + right)
    };
    let meeting = u.square() * v;
    let first = 1.0 + meeting - 4.0 * u + diffused(u);
    let second = 3.0 * u - meeting + diffused(v);
    x.tape().concat(0, &[first, second])
}

pub(crate) fn point(n: usize) -> Vec<f64> {
    (0..n).map(|i| 0.3 + (i as f64 * 0.7).sin()).collect()
}

/// Both modes and all orders against the dense Jacobian, at another point than the recorded one.
fn jacobian_agrees(f: for<'t> fn(Var<'t>) -> Var<'t>, n: usize) {
    let there = point(n);
    let dense = jacobian(f, &there).unwrap();
    let largest = dense.iter().flatten().fold(0.0_f64, |most, entry| most.max(entry.abs()));
    let tape = Tape::new();
    let x = tape.input(vec![0.1; n]);
    let y = f(x);
    let mut all = vec![SparseJacobian::new(&[y], x).unwrap()];
    for mode in [Mode::Columns, Mode::Rows] {
        for order in [Order::Natural, Order::LargestFirst, Order::SmallestLast] {
            all.push(SparseJacobian::with(&[y], x, mode, order).unwrap());
        }
    }
    for sparse in &all {
        let found = sparse.at(&there).unwrap();
        for (i, row) in found.to_dense().into_iter().enumerate() {
            for (j, entry) in row.into_iter().enumerate() {
                // The dense way is that of rows where there are no more rows than columns.
                let same_way = (sparse.mode() == Mode::Rows) == (dense.len() <= n);
                let bound = if same_way { 0.0 } else { 8.0 * f64::EPSILON * largest };
                assert!((entry - dense[i][j]).abs() <= bound, "{sparse:?} {i} {j}");
            }
        }
    }
}

#[test]
fn jacobians_are_those_of_the_dense_way() {
    jacobian_agrees(broyden, 12);
    jacobian_agrees(brusselator, 14);
    jacobian_agrees(|x| x.tape().stack(&[arrow(x), rosenbrock(x)]), 9);
    jacobian_agrees(|x| x.cumsum(0).sin(), 7);
}

fn hessian_agrees(f: for<'t> fn(Var<'t>) -> Var<'t>, n: usize) {
    let there = point(n);
    let dense = hessian(f, &there).unwrap();
    let tape = Tape::new();
    let x = tape.input(vec![0.1; n]);
    let y = f(x);
    for order in [Order::Natural, Order::LargestFirst, Order::SmallestLast] {
        let found = SparseHessian::with(y, x, order).unwrap().at(&there).unwrap().to_dense();
        for i in 0..n {
            for j in 0..n {
                assert_eq!(found[i][j].to_bits(), found[j][i].to_bits());
                assert!(found[i][j] == dense[i][j] || found[i][j] == dense[j][i], "{i} {j}");
            }
        }
    }
}

#[test]
fn hessians_are_those_of_the_dense_way() {
    hessian_agrees(rosenbrock, 11);
    hessian_agrees(rosenbrock_by_numbers, 11);
    hessian_agrees(arrow, 10);
    hessian_agrees(|x| broyden(x).square().sum(), 9);
    hessian_agrees(|x| x.exp().cumprod(0).sum() + x.slice(0, 0..3).log_sum_exp(), 5);
}

#[test]
fn colours_are_as_few_as_they_are_known_to_be() {
    let tape = Tape::new();
    let x = tape.input(vec![0.1; 40]);
    let tridiagonal = SparseJacobian::new(&[broyden(x)], x).unwrap();
    assert_eq!((tridiagonal.pattern().len(), tridiagonal.colouring().count()), (118, 3));
    assert_eq!(SparseHessian::new(arrow(x), x).unwrap().colouring().count(), 2);
    assert_eq!(SparseHessian::new(rosenbrock(x), x).unwrap().colouring().count(), 3);
    // One output of everything: one sweep, not 40 tangents.
    let gradient = SparseJacobian::new(&[arrow(x)], x).unwrap();
    assert_eq!((gradient.mode(), gradient.colouring().count()), (Mode::Rows, 1));
    let scaled = SparseJacobian::new(&[2.0 * x], x).unwrap();
    assert_eq!((scaled.mode(), scaled.colouring().count()), (Mode::Columns, 1));
}

#[test]
fn a_long_sum_of_numbers_takes_no_quadratic_memory() {
    // 30,000 running totals: written out they would be 4.5 · 10⁸ positions.
    let n = 30_000;
    let tape = Tape::new();
    let x = tape.input(vec![0.5; n]);
    let hessian = SparseHessian::new(rosenbrock_by_numbers(x), x).unwrap();
    assert_eq!((hessian.pattern().len(), hessian.colouring().count()), (3 * n - 2, 3));
    let last = x.cumsum(0).at(n - 1);
    assert!(SparseHessian::new(last, x).unwrap().pattern().is_empty());
}

#[test]
fn what_was_not_chosen_is_in_the_pattern() {
    let tape = Tape::new();
    let x = tape.input([1.0, -2.0, 3.0, 4.0]);
    let chosen = x.at(0).indicator_gt(x.at(1)).try_select(x.at(2), x.at(3)).unwrap();
    let largest = x.max_all();
    let outputs = [chosen, largest, x.at(1).relu(), x.at(0).max(x.at(1)), x.at(2).floor()];
    let jacobian = SparseJacobian::new(&outputs, x).unwrap();
    let pattern = jacobian.pattern();
    let rows: Vec<&[usize]> = (0..5).map(|row| pattern.row(row)).collect();
    assert_eq!(rows, [&[2, 3][..], &[0, 1, 2, 3], &[1], &[0, 1], &[]]);
    let there = jacobian.at(&[-5.0, 2.0, 3.0, 1.0]).unwrap();
    assert_eq!(there.to_dense()[0], [0.0, 0.0, 0.0, 1.0]);
    assert_eq!(there.to_dense()[2], [0.0, 1.0, 0.0, 0.0]);
}

#[test]
fn a_lagrangian_takes_new_multipliers() {
    let there = point(8);
    let multipliers: Vec<f64> = (0..9).map(|k| 1.0 - 0.3 * f64::from(k)).collect();
    let tape = Tape::new();
    let x = tape.input(vec![0.1; 8]);
    let hessian = SparseHessian::lagrangian(&[arrow(x), broyden(x)], x).unwrap();
    let found = hessian.at_with(&there, &multipliers).unwrap().to_dense();
    let known = wengert::hessian(
        |x| {
            let weights = x.tape().constant(multipliers[1..].to_vec());
            arrow(x) * multipliers[0] + (broyden(x) * weights).sum()
        },
        &there,
    )
    .unwrap();
    for i in 0..8 {
        for j in 0..8 {
            let error = (found[i][j] - known[i][j]).abs();
            assert!(error <= 1e-14 * (1.0 + known[i][j].abs()), "{i} {j}");
        }
    }
    // The constraints add their own curvature: with other multipliers the matrix is another.
    let again = hessian.at_with(&there, &[0.0; 9]).unwrap();
    assert!(again.values.iter().all(|&value| value == 0.0));
}

#[test]
fn a_computed_block_can_be_the_input() {
    let tape = Tape::new();
    let x = tape.input([1.0, 2.0]);
    let middle = x.sin();
    let y = middle * middle.at(0) + x;
    let jacobian = SparseJacobian::new(&[y], middle).unwrap();
    // By `middle` alone: the sum with x is no way there.
    assert_eq!(jacobian.pattern().places().collect::<Vec<_>>(), [(0, 0), (1, 0), (1, 1)]);
    let (a, b) = (1.0_f64.sin(), middle.at(1).value());
    assert_eq!(jacobian.here().unwrap().values, [2.0 * a, b, a]);
    let hessian = SparseHessian::new(y.at(1), middle).unwrap();
    assert_eq!(hessian.here().unwrap().to_dense(), [[0.0, 1.0], [1.0, 0.0]]);
}

#[test]
fn numbers_side_by_side_can_be_the_input() {
    let tape = Tape::new();
    let (a, b) = (tape.input(1.0), tape.input(2.0));
    let y = a * b;
    let x = tape.stack(&[a, b]);
    let hessian = SparseHessian::new(y * y, x).unwrap();
    assert_eq!(hessian.at(&[3.0, 5.0]).unwrap().to_dense(), [[50.0, 60.0], [60.0, 18.0]]);
    let jacobian = SparseJacobian::new(&[y], x).unwrap();
    assert_eq!(jacobian.at(&[3.0, 5.0]).unwrap().values, [5.0, 3.0]);
}

#[test]
fn single_precision_and_functions_work_alike() {
    let tape = Tape::<f32>::default();
    let x = tape.input(vec![1.0_f32; 5]);
    let hessian = SparseHessian::new(rosenbrock(x), x).unwrap().here().unwrap();
    assert_eq!((hessian.get(0, 0), hessian.get(4, 4)), (802.0, 200.0));
    let f = wengert::Function::of(vec![1.0; 5], rosenbrock).unwrap();
    let hessian = SparseHessian::of(&f, 0).unwrap().here().unwrap();
    assert_eq!((hessian.get(0, 0), hessian.get(4, 4)), (802.0, 200.0));
    let jacobian = SparseJacobian::of(&f, 0).unwrap();
    assert_eq!(jacobian.at(&[1.0; 5]).unwrap().to_dense(), [[0.0; 5]]);
    assert!(SparseJacobian::of(&f, 1).is_err());
}
