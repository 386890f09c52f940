//! Problems of some size whose answers are known in closed form.

use std::f64::consts::PI;

use wengert::{Tape, Var};
use wengert_sparse::{Csr, SparseHessian, SparseJacobian};

use crate::known::{broyden, brusselator, point};

/// Solves a tridiagonal system by elimination; L. H. Thomas, 1949.
fn thomas(matrix: &Csr, right: &[f64]) -> Vec<f64> {
    let n = right.len();
    let (mut upper, mut x) = (vec![0.0; n], vec![0.0; n]);
    for i in 0..n {
        let (lower, before) = if i == 0 {
            (0.0, (0.0, 0.0))
        } else {
            (matrix.get(i, i - 1), (upper[i - 1], x[i - 1]))
        };
        let pivot = matrix.get(i, i) - lower * before.0;
        upper[i] = if i + 1 < n { matrix.get(i, i + 1) / pivot } else { 0.0 };
        x[i] = (right[i] - lower * before.1) / pivot;
    }
    for i in (0..n - 1).rev() {
        x[i] -= upper[i] * x[i + 1];
    }
    x
}

/// Whittaker's smoothing: residuals `xᵢ − yᵢ` and `√λ (xᵢ₊₁ − xᵢ)`.
fn smoothing<'t>(x: Var<'t>, y: &[f64], weight: f64) -> [Var<'t>; 2] {
    let n = x.len();
    let fit = x - x.tape().constant(y);
    [fit, weight.sqrt() * (x.slice(0, 1..n) - x.slice(0, 0..n - 1))]
}

/// A least-squares problem of 100,000 unknowns and twice as many residuals. For a wave
/// `yᵢ = cos(πk (i + ½)/n)` the answer is `y/(1 + 4λ sin²(πk/2n))`: waves are the eigenvectors of
/// the second difference.
#[test]
fn least_squares_of_100_000_unknowns() {
    let (n, k, weight) = (100_000, 1237.0, 50.0);
    let y: Vec<f64> = (0..n).map(|i| (PI * k * (i as f64 + 0.5) / n as f64).cos()).collect();
    let start: Vec<f64> = (0..n).map(|i| (i as f64).sin()).collect();
    let damping = 1.0 + 4.0 * weight * (PI * k / (2 * n) as f64).sin().powi(2);
    assert!(damping > 1.05);

    let tape = Tape::new();
    let x = tape.input(start.as_slice());
    let residuals = smoothing(x, &y, weight);
    let jacobian = SparseJacobian::new(&residuals, x).unwrap();
    assert_eq!(jacobian.pattern().len(), n + 2 * (n - 1));
    assert_eq!(jacobian.colouring().count(), 2);
    let matrix = jacobian.here().unwrap();
    let values: Vec<f64> = residuals.iter().flat_map(|residual| residual.values()).collect();
    // One step of Gauss and Newton's method ends there, as the residuals are linear.
    let turned = matrix.to_csc().transposed();
    let downhill: Vec<f64> = turned.times(&values).into_iter().map(|slope| -slope).collect();

    let tape = Tape::new();
    let x = tape.input(start.as_slice());
    let [fit, rough] = smoothing(x, &y, weight);
    let loss = 0.5 * (fit.square().sum() + rough.square().sum());
    let gradient = loss.backward().values_wrt(x);
    for (slope, known) in downhill.iter().zip(&gradient) {
        assert!((slope + known).abs() < 1e-11, "{slope} {known}");
    }
    let mut hessian = SparseHessian::new(loss, x).unwrap().compile().unwrap();
    let hessian = hessian.at(&start).unwrap();
    assert_eq!(hessian.values.len(), 3 * n - 2);
    let step = thomas(&hessian, &downhill);
    for i in 0..n {
        let (found, known) = (start[i] + step[i], y[i] / damping);
        assert!((found - known).abs() < 1e-12, "{i}: {found} {known}");
    }
}

/// Broyden's tridiagonal equations: far from both ends `(3 − 2x) x − x − 2x + 1 = 0`, whose root on
/// the side of the start is `−1/√2`.
#[test]
fn broydens_equations_have_their_root() {
    let n = 5000;
    let tape = Tape::new();
    let x = tape.input(vec![-1.0; n]);
    let mut jacobian = SparseJacobian::new(&[broyden(x)], x).unwrap().compile().unwrap();
    let mut at = vec![-1.0; n];
    for _ in 0..8 {
        let matrix = jacobian.at(&at).unwrap();
        let right: Vec<f64> = jacobian.output(0).into_iter().map(|r| -r).collect();
        for (x, step) in at.iter_mut().zip(thomas(&matrix, &right)) {
            *x += step;
        }
    }
    jacobian.run(&at).unwrap();
    assert!(jacobian.output(0).iter().all(|r| r.abs() < 1e-14));
    for (i, x) in at[50..n - 50].iter().enumerate() {
        assert!((x + 0.5_f64.sqrt()).abs() < 1e-14, "{i}: {x}");
    }
}

/// The Brusselator's Jacobian entry by entry, as it is written by hand.
#[test]
fn the_brusselators_jacobian_by_hand() {
    let m = 60;
    let there = point(2 * m);
    let tape = Tape::new();
    let x = tape.input(vec![0.1; 2 * m]);
    let found = SparseJacobian::new(&[brusselator(x)], x).unwrap().at(&there).unwrap();
    let diffusion = |i: usize, j: usize| match i.abs_diff(j) {
        0 if i == 0 || i == m - 1 => -0.02,
        0 => -0.04,
        1 => 0.02,
        _ => 0.0,
    };
    let mut entries = 0;
    for i in 0..m {
        let (u, v) = (there[i], there[m + i]);
        for j in 0..m {
            let own = |entry: f64| if i == j { entry } else { 0.0 };
            let known = [
                (i, j, own(2.0 * u * v - 4.0) + diffusion(i, j)),
                (i, m + j, own(u * u)),
                (m + i, j, own(3.0 - 2.0 * u * v)),
                (m + i, m + j, own(-u * u) + diffusion(i, j)),
            ];
            for (row, column, known) in known {
                let entry = found.get(row, column);
                assert!((entry - known).abs() < 1e-14, "{row} {column}: {entry} {known}");
                entries += usize::from(known != 0.0);
            }
        }
    }
    assert_eq!(entries, found.values.len());
}
