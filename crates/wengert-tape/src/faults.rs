//! Steps that may have no result: a matrix without an inverse, an equation without a root. That is an
//! error when the step is recorded, and again when it is replayed or a program computes it.

use wengert_ops::structural::{BadPivot, Fault, Found, Site};

use crate::error::{Culprit, Error, NodeId, Place};
use crate::op::Op;
use crate::real::Scalar;
use crate::run::{View, Wide};
use crate::tape::{FaultCheck, Side, Tape};

impl<S: Scalar> Tape<S> {
    /// The error of a step without a result.
    pub(crate) fn failed(&self, side: &Side, check: &FaultCheck, found: Found) -> Error {
        let wide = &side.wides[check.wide];
        failed(wide.op, culprit(side, wide.operands[0]), found, check.place)
    }
}

/// The error of a step without a result. The culprit is its first operand.
#[doc(hidden)]
#[must_use]
pub fn failed(op: Op, culprit: Culprit, found: Found, at: Place) -> Error {
    let inside = found.inside.join(", ");
    match found.fault {
        Fault::Pivot { op: inner, shape, pivot } => {
            let BadPivot { matrix, index, value } = pivot;
            let operand = if inside.is_empty() { culprit } else { Culprit { shape, ..culprit } };
            let op = if inside.is_empty() { op.name() } else { inner.name() };
            let operand = Box::new(operand);
            Error::Singular { op, operand, matrix, pivot: index, value, inside, at }
        }
        Fault::NoRoot { name, iterations, residual } => {
            let start = Box::new(culprit);
            Error::NoConvergence { op: name, start, iterations, residual, inside, at }
        }
    }
}

/// An operand as an error shows it.
#[doc(hidden)]
#[must_use]
pub fn culprit(side: &Side, view: View) -> Culprit {
    Culprit {
        id: NodeId::at(view.start()),
        path: side.names.get(view).map(|name| name.path.clone()),
        shape: side.layouts.get(view.layout()).shape().clone(),
    }
}

/// The fault of a step that was computed, if it has one.
pub(crate) fn fault<S: Scalar>(wide: &Wide, side: &Side, values: &[S]) -> Option<Found> {
    let Op::Structural(op) = wide.op else { return None };
    let shown = op.shown(side.layouts.get(wide.layout).shape());
    let run = &values[wide.out as usize..];
    if !op.shows_fault(shown.offsets().map(|offset| run[offset])) {
        return None;
    }
    op.fault(&Site::of(wide, &side.layouts, values))
}
