//! The adjoints before a run while a sweep adds to them: which have been written, and which still
//! hold what an earlier sweep left.

use crate::real::Scalar;
use crate::run::View;
use crate::shape::Layout;

/// The column of adjoints before the run whose contributions are passed on.
///
/// Slots that nothing was added to are not filled with the empty sum until somebody has to add to
/// them: a contribution that covers neighbouring slots, each once, is stored. Adding it to −0 would
/// give the same bits.
#[derive(Debug)]
pub struct Adjoints<'a, S> {
    pub column: &'a mut [S],
    pub unwritten: &'a mut Unwritten,
}

/// The slots of which nothing is known: disjoint ranges, first slot and end, ascending.
pub type Unwritten = Vec<(u32, u32)>;

impl<S: Scalar> Adjoints<'_, S> {
    /// The same, for a while.
    pub fn borrow(&mut self) -> Adjoints<'_, S> {
        Adjoints { column: self.column, unwritten: self.unwritten }
    }

    /// The first range that ends after `slot`.
    #[inline]
    fn range_at(&self, slot: usize) -> usize {
        self.unwritten.partition_point(|range| range.1 as usize <= slot)
    }

    /// Makes the adjoints from `first` to `last` ready to be added to.
    pub fn touch(&mut self, first: usize, last: usize) {
        let mut i = self.range_at(first);
        while let Some(&(start, end)) =
            self.unwritten.get(i).filter(|range| range.0 as usize <= last)
        {
            let (from, to) = ((start as usize).max(first), (end as usize).min(last + 1));
            self.column[from..to].fill(S::EMPTY);
            self.take(i, from, to);
            if end as usize > last + 1 {
                return;
            }
            // What is left of the range before it.
            i += usize::from((start as usize) < from);
        }
    }

    /// Takes `from..to` out of range `i`.
    fn take(&mut self, i: usize, from: usize, to: usize) {
        let (start, end) = self.unwritten[i];
        let (before, after) = ((start, from as u32), (to as u32, end));
        match (before.0 < before.1, after.0 < after.1) {
            (false, false) => drop(self.unwritten.remove(i)),
            (true, false) => self.unwritten[i] = before,
            (false, true) => self.unwritten[i] = after,
            (true, true) => {
                self.unwritten[i] = before;
                self.unwritten.insert(i + 1, after);
            }
        }
    }

    /// Makes the adjoints of a view ready to be added to.
    pub fn touch_view(&mut self, view: View, layout: &Layout) {
        let start = view.start() as usize;
        self.touch(start, start + layout.last_offset());
    }

    /// Whether the elements of the view, each of which is about to get one contribution, are to be
    /// stored and not added to; if not, they are made ready to be added to.
    pub fn claim(&mut self, view: View, layout: &Layout) -> bool {
        let start = view.start() as usize;
        let contiguous = layout.is_contiguous();
        let last = start + if contiguous { layout.len() - 1 } else { layout.last_offset() };
        let i = self.range_at(start);
        let Some(&(first, end)) = self.unwritten.get(i).filter(|range| range.0 as usize <= last)
        else {
            return false;
        };
        let whole = first as usize <= start && last < end as usize;
        if whole && last + 1 - start == layout.len() && (contiguous || layout.is_injective()) {
            self.take(i, start, last + 1);
            return true;
        }
        self.touch(start, last);
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::Shape;

    const OLD: f64 = 7.0;

    fn with(
        unwritten: &[(u32, u32)],
        f: impl FnOnce(&mut Adjoints<'_, f64>),
    ) -> (Vec<f64>, Unwritten) {
        let (mut column, mut unwritten) = (vec![OLD; 20], unwritten.to_vec());
        f(&mut Adjoints { column: &mut column, unwritten: &mut unwritten });
        (column, unwritten)
    }

    fn filled(column: &[f64]) -> Vec<usize> {
        (0..column.len()).filter(|&i| column[i].to_bits() == f64::EMPTY.to_bits()).collect()
    }

    #[test]
    fn what_is_touched_is_filled_once_and_nothing_else() {
        // Every part of two ranges, against a set of slots.
        for first in 0..20 {
            for last in first..20 {
                let (column, left) =
                    with(&[(2, 8), (11, 17)], |adjoints| adjoints.touch(first, last));
                let inside = |slot: usize| (2..8).contains(&slot) || (11..17).contains(&slot);
                let expected: Vec<usize> = (first..=last).filter(|&slot| inside(slot)).collect();
                assert_eq!(filled(&column), expected, "{first}..={last}");
                let remaining: Vec<usize> =
                    left.iter().flat_map(|&(a, b)| a as usize..b as usize).collect();
                let expected: Vec<usize> = (0..20)
                    .filter(|slot| inside(*slot) && !(first..=last).contains(slot))
                    .collect();
                assert_eq!(remaining, expected, "{first}..={last}");
                assert!(left.iter().all(|range| range.0 < range.1));
            }
        }
    }

    #[test]
    fn a_claim_fills_nothing_and_takes_its_slots() {
        let square = Layout::contiguous(Shape::from([2, 2])).permute(&[1, 0]);
        let (column, left) =
            with(&[(2, 8)], |adjoints| assert!(adjoints.claim(View::scalar(3), &square)));
        assert_eq!((filled(&column), left), (vec![], vec![(2, 3), (7, 8)]));
        // With gaps, or repeated, or written in part: added to.
        let gaps = Layout::contiguous(Shape::from([2, 3])).narrow(1, 2);
        let (column, left) =
            with(&[(2, 8)], |adjoints| assert!(!adjoints.claim(View::scalar(3), &gaps)));
        assert_eq!((filled(&column), left), (vec![3, 4, 5, 6, 7], vec![(2, 3)]));
        let (_, left) =
            with(&[(2, 5)], |adjoints| assert!(!adjoints.claim(View::scalar(3), &square)));
        assert_eq!(left, [(2, 3)]);
        let (_, left) =
            with(&[(2, 8)], |adjoints| assert!(!adjoints.claim(View::scalar(12), &square)));
        assert_eq!(left, [(2, 8)]);
    }
}
