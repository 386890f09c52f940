//! basin with gradients and Hessian-vector products of Wengert.
//!
//! `cargo run --release -p wengert-solvers --example basin_fit`
//!
//! 1. A curve fitted to measurements: Misra1a of the National Institute of Standards and
//!    Technology's Statistical Reference Datasets for nonlinear regression, with its certified
//!    values, by L-BFGS.
//! 2. Broyden's tridiagonal function of 10,000 variables, by Newton's method in a trust region that
//!    asks for products with the Hessian and never for the matrix.

use std::cell::RefCell;
use std::error::Error as AnyError;
use std::io::Write;

use basin::{
    CostFunction, Executor, FirstOrderState, Gradient, HessianProduct, Lbfgs, TrustRegion,
};
use wengert::{Error, Function, Var};

/// A recorded function as basin asks for it. Its solvers evaluate behind `&self`.
struct Recorded(RefCell<Function>);

impl CostFunction for Recorded {
    type Param = Vec<f64>;
    type Output = f64;
    type Error = Error;

    fn cost(&self, x: &Vec<f64>) -> Result<f64, Error> {
        Ok(self.0.borrow_mut().at(x)?.value(0))
    }
}

impl Gradient for Recorded {
    type Gradient = Vec<f64>;

    fn gradient(&self, x: &Vec<f64>) -> Result<Vec<f64>, Error> {
        self.0.borrow_mut().at(x)?.gradient(0)
    }

    fn cost_and_gradient(&self, x: &Vec<f64>) -> Result<(f64, Vec<f64>), Error> {
        let mut function = self.0.borrow_mut();
        let at = function.at(x)?;
        Ok((at.value(0), at.gradient(0)?))
    }
}

impl HessianProduct for Recorded {
    fn hessian_product(&self, x: &Vec<f64>, along: &Vec<f64>) -> Result<Vec<f64>, Error> {
        self.0.borrow_mut().at(x)?.hvp(0, along)
    }
}

/// Volume and pressure of monomolecular adsorption; D. Misra, 1978, as NIST prints it.
const VOLUME: [f64; 14] = [
    10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02, 44.82, 50.76, 55.05, 61.01, 66.40, 75.47,
    81.78,
];
const PRESSURE: [f64; 14] = [
    77.6, 114.9, 141.1, 190.8, 239.9, 289.0, 332.8, 378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760.0,
];

/// NIST's second start. Variables are multiples of it: they differ by a factor of 500,000.
const START: [f64; 2] = [250.0, 0.0005];

/// The certified parameters and sum of squares.
const CERTIFIED: [f64; 2] = [2.3894212918E+02, 5.5015643181E-04];
const SUM_OF_SQUARES: f64 = 1.2455138894E-01;

/// The squares of `y − b₁ (1 − exp(−b₂ x))`.
fn misra1a<'t>(scaled: Var<'t>) -> Var<'t> {
    let tape = scaled.tape();
    let (y, x, b) = (tape.constant(VOLUME), tape.constant(PRESSURE), scaled * tape.constant(START));
    (y + b.at(0) * (-(b.at(1) * x)).exp_m1()).square().sum()
}

/// Broyden's tridiagonal function, its residuals squared and added up; its minimum is 0.
fn broyden<'t>(x: Var<'t>) -> Var<'t> {
    let n = x.len();
    let zero = x.tape().constant([0.0]);
    let before = x.tape().concat(0, &[zero, x.slice(0, 0..n - 1)]);
    let after = x.tape().concat(0, &[x.slice(0, 1..n), zero]);
    ((3.0 - 2.0 * x) * x - before - 2.0 * after + 1.0).square().sum()
}

pub(crate) fn run(out: &mut impl Write, n: usize) -> Result<(), Box<dyn AnyError>> {
    let recorded = Recorded(RefCell::new(Function::of([1.0, 1.0], misra1a)?));
    let solver = Lbfgs::new().unbounded().with_absolute_gradient_tolerance(1e-9);
    let fit = Executor::new(recorded, solver, FirstOrderState::new(vec![1.0, 1.0]))
        .max_iter(200)
        .run()?;
    writeln!(out, "Misra1a: sum of squares {:.10e} after {} iterations", fit.cost(), fit.iter())?;
    for (i, (scaled, known)) in fit.param().iter().zip(CERTIFIED).enumerate() {
        let found = scaled * START[i];
        writeln!(out, "  b{} = {found:.10e}, certified {known:.10e}", i + 1)?;
        if (found - known).abs() > 1e-6 * known {
            return Err(format!("b{} is {found}, and not {known}", i + 1).into());
        }
    }
    if (fit.cost() - SUM_OF_SQUARES).abs() > 1e-10 {
        return Err(format!("the sum is {}, and not {SUM_OF_SQUARES}", fit.cost()).into());
    }

    let recorded = Recorded(RefCell::new(Function::of(vec![-1.0; n], broyden)?));
    let solver = TrustRegion::matrix_free().with_radius(100.0).with_max_radius(1e3);
    let solver = solver.with_absolute_gradient_tolerance(1e-9);
    let broyden =
        Executor::new(recorded, solver, FirstOrderState::new(vec![-1.0; n])).max_iter(100).run()?;
    writeln!(
        out,
        "Broyden, {n} variables: {:.1e} after {} iterations",
        broyden.cost(),
        broyden.iter()
    )?;
    if broyden.cost() > 1e-15 {
        return Err(format!("the minimum is 0, and not {}", broyden.cost()).into());
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn AnyError>> {
    run(&mut std::io::stdout().lock(), 10_000)
}
