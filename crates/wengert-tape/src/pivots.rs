//! Operations that divide by pivots: a matrix without an inverse is an error when the operation is
//! recorded, and again when it is replayed or a program computes it.

use wengert_ops::structural::BadPivot;
use wengert_ops::tensor::Tensor;

use crate::error::{Culprit, Error, NodeId, Place};
use crate::op::Op;
use crate::real::Scalar;
use crate::run::{View, Wide};
use crate::tape::{PivotCheck, Side, Tape};

impl<S: Scalar> Tape<S> {
    /// The error of a bad pivot.
    pub(crate) fn singular(&self, side: &Side, check: &PivotCheck, bad: BadPivot) -> Error {
        let wide = &side.wides[check.wide];
        singular(wide.op, culprit(side, wide.operands[0]), bad, check.place)
    }
}

/// The error of a bad pivot.
#[doc(hidden)]
#[must_use]
pub fn singular(op: Op, operand: Culprit, bad: BadPivot, at: Place) -> Error {
    let BadPivot { matrix, index, value } = bad;
    Error::Singular { op: op.name(), operand: Box::new(operand), matrix, pivot: index, value, at }
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

/// The first bad pivot of a step that was computed.
pub(crate) fn bad_pivot<S: Scalar>(wide: &Wide, side: &Side, values: &[S]) -> Option<BadPivot> {
    let Op::Structural(op) = wide.op else { return None };
    let pivots = op.pivots()?;
    let shown = op.shown(side.layouts.get(wide.layout).shape());
    let run = &values[wide.out as usize..];
    if shown.offsets().all(|offset| pivots.is_good(run[offset])) {
        return None;
    }
    op.bad_pivot(Tensor::of(values, wide.operands[0], &side.layouts))
}
