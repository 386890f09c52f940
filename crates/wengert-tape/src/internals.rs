//! The tape's insides, to be read by the crates that compile it. Nothing here changes a tape; none
//! of it is for users.

use std::cell::Ref;

use crate::error::{Error, NodeId};
use crate::real::Scalar;
use crate::run::View;
use crate::shape::Layout;
use crate::tape::Tape;
use crate::var::Var;

pub use crate::calls::body_of;
pub use crate::tape::{FaultCheck, Guard, Kind, Limited, Side, Step};

impl<S: Scalar> Tape<S> {
    /// The side tables.
    #[doc(hidden)]
    pub fn side(&self) -> Ref<'_, Side> {
        self.side.borrow()
    }

    /// The handle of elements of the column; none if one of them is past its end, or there is none.
    #[doc(hidden)]
    pub fn elements(&self, start: NodeId, layout: Layout, cut: bool) -> Option<Var<'_, S>> {
        let end = start.slot().checked_add(layout.last_offset())?;
        if layout.is_empty() || end >= self.slots() {
            return None;
        }
        let layout = self.side.borrow_mut().layouts.intern(layout);
        Some(Var { tape: self, view: View::new(start.0, layout).cut_if(cut) })
    }

    /// Both columns.
    #[doc(hidden)]
    pub fn read<R>(&self, f: impl FnOnce(&[Step], &[S]) -> R) -> R {
        self.columns.read(f)
    }

    /// What tells its handles from those of other tapes.
    #[doc(hidden)]
    pub fn identity(&self) -> usize {
        self.pool.identity()
    }

    /// The number of the next compiler of this tape, from 1.
    #[doc(hidden)]
    pub fn count_compiler(&self) -> u64 {
        self.compilers.set(self.compilers.get() + 1);
        self.compilers.get()
    }

    /// The error if `var` stands on another tape.
    #[doc(hidden)]
    #[track_caller]
    pub fn owns(&self, op: &'static str, var: Var<'_, S>) -> Result<(), Error> {
        Var { tape: self, view: View::scalar(0) }
            .same_tape(op, Var { tape: var.tape, view: var.view })
    }
}

impl<S: Scalar> Var<'_, S> {
    /// What it reads.
    #[doc(hidden)]
    #[must_use]
    pub fn view(self) -> View {
        self.view
    }
}
