//! How a caller names an input of a program: by its handle, its id or its name.

use super::run::{Float, Input, Program};
use wengert_tape::{Error, NodeId, Place, Scalar, Var};

/// What names an input of a [`Program`]: the [`Var`] that was recorded, while its tape is around;
/// its [`NodeId`]; or its path (`"w"`, `"layer0/w"`).
pub trait WhichInput {
    /// The input's handle.
    #[doc(hidden)]
    #[track_caller]
    fn find<S: Float>(self, program: &Program<S>) -> Result<Input, Error>;
}

impl<S: Float> Program<S> {
    /// The handle of an input, parameter or data of the tape, of which it is a whole block:
    /// `program.input(x)`, or by id or path, `program.input("x")`.
    ///
    /// # Errors
    ///
    /// [`Error::NotSettable`] if no input, parameter or data begins there, saying what the node
    /// there is, and for a part of one or a view with its numbers in another order;
    /// [`Error::NoSuchPath`] for a path that nothing has; [`Error::TwoTapes`] if the
    /// handle is not of the tape that was compiled.
    #[track_caller]
    pub fn input(&self, which: impl WhichInput) -> Result<Input, Error> {
        which.find(self)
    }
}

impl WhichInput for NodeId {
    #[track_caller]
    fn find<S: Float>(self, program: &Program<S>) -> Result<Input, Error> {
        program.input_at(self)
    }
}

impl<T: Scalar> WhichInput for Var<'_, T> {
    #[track_caller]
    fn find<S: Float>(self, program: &Program<S>) -> Result<Input, Error> {
        let (left, right) = (program.inner.tape_made_at, self.tape().made_at());
        if program.inner.tape != self.tape().identity() {
            return Err(Error::TwoTapes { op: "input", left, right, at: Place::caller() });
        }
        let layout = self.layout();
        program.input_of(self.id(), layout.is_contiguous().then(|| layout.len()))
    }
}

impl WhichInput for &str {
    #[track_caller]
    fn find<S: Float>(self, program: &Program<S>) -> Result<Input, Error> {
        match program.inner.computed.named(self) {
            Some((id, in_order)) => program.input_of(id, in_order),
            None => Err(Error::NoSuchPath { path: self.to_owned(), at: Place::caller() }),
        }
    }
}
