//! The memory of gradients, kept from one to the next.

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

use wengert_ops::adjoints::Unwritten;

/// What a reverse sweep writes.
#[derive(Debug)]
pub(crate) struct Memory<S> {
    /// The column of adjoints.
    pub(crate) adjoints: Vec<S>,
    /// While a sweep is under way, what it has not written.
    pub(crate) unwritten: Unwritten,
    /// The runs, first slot and length, from the last to the first, that hold the empty sum
    /// throughout.
    pub(crate) empty: Vec<(u32, u32)>,
    /// What becomes of `empty` in the next sweep.
    pub(crate) still_empty: Vec<(u32, u32)>,
}

impl<S> Default for Memory<S> {
    fn default() -> Self {
        Memory {
            adjoints: Vec::new(),
            unwritten: Vec::new(),
            empty: Vec::new(),
            still_empty: Vec::new(),
        }
    }
}

/// The memory of gradients, for the next ones: a step of training that records, sweeps and drops
/// allocates nothing after its first time, and touches no cold page.
///
/// Shared by counting and not by a reference to the tape: gradients whose drop needed the tape
/// would have to be dropped before `clear`, not just be out of use. The tape looks for memory that
/// nobody else counts on, so a drop has nothing to do but to count.
pub(crate) struct Pool<S> {
    kept: RefCell<Vec<Arc<Memory<S>>>>,
    /// Its address is this pool's alone.
    identity: Box<u8>,
}

/// So many are kept; who holds more gradients at a time pays for them.
const KEPT: usize = 4;

impl<S> Pool<S> {
    pub(crate) fn new() -> Self {
        Pool { kept: RefCell::new(Vec::new()), identity: Box::new(0) }
    }

    /// What tells this pool, and its tape, from every other that is alive.
    pub(crate) fn identity(&self) -> usize {
        (&raw const *self.identity).addr()
    }

    /// Some memory, used or new, that `write` has written.
    pub(crate) fn written(&self, write: impl FnOnce(&mut Memory<S>)) -> Held<S> {
        let mut memory = self.take();
        write(Arc::get_mut(&mut memory).expect("nobody else holds what was taken"));
        let mut kept = self.kept.borrow_mut();
        if kept.len() < KEPT {
            kept.push(Arc::clone(&memory));
        }
        Held::Shared(memory)
    }

    fn take(&self) -> Arc<Memory<S>> {
        let mut kept = self.kept.borrow_mut();
        // No gradients hold it, and none can come to hold it but through this pool.
        let free = kept.iter().position(|memory| Arc::strong_count(memory) == 1);
        free.map_or_else(Arc::default, |i| kept.swap_remove(i))
    }

    /// The memory of gradients of this tape, to be written again.
    pub(crate) fn again<'a>(&self, held: &'a mut Held<S>) -> &'a mut Memory<S> {
        if let Held::Shared(memory) = held {
            self.kept.borrow_mut().retain(|kept| !Arc::ptr_eq(kept, memory));
            *held = Held::Own(Arc::into_inner(std::mem::take(memory)).unwrap_or_default());
        }
        match held {
            Held::Own(memory) => memory,
            Held::Shared(_) => unreachable!("it was made this one's own"),
        }
    }
}

impl<S> fmt::Debug for Pool<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pool")
    }
}

/// The memory that gradients hold.
#[derive(Debug)]
pub(crate) enum Held<S> {
    /// The pool has it again when they are dropped.
    Shared(Arc<Memory<S>>),
    /// Written again and again, it is theirs.
    Own(Memory<S>),
}

impl<S> Held<S> {
    #[inline]
    pub(crate) fn memory(&self) -> &Memory<S> {
        match self {
            Held::Shared(memory) => memory,
            Held::Own(memory) => memory,
        }
    }
}
