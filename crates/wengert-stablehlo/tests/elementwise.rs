//! Every elementwise operation at its hard points: value and slope, run by XLA, against numbers of 50
//! digits. XLA's functions are not correctly rounded; how far each is off is stated here, measured.
//!
//! ```console
//! WENGERT_PYTHON=python3 cargo test -p wengert-stablehlo --test all elementwise:: -- --nocapture
//! ```
//!
//! prints the worst relative error of each.

use std::collections::BTreeMap;

use wengert::op::{Binary, Unary};
use wengert::{Leaf, Tape, Var};
use wengert_stablehlo::Export;

use crate::points::{Point, points};
use crate::xla;

/// Smaller numbers are taken for zero, by XLA on a processor: they are left out.
const TINY: f64 = 1e-290;

/// How far off a value or a slope may be, relative to it: what was measured, and a little. All others
/// are right to two units of the last place.
fn allowed(op: &str) -> f64 {
    match op {
        // By a square in the exponent, or by an exponential of a large number.
        "sinh" | "cosh" => 8e-14,
        "gaussian" | "erf" | "erfc" | "norm_pdf" | "norm_cdf" | "norm_log_cdf" => 4e-14,
        // Near 0 a difference of terms of size 1.
        "over_squares" => 8e-14,
        "norm_log_cdf_excess" => 4e-13,
        "log1mexp" | "pow_slope" | "i0e" | "i1e" => 3e-14,
        "difference_sigmoid" | "digamma" => 8e-15,
        "norm_log_cdf_slope" | "lgamma" => 3e-15,
        _ => 1e-15,
    }
}

#[test]
fn every_function_is_as_near_as_it_is_stated() {
    let mut by_op: BTreeMap<String, Vec<Point>> = BTreeMap::new();
    for point in points("f64") {
        let seen = |x: &f64| *x == 0.0 || x.abs() >= TINY;
        if point.at.iter().all(seen) {
            by_op.entry(point.op.clone()).or_default().push(point);
        }
    }
    let mut faults = Vec::new();
    for (name, points) in &by_op {
        let tape = Tape::new();
        let x = column(&tape, points, 0);
        let unary = Unary::ALL.iter().find(|op| op.name() == name);
        let binary = Binary::ALL.iter().find(|op| op.name() == name);
        let (value, by) = match (unary, binary) {
            (Some(&op), _) => (x.try_unary(op).unwrap(), vec![x]),
            (_, Some(&op)) if !op.takes_an_integer() => {
                let y = column(&tape, points, 1);
                (x.try_binary(op, y).unwrap(), vec![x, y])
            }
            _ => continue,
        };
        let exact: Vec<Vec<Option<f64>>> =
            (0..=by.len()).map(|i| points.iter().map(|point| point.exact[i]).collect()).collect();
        if compared(name, &tape, (value, &by), &exact, &mut faults).is_none() {
            return;
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Functions without points of 50 digits, against the tape, which is right to a few units of the last
/// place.
#[test]
fn functions_that_the_tape_knows_better_are_as_near_as_it_is_stated() {
    let mut faults = Vec::new();
    let spread = |from: f64, to: f64| -> Vec<f64> {
        (0..60).map(|i| from + (to - from) * f64::from(i) / 59.0).collect()
    };
    type Recorded = for<'t> fn(Var<'t>) -> Var<'t>;
    let functions: [(&str, f64, f64, Recorded); 14] = [
        ("norm_log_cdf_slope", -30.0, 8.0, |x| x.norm_log_cdf_slope()),
        ("norm_log_cdf_excess", -30.0, 8.0, |x| x.norm_log_cdf_excess()),
        ("norm_ppf", 0.01, 0.99, |x| x.norm_ppf()),
        ("lgamma", 2.5, 60.0, |x| x.lgamma()),
        ("digamma", 1.6, 60.0, |x| x.digamma()),
        ("i0e", -20.0, 20.0, |x| x.i0e()),
        ("i1e", -20.0, 20.0, |x| x.i1e()),
        ("powi", -3.0, 3.0, |x| x.powi(5)),
        ("powf", 0.1, 9.0, |x| x.powf(2.5)),
        ("pow_slope", 0.1, 9.0, |x| x.pow_slope(x * 0.3)),
        ("pow_curve", 0.1, 9.0, |x| x.pow_curve(x * 0.3)),
        ("hypot_slope", -5.0, 5.0, |x| x.hypot_slope(x + 7.0)),
        ("over_squares", -5.0, 5.0, |x| x.over_squares(x + 7.0)),
        ("difference_sigmoid", -5.0, 5.0, |x| x.difference_sigmoid(x.square())),
    ];
    for (name, from, to, f) in functions {
        let tape = Tape::new();
        let x = tape.tensor(Leaf::Input, &spread(from, to), [60]).unwrap();
        let value = f(x);
        let gradients = value.sum().backward();
        let some = |numbers: Vec<f64>| numbers.into_iter().map(Some).collect::<Vec<_>>();
        let exact = vec![some(value.values()), some(gradients.values_wrt(x))];
        if compared(name, &tape, (value, &[x]), &exact, &mut faults).is_none() {
            return;
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn column<'t>(tape: &'t Tape, points: &[Point], i: usize) -> Var<'t> {
    let numbers: Vec<f64> = points.iter().map(|point| point.at[i]).collect();
    tape.tensor(Leaf::Input, &numbers, [numbers.len()]).unwrap()
}

/// Prints how far value and slopes are off, and notes what is further off than it may be.
fn compared(
    name: &str,
    tape: &Tape,
    (value, by): (Var<'_>, &[Var<'_>]),
    exact: &[Vec<Option<f64>>],
    faults: &mut Vec<String>,
) -> Option<()> {
    let ones = tape.tensor(Leaf::Data, &vec![1.0; value.len()], value.shape()).unwrap();
    let slopes = tape.record_vjp(&[(value, ones)], by).unwrap();
    let mut export = Export::new(tape);
    let mut asked = vec![0];
    export.output("value", value).unwrap();
    for (i, slope) in slopes.into_iter().enumerate() {
        if let Some(slope) = slope {
            export.output(&format!("slope {i}"), slope).unwrap();
            asked.push(1 + i);
        }
    }
    let module = export.module(name).unwrap();
    let results = xla::run(tape, &module)?;
    for (&which, (_, found)) in asked.iter().zip(&results) {
        let mut worst: f64 = 0.0;
        for (i, (exact, &found)) in exact[which].iter().zip(found).enumerate() {
            let Some(exact) = *exact else { continue };
            let same = exact == found || (exact.is_nan() && found.is_nan());
            // Below the smallest normal numbers, zero is as good.
            let off = match same || (exact.abs() < TINY && found.abs() < TINY) {
                true => 0.0,
                false => (found - exact).abs() / exact.abs(),
            };
            if off.is_nan() || off > allowed(name) {
                let at: Vec<f64> = by.iter().map(|x| x.values()[i]).collect();
                faults.push(format!(
                    "{name} {which} at {at:e}: {found:e} for {exact:e}",
                    at = Shown(&at)
                ));
            }
            worst = worst.max(off);
        }
        println!("{name:24} {which} {worst:8.1e}");
    }
    Some(())
}

struct Shown<'a>(&'a [f64]);

impl std::fmt::LowerExp for Shown<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for x in self.0 {
            write!(f, "{x:e} ")?;
        }
        Ok(())
    }
}
