//! Numbers that begin at a line of the cache.

use std::ops::{Deref, DerefMut};

/// A line of the cache, and the widest vector, in bytes.
const LINE: usize = 64;

/// Numbers that begin at a line of the cache: the vectors that kernels read then lie in one line
/// each. Every run of a workspace begins a multiple of lines behind its first number.
#[derive(Debug)]
pub(super) struct Aligned<S> {
    /// The numbers, and so many before them that are not used.
    all: Vec<S>,
    skipped: usize,
}

impl<S: Copy> Aligned<S> {
    /// So many times the same number.
    pub(super) fn filled(number: S, len: usize) -> Self {
        let mut all = vec![number; len + LINE / size_of::<S>()];
        // No more than the numbers in a line, wherever the allocation is.
        let skipped = all.as_ptr().align_offset(LINE).min(all.len() - len);
        all.truncate(skipped + len);
        Aligned { all, skipped }
    }
}

impl<S: Copy> Clone for Aligned<S> {
    fn clone(&self) -> Self {
        let mut all: Vec<S> = Vec::with_capacity(self.len() + LINE / size_of::<S>());
        let before = all.as_ptr().align_offset(LINE).min(LINE / size_of::<S>());
        if let Some(&first) = self.first() {
            all.resize(before, first);
        }
        all.extend_from_slice(self);
        Aligned { skipped: all.len() - self.len(), all }
    }
}

impl<S> Deref for Aligned<S> {
    type Target = [S];

    #[inline]
    fn deref(&self) -> &[S] {
        &self.all[self.skipped..]
    }
}

impl<S> DerefMut for Aligned<S> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [S] {
        &mut self.all[self.skipped..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_begin_at_a_line_and_a_copy_has_them_all() {
        for len in [1, 7, 64, 1001] {
            let mut numbers = Aligned::filled(0.0_f32, len);
            numbers.iter_mut().zip(0..).for_each(|(number, i)| *number = i as f32);
            let copies = [numbers.clone(), numbers.clone(), numbers];
            for copy in &copies {
                assert_eq!(copy.len(), len);
                assert!(copy.iter().zip(0..).all(|(number, i)| *number == i as f32));
                assert_eq!(copy.as_ptr() as usize % LINE, 0, "{len}");
            }
        }
        assert!(Aligned::filled(0.0_f64, 0).clone().is_empty());
    }
}
