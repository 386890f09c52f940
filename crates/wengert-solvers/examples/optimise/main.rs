//! Constrained problems, solved by an interior-point method with Wengert's sparse derivatives.
//!
//! ```text
//! cargo run --release -p wengert-solvers --example optimise               10,000 variables
//! cargo run --release -p wengert-solvers --example optimise -- --size N   another number
//! ```
//!
//! 1. Five problems of W. Hock and K. Schittkowski, Test examples for nonlinear programming codes,
//!    Springer 1981, with the solutions that are printed there.
//! 2. A chain of Rosenbrock's functions with trigonometric-exponential constraints: problem 5.1 of
//!    L. Lukšan and J. Vlček, Sparse and partially separable test problems for unconstrained and
//!    equality constrained optimization, report V-767, 1999. What Ipopt finds for it is printed in
//!    the tutorial of NLPModelsIpopt.jl.
//!
//! `glue.rs` is all that the solver, pounce-rs, needs to know of Wengert.

pub(crate) mod glue;
pub(crate) mod problems;

use std::error::Error;
use std::io::Write;
use std::time::Instant;

use glue::{Bounded, solve};
use wengert_sparse::Nlp;

const USAGE: &str = "usage: optimise [--size N]   N variables of the large problem, at least 3";

fn main() -> Result<(), Box<dyn Error>> {
    let mut size = 10_000;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--size" => size = arguments.next().ok_or(USAGE)?.parse()?,
            // What was asked for is no error.
            "--help" | "-h" => {
                println!("{USAGE}");
                return Ok(());
            }
            other => return Err(format!("unknown argument {other}\n{USAGE}").into()),
        }
    }
    let out = &mut std::io::stdout().lock();
    published(out)?;
    chained(out, size)
}

/// The problems with printed solutions; an error if one is not found.
pub(crate) fn published(out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    writeln!(out, "problem  variables constraints  iterations  objective       published")?;
    for problem in problems::published() {
        let nlp = Nlp::record(&problem.start, problem.record)?;
        let (n, m) = (nlp.variables(), nlp.rows());
        let bounds = (problem.variables(), problem.constraints());
        let found = solve(Bounded::new(nlp, &problem.start, bounds))?;
        writeln!(
            out,
            "{:7}  {n:9} {m:11}  {:10}  {:14.8}  {}",
            problem.name, found.iterations, found.objective, problem.objective
        )?;
        let apart = |(x, known): (&f64, &f64)| (x.abs() - known.abs()).abs() > problem.digits;
        let far = found.x.iter().zip(&problem.solution).any(apart);
        if far || (found.objective - problem.objective).abs() > problem.digits {
            return Err(format!("{}: found {found:?}", problem.name).into());
        }
    }
    Ok(())
}

/// The large problem; an error if Ipopt's solution is not found.
pub(crate) fn chained(out: &mut impl Write, n: usize) -> Result<(), Box<dyn Error>> {
    if n < 3 {
        return Err(USAGE.into());
    }
    let start: Vec<f64> = (0..n).map(|i| if i % 2 == 0 { -1.2 } else { 1.0 }).collect();
    let clock = Instant::now();
    let nlp = Nlp::record(&start, problems::chained)?;
    writeln!(out, "\n{nlp:?}\nrecorded, coloured and compiled in {:.1?}", clock.elapsed())?;
    let (free, zero) = (vec![(f64::NEG_INFINITY, f64::INFINITY); n], vec![(0.0, 0.0); n - 2]);
    let clock = Instant::now();
    let found = solve(Bounded::new(nlp, &start, (free, zero)))?;
    writeln!(
        out,
        "objective {} after {} iterations, {:.1?}, of which {:.1?} are derivatives",
        found.objective,
        found.iterations,
        clock.elapsed(),
        found.evaluating
    )?;
    // What the rest of the chain is does not change the first of it.
    let near = |(x, known): (&f64, &f64)| (x - known).abs() < 1e-7;
    let first = n < problems::FEWEST || found.x.iter().zip(&problems::FIRST).all(near);
    let known = n < problems::FEWEST || (found.objective - problems::OBJECTIVE).abs() < 1e-8;
    if !(first && known) {
        return Err(
            format!("not Ipopt's solution: {} at {:?}", found.objective, &found.x[..3]).into()
        );
    }
    Ok(())
}
