//! Sums of any length whose error grows with the logarithm of it.

use super::reduction::target;
use crate::elementwise;
use crate::real::Scalar;
use crate::tensor::Tensor;

/// Terms that are added one after the other. Longer sums are added in blocks of so many, and the
/// blocks in pairs.
pub const BLOCK: usize = 128;

/// A long sum under way: the sums of blocks, added in pairs, those in pairs, and so on; what has no
/// neighbour is carried. So the error grows with the logarithm of the number of terms, and the
/// order depends on that number alone.
#[derive(Debug)]
pub struct Pairwise<S> {
    /// Of 1, 2, 4 .. blocks, the largest first: a binary counter of the blocks.
    sums: [S; usize::BITS as usize],
    levels: usize,
    blocks: usize,
}

impl<S: Scalar> Default for Pairwise<S> {
    fn default() -> Self {
        Pairwise::new()
    }
}

impl<S: Scalar> Pairwise<S> {
    /// No terms yet.
    #[inline(always)]
    #[must_use]
    pub fn new() -> Self {
        Pairwise { sums: [S::EMPTY; usize::BITS as usize], levels: 0, blocks: 0 }
    }

    /// Adds the sum of the next block.
    #[inline(always)]
    pub fn add(&mut self, mut block: S) {
        self.blocks += 1;
        for _ in 0..self.blocks.trailing_zeros() {
            self.levels -= 1;
            block = self.sums[self.levels] + block;
        }
        self.sums[self.levels] = block;
        self.levels += 1;
    }

    /// The sum so far.
    #[inline(always)]
    #[must_use]
    pub fn total(&self) -> S {
        self.sums[..self.levels]
            .iter()
            .rev()
            .copied()
            .reduce(|later, earlier| earlier + later)
            .unwrap_or(S::EMPTY)
    }
}

/// The sum over `axes` (ascending): of up to [`BLOCK`] terms in row-major order, of more
/// [pairwise](Pairwise).
pub fn sum<S: Scalar>(x: Tensor<'_, S>, axes: &[u8], run: &mut [S]) {
    run.fill(S::EMPTY);
    let terms = x.layout.len() / run.len();
    if terms <= BLOCK {
        elementwise::accumulate(x, (0, &target(x.layout, axes)), run);
        return;
    }
    let rank = x.layout.shape().rank();
    let (reduced, kept): (Vec<usize>, Vec<usize>) =
        (0..rank).partition(|axis| axes.contains(&(*axis as u8)));
    let (inner, outer) = (x.layout.permute(&reduced), x.layout.permute(&kept));
    if run.len() == 1 || inner.is_contiguous() {
        for (out, first) in run.iter_mut().zip(outer.offsets()) {
            *out = pairwise(inner.offsets().map(|offset| x.data[x.start + first + offset]));
        }
        return;
    }
    // Results side by side, as they lie in memory: block by block.
    let firsts: Vec<usize> = outer.offsets().map(|offset| x.start + offset).collect();
    let mut sums: Vec<Pairwise<S>> = firsts.iter().map(|_| Pairwise::new()).collect();
    let mut offsets = inner.offsets().peekable();
    while offsets.peek().is_some() {
        run.fill(S::EMPTY);
        for offset in offsets.by_ref().take(BLOCK) {
            for (sum, first) in run.iter_mut().zip(&firsts) {
                *sum = *sum + x.data[first + offset];
            }
        }
        sums.iter_mut().zip(&*run).for_each(|(sum, &block)| sum.add(block));
    }
    run.iter_mut().zip(&sums).for_each(|(out, sum)| *out = sum.total());
}

/// A long sum of numbers in order.
fn pairwise<S: Scalar>(mut terms: impl Iterator<Item = S>) -> S {
    let mut sum = Pairwise::new();
    while let Some(first) = terms.next() {
        // The empty sum and the first term.
        sum.add(terms.by_ref().take(BLOCK - 1).fold(S::EMPTY + first, |sum, term| sum + term));
    }
    sum.total()
}
