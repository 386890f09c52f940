//! Steps of a program that may have no result, checked after a run.

use smallvec::SmallVec;
use wengert_ops::attributes::Attributes;
use wengert_ops::structural::{Found, Site};
use wengert_ops::tensor::Tensor;
use wengert_tape::{Culprit, Error, Place, faults};

use super::ids::{Id, Place as At};
use crate::op::{Op, Structural};
use crate::real::Scalar;
use crate::shape::{Layout, Shape};

/// Numbers that a check looks at, of every row if they depend on one.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) places: Vec<At>,
    pub(crate) per_row: bool,
    pub(crate) shape: Shape,
}

impl Seen {
    fn of_row<S: Scalar>(&self, memory: &[S], row: usize, rows: usize) -> Vec<S> {
        let len = if self.per_row { self.places.len() / rows } else { self.places.len() };
        let first = if self.per_row { row * len } else { 0 };
        self.places[first..first + len].iter().map(|at| memory[at.index()]).collect()
    }
}

/// A step that may have no result.
#[derive(Debug)]
pub(crate) struct FaultGuard {
    pub(crate) op: Structural,
    pub(crate) attributes: Attributes,
    pub(crate) operand: Culprit,
    /// The shape of the result.
    pub(crate) shape: Shape,
    /// What shows a fault.
    pub(crate) shown: Seen,
    /// What a fault is found from.
    pub(crate) operands: Vec<Seen>,
    pub(crate) at: Place,
}

impl FaultGuard {
    /// The error, if there is no result in one of the rows that count.
    pub(crate) fn check<S: Scalar>(
        &self,
        memory: &[S],
        rows: usize,
        live: usize,
    ) -> Result<(), Error> {
        if !self.op.shows_fault(self.shown.places.iter().map(|at| memory[at.index()])) {
            return Ok(());
        }
        let per_row = self.shown.per_row || self.operands.iter().any(|seen| seen.per_row);
        let rows = if per_row { rows } else { 1 };
        let fault = |row: usize| self.in_row(memory, row, rows);
        let mut found = (0..rows.min(live.max(1))).filter_map(|row| Some((row, fault(row)?)));
        let Some((first, fault)) = found.next() else { return Ok(()) };
        let op = Op::Structural(self.op);
        let error = faults::failed(op, self.operand.clone(), fault, self.at);
        if rows == 1 {
            return Err(error);
        }
        let rows = std::iter::once(first).chain(found.map(|(row, _)| row)).collect();
        Err(Error::GuardFlippedInRows { rows, first: Box::new(error) })
    }

    fn in_row<S: Scalar>(&self, memory: &[S], row: usize, rows: usize) -> Option<Found> {
        if !self.op.shows_fault(self.shown.of_row(memory, row, rows)) {
            return None;
        }
        let numbers: Vec<Vec<S>> =
            self.operands.iter().map(|seen| seen.of_row(memory, row, rows)).collect();
        let layouts: Vec<Layout> =
            self.operands.iter().map(|seen| Layout::contiguous(seen.shape.clone())).collect();
        let tensor = |(data, layout)| Tensor { data, start: 0, layout };
        let operands = numbers.iter().map(Vec::as_slice).zip(&layouts).map(tensor);
        self.op.fault(&Site {
            operands: operands.collect(),
            cut: SmallVec::from_elem(false, self.operands.len()),
            shape: &self.shape,
            attributes: &self.attributes,
            run: &[],
        })
    }
}
