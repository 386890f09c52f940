//! Reductions over axes and running sums, each in row-major order of what it takes in.

use super::{Tensor, elementwise};
use crate::op::Binary;
use crate::real::{self, Scalar};
use crate::shape::Layout;

/// Terms that are added one after the other. Longer sums are added in blocks of so many, and the blocks in pairs.
pub(crate) const BLOCK: usize = 128;

/// A long sum under way: the sums of blocks, added in pairs, those in pairs, and so on; what has no neighbour is carried.
/// So the error grows with the logarithm of the number of terms, and the order depends on that number alone.
pub(crate) struct Pairwise<S> {
    /// Of 1, 2, 4 .. blocks, the largest first: a binary counter of the blocks.
    sums: [S; usize::BITS as usize],
    levels: usize,
    blocks: usize,
}

impl<S: Scalar> Pairwise<S> {
    #[inline(always)]
    pub(crate) fn new() -> Self {
        Pairwise { sums: [S::EMPTY; usize::BITS as usize], levels: 0, blocks: 0 }
    }

    /// Adds the sum of the next block.
    #[inline(always)]
    pub(crate) fn add(&mut self, mut block: S) {
        self.blocks += 1;
        for _ in 0..self.blocks.trailing_zeros() {
            self.levels -= 1;
            block = self.sums[self.levels] + block;
        }
        self.sums[self.levels] = block;
        self.levels += 1;
    }

    #[inline(always)]
    pub(crate) fn total(&self) -> S {
        self.sums[..self.levels].iter().rev().copied().reduce(|later, earlier| earlier + later).unwrap_or(S::EMPTY)
    }
}

/// The sum over `axes` (ascending): of up to [`BLOCK`] terms in row-major order, of more [pairwise](Pairwise).
pub(crate) fn sum<S: Scalar>(x: Tensor<'_, S>, axes: &[u8], run: &mut [S]) {
    run.fill(S::EMPTY);
    let terms = x.layout.len() / run.len();
    if terms <= BLOCK {
        elementwise::accumulate(x, (0, &target(x.layout, axes)), run);
        return;
    }
    let rank = x.layout.shape().rank();
    let (reduced, kept): (Vec<usize>, Vec<usize>) = (0..rank).partition(|axis| axes.contains(&(*axis as u8)));
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

/// Where each element of a reduction's operand goes: the result's layout, with a stride of 0 along the axes that are
/// reduced away.
pub(crate) fn target(operand: &Layout, axes: &[u8]) -> Layout {
    let mut kept = operand.clone();
    for &axis in axes.iter().rev() {
        kept = kept.drop_axis(axis as usize);
    }
    let mut target = Layout::contiguous(kept.shape().clone());
    for &axis in axes {
        target = target.insert_axis(axis as usize);
    }
    target.broadcast_to(operand.shape()).expect("reduced axes have extent 1")
}

/// The largest or smallest element over `axes`.
pub(crate) fn extremum<S: Scalar>(op: Binary, x: Tensor<'_, S>, axes: &[u8], run: &mut [S]) {
    let target = target(x.layout, axes);
    // How many of the elements so far are the extremum.
    let mut ties = vec![0; run.len()];
    for (element, out) in x.elements().zip(target.offsets()) {
        if ties[out] == 0 {
            (run[out], ties[out]) = (element, 1);
        } else if element == run[out] {
            run[out] = run[out].tie(op, element, ties[out]);
            ties[out] += 1;
        } else {
            run[out] = run[out].binary(op, element);
            ties[out] = if element == run[out] { 1 } else { ties[out] };
        }
    }
}

/// `m + ln Σ e^(x − m)` over `axes`, m being the largest x.
pub(crate) fn log_sum_exp<S: Scalar>(x: Tensor<'_, S>, axes: &[u8], run: &mut [S]) {
    extremum(Binary::Max, x, axes, run);
    // The shift cancels, so it stands still: a tie of the largest is no kink of the result.
    for out in run.iter_mut().filter(|out| out.detached().is_finite()) {
        *out = out.detached();
    }
    let (_, sums) = powers(x, axes, run);
    for (out, sum) in run.iter_mut().zip(sums) {
        // Where the largest is infinite, so is the result.
        if out.detached().is_finite() {
            *out = *out + sum.ln();
        }
    }
}

/// `e^(x − m)` of every element, and their sums over `axes`, m being the largest x: what a softmax is made of. Infinite numbers count as
/// the largest finite ones, so that differences are numbers.
fn powers<S: Scalar>(x: Tensor<'_, S>, axes: &[u8], largest: &[S]) -> (Vec<S>, Vec<S>) {
    let bound = real::largest::<S>();
    let finite = |x: S| x.min(bound).max(-bound);
    let target = target(x.layout, axes);
    let terms: Vec<S> = x
        .elements()
        .zip(target.offsets())
        .map(|(element, out)| (finite(element) - finite(largest[out].detached())).exp())
        .collect();
    let mut sums = vec![S::EMPTY; largest.len()];
    let layout = Layout::contiguous(x.layout.shape().clone());
    sum(Tensor { data: &terms, start: 0, layout: &layout }, axes, &mut sums);
    (terms, sums)
}

/// The partials of [`log_sum_exp`] by every element, in row-major order: the softmax. Not e^(x − result), which has lost what the
/// result was rounded by.
pub(crate) fn softmax<S: Scalar>(x: Tensor<'_, S>, axes: &[u8], len: usize) -> Vec<S> {
    let mut largest = vec![S::EMPTY; len];
    extremum(Binary::Max, x, axes, &mut largest);
    let (mut terms, sums) = powers(x, axes, &largest);
    for (term, out) in terms.iter_mut().zip(target(x.layout, axes).offsets()) {
        *term = *term / sums[out];
    }
    terms
}

/// The running sum along `axis`, from its start or from its end.
pub(crate) fn cumulative<S: Scalar>(x: Tensor<'_, S>, axis: u8, back: bool, run: &mut [S]) {
    let axis = axis as usize;
    let layout = Layout::contiguous(x.layout.shape().clone());
    let (extent, stride) = (layout.dims()[axis], layout.strides()[axis]);
    for (out, element) in run.iter_mut().zip(x.elements()) {
        *out = element;
    }
    for first in layout.narrow(axis, 1).offsets() {
        for i in 1..extent {
            let (to, from) = if back { (extent - 1 - i, extent - i) } else { (i, i - 1) };
            run[first + to * stride] = run[first + from * stride] + run[first + to * stride];
        }
    }
}

/// Adds the contributions of a running sum: `x̄ᵢ += Σ ḡ` over the results that took element i in, itself a running sum.
pub(crate) fn reverse_cumulative<S: Scalar>(x: Tensor<'_, S>, axis: u8, back: bool, g: &[S], adjoints: &mut [S]) {
    let layout = Layout::contiguous(x.layout.shape().clone());
    let mut sums = vec![S::EMPTY; g.len()];
    cumulative(Tensor { data: g, start: 0, layout: &layout }, axis, !back, &mut sums);
    elementwise::accumulate(Tensor { data: &sums, start: 0, layout: &layout }, (x.start, x.layout), adjoints);
}
