//! The derivative rules' reader that writes the graph: a handle of a number, or of a run, that
//! records what a rule does with it.

use std::cell::RefCell;
use std::fmt;
use std::ops::{Add, Div, Mul, Neg, Rem, Sub};

use super::access::{Access, Dims};
use super::graph::{Graph, Kind, Op};
use super::ids::Value;
use crate::op::{Binary, Unary};
use crate::real::{Real, Scalar};

/// A graph under construction, and the runs that handles stand for.
#[derive(Debug)]
pub(crate) struct Builder<S> {
    pub(crate) graph: RefCell<Graph<S>>,
    runs: RefCell<Vec<(Dims, Access<Value>)>>,
}

/// A number of the graph, or a run of them with its shape.
pub(crate) struct Sym<'g, S> {
    builder: &'g Builder<S>,
    of: Of,
}

#[derive(Clone, Copy, Debug)]
enum Of {
    Number(Value),
    /// An entry of the builder's table.
    Run(u32),
}

impl<S> Clone for Sym<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Sym<'_, S> {}

impl<S> fmt::Debug for Sym<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sym({:?})", self.of)
    }
}

impl<S: Scalar> Builder<S> {
    pub(crate) fn new() -> Self {
        Builder { graph: RefCell::new(Graph::new()), runs: RefCell::default() }
    }

    pub(crate) fn number(&self, value: Value) -> Sym<'_, S> {
        Sym { builder: self, of: Of::Number(value) }
    }

    pub(crate) fn constant(&self, number: S) -> Sym<'_, S> {
        let value = self.graph.borrow_mut().constant(number);
        self.number(value)
    }

    pub(crate) fn run(&self, dims: &[usize], access: Access<Value>) -> Sym<'_, S> {
        let mut runs = self.runs.borrow_mut();
        runs.push((Dims::from_slice(dims), access));
        Sym { builder: self, of: Of::Run(runs.len() as u32 - 1) }
    }

    /// Forgets the table of runs; no handle of one may be in use.
    pub(crate) fn forget_runs(&self) {
        self.runs.borrow_mut().clear();
    }

    /// An elementwise op; numbers are repeated to the runs' shape.
    fn elementwise<'g>(&'g self, op: Op, operands: &[Sym<'g, S>]) -> Sym<'g, S> {
        let dims = operands.iter().find_map(|operand| operand.dims());
        let Some(dims) = dims else {
            let value = |i: usize| operands[i].value();
            let kind = match op {
                Op::Unary(op) => Kind::Unary(op, value(0)),
                Op::Binary(op) => Kind::Binary(op, value(0), value(1)),
                Op::Select => Kind::Select(value(0), value(1), value(2)),
                Op::Copy | Op::Contract { .. } | Op::Sum | Op::Max | Op::Min | Op::OverRows => {
                    return operands[0];
                }
            };
            return self.number(self.graph.borrow_mut().push(kind));
        };
        let accesses: Vec<Access<Value>> =
            operands.iter().map(|operand| operand.access_over(&dims)).collect();
        let out = self.graph.borrow_mut().run(op, &dims, &[], &accesses);
        self.run(&dims, out)
    }
}

impl<'g, S: Scalar> Sym<'g, S> {
    fn dims(self) -> Option<Dims> {
        match self.of {
            Of::Number(_) => None,
            Of::Run(run) => Some(self.builder.runs.borrow()[run as usize].0.clone()),
        }
    }

    /// The value that a number is.
    ///
    /// # Panics
    ///
    /// Of a run.
    pub(crate) fn value(self) -> Value {
        match self.of {
            Of::Number(value) => value,
            Of::Run(_) => unreachable!("a run is no single value"),
        }
    }

    /// Its elements over `dims`: a number repeated, or the run's own.
    pub(crate) fn access_over(self, dims: &[usize]) -> Access<Value> {
        match self.of {
            Of::Number(value) => Access::repeated(value, dims.len()),
            Of::Run(run) => {
                let (own, access) = &self.builder.runs.borrow()[run as usize];
                assert_eq!(own.as_slice(), dims, "runs of one shape meet in a rule");
                access.clone()
            }
        }
    }
}

impl<S: Scalar> Real for Sym<'_, S> {
    fn like(self, constant: f64) -> Self {
        self.builder.constant(S::from_f64(constant))
    }

    fn largest(self) -> Self {
        self.builder.constant(S::from_f64(1.0).largest())
    }

    fn unary(self, op: Unary) -> Self {
        self.builder.elementwise(Op::Unary(op), &[self])
    }

    fn binary(self, op: Binary, other: Self) -> Self {
        self.builder.elementwise(Op::Binary(op), &[self, other])
    }
}

macro_rules! operators {
    ($($trait:ident $method:ident;)*) => {$(
        impl<S: Scalar> $trait for Sym<'_, S> {
            type Output = Self;
            fn $method(self, other: Self) -> Self {
                self.binary(Binary::$trait, other)
            }
        }
    )*};
}
operators! { Add add; Sub sub; Mul mul; Div div; Rem rem; }

impl<S: Scalar> Neg for Sym<'_, S> {
    type Output = Self;
    fn neg(self) -> Self {
        self.unary(Unary::Neg)
    }
}
