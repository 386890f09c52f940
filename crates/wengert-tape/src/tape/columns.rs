//! The two columns that grow together: steps and values.
//!
//! The one place with `unsafe` in the recording path: one shared bound and two raw writes a scalar
//! node, where a safe pair of growing columns behind `&self` would check two borrow flags and two
//! capacities (not measured against it). The rest of the crate sees only safe functions. What makes
//! them safe:
//!
//! - `slots`, `steps` never exceed `capacity`, and everything below them is initialised; every step
//!   fills at least one slot, so one bound serves both columns.
//! - The struct is `!Sync` (it holds `Cell`s), so there is one thread.
//! - While a slice is lent out (`lent`), the fast bound is 0, so every push takes the slow path,
//!   which refuses.

#![allow(
    unsafe_code,
    reason = "raw columns: see the module's documentation for the reason and the invariants"
)]

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error, realloc};
use std::cell::Cell;
use std::ptr::NonNull;

use super::step::Step;

pub(crate) struct Columns<S> {
    steps: Cell<NonNull<Step>>,
    values: Cell<NonNull<S>>,
    slots: Cell<u32>,
    /// `slots` less the number of steps: runs fill many slots with one step.
    ahead: Cell<u32>,
    /// Pushes below this bound need no check at all: `capacity`, or 0 to force the slow path.
    bound: Cell<u32>,
    capacity: Cell<u32>,
    /// The values below this were written at some time, so a slice of them may be made.
    initialised: Cell<u32>,
    max: u32,
    always_slow: bool,
    lent: Cell<bool>,
}

/// The columns are full: `asked` more slots would pass the bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Full {
    pub(crate) asked: usize,
}

impl<S: Copy> Columns<S> {
    /// `always_slow` makes every push go through [`push_slow`](Self::push_slow), where the caller
    /// can do more per node.
    pub(crate) fn new(max: u32, always_slow: bool) -> Self {
        Columns {
            steps: Cell::new(NonNull::dangling()),
            values: Cell::new(NonNull::dangling()),
            slots: Cell::new(0),
            ahead: Cell::new(0),
            bound: Cell::new(0),
            capacity: Cell::new(0),
            initialised: Cell::new(0),
            max,
            always_slow,
            lent: Cell::new(false),
        }
    }

    #[inline(always)]
    pub(crate) fn slots(&self) -> u32 {
        self.slots.get()
    }

    #[inline(always)]
    pub(crate) fn step_count(&self) -> u32 {
        self.slots.get() - self.ahead.get()
    }

    pub(crate) fn capacity(&self) -> u32 {
        self.capacity.get()
    }

    /// Appends a scalar node; `None` sends the caller to [`push_slow`](Self::push_slow).
    #[inline(always)]
    pub(crate) fn push(&self, step: Step, value: S) -> Option<u32> {
        let slot = self.slots.get();
        if slot < self.bound.get() {
            // SAFETY: slot < bound <= capacity, and the step index is at most the slot.
            unsafe {
                self.values.get().add(slot as usize).write(value);
                self.steps.get().add((slot - self.ahead.get()) as usize).write(step);
            }
            self.slots.set(slot + 1);
            Some(slot)
        } else {
            None
        }
    }

    /// Appends a scalar node, growing the columns if need be.
    pub(crate) fn push_slow(&self, step: Step, value: S) -> Result<u32, Full> {
        self.push_run(step, 1, value, |_, run| run[0] = value)
    }

    /// Appends a run of `len >= 1` slots; `fill` gets all values before the run, and the run, which
    /// holds `initial` or what was recorded there before.
    pub(crate) fn push_run(
        &self,
        step: Step,
        len: usize,
        initial: S,
        fill: impl FnOnce(&[S], &mut [S]),
    ) -> Result<u32, Full> {
        assert!(!self.lent.get(), "the tape's columns are lent out and cannot grow");
        assert!(len >= 1, "a run has at least one slot");
        let slot = self.slots.get();
        self.reserve(len)?;
        let loan = self.lend();
        let end = slot as usize + len;
        // SAFETY: `reserve` made room for `len` slots after `slot`, and they are written before a
        // slice is made of them, now or before the columns were cleared; growing copies what was
        // written. `lent` keeps anyone from pushing meanwhile.
        unsafe {
            for i in (self.initialised.get().max(slot) as usize)..end {
                self.values.get().add(i).write(initial);
            }
            self.initialised.set(self.initialised.get().max(end as u32));
            let before = std::slice::from_raw_parts(self.values.get().as_ptr(), slot as usize);
            let run =
                std::slice::from_raw_parts_mut(self.values.get().as_ptr().add(slot as usize), len);
            fill(before, run);
            self.steps.get().add((slot - self.ahead.get()) as usize).write(step);
        }
        drop(loan);
        self.slots.set(slot + len as u32);
        self.ahead.set(self.ahead.get() + (len as u32 - 1));
        Ok(slot)
    }

    /// Takes the run back that was pushed last, of which nobody has a handle yet.
    pub(crate) fn take_back(&self, len: u32) {
        assert!(!self.lent.get(), "the tape's columns are lent out");
        self.initialised.set(self.initialised.get().max(self.slots.get()));
        self.slots.set(self.slots.get() - len);
        self.ahead.set(self.ahead.get() - (len - 1));
    }

    /// Makes room for `len` more slots.
    pub(crate) fn reserve(&self, len: usize) -> Result<(), Full> {
        let needed = (self.slots.get() as usize).saturating_add(len);
        if needed > self.max as usize {
            return Err(Full { asked: len });
        }
        if needed > self.capacity.get() as usize {
            self.grow(needed);
        }
        Ok(())
    }

    #[cold]
    fn grow(&self, needed: usize) {
        assert!(!self.lent.get(), "the tape's columns are lent out and cannot grow");
        let old = self.capacity.get() as usize;
        let new = needed.max(2 * old).max(256).min(self.max as usize).max(needed);
        // Both columns or none: a size past what can be allocated is found before either has
        // changed.
        let sizes = (Layout::array::<Step>(new), Layout::array::<S>(new));
        assert!(
            sizes.0.is_ok() && sizes.1.is_ok(),
            "{new} slots do not fit into this machine's memory"
        );
        // SAFETY: `old` is the capacity that both columns were allocated with (0: not at all).
        unsafe {
            self.steps.set(resize(self.steps.get(), old, new));
            self.values.set(resize(self.values.get(), old, new));
        }
        self.capacity.set(new as u32);
        self.bound.set(if self.always_slow { 0 } else { new as u32 });
    }

    /// The value in a slot that this tape handed out.
    #[inline(always)]
    pub(crate) fn value(&self, slot: u32) -> S {
        debug_assert!(slot < self.slots.get());
        // SAFETY: handles are made by this tape only, for slots below `slots`, and borrow the tape,
        // so `clear` (which takes `&mut`) cannot have run since.
        unsafe { self.values.get().add(slot as usize).read() }
    }

    pub(crate) fn step(&self, index: u32) -> Step {
        self.read(|steps, _| steps[index as usize])
    }

    /// Lends both columns for reading.
    #[inline]
    pub(crate) fn read<R>(&self, f: impl FnOnce(&[Step], &[S]) -> R) -> R {
        let _loan = self.lend();
        // SAFETY: everything below the counts is initialised, and nothing is written while lent.
        unsafe {
            f(
                std::slice::from_raw_parts(self.steps.get().as_ptr(), self.step_count() as usize),
                std::slice::from_raw_parts(self.values.get().as_ptr(), self.slots.get() as usize),
            )
        }
    }

    /// Lends the steps for reading and the values for writing.
    #[inline]
    pub(crate) fn write<R>(&self, f: impl FnOnce(&[Step], &mut [S]) -> R) -> R {
        assert!(!self.lent.get(), "the tape's columns are already lent out");
        let _loan = self.lend();
        // SAFETY: as `read`; not lent before, so this is the only slice.
        unsafe {
            f(
                std::slice::from_raw_parts(self.steps.get().as_ptr(), self.step_count() as usize),
                std::slice::from_raw_parts_mut(
                    self.values.get().as_ptr(),
                    self.slots.get() as usize,
                ),
            )
        }
    }

    /// Marks the columns as lent until the result is dropped, by a panic too.
    #[inline]
    fn lend(&self) -> Loan<'_> {
        Loan {
            lent: &self.lent,
            bound: &self.bound,
            was: (self.lent.replace(true), self.bound.replace(0)),
        }
    }

    /// Empties both columns but for the first `slots` slots, which `steps` steps fill, and keeps
    /// their memory.
    ///
    /// # Panics
    ///
    /// If there are not as many.
    pub(crate) fn truncate(&mut self, slots: u32, steps: u32) {
        assert!(
            steps <= self.step_count() && slots <= self.slots.get() && steps <= slots,
            "a part of what is there"
        );
        // Single numbers are pushed without a look at the mark.
        self.initialised.set(self.initialised.get().max(self.slots.get()));
        self.slots.set(slots);
        self.ahead.set(slots - steps);
    }
}

/// The columns while a slice of them is lent out.
struct Loan<'a> {
    lent: &'a Cell<bool>,
    bound: &'a Cell<u32>,
    was: (bool, u32),
}

impl Drop for Loan<'_> {
    #[inline]
    fn drop(&mut self) {
        self.lent.set(self.was.0);
        self.bound.set(self.was.1);
    }
}

// SAFETY: the struct owns what its pointers point to, and numbers may move to another thread.
unsafe impl<S: Send> Send for Columns<S> {}

/// # Safety
///
/// `column` was allocated for `old` elements by this function, or `old` is 0.
unsafe fn resize<T>(column: NonNull<T>, old: usize, new: usize) -> NonNull<T> {
    let layout =
        Layout::array::<T>(new).expect("the bound on slots keeps a column below isize::MAX bytes");
    // SAFETY: the layout has a size, and the old layout is the one it was allocated with.
    unsafe {
        let raw = if old == 0 {
            alloc(layout)
        } else {
            let old_layout = Layout::array::<T>(old).expect("it was allocated with this layout");
            realloc(column.as_ptr().cast(), old_layout, layout.size())
        };
        let Some(column) = NonNull::new(raw.cast::<T>()) else { handle_alloc_error(layout) };
        column
    }
}

impl<S> Drop for Columns<S> {
    fn drop(&mut self) {
        let capacity = self.capacity.get() as usize;
        if capacity > 0 {
            // SAFETY: both columns were allocated for `capacity` elements. Steps and numbers need
            // no drop of their own.
            unsafe {
                dealloc(
                    self.steps.get().as_ptr().cast(),
                    Layout::array::<Step>(capacity).expect("as allocated"),
                );
                dealloc(
                    self.values.get().as_ptr().cast(),
                    Layout::array::<S>(capacity).expect("as allocated"),
                );
            }
        }
    }
}
