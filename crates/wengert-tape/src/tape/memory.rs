//! The memory of gradients, kept from one to the next.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

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

/// The memory of dropped gradients, for the next ones: a step of training that records, sweeps and
/// drops allocates nothing after its first time, and touches no cold page.
///
/// Shared by counting and not by a reference to the tape: gradients whose drop needed the tape
/// would have to be dropped before `clear`, not just be out of use.
pub(crate) struct Pool<S>(Arc<Mutex<Vec<Memory<S>>>>);

/// So many are kept; who holds more gradients at a time pays for them.
const KEPT: usize = 4;

impl<S> Pool<S> {
    pub(crate) fn new() -> Self {
        Pool(Arc::new(Mutex::new(Vec::new())))
    }

    /// What tells this pool, and its tape, from every other that is alive.
    pub(crate) fn identity(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    /// Some memory, used or new.
    pub(crate) fn take(&self) -> Lent<S> {
        let memory = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Lent { memory: memory.unwrap_or_default(), pool: Pool(Arc::clone(&self.0)) }
    }
}

impl<S> fmt::Debug for Pool<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pool")
    }
}

/// Memory that goes back when it is dropped.
#[derive(Debug)]
pub(crate) struct Lent<S> {
    pub(crate) memory: Memory<S>,
    pool: Pool<S>,
}

impl<S> Drop for Lent<S> {
    fn drop(&mut self) {
        let mut kept = self.pool.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT {
            kept.push(std::mem::take(&mut self.memory));
        }
    }
}
