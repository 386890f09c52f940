//! Hares and lynxes: the equations of Lotka and Volterra fitted to counts of pelts.
//!
//! `cargo run --release --example ode`
//!
//! The solution is one loop on the tape, whatever the number of its steps; its gradient goes back
//! through the steps. The second part measures the memory that takes for 100,000 steps.
//!
//! The pelts, in thousands, are those that the Hudson's Bay Company collected from 1900 to 1920, as
//! in P. Howard, Modeling Basics (Texas A&M University, 2009). B. Carpenter, Predator-Prey
//! Population Dynamics (Stan case studies, 2018), fits the same model to them by Bayesian inference:
//! posterior means 0.545 ± 0.064, 0.028 ± 0.004, 0.803 ± 0.092, 0.024 ± 0.004.

use std::error::Error;
use std::io::Write;
use std::time::Instant;

use wengert::scan::Snapshots;
use wengert::{Function, Scan, Tape};

#[path = "ode/memory.rs"]
mod memory;
#[path = "ode/model.rs"]
mod model;

use model::{HARES, LYNXES, STEPS, residuals, rk4};

/// The parameters' names, first guesses, and what the case study found, with its standard deviation.
const PARAMETERS: [(&str, f64, f64, f64); 4] = [
    ("births of hares", 0.5, 0.545, 0.064),
    ("hares caught by a lynx", 0.02, 0.028, 0.004),
    ("deaths of lynxes", 0.8, 0.803, 0.092),
    ("lynxes born of a hare", 0.02, 0.024, 0.004),
];

/// Solves `A x = b` for a positive definite A, by Cholesky's factor.
fn solve(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Vec<f64> {
    let n = b.len();
    for j in 0..n {
        for i in j..n {
            let sum: f64 = (0..j).map(|k| a[i][k] * a[j][k]).sum();
            let rest = a[i][j] - sum;
            a[i][j] = if i == j { rest.sqrt() } else { rest / a[j][j] };
        }
    }
    for i in 0..n {
        let sum: f64 = (0..i).map(|k| a[i][k] * b[k]).sum();
        b[i] = (b[i] - sum) / a[i][i];
    }
    for i in (0..n).rev() {
        let sum: f64 = (i + 1..n).map(|k| a[k][i] * b[k]).sum();
        b[i] = (b[i] - sum) / a[i][i];
    }
    b
}

/// Levenberg and Marquardt's method: the point, and the sum of squares there.
fn fit(model: &mut Function, mut point: Vec<f64>) -> Result<(Vec<f64>, f64), wengert::Error> {
    let mut damping = 1e-3;
    let mut sum = model.at(&point)?.value("sum");
    for _ in 0..100 {
        let there = model.at(&point)?;
        let (r, j) = (there.values("r"), there.jacobian("r")?);
        let n = point.len();
        let dot = |a: usize, b: usize| j.iter().map(|row| row[a] * row[b]).sum::<f64>();
        let mut normal: Vec<Vec<f64>> =
            (0..n).map(|a| (0..n).map(|b| dot(a, b)).collect()).collect();
        (0..n).for_each(|a| normal[a][a] *= 1.0 + damping);
        let slope = (0..n).map(|a| -j.iter().zip(&r).map(|(row, r)| row[a] * r).sum::<f64>());
        let step = solve(normal, slope.collect());
        let next: Vec<f64> = point.iter().zip(&step).map(|(x, step)| x + step).collect();
        let new = model.at(&next)?.value("sum");
        if new < sum {
            let gain = sum - new;
            (point, sum, damping) = (next, new, damping / 10.0);
            if gain < 1e-14 * sum {
                break;
            }
        } else {
            damping *= 10.0;
        }
    }
    Ok((point, sum))
}

/// Fits the model, prints what came of it, and returns the four parameters and the slope that is
/// left.
pub(crate) fn fitted(out: &mut impl Write) -> Result<([f64; 4], f64), Box<dyn Error>> {
    let mut point: Vec<f64> = PARAMETERS.iter().map(|(_, guess, ..)| guess.ln()).collect();
    point.extend([HARES[0].ln(), LYNXES[0].ln()]);
    let mut model = Function::builder().input("point", point.as_slice()).record(|given| {
        let r = residuals(given.get("point"), STEPS).named("r");
        vec![r, r.square().sum().named("sum")]
    })?;
    let steps = STEPS * (HARES.len() - 1);
    writeln!(out, "{steps} steps of RK4 are {} nodes of the tape.", model.tape().len())?;
    let (point, sum) = fit(&mut model, point)?;
    let there = model.at(&point)?;
    let slope = there.gradient("sum")?.iter().fold(0.0_f64, |most, g| most.max(g.abs()));
    let deviation = (sum / (2 * HARES.len()) as f64).sqrt();
    writeln!(out, "\n{:24}  fitted   the case study's", "")?;
    let mut found = [0.0; 4];
    for ((found, x), (name, _, mean, spread)) in found.iter_mut().zip(&point).zip(PARAMETERS) {
        *found = x.exp();
        writeln!(out, "{name:24} {found:7.4}   {mean:.3} ± {spread}")?;
    }
    writeln!(out, "{:24} {deviation:7.4}   0.250 ± 0.044", "spread of the logarithms")?;
    writeln!(out, "The largest slope left is {slope:.0e}.")?;
    Ok((found, slope))
}

/// Measures the gradient through many steps, and returns the bytes that each way to keep states
/// took, with the number of steps.
pub(crate) fn measured(out: &mut impl Write, steps: usize) -> Result<Vec<usize>, Box<dyn Error>> {
    writeln!(out, "\nThe gradient through {steps} steps, by the states that the sweep keeps:")?;
    let p = [0.5, 0.025, 0.8, 0.024];
    let mut slopes: Option<Vec<f64>> = None;
    let mut taken = Vec::new();
    for keep in [Snapshots::All, Snapshots::Auto, Snapshots::Count(20)] {
        let tape = Tape::new();
        let p = tape.input(p);
        let (first, second) = (tape.constant(30.0), tape.constant(4.0));
        let scan = Scan::new().state(first).state(second).fixed(p).steps(steps).snapshots(keep);
        let scan = scan.record(|step| {
            let next = rk4([step.state(0), step.state(1)], step.fixed(0), 1e-4);
            step.next(next)
        })?;
        let end = scan.state(0) + scan.state(1);
        let start = Instant::now();
        let (gradients, bytes) = memory::most(|| end.backward());
        let time = start.elapsed();
        let found = gradients.values_wrt(p);
        let known = slopes.get_or_insert_with(|| found.clone());
        if *known != found {
            return Err(format!("{keep:?} gives {found:?}, and all states {known:?}").into());
        }
        writeln!(out, "  {:10} {:6} KB, {time:.1?}", format!("{keep:?}"), bytes / 1024)?;
        taken.push(bytes);
    }
    writeln!(out, "The gradients are the same to the bit.")?;
    Ok(taken)
}

fn main() -> Result<(), Box<dyn Error>> {
    let out = &mut std::io::stdout().lock();
    let (found, slope) = fitted(out)?;
    for (found, (name, _, mean, spread)) in found.iter().zip(PARAMETERS) {
        if (found - mean).abs() > spread {
            return Err(format!("{name}: {found} is not near {mean}").into());
        }
    }
    if slope > 1e-6 {
        return Err("the fit has not come to an end".into());
    }
    measured(out, 100_000)?;
    Ok(())
}
