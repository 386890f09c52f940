//! What a program divides by, checked after a run.

use wengert_ops::tensor::Tensor;
use wengert_tape::{Culprit, Error, Place, pivots};

use super::ids::{Id, Place as At};
use crate::op::{Op, Structural};
use crate::real::Scalar;
use crate::shape::Layout;

/// A step that divides by pivots.
#[derive(Debug)]
pub(crate) struct PivotGuard {
    pub(crate) op: Structural,
    pub(crate) operand: Culprit,
    /// What shows a bad pivot, of every row if it depends on one.
    pub(crate) shown: Vec<At>,
    /// The matrices, likewise.
    pub(crate) matrices: Vec<At>,
    pub(crate) per_row: [bool; 2],
    pub(crate) at: Place,
}

impl PivotGuard {
    /// The error, if a pivot is bad in one of the rows that count.
    pub(crate) fn check<S: Scalar>(
        &self,
        memory: &[S],
        rows: usize,
        live: usize,
    ) -> Result<(), Error> {
        let Some(wanted) = self.op.pivots() else { return Ok(()) };
        if self.shown.iter().all(|&at| wanted.is_good(memory[at.index()])) {
            return Ok(());
        }
        let rows = if self.per_row.contains(&true) { rows } else { 1 };
        let part = |places: &[At], per_row: bool, row: usize| {
            let len = if per_row { places.len() / rows } else { places.len() };
            let first = if per_row { row * len } else { 0 };
            places[first..first + len].iter().map(|at| memory[at.index()]).collect::<Vec<S>>()
        };
        let bad = |row: usize| {
            let shown = part(&self.shown, self.per_row[0], row);
            if shown.iter().all(|&shown| wanted.is_good(shown)) {
                return None;
            }
            let matrices = part(&self.matrices, self.per_row[1], row);
            let layout = Layout::contiguous(self.operand.shape.clone());
            let tensor = Tensor { data: &matrices, start: 0, layout: &layout };
            self.op.bad_pivot(tensor)
        };
        let mut found = (0..rows.min(live.max(1))).filter_map(|row| Some((row, bad(row)?)));
        let Some((first, pivot)) = found.next() else { return Ok(()) };
        let op = Op::Structural(self.op);
        let error = pivots::singular(op, self.operand.clone(), pivot, self.at);
        if rows == 1 {
            return Err(error);
        }
        let rows = std::iter::once(first).chain(found.map(|(row, _)| row)).collect();
        Err(Error::GuardFlippedInRows { rows, first: Box::new(error) })
    }
}
