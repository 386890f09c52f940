//! The derivative rules' reader that writes the graph: a handle of a number, or of a run, that
//! records what a rule does with it.

use std::cell::RefCell;
use std::fmt;
use std::ops::{Add, Div, Mul, Neg, Rem, Sub};

use smallvec::SmallVec;
use wengert_ops::algebra::Algebra;

use super::access::{Access, Dims};
use super::graph::{Graph, Kind, Op};
use super::ids::Value;
use crate::op::{Binary, Unary};
use crate::real::{Real, Scalar};
use crate::shape::Shape;

/// A graph under construction, and the runs that handles stand for.
#[derive(Debug)]
pub(crate) struct Builder<S> {
    pub(crate) graph: RefCell<Graph<S>>,
    runs: RefCell<Vec<(Dims, Access<Value>)>>,
    /// Whether sums may be added in any order.
    pub(crate) fast: bool,
}

/// A number of the graph, or a run of them with its shape.
pub(crate) struct Sym<'g, S> {
    pub(crate) builder: &'g Builder<S>,
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
    pub(crate) fn new(fast: bool) -> Self {
        Builder { graph: RefCell::new(Graph::new()), runs: RefCell::default(), fast }
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

    /// An elementwise op of operands that broadcast.
    fn elementwise<'g>(&'g self, op: Op, operands: &[Sym<'g, S>]) -> Sym<'g, S> {
        let numbers: SmallVec<[Value; 3]> =
            operands.iter().map_while(|operand| operand.number()).collect();
        if numbers.len() == operands.len() {
            let kind = match op {
                Op::Unary(op) => Kind::Unary(op, numbers[0]),
                Op::Binary(op) => Kind::Binary(op, numbers[0], numbers[1]),
                _ => unreachable!("rules have functions of one or two numbers"),
            };
            return self.number(self.graph.borrow_mut().push(kind));
        }
        let mut shape = Shape::scalar();
        for operand in operands {
            shape = shape.broadcast(&operand.extents()).expect("a rule's operands broadcast");
        }
        let accesses: SmallVec<[Access<Value>; 3]> =
            operands.iter().map(|operand| operand.access_over(shape.dims())).collect();
        self.run(shape.dims(), self.emit(op, shape.dims(), &[], &accesses))
    }
}

impl<'g, S: Scalar> Sym<'g, S> {
    /// The value, if it was written as a single number.
    pub(crate) fn number(self) -> Option<Value> {
        match self.of {
            Of::Number(value) => Some(value),
            Of::Run(_) => None,
        }
    }

    pub(crate) fn dims(self) -> Dims {
        match self.of {
            Of::Number(_) => Dims::new(),
            Of::Run(run) => self.builder.runs.borrow()[run as usize].0.clone(),
        }
    }

    /// The extents, and where the elements are.
    pub(crate) fn elements(self) -> (Dims, Access<Value>) {
        match self.of {
            Of::Number(value) => (Dims::new(), Access::repeated(value, 0)),
            Of::Run(run) => self.builder.runs.borrow()[run as usize].clone(),
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
