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

/// Contributions are computed for so many elements at a time, before they are put where they belong.
const BLOCK: usize = 64;

/// `out = op(x)`, rows of x to a contiguous run.
pub(crate) struct Map<S>(PhantomData<S>);

impl<S: 'static> Arguments for Map<S> {
    type Of<'a> = (Unary, &'a [S], &'a mut [S]);
}

impl<S: Float> Kernel for Map<S> {
    type Arguments = Self;

    #[inline(always)]
    fn run<I: Isa>((op, x, out): (Unary, &[S], &mut [S])) {
        dispatch_unary!(op, K => {
            for (&x, out) in x.iter().zip(out) {
                *out = elementary::unary::<I, S>(K, x);
            }
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
        dispatch_binary!(op, K => {
            for [sx, sy] in walk.rows() {
                let out = &mut out[first..first + len];
                first += len;
                match strides {
                    [1, 1] => {
                        for ((out, &x), &y) in out.iter_mut().zip(&x[sx..sx + len]).zip(&y[sy..sy + len]) {
                            *out = x.binary(K, y);
                        }
                    }
                    [1, 0] => {
                        let y = y[sy];
                        if K == Binary::Powi && y == S::TWO {
                            for (out, &x) in out.iter_mut().zip(&x[sx..sx + len]) {
                                *out = x * x;
                            }
                        } else {
                            for (out, &x) in out.iter_mut().zip(&x[sx..sx + len]) {
                                *out = x.binary(K, y);
                            }
                        }
                    }
                    [0, 1] => {
                        let x = x[sx];
                        for (out, &y) in out.iter_mut().zip(&y[sy..sy + len]) {
                            *out = x.binary(K, y);
                        }
                    }
                    [dx, dy] => {
                        for (i, out) in out.iter_mut().enumerate() {
                            *out = x[sx + i * dx].binary(K, y[sy + i * dy]);
                        }
                    }
                }
            }
        });
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
        dispatch_unary!(op, K => match put {
            Put::Store => {
                for i in 0..n {
                    target[i] = share(rules::unary(K, Lane::<I, S>::new(x[i]), Lane::new(v[i])), g[i]);
                }
            }
            _ => {
                for i in 0..n {
                    target[i] = target[i] + share(rules::unary(K, Lane::<I, S>::new(x[i]), Lane::new(v[i])), g[i]);
                }
            }
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
    }
}

/// Adds the contributions of `v = op(x, y)` to the adjoints of one operand.
pub(crate) struct ReverseZip<S>(PhantomData<S>);

/// See [`ReverseZip`]; the target is the column of adjoints from the operand's start on, and has its strides.
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
        if task.second {
            dispatch_binary!(task.op, K => reverse_zip::<I, S, { K as u8 }, true>(task));
        } else {
            dispatch_binary!(task.op, K => reverse_zip::<I, S, { K as u8 }, false>(task));
        }
    }
}

/// The partial by one operand of the operation with the code `K`.
#[inline(always)]
fn partial<I: Isa, S: Float, const K: u8, const SECOND: bool>(x: S, y: S, v: S) -> Partial<Lane<I, S>> {
    let op = const { Binary::from_code(K).expect("a code of an operation") };
    if SECOND {
        rules::second(op, Lane::new(x), Lane::new(y), Lane::new(v))
    } else if op as u8 == Binary::Powi as u8 && y == S::TWO {
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
    for [sx, sy] in walk.rows() {
        let mut done = 0;
        let mut whole = S::EMPTY;
        while done < len {
            let n = (len - done).min(BLOCK);
            let at = first + done;
            let (v, g) = (&v[at..at + n], &g[at..at + n]);
            let (sx, sy) = (sx + done * dx, sy + done * dy);
            let shares = &mut block[..n];
            match (dx, dy) {
                (1, 1) => {
                    let (x, y) = (&x[sx..sx + n], &y[sy..sy + n]);
                    for i in 0..n {
                        shares[i] = share(partial::<I, S, K, SECOND>(x[i], y[i], v[i]), g[i]);
                    }
                }
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
                    for i in 0..n {
                        shares[i] = share(partial::<I, S, K, SECOND>(x[sx + i * dx], y[sy + i * dy], v[i]), g[i]);
                    }
                }
            }
            let to = if SECOND { sy } else { sx };
            match by {
                1 => put_row(put, shares, &mut target[to..to + n]),
                0 => whole = whole + sum(shares),
                _ => {
                    for (i, &share) in shares.iter().enumerate() {
                        put_one(put, share, &mut target[to + i * by]);
                    }
                }
            }
            done += n;
        }
        if by == 0 {
            put_one(put, whole, &mut target[if SECOND { sy } else { sx }]);
        }
        first += len;
    }
}
