//! `ln Σ eˣ` along a group of neighbouring axes, forward and reverse.

use std::marker::PhantomData;

use super::Float;
use super::sum::{Put, put_row, sum};
use crate::elementary::unary;
use crate::op::Unary;
use crate::simd::{Arguments, Isa, Kernel};
use wengert_ops::structural::pairwise::Pairwise;

/// Columns that are worked on side by side, and exponentials that are added up together.
const BLOCK: usize = 64;

/// What is reduced: contiguous, `[outer, extent, inner]`, of which the middle goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Middle {
    pub(crate) outer: usize,
    pub(crate) extent: usize,
    pub(crate) inner: usize,
}

/// The forward kernel: x, and a result for each of `outer × inner`.
pub(crate) struct LogSumExp<S>(PhantomData<S>);

impl<S: 'static> Arguments for LogSumExp<S> {
    type Of<'a> = (Middle, &'a [S], &'a mut [S]);
}

/// The larger; NaN if either is.
#[inline(always)]
fn larger<S: Float>(x: S, y: S) -> S {
    // A NaN stays in the first place, and gets there from the second by the sum.
    if x > y {
        x
    } else if y >= x {
        y
    } else {
        x + y
    }
}

impl<S: Float> Kernel for LogSumExp<S> {
    type Arguments = Self;

    #[inline(always)]
    fn run<I: Isa>((Middle { outer, extent, inner }, x, run): (Middle, &[S], &mut [S])) {
        if inner == 1 {
            for (x, out) in x.chunks_exact(extent).zip(run.iter_mut()) {
                let top = largest(x);
                *out = if top.is_finite() {
                    top + unary::<I, S>(Unary::Ln, shifted_sum::<I, S>(x, top))
                } else {
                    top
                };
            }
            return;
        }
        for o in 0..outer {
            let (x, run) =
                (&x[o * extent * inner..][..extent * inner], &mut run[o * inner..][..inner]);
            for (first, out) in (0..inner).step_by(BLOCK).zip(run.chunks_mut(BLOCK)) {
                let n = out.len();
                let (top, sums) = columns::<I, S>(x, extent, inner, first, n);
                for i in 0..n {
                    let value = top[i] + unary::<I, S>(Unary::Ln, sums[i]);
                    // Where the largest is infinite, so is the result, and differences to it would
                    // be NaN.
                    out[i] = if top[i].is_finite() { value } else { top[i] };
                }
            }
        }
    }
}

/// The largest of a row in partial results; NaN if one is.
#[inline(always)]
fn largest<S: Float>(x: &[S]) -> S {
    const PARTS: usize = 16;
    let mut blocks = x.chunks_exact(PARTS);
    let mut top = x[0];
    if x.len() >= PARTS {
        let mut parts = [x[0]; PARTS];
        for block in &mut blocks {
            for (part, &x) in parts.iter_mut().zip(block) {
                *part = larger(*part, x);
            }
        }
        for part in parts {
            top = larger(top, part);
        }
    }
    for &x in blocks.remainder() {
        top = larger(top, x);
    }
    top
}

/// An infinite number counts as the largest finite one, so that differences are numbers.
#[inline(always)]
fn finite<S: Float>(x: S) -> S {
    let bound = S::ZERO.largest();
    let x = if x > bound { bound } else { x };
    if x < -bound { -bound } else { x }
}

/// `Σ e^(x − top)`
#[inline(always)]
fn shifted_sum<I: Isa, S: Float>(x: &[S], top: S) -> S {
    let mut terms = [S::EMPTY; BLOCK];
    let mut total = Pairwise::new();
    for x in x.chunks(BLOCK) {
        let terms = &mut terms[..x.len()];
        for (term, &x) in terms.iter_mut().zip(x) {
            *term = unary::<I, S>(Unary::Exp, finite(x) - top);
        }
        total.add(sum(terms));
    }
    total.total()
}

/// Of `n` columns from `first` on, the largest elements and `Σ e^(x − top)`.
#[inline(always)]
fn columns<I: Isa, S: Float>(
    x: &[S],
    extent: usize,
    inner: usize,
    first: usize,
    n: usize,
) -> ([S; BLOCK], [S; BLOCK]) {
    let (mut top, mut sums) = ([S::ZERO; BLOCK], [S::EMPTY; BLOCK]);
    top[..n].copy_from_slice(&x[first..first + n]);
    for row in 1..extent {
        for (top, &x) in top[..n].iter_mut().zip(&x[row * inner + first..][..n]) {
            *top = larger(*top, x);
        }
    }
    for row in 0..extent {
        let x = &x[row * inner + first..][..n];
        for i in 0..n {
            sums[i] = sums[i] + unary::<I, S>(Unary::Exp, finite(x[i]) - finite(top[i]));
        }
    }
    (top, sums)
}

/// The reverse kernel: `x̄ (+)= g e^(x − m)/Σ e^(x − m)`, and nothing where g is zero.
pub(crate) struct ReverseLogSumExp<S>(PhantomData<S>);

/// See [`ReverseLogSumExp`].
pub(crate) struct ReverseTask<'a, S> {
    pub(crate) put: Put,
    pub(crate) middle: Middle,
    pub(crate) x: &'a [S],
    pub(crate) g: &'a [S],
    pub(crate) target: &'a mut [S],
}

impl<S: 'static> Arguments for ReverseLogSumExp<S> {
    type Of<'a> = ReverseTask<'a, S>;
}

impl<S: Float> Kernel for ReverseLogSumExp<S> {
    type Arguments = Self;

    #[inline(always)]
    fn run<I: Isa>(ReverseTask { put, middle, x, g, target }: ReverseTask<'_, S>) {
        let Middle { outer, extent, inner } = middle;
        let mut block = [S::EMPTY; BLOCK];
        if inner == 1 {
            for ((x, target), &g) in
                x.chunks_exact(extent).zip(target.chunks_exact_mut(extent)).zip(g)
            {
                let top = finite(largest(x));
                let total = shifted_sum::<I, S>(x, top);
                for (x, target) in x.chunks(BLOCK).zip(target.chunks_mut(BLOCK)) {
                    let shares = &mut block[..x.len()];
                    for (share, &x) in shares.iter_mut().zip(x) {
                        let product = unary::<I, S>(Unary::Exp, finite(x) - top) / total * g;
                        *share = if g == S::ZERO { S::EMPTY } else { product };
                    }
                    put_row(put, shares, target);
                }
            }
            return;
        }
        for o in 0..outer {
            let all = o * extent * inner..(o + 1) * extent * inner;
            let (x, target, g) = (&x[all.clone()], &mut target[all], &g[o * inner..][..inner]);
            for first in (0..inner).step_by(BLOCK) {
                let n = (inner - first).min(BLOCK);
                let (top, sums) = columns::<I, S>(x, extent, inner, first, n);
                for row in 0..extent {
                    let at = row * inner + first;
                    let (x, g, shares) = (&x[at..at + n], &g[first..first + n], &mut block[..n]);
                    for i in 0..n {
                        let product = unary::<I, S>(Unary::Exp, finite(x[i]) - finite(top[i]))
                            / sums[i]
                            * g[i];
                        shares[i] = if g[i] == S::ZERO { S::EMPTY } else { product };
                    }
                    put_row(put, shares, &mut target[at..at + n]);
                }
            }
        }
    }
}
