//! A Gaussian process: the log marginal likelihood of observations by a Cholesky factor, its
//! gradient by the logarithms of length, scale and noise, and where it is largest, by Newton's
//! method.
//!
//! ```text
//! cargo run --release --example gaussian_process
//! ```
//!
//! The kernel is `s² exp(−(x − x')² / (2 l²))`, with noise of variance `e²` (C. E. Rasmussen and
//! C. K. I. Williams, "Gaussian Processes for Machine Learning", 2006, equations 2.30 and 5.9).
//! `tests/oracle/gaussian_process.py` computes the same with 50 digits and another library.

use std::error::Error;
use std::f64::consts::TAU;
use std::io::Write;

use wengert::{Error as Refused, Function, Tape, Var};

/// Where it was observed, and what: a sine with noise.
pub(crate) const X: [f64; 24] = [
    -0.065, 0.4298, 0.415, 0.7931, 0.9836, 1.0529, 1.5711, 1.7091, 1.8878, 2.2925, 2.4636, 2.7789,
    3.1365, 3.3535, 3.592, 3.5245, 4.152, 4.2872, 4.4142, 4.8387, 5.1406, 5.141, 5.2969, 5.7357,
];
pub(crate) const Y: [f64; 24] = [
    -0.0015, 0.6692, 0.9664, 0.8386, 1.0727, 1.5531, 1.4956, 0.5624, 0.6773, 0.9492, -0.2329,
    -0.4393, -1.2934, -1.3646, -1.6022, -2.0238, -0.7367, -1.1566, -0.9257, -0.0452, 0.8132, 0.848,
    0.4791, 1.5384,
];

fn main() -> Result<(), Box<dyn Error>> {
    let out = &mut std::io::stdout().lock();
    let Maximum { at, value } = run(out)?;
    let [length, scale, noise] = at.map(f64::exp);
    writeln!(out, "\nlength {length:.6}, scale {scale:.6}, noise {noise:.6}: {value:.10}")?;
    Ok(())
}

/// Where the likelihood is largest.
#[derive(Debug)]
pub(crate) struct Maximum {
    /// `[ln l, ln s, ln e]`.
    pub(crate) at: [f64; 3],
    pub(crate) value: f64,
}

/// The function of `[ln l, ln s, ln e]`, recorded once.
pub(crate) fn log_likelihood() -> Result<Function, Refused> {
    Function::of([0.0; 3], likelihood)
}

/// Of `[ln l, ln s, ln e]`: the observations' log marginal likelihood.
pub(crate) fn likelihood<'t>(theta: Var<'t>) -> Var<'t> {
    let tape = theta.tape();
    let (x, y) = (tape.data(X).named("x"), tape.data(Y).named("y"));
    let [l, s, e] = [0, 1, 2].map(|i| theta.at(i).exp());
    let apart = x.insert_axis(1) - x;
    let identity = tape.constant(std::array::from_fn::<_, 24, _>(|i| {
        std::array::from_fn::<_, 24, _>(|j| if i == j { 1.0 } else { 0.0 })
    }));
    let kernel = (apart.square() / l.square() * -0.5).exp() * s.square();
    let covariance = (kernel + identity * e.square()).named("K");
    let factor = covariance.cholesky().named("L");
    let fit = factor.cholesky_quadratic_form(y).named("fit");
    (fit + factor.cholesky_logdet() + X.len() as f64 * TAU.ln()) * -0.5
}

/// Climbs from `[0, 0, 0]`, and prints every step.
pub(crate) fn run(out: &mut impl Write) -> Result<Maximum, Box<dyn Error>> {
    let mut likelihood = log_likelihood()?;
    let mut at = [0.0; 3];
    writeln!(out, "step      ln l      ln s      ln e   log-likelihood   gradient")?;
    for step in 0..50 {
        let there = likelihood.at(&at)?;
        let (value, gradient, hessian) = (there.value(0), there.gradient(0)?, there.hessian(0)?);
        let size = gradient.iter().fold(0.0, |size: f64, g| size.max(g.abs()));
        writeln!(
            out,
            "{step:4} {:9.6} {:9.6} {:9.6} {value:16.10} {size:10.1e}",
            at[0], at[1], at[2]
        )?;
        if size < 1e-11 {
            return Ok(Maximum { at, value });
        }
        // Half steps until it climbs; near the end that is a matter of the last digits.
        let direction = newton(&gradient, &hessian)?;
        let mut length = 1.0;
        at = loop {
            let next = std::array::from_fn(|i| at[i] + length * direction[i]);
            let higher = likelihood.at(&next)?.value(0) > value - 1e-12 * value.abs();
            if higher || length < 1e-6 {
                break next;
            }
            length /= 2.0;
        };
    }
    Err("Newton's method did not come to rest".into())
}

/// The solution p of (λI − H) p = g, for the first λ of 0, 1/8, 1/4, ... for which the matrix is
/// positive definite, so that p leads upwards.
fn newton(gradient: &[f64], hessian: &[Vec<f64>]) -> Result<Vec<f64>, Refused> {
    let mut shift = 0.0;
    loop {
        let tape = Tape::new();
        let h = tape.constant(hessian);
        let shifted: Var<'_> =
            tape.constant([[shift, 0.0, 0.0], [0.0, shift, 0.0], [0.0, 0.0, shift]]) - h;
        match shifted.try_cholesky() {
            Ok(factor) => return Ok(factor.cholesky_solve(tape.constant(gradient)).values()),
            Err(Refused::Singular { .. }) => shift = f64::max(0.125, 2.0 * shift),
            Err(other) => return Err(other),
        }
    }
}
