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
use wengert::{Function, Scan, Tape, Var};

#[path = "ode/memory.rs"]
mod memory;

const HARES: [f64; 21] = [
    30.0, 47.2, 70.2, 77.4, 36.3, 20.6, 18.1, 21.4, 22.0, 25.4, 27.1, 40.3, 57.0, 76.6, 52.3, 19.5,
    11.2, 7.6, 14.6, 16.2, 24.7,
];
const LYNXES: [f64; 21] = [
    4.0, 6.1, 9.8, 35.2, 59.4, 41.7, 19.0, 13.0, 8.3, 9.1, 7.4, 8.0, 12.3, 19.5, 45.7, 51.1, 29.7,
    15.8, 9.7, 10.1, 8.6,
];
/// Steps of the solver in a year.
const STEPS: usize = 20;

/// The parameters' names, first guesses, and what the case study found, with its standard deviation.
const PARAMETERS: [(&str, f64, f64, f64); 4] = [
    ("births of hares", 0.5, 0.545, 0.064),
    ("hares caught by a lynx", 0.02, 0.028, 0.004),
    ("deaths of lynxes", 0.8, 0.803, 0.092),
    ("lynxes born of a hare", 0.02, 0.024, 0.004),
];

/// `u′ = (α − β v) u`, `v′ = (δ u − γ) v`.
fn slopes<'t>([u, v]: [Var<'t>; 2], p: Var<'t>) -> [Var<'t>; 2] {
    [(p.at(0) - p.at(1) * v) * u, (p.at(3) * u - p.at(2)) * v]
}

/// A step of the classical Runge-Kutta method.
fn rk4<'t>(y: [Var<'t>; 2], p: Var<'t>, h: f64) -> [Var<'t>; 2] {
    let along = |k: [Var<'t>; 2], h: f64| [y[0] + h * k[0], y[1] + h * k[1]];
    let k1 = slopes(y, p);
    let k2 = slopes(along(k1, h / 2.0), p);
    let k3 = slopes(along(k2, h / 2.0), p);
    let k4 = slopes(along(k3, h), p);
    let next = |i: usize| y[i] + h / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]);
    [next(0), next(1)]
}

/// The logarithms of what the model says of every year but the first, less those of the counts:
/// of logarithms of the four parameters and of the two counts in the first year.
fn residuals<'t>(point: Var<'t>) -> Var<'t> {
    let tape = point.tape();
    let (p, first) = (point.slice(0, 0..4).exp(), point.slice(0, 4..6).exp());
    let years = Scan::new()
        .state(first.at(0))
        .state(first.at(1))
        .fixed(p)
        .steps(HARES.len() - 1)
        .record(|year| {
            let p = year.fixed(0);
            let mut y = [year.state(0), year.state(1)];
            for _ in 0..STEPS {
                y = rk4(y, p, 1.0 / STEPS as f64);
            }
            year.next(y).with(y)
        })
        .expect("a year is recorded as any other");
    let logarithms =
        |counts: &[f64]| tape.constant(counts.iter().map(|count| count.ln()).collect::<Vec<_>>());
    let hares = tape.concat(0, &[first.slice(0, 0..1), years.rows(0)]).ln();
    let lynxes = tape.concat(0, &[first.slice(0, 1..2), years.rows(1)]).ln();
    tape.concat(0, &[hares - logarithms(&HARES), lynxes - logarithms(&LYNXES)])
}

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
        let r = residuals(given.get("point")).named("r");
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
