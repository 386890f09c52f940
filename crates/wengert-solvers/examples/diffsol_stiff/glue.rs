//! From a recorded right side to the traits of diffsol: `y' = f(y)`, `f`'s Jacobian as a sparse
//! matrix of faer, and the start.

use std::cell::RefCell;
use std::error::Error;
use std::fmt;

use diffsol::matrix::sparsity::MatrixSparsity;
use diffsol::op::unit::UnitCallable;
use diffsol::{
    ConstantOp, FaerContext, FaerSparseLU, FaerSparseMat, FaerVec, Matrix, NonLinearOp,
    NonLinearOpJacobian, OdeBuilder, OdeEquations, OdeEquationsRef, OdeSolverMethod, Op,
    ParameterisedOp, Vector, VectorIndex,
};
use wengert::function::{Answer, Ask, CompiledFunction};
use wengert::{Function, Var};
use wengert_sparse::{Compiled, SparseJacobian};

type M = FaerSparseMat<f64>;
type Nothing<'a> = ParameterisedOp<'a, UnitCallable<M>>;

/// An equation without parameters.
pub(crate) struct Equation {
    start: Vec<f64>,
    side: RefCell<CompiledFunction>,
    value: Answer,
    jacobian: RefCell<Compiled>,
    sparsity: <M as Matrix>::Sparsity,
    /// Where faer keeps each of our entries.
    places: <FaerVec<f64> as Vector>::Index,
    entries: <FaerVec<f64> as Vector>::Index,
    context: FaerContext,
}

impl Equation {
    pub(crate) fn record(
        start: &[f64],
        side: impl for<'t> Fn(Var<'t>) -> Var<'t> + Send + Sync + 'static,
    ) -> Result<Self, Box<dyn Error>> {
        let function = Function::of(start.to_vec(), side)?;
        let (side, [value]) = function.compile([Ask::Value(0)])?;
        let jacobian = SparseJacobian::of(&function, 0)?.compile()?;
        let (n, context) = (start.len(), FaerContext::default());
        let pattern: Vec<(usize, usize)> = jacobian.pattern().places().collect();
        let sparsity = MatrixSparsity::<M>::try_from_indices(n, n, pattern.clone())?;
        let places = MatrixSparsity::<M>::get_index(&sparsity, &pattern, context);
        let entries = VectorIndex::from_vec((0..pattern.len()).collect(), context);
        let (side, jacobian) = (RefCell::new(side), RefCell::new(jacobian));
        let start = start.to_vec();
        Ok(Equation { start, side, value, jacobian, sparsity, places, entries, context })
    }

    /// The state at a time, within relative and absolute tolerances, and the number of steps.
    pub(crate) fn solve(
        self,
        end: f64,
        (relative, absolute): (f64, f64),
    ) -> Result<(Vec<f64>, usize), Box<dyn Error>> {
        let builder = OdeBuilder::<M>::new().rtol(relative).atol([absolute]);
        let problem = builder.build_from_eqn(self)?;
        let mut solver = problem.bdf::<FaerSparseLU<f64>>()?;
        let mut steps = 0;
        solver.set_stop_time(end)?;
        while solver.state().t < end {
            solver.step()?;
            steps += 1;
        }
        Ok((solver.state().y.clone_as_vec(), steps))
    }
}

impl Op for Equation {
    type T = f64;
    type V = FaerVec<f64>;
    type M = M;
    type C = FaerContext;

    fn context(&self) -> &FaerContext {
        &self.context
    }

    fn nstates(&self) -> usize {
        self.start.len()
    }

    fn nout(&self) -> usize {
        self.start.len()
    }

    fn nparams(&self) -> usize {
        0
    }
}

/// The trait has no place for an error; what it says is that a right side is no number.
fn or_nan(to: &mut [f64], made: Result<(), wengert::Error>) {
    if made.is_err() {
        to.fill(f64::NAN);
    }
}

impl NonLinearOp for Equation {
    fn call_inplace(&self, x: &Self::V, _: f64, y: &mut Self::V) {
        let mut side = self.side.borrow_mut();
        y.for_each_batch_host([x], |y, [x], _| {
            let made = side.run(x);
            if made.is_ok() {
                side.values_into(self.value, y);
            }
            or_nan(y, made);
        });
    }
}

impl NonLinearOpJacobian for Equation {
    fn jac_mul_inplace(&self, x: &Self::V, _: f64, v: &Self::V, y: &mut Self::V) {
        let mut jacobian = self.jacobian.borrow_mut();
        y.for_each_batch_host([x, v], |y, [x, v], _| {
            let made = jacobian.at(x).map(|matrix| y.copy_from_slice(&matrix.times(v)));
            or_nan(y, made);
        });
    }

    fn jacobian_inplace(&self, x: &Self::V, _: f64, y: &mut M) {
        let mut jacobian = self.jacobian.borrow_mut();
        let x = x.clone_as_vec();
        let numbers = match jacobian.run(&x) {
            Ok(entries) => FaerVec::from_slice(entries, self.context),
            Err(_) => FaerVec::from_element(jacobian.pattern().len(), f64::NAN, self.context),
        };
        y.set_data_with_indices(&self.places, &self.entries, &numbers);
    }

    fn jacobian_sparsity(&self) -> Option<<M as Matrix>::Sparsity> {
        Some(self.sparsity.clone())
    }
}

impl ConstantOp for Equation {
    fn call_inplace(&self, _: f64, y: &mut Self::V) {
        y.copy_from(&FaerVec::from_slice(&self.start, self.context));
    }
}

impl<'a> OdeEquationsRef<'a> for Equation {
    type Rhs = &'a Equation;
    type Init = &'a Equation;
    type Mass = Nothing<'a>;
    type Root = Nothing<'a>;
    type Out = Nothing<'a>;
    type Reset = Nothing<'a>;
}

impl OdeEquations for Equation {
    fn rhs(&self) -> &Equation {
        self
    }

    fn mass(&self) -> Option<Nothing<'_>> {
        None
    }

    fn init(&self) -> &Equation {
        self
    }

    fn set_params(&mut self, _: &Self::V) {}

    fn get_params(&self, _: &mut Self::V) {}
}

impl fmt::Debug for Equation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.jacobian.borrow().fmt(f)
    }
}
