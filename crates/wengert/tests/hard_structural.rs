//! The structural operations, and what is composed of them, at hard points: near overflow, far
//! below 1, at ties, at huge numbers next to each other. Values, first and second derivatives in
//! every mode, both types, against numbers of 50 digits from `hard_points/make.py`.
//!
//! ```console
//! cargo test -p wengert --test all hard_structural:: -- --nocapture
//! ```

use std::collections::BTreeMap;

use wengert::Var;
use wengert::program::Compile;

#[path = "hard_points/ways.rs"]
mod ways;

use ways::{every_hessian, every_way};

/// How many ulps a value or a slope may be off: a few roundings of a few terms.
const ALLOWED: f64 = 8.0;

fn allowed(function: &str) -> f64 {
    if matches!(function, "var" | "std" | "cumprod" | "product") { 4.0 } else { ALLOWED }
}

fn of<'t, S: Compile>(function: &str, x: Var<'t, S>) -> Var<'t, S> {
    let n = x.len();
    match function {
        "sum" => x.sum(),
        "mean" => x.mean(),
        "product" => x.prod_axes(0),
        "max" => x.max_axes(0),
        "min" => x.min_axes(0),
        "log_sum_exp" => x.log_sum_exp_axes(0),
        "log_softmax" => x.log_softmax(0).at(0),
        "softmax" => x.softmax(0).at(0),
        "norm_l1" => x.norm_l1(),
        "norm_l2" => x.norm_l2(),
        "norm_max" => x.norm_max(),
        "dot" => x.dot(x),
        "cumsum" => x.cumsum(0).sum(),
        "affine" => Var::affine(x.at(0), x, x),
        // All pairs of elements, of which the sum of the first row is asked for.
        "matmul" => x.reshape([n, 1]).matmul(x.reshape([1, n])).at(0).sum(),
        "concat" => x.tape().concat(0, &[x, x]).sum(),
        "stack" => x.tape().stack(&[x, x, x]).sum_axes(0).at(0),
        "gather" => x.gather(&[0, n - 1, 0]).sum(),
        "scatter_add" => x.scatter_add(&vec![0; n], [1]).at(0),
        "select" => x.indicator_gt(S::from_f64(0.0)).select(x, x * S::from_f64(-3.0)).sum(),
        "cumprod" => x.cumprod(0).sum(),
        "var" => x.var(1),
        "std" => x.std(1),
        other => panic!("{other} of {n} elements is not known"),
    }
}

/// What a result is a sum or a difference of: its rounding counts in units of that.
fn size(function: &str, at: &[f64], most: f64, exact: f64, slopes: Option<&[f64]>) -> f64 {
    let largest_of = |all: &[f64]| all.iter().fold(0.0_f64, |largest, x| largest.max(x.abs()));
    let (largest, is_slope) = (largest_of(at), slopes.is_some());
    match (function, is_slope) {
        ("sum" | "mean" | "cumsum" | "concat" | "gather" | "scatter_add" | "select", false) => {
            largest
        }
        // Sums of products, whose terms are as large as this.
        ("affine" | "matmul", false) => largest.max(largest * largest).min(most),
        // A sum of numbers as large as this.
        ("affine" | "matmul", true) => largest.max(1.0),
        // δ − p
        ("log_softmax", true) => 1.0,
        ("softmax", true) => 0.25,
        // A difference to the mean, which is rounded as the largest of them is.
        ("var" | "std", true) => slopes.map_or(0.0, largest_of),
        // At the largest numbers a tangent of 1 is scaled to next to nothing: what is small beside
        // the largest slope is lost.
        ("norm_l2", true) if largest > most / 1e8 => 1.0,
        _ => exact.abs(),
    }
}

fn every_function<S: Compile>(
    kind: &str,
    spacing: fn(f64) -> f64,
    most: f64,
    worst: &mut BTreeMap<String, f64>,
) {
    let lines =
        include_str!("hard_points/structural.csv").lines().filter(|line| line.starts_with(kind));
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        let numbers =
            |cell: &str| cell.split(' ').map(|text| text.parse().unwrap()).collect::<Vec<f64>>();
        let (function, at) = (cells[1], numbers(cells[2]));
        let (value, gradient) = (numbers(cells[3])[0], numbers(cells[4]));
        // Its terms overflow, with both signs; their sum is not asked for.
        if function == "matmul" && at.iter().any(|x| x * x > most) {
            continue;
        }
        for (mode, found, slopes) in every_way::<S>(&at, |x| of(function, x)) {
            let pairs = slopes.iter().zip(&gradient).map(|(&found, &exact)| (found, exact, true));
            for (found, exact, is_slope) in [(found, value, false)].into_iter().chain(pairs) {
                // What is no number, or none of this type.
                if found == exact || exact.abs() > most && !exact.is_infinite() {
                    continue;
                }
                let of = is_slope.then_some(&gradient[..]);
                let off = (found - exact).abs()
                    / spacing(size(function, &at, most, exact, of).max(exact.abs()));
                let entry = worst.entry(format!("{function} {kind} {mode}")).or_default();
                *entry = entry.max(off);
                let what = if is_slope { "slope" } else { "value" };
                assert!(
                    off <= allowed(function),
                    "{function} {kind} of {at:?}, {mode}: {what} {found:e}, exact {exact:e}: {off} ulp"
                );
            }
        }
    }
}

#[test]
fn structural_operations_are_right_at_their_hard_points() {
    let mut worst = BTreeMap::new();
    every_function::<f64>("f64", |x| x.next_up() - x, f64::MAX, &mut worst);
    let narrow = |x: f64| f64::from((x as f32).next_up()) - f64::from(x as f32);
    every_function::<f32>("f32", narrow, f64::from(f32::MAX), &mut worst);
    for (case, off) in worst {
        println!("{case:<40} {off:.2} ulp");
    }
}

/// What a second derivative is a sum or a difference of: its rounding counts in units of that.
fn size_of_second(function: &str, at: &[f64], [row, column]: [usize; 2], exact: f64) -> f64 {
    let part = |i: usize| at.iter().map(|x| (x - at[i]).exp()).sum::<f64>().recip();
    let terms = match function {
        // p (1 - p)
        "log_sum_exp" | "log_softmax" if row == column => part(row),
        // Products of two such differences and of the first part.
        "softmax" => part(0),
        // (1 - x²/h²) / h, and the same of the distances to the mean.
        "norm_l2" => length(at).recip(),
        "std" => {
            let n = at.len() as f64;
            let mean = at.iter().map(|x| x / n).sum::<f64>();
            let away: Vec<f64> = at.iter().map(|x| x - mean).collect();
            length(&away).recip()
        }
        _ => 0.0,
    };
    terms.max(exact.abs())
}

fn length(of: &[f64]) -> f64 {
    of.iter().fold(0.0, |length: f64, x| length.hypot(*x))
}

/// Functions that have second derivatives of their own; of the others those of the squares are
/// asked for.
const CURVED: [&str; 11] = [
    "product",
    "log_sum_exp",
    "log_softmax",
    "softmax",
    "norm_l2",
    "dot",
    "cumprod",
    "var",
    "std",
    "affine",
    "matmul",
];

fn every_second<S: Compile>(
    kind: &str,
    spacing: fn(f64) -> f64,
    most: f64,
    worst: &mut BTreeMap<String, f64>,
) {
    let lines =
        include_str!("hard_points/second.csv").lines().filter(|line| line.starts_with(kind));
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        let numbers =
            |cell: &str| cell.split(' ').map(|text| text.parse().unwrap()).collect::<Vec<f64>>();
        let (function, at, hessian) = (cells[1], numbers(cells[2]), numbers(cells[3]));
        let (n, is_curved) = (at.len(), CURVED.contains(&function));
        let size = |i: usize| size_of_second(function, &at, [i / n, i % n], hessian[i]);
        // Below the smallest normal number the curvature of a norm overflows.
        if (0..n * n).any(|i| size(i) > most) {
            continue;
        }
        let found = every_hessian::<S>(&at, |x| of(function, if is_curved { x } else { x * x }));
        for (mode, found) in found {
            assert_eq!(found.len(), n * n, "{function} {kind} {mode}");
            for (i, (&found, &exact)) in found.iter().zip(&hessian).enumerate() {
                let off =
                    if found == exact { 0.0 } else { (found - exact).abs() / spacing(size(i)) };
                let entry = worst.entry(format!("{function} {kind} {mode}")).or_default();
                *entry = entry.max(off);
                assert!(
                    off <= 4.0,
                    "{function} {kind} of {at:?}, {mode}: {found:e} at {i}, exact {exact:e}: \
                     {off:.1} ulp"
                );
            }
        }
    }
}

#[test]
fn second_derivatives_of_structural_operations_are_right_at_their_hard_points() {
    let mut worst = BTreeMap::new();
    every_second::<f64>("f64", |x| x.next_up() - x, f64::MAX, &mut worst);
    let narrow = |x: f64| f64::from((x as f32).next_up()) - f64::from(x as f32);
    every_second::<f32>("f32", narrow, f64::from(f32::MAX), &mut worst);
    for (case, off) in worst {
        println!("{case:<64} {off:.2} ulp");
    }
}
