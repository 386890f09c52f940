//! diffsol with sparse Jacobians of Wengert: stiff equations by backward differentiation formulas.
//!
//! ```text
//! cargo run --release -p wengert-solvers --example diffsol_stiff              500 cells
//! cargo run --release -p wengert-solvers --example diffsol_stiff -- --cells N
//! ```
//!
//! 1. Robertson's reaction to t = 10¹¹, against the reference solution of F. Mazzia and C. Magherini,
//!    Test set for initial value problem solvers, release 2.4, 2008.
//! 2. The Brusselator with diffusion on a line of cells, E. Hairer and G. Wanner, Solving Ordinary
//!    Differential Equations II, IV.1, against a solution in 40 digits that
//!    `tests/oracle/brusselator.py` makes.
//!
//! `glue.rs` is all that the solver needs to know of Wengert.

pub(crate) mod glue;

use std::error::Error;
use std::io::Write;
use std::time::Instant;

use glue::Equation;
use wengert::Var;

const USAGE: &str =
    "usage: diffsol_stiff [--cells N]   N cells of the second Brusselator, at least 2";

/// Made by `brusselator.py`: u, then v, of 20 cells at t = 10.
const REFERENCE: &str = include_str!("../../tests/oracle/brusselator.txt");

fn main() -> Result<(), Box<dyn Error>> {
    let mut cells = 500;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--cells" => cells = arguments.next().ok_or(USAGE)?.parse()?,
            // What was asked for is no error.
            "--help" | "-h" => {
                println!("{USAGE}");
                return Ok(());
            }
            other => return Err(format!("unknown argument {other}\n{USAGE}").into()),
        }
    }
    let out = &mut std::io::stdout().lock();
    robertson(out)?;
    compared(out)?;
    many(out, cells)
}

/// Robertson's reaction; an error if the solver ends elsewhere than the reference.
pub(crate) fn robertson(out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let equation = Equation::record(&[1.0, 0.0, 0.0], |y| {
        let [a, b, c] = std::array::from_fn(|i| y.at(i));
        let (slow, fast, fastest) = (0.04 * a, 1e4 * b * c, 3e7 * b.square());
        y.tape().stack(&[fast - slow, slow - fast - fastest, fastest])
    })?;
    let (end, steps) = equation.solve(1e11, (1e-8, 1e-20))?;
    let known = [0.2083340149701255e-7, 0.8333360770334713e-13, 0.999999979166505];
    writeln!(out, "Robertson's reaction at t = 1e11, {steps} steps: {end:?}")?;
    for (found, known) in end.iter().zip(known) {
        if (found - known).abs() > 1e-4 * known {
            return Err(format!("{found}, and not {known}").into());
        }
    }
    Ok(())
}

/// The right side of the Brusselator on a line, u and then v of every cell; u = 1 and v = 3 at both
/// ends.
pub(crate) fn brusselator<'t>(y: Var<'t>) -> Var<'t> {
    let (tape, m) = (y.tape(), y.len() / 2);
    let (u, v) = (y.slice(0, 0..m), y.slice(0, m..2 * m));
    let scale = 0.02 * ((m + 1) * (m + 1)) as f64;
    let diffused = |w: Var<'t>, end: f64| {
        let end = tape.constant([end]);
        let left = tape.concat(0, &[end, w.slice(0, 0..m - 1)]);
        let right = tape.concat(0, &[w.slice(0, 1..m), end]);
        scale * (left - 2.0 * w + right)
    };
    let meeting = u.square() * v;
    let first = 1.0 + meeting - 4.0 * u + diffused(u, 1.0);
    let second = 3.0 * u - meeting + diffused(v, 3.0);
    tape.concat(0, &[first, second])
}

/// Its start: `u = 1 + sin 2πx` and `v = 3`.
fn start(cells: usize) -> Vec<f64> {
    let x = |i: usize| (i + 1) as f64 / (cells + 1) as f64;
    let u = (0..cells).map(|i| 1.0 + (2.0 * std::f64::consts::PI * x(i)).sin());
    u.chain(std::iter::repeat_n(3.0, cells)).collect()
}

/// The Brusselator of 20 cells; an error if the solver ends elsewhere than the reference.
pub(crate) fn compared(out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let known: Vec<f64> = REFERENCE.lines().map(str::parse).collect::<Result<_, _>>()?;
    let equation = Equation::record(&start(known.len() / 2), brusselator)?;
    let (end, steps) = equation.solve(10.0, (1e-9, 1e-9))?;
    let far = end.iter().zip(&known).map(|(found, known)| (found - known).abs());
    let far = far.fold(0.0, f64::max);
    writeln!(out, "The Brusselator of 20 cells at t = 10, {steps} steps: within {far:.1e}")?;
    if far > 1e-6 || end.len() != known.len() {
        return Err(format!("{far} from the reference").into());
    }
    Ok(())
}

/// The Brusselator of many cells, which a dense Jacobian would make slow.
pub(crate) fn many(out: &mut impl Write, cells: usize) -> Result<(), Box<dyn Error>> {
    if cells < 2 {
        return Err(USAGE.into());
    }
    let clock = Instant::now();
    let equation = Equation::record(&start(cells), brusselator)?;
    writeln!(out, "{cells} cells, {:?}, made in {:.1?}", equation, clock.elapsed())?;
    let clock = Instant::now();
    let (end, steps) = equation.solve(10.0, (1e-6, 1e-6))?;
    writeln!(
        out,
        "{steps} steps in {:.1?}: u is {:.6} at the middle",
        clock.elapsed(),
        end[cells / 2]
    )?;
    if end.iter().any(|x| !x.is_finite()) {
        return Err("not a number".into());
    }
    Ok(())
}
