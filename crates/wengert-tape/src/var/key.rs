//! What outlives a handle: the key of a part of a tape that stays when the tape is rewound.

use super::{Var, or_panic};
use crate::error::{Error, Place};
use crate::op::{Leaf, Op};
use crate::real::Scalar;
use crate::run::View;
use crate::tape::{Kind, Tape};

/// A handle without its tape, to get the handle again after a [`rewind`](Tape::rewind) with
/// [`Tape::var`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    tape: usize,
    epoch: u64,
    view: View,
}

/// # What outlives the handle
impl<S: Scalar> Var<'_, S> {
    /// The key of this handle's elements.
    #[must_use]
    pub fn key(self) -> Key {
        Key { tape: self.tape.pool.identity(), epoch: self.tape.epochs.now(), view: self.view }
    }
}

impl<S: Scalar> Tape<S> {
    /// The handle of what has this path, `scope/name`: for a tape whose recording stands elsewhere.
    /// It passes derivatives on, but for data and constants.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchPath`].
    ///
    /// # Examples
    ///
    /// ```
    /// let tape = wengert::Tape::new();
    /// let _y = (tape.input(3.0).named("x") * 2.0).named("y");
    /// assert_eq!(tape.find("y")?.backward().wrt(tape.find("x")?), 2.0);
    /// assert!(tape.find("z").is_err());
    /// # Ok::<(), wengert::Error>(())
    /// ```
    #[track_caller]
    pub fn find(&self, path: &str) -> Result<Var<'_, S>, Error> {
        let side = self.side.borrow();
        let Some(name) = side.names.list.iter().find(|name| name.path == path) else {
            return Err(Error::NoSuchPath { path: path.to_owned(), at: Place::caller() });
        };
        let step = self.columns.step(side.step_of(name.view.start()));
        let leaf = match step.kind() {
            Kind::Leaf(leaf) => Some(leaf),
            Kind::Wide => match side.wides[step.a() as usize].op {
                Op::Leaf(leaf) => Some(leaf),
                _ => None,
            },
            _ => None,
        };
        let cut = matches!(leaf, Some(Leaf::Data | Leaf::Const));
        Ok(Var { tape: self, view: name.view.cut_if(cut) })
    }

    /// The handle that a key was made of.
    ///
    /// # Panics
    ///
    /// If the key is stale; [`try_var`](Tape::try_var) returns that as an error.
    #[must_use]
    #[track_caller]
    pub fn var(&self, key: Key) -> Var<'_, S> {
        or_panic(self.try_var(key))
    }

    /// As [`var`](Tape::var).
    ///
    /// # Errors
    ///
    /// [`Error::StaleKey`] if the key is another tape's, or the tape was cleared, or rewound to
    /// before the end of the key's elements.
    #[track_caller]
    pub fn try_var(&self, key: Key) -> Result<Var<'_, S>, Error> {
        let at = Place::caller();
        let stale = || Error::StaleKey { tape: self.made_at(), at };
        if key.tape != self.pool.identity() {
            return Err(stale());
        }
        let var = Var { tape: self, view: key.view };
        // Of this tape, the layout is in its table unless it was cleared.
        let remembered = |end| self.epochs.remember(key.epoch, end);
        let first = key.view.start();
        if remembered(first + 1)
            && (var.is_scalar() || remembered(first + var.facts().last as u32 + 1))
        {
            return Ok(var);
        }
        Err(stale())
    }
}
