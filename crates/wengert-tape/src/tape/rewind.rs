//! Forgetting what was recorded after a mark, so that parameters stay where they are from one
//! recording to the next.

use super::{NO_AXIS, NO_VIEW, NOWHERE, Tape};
use crate::real::Scalar;

/// A place on a tape to come back to: see [`Tape::mark`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Of the tape that it was made on.
    tape: usize,
    epoch: u64,
    pub(super) slots: u32,
    pub(super) steps: u32,
    pub(super) wides: usize,
    pub(super) names: usize,
    pub(super) guards: usize,
    pub(super) faults: usize,
}

/// Which slots of a tape have been forgotten, and when.
#[derive(Debug, Default)]
pub(crate) struct Epochs {
    now: u64,
    /// From an epoch on, the slots from here on are not what they were before. Both ascend: a
    /// later, lower one makes an earlier one moot.
    forgotten: Vec<(u64, u32)>,
}

impl Epochs {
    fn forget_from(&mut self, slots: u32) {
        self.now += 1;
        while self.forgotten.pop_if(|last| last.1 >= slots).is_some() {}
        self.forgotten.push((self.now, slots));
    }

    pub(crate) fn now(&self) -> u64 {
        self.now
    }

    /// Whether the slots below `end` are what they were in an epoch.
    pub(crate) fn remember(&self, epoch: u64, end: u32) -> bool {
        let since = self.forgotten.partition_point(|&(when, _)| when <= epoch);
        self.forgotten.get(since).is_none_or(|&(_, slots)| end <= slots)
    }
}

/// # Recording again in the same memory
impl<S: Scalar> Tape<S> {
    /// This place on the tape, to [`rewind`](Tape::rewind) to.
    ///
    /// # Examples
    ///
    /// Parameters are recorded once, and each step of training forgets the last one's program:
    ///
    /// ```
    /// let mut tape = wengert::Tape::new();
    /// let params = tape.param([1.0, 2.0]).named("w").key();
    /// let mark = tape.mark();
    /// for x in [3.0, 4.0] {
    ///     tape.rewind(mark);
    ///     let w = tape.var(params);
    ///     let loss = (w * x).sum().square();
    ///     let gradients = loss.backward();
    ///     tape.update(w, |w| {
    ///         for (w, g) in w.iter_mut().zip(&gradients.adjoints()[..2]) {
    ///             *w -= 0.01 * g;
    ///         }
    ///     })?;
    /// }
    /// # assert_eq!(tape.var(params).len(), 2);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// A handle from before does not compile, whichever side of the mark it stands on; a
    /// [`Key`](crate::Key) says which it is:
    ///
    /// ```compile_fail,E0502
    /// let mut tape = wengert::Tape::new();
    /// let x = tape.input(2.0);
    /// tape.rewind(tape.mark());
    /// let y = x + 1.0;
    /// ```
    #[must_use]
    pub fn mark(&self) -> Mark {
        let side = self.side.borrow();
        Mark {
            tape: self.pool.identity(),
            epoch: self.epochs.now(),
            slots: self.columns.slots(),
            steps: self.columns.step_count(),
            wides: side.wides.len(),
            names: side.names.list.len(),
            guards: side.guards.len(),
            faults: side.faults.len(),
        }
    }

    /// Forgets every node, name and guard that came after the mark, and keeps what was before and
    /// the memory. A new name given since to a node from before stays.
    ///
    /// # Panics
    ///
    /// If the mark is another tape's, or was itself forgotten: the tape was rewound to before it,
    /// or cleared.
    #[track_caller]
    pub fn rewind(&mut self, mark: Mark) {
        assert!(
            mark.tape == self.pool.identity(),
            "rewind: the mark is not of the tape made at {}",
            self.made_at()
        );
        assert!(
            self.epochs.remember(mark.epoch, mark.slots),
            "rewind: what stood before the mark was forgotten; mark the tape again after a rewind to before it"
        );
        self.columns.truncate(mark.slots, mark.steps);
        self.side.get_mut().truncate(&mark);
        for recent in &self.recent {
            // Nowhere is past every slot.
            let slot = recent.get();
            recent.set(if slot >= mark.slots { NOWHERE } else { slot });
        }
        for view in &self.settable {
            if view.get().start() >= mark.slots {
                view.set(NO_VIEW);
            }
        }
        self.scope.set(0);
        self.epochs.forget_from(mark.slots);
        self.touch();
    }

    /// Forgets every node, name and scope, and keeps the memory.
    pub fn clear(&mut self) {
        self.columns.truncate(0, 0);
        self.side.get_mut().clear();
        self.picked.iter().for_each(|axis| axis.set(NO_AXIS));
        self.settable.iter().for_each(|view| view.set(NO_VIEW));
        for recent in &self.recent {
            recent.set(NOWHERE);
        }
        self.scope.set(0);
        self.epochs.forget_from(0);
        self.touch();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_remembered_until_it_is_forgotten() {
        let mut epochs = Epochs::default();
        let first = epochs.now();
        epochs.forget_from(10);
        epochs.forget_from(10);
        let second = epochs.now();
        assert!(
            epochs.remember(first, 10)
                && !epochs.remember(first, 11)
                && epochs.remember(second, 99)
        );
        epochs.forget_from(20);
        assert!(epochs.remember(second, 20) && !epochs.remember(second, 21));
        assert!(epochs.remember(first, 10) && !epochs.remember(first, 11));
        epochs.forget_from(5);
        assert!(
            !epochs.remember(first, 6)
                && !epochs.remember(second, 20)
                && epochs.remember(second, 5)
        );
        assert_eq!(epochs.forgotten.len(), 1);
    }
}
