//! The derivative rules' reader that writes the graph: a handle of a slot, or of a run, that records what a rule does with it.

use std::cell::RefCell;
use std::fmt;
use std::ops::{Add, Div, Mul, Neg, Rem, Sub};

use super::access::{Access, Dims};
use super::graph::{Graph, Kind, Op};
use crate::op::{Binary, Unary};
use crate::real::{Real, Scalar};

/// A graph under construction, and the runs that handles stand for.
#[derive(Debug)]
pub(crate) struct Builder<S> {
    pub(crate) graph: RefCell<Graph<S>>,
    runs: RefCell<Vec<(Dims, Access)>>,
}

/// A number (below 2³²: its slot) or a run (above: its entry in the builder's table).
pub(crate) struct Sym<'g, S> {
    builder: &'g Builder<S>,
    id: u64,
}

const RUN: u64 = 1 << 32;

impl<S> Clone for Sym<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Sym<'_, S> {}

impl<S> fmt::Debug for Sym<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sym({:#x})", self.id)
    }
}

impl<S: Scalar> Builder<S> {
    pub(crate) fn new() -> Self {
        Builder { graph: RefCell::new(Graph::new()), runs: RefCell::default() }
    }

    pub(crate) fn slot(&self, slot: u32) -> Sym<'_, S> {
        Sym { builder: self, id: u64::from(slot) }
    }

    pub(crate) fn constant(&self, value: S) -> Sym<'_, S> {
        let slot = self.graph.borrow_mut().constant(value);
        self.slot(slot)
    }

    pub(crate) fn run(&self, dims: &[usize], access: Access) -> Sym<'_, S> {
        let mut runs = self.runs.borrow_mut();
        runs.push((Dims::from_slice(dims), access));
        Sym { builder: self, id: RUN + runs.len() as u64 - 1 }
    }

    /// Forgets the table of runs; no handle of one may be in use.
    pub(crate) fn forget_runs(&self) {
        self.runs.borrow_mut().clear();
    }

    /// An elementwise op; numbers are repeated to the runs' shape.
    fn elementwise<'g>(&'g self, op: Op, operands: &[Sym<'g, S>]) -> Sym<'g, S> {
        let dims = operands.iter().find_map(|operand| operand.dims());
        let Some(dims) = dims else {
            let slot = |i: usize| operands.get(i).map_or(0, |operand| operand.id as u32);
            let kind = match op {
                Op::Unary(op) => Kind::Unary(op),
                Op::Binary(op) => Kind::Binary(op),
                Op::Select => Kind::Select,
                Op::Copy | Op::Contract { .. } | Op::Sum | Op::Max | Op::Min | Op::OverRows => return operands[0],
            };
            let slot = self.graph.borrow_mut().push(kind, slot(0), slot(1), slot(2));
            return self.slot(slot);
        };
        let accesses: Vec<Access> = operands.iter().map(|operand| operand.access_over(&dims)).collect();
        let out = self.graph.borrow_mut().wide(op, &dims, &[], &accesses);
        self.run(&dims, out)
    }
}

impl<'g, S: Scalar> Sym<'g, S> {
    fn dims(self) -> Option<Dims> {
        let run = self.id.checked_sub(RUN)?;
        Some(self.builder.runs.borrow()[run as usize].0.clone())
    }

    /// The slot of a number.
    pub(crate) fn scalar(self) -> u32 {
        debug_assert!(self.id < RUN, "a run has no single slot");
        self.id as u32
    }

    /// Its elements over `dims`: a number repeated, or the run's own.
    pub(crate) fn access_over(self, dims: &[usize]) -> Access {
        match self.id.checked_sub(RUN) {
            None => Access::repeated(self.id as u32, dims.len()),
            Some(run) => {
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
