//! argmin with gradients and Hessians of Wengert.
//!
//! `cargo run --release -p wengert-solvers --example argmin_newton`
//!
//! 1. Functions of J. J. Moré, B. S. Garbow and K. E. Hillstrom, Testing unconstrained optimization
//!    software, ACM Transactions on Mathematical Software 7, 1981, from the starts and to the
//!    minima that are printed there: by L-BFGS, and by Newton's method in a trust region.
//! 2. Broyden's tridiagonal function of 10,000 variables, its Hessian being sparse.

use std::cell::RefCell;
use std::error::Error as AnyError;
use std::io::Write;

use argmin::core::{CostFunction, Error, Executor, Gradient, Hessian, State};
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::quasinewton::LBFGS;
use argmin::solver::trustregion::{Steihaug, TrustRegion};
use argmin_math::ArgminDot;
use wengert::{Function, Var};
use wengert_sparse::{Compiled, Csr, SparseHessian};

/// A recorded function as argmin asks for it. Its solvers evaluate behind `&self`.
struct Recorded(RefCell<Function>);

impl CostFunction for Recorded {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, x: &Vec<f64>) -> Result<f64, Error> {
        Ok(self.0.borrow_mut().at(x)?.value(0))
    }
}

impl Gradient for Recorded {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, x: &Vec<f64>) -> Result<Vec<f64>, Error> {
        Ok(self.0.borrow_mut().at(x)?.gradient(0)?)
    }
}

impl Hessian for Recorded {
    type Param = Vec<f64>;
    type Hessian = Vec<Vec<f64>>;

    fn hessian(&self, x: &Vec<f64>) -> Result<Vec<Vec<f64>>, Error> {
        Ok(self.0.borrow_mut().at(x)?.hessian(0)?)
    }
}

/// The same with a sparse Hessian, compiled.
struct Sparse {
    function: Recorded,
    hessian: RefCell<Compiled>,
}

/// A sparse matrix as argmin multiplies by it.
#[derive(Clone)]
struct Matrix(Csr);

impl ArgminDot<Vec<f64>, Vec<f64>> for Matrix {
    fn dot(&self, x: &Vec<f64>) -> Vec<f64> {
        self.0.times(x)
    }
}

impl CostFunction for Sparse {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, x: &Vec<f64>) -> Result<f64, Error> {
        self.function.cost(x)
    }
}

impl Gradient for Sparse {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, x: &Vec<f64>) -> Result<Vec<f64>, Error> {
        self.function.gradient(x)
    }
}

impl Hessian for Sparse {
    type Param = Vec<f64>;
    type Hessian = Matrix;

    fn hessian(&self, x: &Vec<f64>) -> Result<Matrix, Error> {
        Ok(Matrix(self.hessian.borrow_mut().at(x)?))
    }
}

struct Problem {
    name: &'static str,
    start: &'static [f64],
    function: for<'t> fn(Var<'t>) -> Var<'t>,
    /// The printed minimum, and what its digits leave open.
    minimum: (f64, f64),
}

const PROBLEMS: [Problem; 3] = [
    Problem {
        name: "Rosenbrock",
        start: &[-1.2, 1.0],
        function: |x| 100.0 * (x.at(1) - x.at(0).square()).square() + (1.0 - x.at(0)).square(),
        minimum: (0.0, 1e-10),
    },
    Problem {
        name: "Brown and Dennis",
        start: &[25.0, 5.0, -5.0, -1.0],
        function: |x| {
            let t = x.tape().constant((1..=20).map(|i| f64::from(i) / 5.0).collect::<Vec<_>>());
            let first = x.at(0) + t * x.at(1) - t.exp();
            let second = x.at(2) + x.at(3) * t.sin() - t.cos();
            (first.square() + second.square()).square().sum()
        },
        minimum: (85822.2, 0.05),
    },
    Problem {
        name: "Wood",
        start: &[-3.0, -1.0, -3.0, -1.0],
        function: |x| {
            let [a, b, c, d] = std::array::from_fn(|i| x.at(i));
            100.0 * (b - a.square()).square()
                + (1.0 - a).square()
                + 90.0 * (d - c.square()).square()
                + (1.0 - c).square()
                + 10.0 * (b + d - 2.0).square()
                + 0.1 * (b - d).square()
        },
        minimum: (0.0, 1e-10),
    },
];

/// Broyden's tridiagonal function, its residuals squared and added up; its minimum is 0.
fn broyden<'t>(x: Var<'t>) -> Var<'t> {
    let n = x.len();
    let zero = x.tape().constant([0.0]);
    let before = x.tape().concat(0, &[zero, x.slice(0, 0..n - 1)]);
    let after = x.tape().concat(0, &[x.slice(0, 1..n), zero]);
    ((3.0 - 2.0 * x) * x - before - 2.0 * after + 1.0).square().sum()
}

pub(crate) fn run(out: &mut impl Write, n: usize) -> Result<(), Box<dyn AnyError>> {
    writeln!(out, "function            method        iterations  minimum")?;
    let check = |name: &str, cost: f64, (known, digits): (f64, f64)| {
        let found = (cost - known).abs() < digits;
        found.then_some(()).ok_or_else(|| format!("{name}: {cost}, and not {known}"))
    };
    for problem in &PROBLEMS {
        let recorded =
            || Function::of(problem.start, problem.function).map(RefCell::new).map(Recorded);
        let start = problem.start.to_vec();
        let search = MoreThuenteLineSearch::new().with_c(1e-4, 0.9)?;
        let lbfgs = Executor::new(recorded()?, LBFGS::new(search, 7))
            .configure(|state| state.param(start.clone()).max_iters(500))
            .run()?;
        let newton = Executor::new(recorded()?, TrustRegion::new(Steihaug::new()))
            .configure(|state| state.param(start).max_iters(500))
            .run()?;
        for (method, cost, iterations) in [
            ("L-BFGS", lbfgs.state().get_best_cost(), lbfgs.state().get_iter()),
            ("trust region", newton.state().get_best_cost(), newton.state().get_iter()),
        ] {
            writeln!(out, "{:18}  {method:12}  {iterations:10}  {cost:.7e}", problem.name)?;
            check(problem.name, cost, problem.minimum)?;
        }
    }

    let start = vec![-1.0; n];
    let function = Function::of(start.clone(), broyden)?;
    let hessian = SparseHessian::of(&function, 0)?.compile()?;
    let entries = hessian.pattern().len();
    let function = Recorded(RefCell::new(Function::of(start.clone(), broyden)?));
    let sparse = Sparse { function, hessian: RefCell::new(hessian) };
    let solver = TrustRegion::new(Steihaug::new()).with_max_radius(1e3)?.with_radius(100.0)?;
    let newton = Executor::new(sparse, solver)
        .configure(|state| state.param(start).max_iters(50).target_cost(1e-16))
        .run()?;
    let (cost, iterations) = (newton.state().get_best_cost(), newton.state().get_iter());
    writeln!(
        out,
        "Broyden, {n} variables, {entries} entries of its Hessian: {cost:.1e} after {iterations} iterations"
    )?;
    Ok(check("Broyden", cost, (0.0, 1e-12))?)
}

fn main() -> Result<(), Box<dyn AnyError>> {
    run(&mut std::io::stdout().lock(), 10_000)
}
