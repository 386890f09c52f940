//! Sums: of a slice, of rows into a run, of a run into the adjoints of an operand.

use std::marker::PhantomData;

use super::Float;
use super::walk::Walk;
use crate::product::{Placed, product};
use crate::simd::{self, Arguments, Isa, Kernel, Level};
use wengert_ops::structural::pairwise::Pairwise;

/// The partial sums of a slice: enough for the latency of an addition at any width.
const PARTS: usize = 32;

/// Elements that are added in one go; of more, the sums are added in pairs.
const LONG: usize = 64 * PARTS;

/// As [`LONG`], of rows, which are added one after the other.
const ROWS: usize = 256;

/// The sum of a slice: of up to [`LONG`] elements in partial sums, of more [pairwise](Pairwise).
#[inline(always)]
pub(crate) fn sum<S: Float>(x: &[S]) -> S {
    if x.len() <= LONG {
        return in_parts(x);
    }
    let mut total = Pairwise::new();
    for x in x.chunks(LONG) {
        total.add(in_parts(x));
    }
    total.total()
}

/// The sum of a slice in [`PARTS`] partial sums, of which the i-th takes every element
/// `i mod PARTS`; then halves first. A short one in order.
#[inline(always)]
fn in_parts<S: Float>(x: &[S]) -> S {
    if x.len() < PARTS {
        let mut sum = S::EMPTY;
        for &x in x {
            sum = sum + x;
        }
        return sum;
    }
    let mut parts = [S::EMPTY; PARTS];
    let mut blocks = x.chunks_exact(PARTS);
    for block in &mut blocks {
        for (part, &x) in parts.iter_mut().zip(block) {
            *part = *part + x;
        }
    }
    for (part, &x) in parts.iter_mut().zip(blocks.remainder()) {
        *part = *part + x;
    }
    let mut n = PARTS;
    while n > 1 {
        n /= 2;
        for i in 0..n {
            parts[i] = parts[i] + parts[i + n];
        }
    }
    parts[0]
}

/// What is done with the target's elements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Put {
    /// They get the source's.
    Store,
    /// The source's are added to them.
    Add,
    /// The source's are taken from them.
    Subtract,
    /// They get the negated source's.
    StoreNegated,
}

/// Moves every element of a source into the element of a target that stands at the same index;
/// where the target repeats one, the sum.
pub(crate) struct Accumulate<S>(PhantomData<S>);

/// See [`Accumulate`]; the first of a walk's operands is the source.
pub(crate) struct Task<'a, S> {
    pub(crate) put: Put,
    pub(crate) walk: &'a Walk<2>,
    pub(crate) source: &'a [S],
    pub(crate) target: &'a mut [S],
}

/// As [`Accumulate`], by whatever way is fastest: sums of rows are the product with a row of ones.
pub(crate) fn accumulate<S: Float>(put: Put, walk: &Walk<2>, source: &[S], target: &mut [S]) {
    let (len, strides) = walk.along();
    if strides == [1, 1]
        && let Some(((rows, [by, 0]), others)) = walk.split_last()
        && by > 0
    {
        if rows > ROWS {
            return add_long_columns(put, (rows, by, len), &others, source, target);
        }
        let sign = if matches!(put, Put::Store | Put::Add) { S::ONE } else { -S::ONE };
        let add = matches!(put, Put::Add | Put::Subtract);
        for [from, to] in others.rows() {
            let at = |start: usize, rows: usize| Placed { start, rows, cols: 1 };
            let one = (&[sign][..], Placed { start: 0, rows: 0, cols: 0 });
            product(add, (1, rows, len), (&mut *target, at(to, len)), one, (source, at(from, by)));
        }
        return;
    }
    simd::call::<Accumulate<S>>(Level::detected(), Task { put, walk, source, target });
}

/// As [`accumulate`], of more than [`ROWS`] rows `by` apart and `len` long: those of blocks, and
/// these pairwise.
fn add_long_columns<S: Float>(
    put: Put,
    (rows, by, len): (usize, usize, usize),
    others: &Walk<2>,
    source: &[S],
    target: &mut [S],
) {
    let at = |start: usize, rows: usize| Placed { start, rows, cols: 1 };
    let one = (&[S::ONE][..], Placed { start: 0, rows: 0, cols: 0 });
    for [from, to] in others.rows() {
        // The sums of 1, 2, 4 .. blocks, as in `Pairwise`.
        let mut sums: Vec<Vec<S>> = Vec::new();
        let add = |a: Vec<S>, b: &[S]| a.iter().zip(b).map(|(&a, &b)| a + b).collect::<Vec<S>>();
        for (block, first) in (0..rows).step_by(ROWS).enumerate() {
            let mut sum = vec![S::EMPTY; len];
            let extents = (1, (rows - first).min(ROWS), len);
            product(
                false,
                extents,
                (&mut sum, at(0, len)),
                one,
                (source, at(from + first * by, by)),
            );
            for _ in 0..(block + 1).trailing_zeros() {
                sum = add(sums.pop().expect("a binary counter of the blocks"), &sum);
            }
            sums.push(sum);
        }
        let total = sums
            .into_iter()
            .rev()
            .reduce(|later, earlier| add(earlier, &later))
            .unwrap_or_default();
        put_row(put, &total, &mut target[to..to + len]);
    }
}

impl<S: 'static> Arguments for Accumulate<S> {
    type Of<'a> = Task<'a, S>;
}

impl<S: Float> Kernel for Accumulate<S> {
    type Arguments = Self;

    #[inline(always)]
    fn run<I: Isa>(Task { put, walk, source, target }: Task<'_, S>) {
        let (len, strides) = walk.along();
        match strides {
            [1, 1] => {
                for [from, to] in walk.rows() {
                    put_row(put, &source[from..from + len], &mut target[to..to + len]);
                }
            }
            [1, 0] => {
                for [from, to] in walk.rows() {
                    put_one(put, sum(&source[from..from + len]), &mut target[to]);
                }
            }
            [0, 1] => {
                for [from, to] in walk.rows() {
                    put_same(put, source[from], &mut target[to..to + len]);
                }
            }
            [from_by, 0] => {
                for [from, to] in walk.rows() {
                    let mut total = Pairwise::new();
                    let mut block = [S::EMPTY; PARTS];
                    for first in (0..len).step_by(PARTS) {
                        let n = (len - first).min(PARTS);
                        for i in 0..n {
                            block[i] = source[from + (first + i) * from_by];
                        }
                        total.add(sum(&block[..n]));
                    }
                    put_one(put, total.total(), &mut target[to]);
                }
            }
            [from_by, to_by] => {
                for [from, to] in walk.rows() {
                    for i in 0..len {
                        put_one(put, source[from + i * from_by], &mut target[to + i * to_by]);
                    }
                }
            }
        }
    }
}

/// Puts a row of one stride into another.
#[inline(always)]
pub(crate) fn put_row<S: Float>(put: Put, source: &[S], target: &mut [S]) {
    match put {
        Put::Store => target.copy_from_slice(source),
        Put::StoreNegated => {
            for (t, &x) in target.iter_mut().zip(source) {
                *t = -x;
            }
        }
        Put::Add => {
            for (t, &x) in target.iter_mut().zip(source) {
                *t = *t + x;
            }
        }
        Put::Subtract => {
            for (t, &x) in target.iter_mut().zip(source) {
                *t = *t - x;
            }
        }
    }
}

/// Puts one number into every element of a row.
#[inline(always)]
fn put_same<S: Float>(put: Put, x: S, target: &mut [S]) {
    match put {
        Put::Store => target.fill(x),
        Put::StoreNegated => target.fill(-x),
        Put::Add => {
            for t in target {
                *t = *t + x;
            }
        }
        Put::Subtract => {
            for t in target {
                *t = *t - x;
            }
        }
    }
}

#[inline(always)]
pub(crate) fn put_one<S: Float>(put: Put, x: S, target: &mut S) {
    *target = match put {
        Put::Store => x,
        Put::StoreNegated => -x,
        Put::Add => *target + x,
        Put::Subtract => *target - x,
    };
}
