//! The adjoints before a run while a sweep adds to them: which runs have been written, and which still hold what an earlier sweep left.

use crate::real::Scalar;
use crate::run::{View, Wide};
use crate::shape::Layout;

/// The column of adjoints before the run whose contributions are passed on.
///
/// A run that nothing was added to is not filled with the empty sum until somebody has to add to a part of it: a contribution that
/// covers it whole is stored. Adding it to −0 would give the same bits.
#[derive(Debug)]
pub(crate) struct Adjoints<'a, S> {
    pub(crate) column: &'a mut [S],
    /// The wide steps whose runs lie in the column.
    pub(crate) wides: &'a [Wide],
    /// For each of them, whether its adjoints are there.
    pub(crate) written: &'a mut [bool],
}

impl<S: Scalar> Adjoints<'_, S> {
    /// The same, for a while.
    pub(crate) fn borrow(&mut self) -> Adjoints<'_, S> {
        Adjoints { column: self.column, wides: self.wides, written: self.written }
    }

    /// The first run that ends after `slot`.
    fn run_at(&self, slot: usize) -> usize {
        self.wides.partition_point(|wide| (wide.out + wide.len) as usize <= slot)
    }

    /// Makes the adjoints from `first` to `last` ready to be added to.
    pub(crate) fn touch(&mut self, first: usize, last: usize) {
        let mut i = self.run_at(first);
        while let Some(wide) = self.wides.get(i).filter(|wide| wide.out as usize <= last) {
            if !self.written[i] {
                self.column[wide.out as usize..(wide.out + wide.len) as usize].fill(S::EMPTY);
                self.written[i] = true;
            }
            i += 1;
        }
    }

    /// Makes the adjoints of a view ready to be added to.
    pub(crate) fn touch_view(&mut self, view: View, layout: &Layout) {
        let start = view.start() as usize;
        self.touch(start, start + layout.last_offset());
    }

    /// Whether the elements of the view, each of which is about to get one contribution, are to be stored and not added to; if not, they
    /// are made ready to be added to.
    pub(crate) fn claim(&mut self, view: View, layout: &Layout) -> bool {
        let start = view.start() as usize;
        let i = self.run_at(start);
        if let Some(wide) = self.wides.get(i)
            && !self.written[i]
            && (wide.out as usize, wide.len as usize) == (start, layout.len())
            && layout.last_offset() + 1 == layout.len()
            && layout.is_injective()
        {
            self.written[i] = true;
            return true;
        }
        self.touch(start, start + layout.last_offset());
        false
    }
}
