//! From an [`Nlp`] to the trait of pounce-rs, which is Ipopt's: numbers go into slices, and places
//! of entries are asked for once.

use std::cell::RefCell;
use std::error::Error;
use std::rc::Rc;
use std::time::{Duration, Instant};

use pounce_rs::prelude::*;
use wengert_sparse::{Nlp, Pattern};

type Bounds = Vec<(f64, f64)>;
type Asked<'a> = Result<&'a [f64], wengert::Error>;

/// A problem with its bounds and its start.
pub(crate) struct Bounded {
    nlp: Nlp,
    start: Vec<f64>,
    variables: Bounds,
    constraints: Bounds,
    found: Found,
}

/// What a solver ends with.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) objective: f64,
    pub(crate) x: Vec<f64>,
    pub(crate) iterations: i32,
    /// The time that went into values and derivatives.
    pub(crate) evaluating: Duration,
}

impl Bounded {
    pub(crate) fn new(nlp: Nlp, start: &[f64], bounds: (Bounds, Bounds)) -> Self {
        let (start, (variables, constraints)) = (start.to_vec(), bounds);
        Bounded { nlp, start, variables, constraints, found: Found::default() }
    }

    /// Numbers that the solver asked for; `false` tells it that a point was refused.
    fn fill(
        &mut self,
        to: &mut [f64],
        from: impl for<'a> FnOnce(&'a mut Nlp) -> Asked<'a>,
    ) -> bool {
        let clock = Instant::now();
        let made = from(&mut self.nlp).map(|numbers| to.copy_from_slice(numbers)).is_ok();
        self.found.evaluating += clock.elapsed();
        made
    }
}

fn places(pattern: &Pattern, rows: &mut [i32], columns: &mut [i32]) {
    for (k, (row, column)) in pattern.places().enumerate() {
        (rows[k], columns[k]) = (row as i32, column as i32);
    }
}

impl TNLP for Bounded {
    fn get_nlp_info(&mut self) -> Option<NlpInfo> {
        Some(NlpInfo {
            n: self.nlp.variables() as i32,
            m: self.nlp.rows() as i32,
            nnz_jac_g: self.nlp.jacobian_pattern().len() as i32,
            nnz_h_lag: self.nlp.hessian_pattern().len() as i32,
            index_style: IndexStyle::C,
        })
    }

    fn get_bounds_info(&mut self, b: BoundsInfo<'_>) -> bool {
        // Ipopt's infinity.
        let finite = |bound: f64| bound.clamp(-2e19, 2e19);
        for (i, &(low, high)) in self.variables.iter().enumerate() {
            (b.x_l[i], b.x_u[i]) = (finite(low), finite(high));
        }
        for (i, &(low, high)) in self.constraints.iter().enumerate() {
            (b.g_l[i], b.g_u[i]) = (finite(low), finite(high));
        }
        true
    }

    fn get_starting_point(&mut self, start: StartingPoint<'_>) -> bool {
        start.x.copy_from_slice(&self.start);
        true
    }

    fn eval_f(&mut self, x: &[f64], _: bool) -> Option<f64> {
        let clock = Instant::now();
        let made = self.nlp.objective(x).ok();
        self.found.evaluating += clock.elapsed();
        made
    }

    fn eval_grad_f(&mut self, x: &[f64], _: bool, to: &mut [f64]) -> bool {
        self.fill(to, |nlp| nlp.gradient(x))
    }

    fn eval_g(&mut self, x: &[f64], _: bool, to: &mut [f64]) -> bool {
        self.fill(to, |nlp| nlp.constraints(x))
    }

    fn eval_jac_g(&mut self, x: Option<&[f64]>, _: bool, mode: SparsityRequest<'_>) -> bool {
        match (mode, x) {
            (SparsityRequest::Structure { irow, jcol }, _) => {
                places(self.nlp.jacobian_pattern(), irow, jcol);
                true
            }
            (SparsityRequest::Values { values }, Some(x)) => {
                self.fill(values, |nlp| nlp.jacobian(x))
            }
            _ => false,
        }
    }

    fn eval_h(
        &mut self,
        x: Option<&[f64]>,
        _: bool,
        factor: f64,
        multipliers: Option<&[f64]>,
        _: bool,
        mode: SparsityRequest<'_>,
    ) -> bool {
        match (mode, x, multipliers) {
            (SparsityRequest::Structure { irow, jcol }, ..) => {
                places(self.nlp.hessian_pattern(), irow, jcol);
                true
            }
            (SparsityRequest::Values { values }, Some(x), Some(by)) => {
                self.fill(values, |nlp| nlp.hessian(x, factor, by))
            }
            _ => false,
        }
    }

    fn finalize_solution(&mut self, solution: Solution<'_>, _: &IpoptData, _: &IpoptCq) {
        self.found.objective = solution.obj_value;
        self.found.x = solution.x.to_vec();
    }
}

/// Solves a problem, or says why it was not solved.
pub(crate) fn solve(problem: Bounded) -> Result<Found, Box<dyn Error>> {
    let mut solver = IpoptApplication::new();
    let options = solver.options_mut();
    options.set_integer_value("print_level", 0, true, false)?;
    options.set_string_value("sb", "yes", true, false)?;
    options.set_numeric_value("tol", 1e-9, true, false)?;
    solver.initialize()?;
    let problem = Rc::new(RefCell::new(problem));
    let status = solver.optimize_tnlp(Rc::clone(&problem) as Rc<RefCell<dyn TNLP>>);
    if status != ApplicationReturnStatus::SolveSucceeded {
        return Err(format!("not solved: {status:?}").into());
    }
    let mut found = std::mem::take(&mut problem.borrow_mut().found);
    found.iterations = solver.statistics().iteration_count;
    Ok(found)
}
