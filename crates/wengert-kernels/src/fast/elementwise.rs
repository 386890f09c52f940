//! Elementwise operations over rows, forward and reverse.

use std::marker::PhantomData;

use super::Float;
use super::lane::Lane;
use super::sum::{Put, put_one, put_row, sum};
use super::walk::Walk;
use crate::elementary;
use crate::op::{Binary, Unary, dispatch_binary, dispatch_unary};
use crate::rules::{self, Partial};
use crate::simd::{Arguments, Isa, Kernel};
use wengert_ops::structural::pairwise::Pairwise;

/// Contributions are computed for so many elements at a time, before they are put where they
/// belong.
const BLOCK: usize = 64;
/// So many where there is nothing else to do between.
const LONG_BLOCK: usize = 256;

/// Whether there is a kernel for an operation. The others are calls of `libm` one at a time, which
/// are no faster here: copies of a kernel for them would cost every build, and save nothing.
pub(crate) const fn has_unary(op: Unary) -> bool {
    elementary::has_vector_form(op)
        || matches!(op, Unary::Neg | Unary::Abs | Unary::Signum | Unary::Relu)
}

/// As [`has_unary`]. Of powers, only the square has one.
pub(crate) const fn has_binary(op: Binary) -> bool {
    matches!(
        op,
        Binary::Add
            | Binary::Sub
            | Binary::Mul
            | Binary::Div
            | Binary::Min
            | Binary::Max
            | Binary::Gt
            | Binary::Ge
            | Binary::Eq
            | Binary::MulNoNan
    )
}

/// The callers ask for what there is.
#[cold]
#[inline(never)]
fn no_kernel(op: &str) -> ! {
    unreachable!("{op} has no kernel of this kind")
}

/// `out = op(x)`, rows of x to a contiguous run, for the operations without a vector form.
pub(crate) struct Map<S>(PhantomData<S>);

impl<S: 'static> Arguments for Map<S> {
    type Of<'a> = (Unary, &'a [S], &'a mut [S]);
}

impl<S: Float> Kernel for Map<S> {
    type Arguments = Self;

    #[inline(always)]
    fn run<I: Isa>((op, x, out): (Unary, &[S], &mut [S])) {
        dispatch_unary!(op, K => if const { has_unary(K) && !elementary::has_vector_form(K) } {
            for (&x, out) in x.iter().zip(out) {
                *out = x.unary(K);
            }
        } else {
            no_kernel(K.name())
        });
    }
}

/// `out = op(x, y)`, rows of x and y to a contiguous run.
pub(crate) struct Zip<S>(PhantomData<S>);

/// See [`Zip`].
pub(crate) struct ZipTask<'a, S> {
    pub(crate) op: Binary,
    pub(crate) walk: &'a Walk<2>,
    pub(crate) x: &'a [S],
    pub(crate) y: &'a [S],
    pub(crate) out: &'a mut [S],
}

impl<S: 'static> Arguments for Zip<S> {
    type Of<'a> = ZipTask<'a, S>;
}

impl<S: Float> Kernel for Zip<S> {
    type Arguments = Self;

    #[inline(always)]
    fn run<I: Isa>(ZipTask { op, walk, x, y, out }: ZipTask<'_, S>) {
        let (len, strides) = walk.along();
        let mut first = 0;
        let mut blocks = [[S::EMPTY; BLOCK]; 2];
        dispatch_binary!(op, K => if const { has_binary(K) } {
            for [sx, sy] in walk.rows() {
                let out = &mut out[first..first + len];
                first += len;
                match strides {
                    [1, 0] => {
                        let y = y[sy];
                        for (out, &x) in out.iter_mut().zip(&x[sx..sx + len]) {
                            *out = x.binary(K, y);
                        }
                    }
                    [0, 1] => {
                        let x = x[sx];
                        for (out, &y) in out.iter_mut().zip(&y[sy..sy + len]) {
                            *out = x.binary(K, y);
                        }
                    }
                    _ => {
                        let most = if strides == [1, 1] { len.max(1) } else { BLOCK };
                        let [xs, ys] = &mut blocks;
                        let mut done = 0;
                        for out in out.chunks_mut(most) {
                            let x = along(x, sx + done * strides[0], strides[0], out.len(), xs);
                            let y = along(y, sy + done * strides[1], strides[1], out.len(), ys);
                            done += out.len();
                            for ((out, &x), &y) in out.iter_mut().zip(x).zip(y) {
                                *out = x.binary(K, y);
                            }
                        }
                    }
                }
            }
        } else {
            no_kernel(K.name())
        });
    }
}

/// `n` elements, `by` apart: where they stand, or copied to a block.
#[inline(always)]
fn along<'a, S: Float>(
    from: &'a [S],
    start: usize,
    by: usize,
    n: usize,
    block: &'a mut [S; BLOCK],
) -> &'a [S] {
    if by == 1 {
        return &from[start..start + n];
    }
    copy(&from[start..], by, &mut block[..n]);
    &block[..n]
}

/// One copy for all operations.
#[inline(never)]
fn copy<S: Float>(from: &[S], by: usize, to: &mut [S]) {
    for (i, to) in to.iter_mut().enumerate() {
        *to = from[i * by];
    }
}

/// Adds the contributions of `v = op(x)` to contiguous adjoints of x.
pub(crate) struct ReverseMap<S>(PhantomData<S>);

/// See [`ReverseMap`].
pub(crate) struct ReverseMapTask<'a, S> {
    pub(crate) op: Unary,
    pub(crate) put: Put,
    pub(crate) x: &'a [S],
    pub(crate) v: &'a [S],
    pub(crate) g: &'a [S],
    pub(crate) target: &'a mut [S],
}

impl<S: 'static> Arguments for ReverseMap<S> {
    type Of<'a> = ReverseMapTask<'a, S>;
}

impl<S: Float> Kernel for ReverseMap<S> {
    type Arguments = Self;

    #[inline(always)]
    fn run<I: Isa>(ReverseMapTask { op, put, x, v, g, target }: ReverseMapTask<'_, S>) {
        let n = target.len();
        let (x, v, g) = (&x[..n], &v[..n], &g[..n]);
        let mut block = [S::EMPTY; LONG_BLOCK];
        dispatch_unary!(op, K => if const { has_unary(K) } {
            let most = if put == Put::Store { n.max(1) } else { LONG_BLOCK };
            let mut from = 0;
            for target in target.chunks_mut(most) {
                let to = from + target.len();
                let (x, v, g) = (&x[from..to], &v[from..to], &g[from..to]);
                // One loop for both: a block is added after it.
                let shares = if put == Put::Store { &mut *target } else { &mut block[..to - from] };
                for i in 0..to - from {
                    shares[i] = share(rules::unary(K, Lane::<I, S>::new(x[i]), Lane::new(v[i])), g[i]);
                }
                if put != Put::Store {
                    put_row(Put::Add, &block[..to - from], target);
                }
                from = to;
            }
        } else {
            no_kernel(K.name())
        });
    }
}

/// The contribution of an edge; the empty sum where the adjoint is zero, whatever the partial.
#[inline(always)]
fn share<I: Isa, S: Float>(partial: Partial<Lane<I, S>>, g: S) -> S {
    match partial {
        Partial::Zero => S::EMPTY,
        Partial::One => g,
        Partial::MinusOne => -g,
        Partial::Of(p) => {
            let product = p.0 * g;
            if g == S::ZERO { S::EMPTY } else { product }
        }
        Partial::Product(p, q) => {
            let product = (g * p.0) * q.0;
            if g == S::ZERO || q.0 == S::ZERO { S::EMPTY } else { product }
        }
        Partial::Choice(p) => {
            let product = p.0 * g;
            if g == S::ZERO || p.0 == S::ZERO { S::EMPTY } else { product }
        }
    }
}

/// Adds the contributions of `v = op(x, y)` to the adjoints of one operand.
pub(crate) struct ReverseZip<S>(PhantomData<S>);

/// See [`ReverseZip`]; the target is the column of adjoints from the operand's start on, and has
/// its strides.
pub(crate) struct ReverseZipTask<'a, S> {
    pub(crate) op: Binary,
    /// Whether the operand is the second.
    pub(crate) second: bool,
    pub(crate) put: Put,
    pub(crate) walk: &'a Walk<2>,
    pub(crate) x: &'a [S],
    pub(crate) y: &'a [S],
    pub(crate) v: &'a [S],
    pub(crate) g: &'a [S],
    pub(crate) target: &'a mut [S],
}

impl<S: 'static> Arguments for ReverseZip<S> {
    type Of<'a> = ReverseZipTask<'a, S>;
}

impl<S: Float> Kernel for ReverseZip<S> {
    type Arguments = Self;

    #[inline(always)]
    fn run<I: Isa>(task: ReverseZipTask<'_, S>) {
        // Sums and differences pass on what they get; comparisons, nothing. A power comes here only
        // as a square.
        if task.second {
            dispatch_binary!(task.op, K => if const { has_reverse(K, true) } {
                reverse_zip::<I, S, { K as u8 }, true>(task)
            } else {
                no_kernel(K.name())
            })
        } else {
            dispatch_binary!(task.op, K => if const { has_reverse(K, false) } {
                reverse_zip::<I, S, { K as u8 }, false>(task)
            } else {
                no_kernel(K.name())
            })
        }
    }
}

/// Whether [`ReverseZip`] is asked for an operation and operand.
pub(crate) const fn has_reverse(op: Binary, second: bool) -> bool {
    matches!(op, Binary::Mul | Binary::Div | Binary::Min | Binary::Max | Binary::MulNoNan)
        || matches!(op, Binary::Powi) && !second
}

/// The partial by one operand of the operation with the code `K`; the exponent of a power is 2.
#[inline(always)]
fn partial<I: Isa, S: Float, const K: u8, const SECOND: bool>(
    x: S,
    y: S,
    v: S,
) -> Partial<Lane<I, S>> {
    let op = const { Binary::from_code(K).expect("a code of an operation") };
    if SECOND {
        rules::second(op, Lane::new(x), Lane::new(y), Lane::new(v))
    } else if op as u8 == Binary::Powi as u8 {
        Partial::Of(Lane::new(S::TWO * x))
    } else {
        rules::first(op, Lane::new(x), Lane::new(y), Lane::new(v))
    }
}

/// See [`ReverseZip`].
#[inline(always)]
fn reverse_zip<I: Isa, S: Float, const K: u8, const SECOND: bool>(task: ReverseZipTask<'_, S>) {
    let ReverseZipTask { put, walk, x, y, v, g, target, .. } = task;
    let (len, [dx, dy]) = walk.along();
    let by = if SECOND { dy } else { dx };
    let mut first = 0;
    let mut block = [S::EMPTY; BLOCK];
    let [mut xs, mut ys] = [[S::EMPTY; BLOCK]; 2];
    for [sx, sy] in walk.rows() {
        let mut done = 0;
        let mut whole = Pairwise::new();
        while done < len {
            let n = (len - done).min(BLOCK);
            let at = first + done;
            let (v, g) = (&v[at..at + n], &g[at..at + n]);
            let (sx, sy) = (sx + done * dx, sy + done * dy);
            let shares = &mut block[..n];
            match (dx, dy) {
                (1, 0) => {
                    let (x, y) = (&x[sx..sx + n], y[sy]);
                    for i in 0..n {
                        shares[i] = share(partial::<I, S, K, SECOND>(x[i], y, v[i]), g[i]);
                    }
                }
                (0, 1) => {
                    let (x, y) = (x[sx], &y[sy..sy + n]);
                    for i in 0..n {
                        shares[i] = share(partial::<I, S, K, SECOND>(x, y[i], v[i]), g[i]);
                    }
                }
                _ => {
                    let x = along(x, sx, dx, n, &mut xs);
                    let y = along(y, sy, dy, n, &mut ys);
                    for i in 0..n {
                        shares[i] = share(partial::<I, S, K, SECOND>(x[i], y[i], v[i]), g[i]);
                    }
                }
            }
            let to = if SECOND { sy } else { sx };
            match by {
                1 => put_row(put, shares, &mut target[to..to + n]),
                0 => whole.add(sum(shares)),
                _ => {
                    for (i, &share) in shares.iter().enumerate() {
                        put_one(put, share, &mut target[to + i * by]);
                    }
                }
            }
            done += n;
        }
        if by == 0 {
            put_one(put, whole.total(), &mut target[if SECOND { sy } else { sx }]);
        }
        first += len;
    }
}
