//! Kinds of fault that gradient systems have shown, each in every mode that it can be computed in.
//! Right values by hand or by mpmath. `docs/faults.md` lists them with what went wrong.

use wengert::Var;
use wengert::program::Compile;

#[path = "../hard_points/ways.rs"]
mod ways;

mod choices;
mod digits;
mod doors;
mod outputs;
mod sums;

use ways::{every_hessian, every_way};

const EPS: f64 = f64::EPSILON;
const EPS32: f64 = f32::EPSILON as f64;
const INF: f64 = f64::INFINITY;

/// All modes within a relative error of the right numbers.
#[track_caller]
fn holds<S: Compile>(
    at: &[f64],
    f: impl for<'t> Fn(Var<'t, S>) -> Var<'t, S>,
    value: f64,
    gradient: &[f64],
    relative: f64,
) {
    let near = |a: f64, b: f64| a == b || (a - b).abs() <= relative * b.abs();
    for (mode, found, slopes) in every_way::<S>(at, f) {
        assert!(near(found, value), "{mode}: value {found:e}, not {value:e}");
        let right = slopes.len() == gradient.len()
            && slopes.iter().zip(gradient).all(|(&a, &b)| near(a, b));
        assert!(right, "{mode}: gradient {slopes:?}, not {gradient:?}");
    }
}

/// The Hessian in all modes within a relative error of the right one.
#[track_caller]
fn curves<S: Compile>(
    at: &[f64],
    f: impl for<'t> Fn(Var<'t, S>) -> Var<'t, S>,
    hessian: &[f64],
    relative: f64,
) {
    let near = |a: f64, b: f64| a == b || (a - b).abs() <= relative * b.abs();
    for (mode, found) in every_hessian::<S>(at, f) {
        let right =
            found.len() == hessian.len() && found.iter().zip(hessian).all(|(&a, &b)| near(a, b));
        assert!(right, "{mode}: Hessian {found:?}, not {hessian:?}");
    }
}
