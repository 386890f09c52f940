//! The elementwise kernels: one copy per operation, numerics and level of SIMD.
//!
//! A kernel reads so many elements into a local array, computes, and writes: what it writes may be what it has read. An operand of one element is
//! repeated.

use std::cell::Cell;
use std::marker::PhantomData;

use super::LANES;
use crate::elementary::{self, Elementary};
use crate::op::{Binary, Unary};
use crate::program::graph::Op;
use crate::simd::{self, Arguments, Compiled, Isa, Kernel, Level};

/// The arguments of an elementwise kernel: the result, and three operands, of which it reads as many as it needs.
pub(crate) struct Operands<S>(PhantomData<S>);

impl<S: 'static> Arguments for Operands<S> {
    type Of<'a> = (&'a [Cell<S>], [&'a [Cell<S>]; 3]);
}

/// So many elements from `i` on, or one repeated.
#[inline(always)]
fn load<S: Copy, const N: usize>(from: &[Cell<S>], i: usize) -> [S; N] {
    if let [one] = from {
        return [one.get(); N];
    }
    let from = &from[i..i + N];
    std::array::from_fn(|lane| from[lane].get())
}

#[inline(always)]
fn store<S: Copy, const N: usize>(to: &[Cell<S>], i: usize, values: [S; N]) {
    let to = &to[i..i + N];
    for (to, value) in to.iter().zip(values) {
        to.set(value);
    }
}

/// Calls `block` for as many elements at a time as there are lanes, then half of that, then for one at a time.
macro_rules! in_blocks {
    ($len:expr, |$i:ident, $n:ident| $block:expr) => {{
        let len = $len;
        let mut $i = 0;
        while $i + LANES <= len {
            const $n: usize = LANES;
            $block;
            $i += LANES;
        }
        while $i + LANES / 2 <= len {
            const $n: usize = LANES / 2;
            $block;
            $i += LANES / 2;
        }
        while $i < len {
            const $n: usize = 1;
            $block;
            $i += 1;
        }
    }};
}

struct OfOne<S, const OP: u8, const FAST: bool>(PhantomData<S>);

impl<S: Elementary, const OP: u8, const FAST: bool> Kernel for OfOne<S, OP, FAST> {
    type Arguments = Operands<S>;

    #[inline(always)]
    fn run<I: Isa>((out, [a, _, _]): (&[Cell<S>], [&[Cell<S>]; 3])) {
        let op = const { Unary::from_code(OP).expect("a code of an operation") };
        in_blocks!(out.len(), |i, N| {
            let x: [S; N] = load(a, i);
            let y = if !FAST {
                x.map(|x| x.unary(op))
            } else if elementary::is_bounded(op) && x.iter().any(|x| x.magnitude() > S::TRIGONOMETRIC_MAX) {
                x.map(|x| elementary::unary::<I, S>(op, x))
            } else {
                x.map(|x| elementary::vector_form::<I, S>(op, x))
            };
            store(out, i, y);
        });
    }
}

struct OfTwo<S, const OP: u8>(PhantomData<S>);

impl<S: Elementary, const OP: u8> Kernel for OfTwo<S, OP> {
    type Arguments = Operands<S>;

    #[inline(always)]
    fn run<I: Isa>((out, [a, b, _]): (&[Cell<S>], [&[Cell<S>]; 3])) {
        let op = const { Binary::from_code(OP).expect("a code of an operation") };
        in_blocks!(out.len(), |i, N| {
            let (x, y): ([S; N], [S; N]) = (load(a, i), load(b, i));
            store(out, i, std::array::from_fn::<S, N, _>(|lane| x[lane].binary(op, y[lane])));
        });
    }
}

struct Choice<S>(PhantomData<S>);

impl<S: Elementary> Kernel for Choice<S> {
    type Arguments = Operands<S>;

    #[inline(always)]
    fn run<I: Isa>((out, [condition, a, b]): (&[Cell<S>], [&[Cell<S>]; 3])) {
        in_blocks!(out.len(), |i, N| {
            let (c, x, y): ([S; N], [S; N], [S; N]) = (load(condition, i), load(a, i), load(b, i));
            store(out, i, std::array::from_fn::<S, N, _>(|lane| if c[lane].is_zero() { y[lane] } else { x[lane] }));
        });
    }
}

struct Same<S>(PhantomData<S>);

impl<S: Elementary> Kernel for Same<S> {
    type Arguments = Operands<S>;

    #[inline(always)]
    fn run<I: Isa>((out, [a, _, _]): (&[Cell<S>], [&[Cell<S>]; 3])) {
        in_blocks!(out.len(), |i, N| store(out, i, load::<S, N>(a, i)));
    }
}

/// The kernel of an elementwise operation, to be chosen once.
///
/// # Panics
///
/// If the operation is not elementwise.
pub(crate) fn kernel<S: Elementary>(op: Op, fast: bool, level: Level) -> Compiled<Operands<S>> {
    match op {
        Op::Copy => simd::compiled::<Same<S>>(level),
        Op::Select => simd::compiled::<Choice<S>>(level),
        Op::Unary(op) => crate::op::dispatch_unary!(op, K => {
            if fast && elementary::has_vector_form(K) {
                simd::compiled::<OfOne<S, { K as u8 }, true>>(level)
            } else {
                simd::compiled::<OfOne<S, { K as u8 }, false>>(level)
            }
        }),
        Op::Binary(op) => crate::op::dispatch_binary!(op, K => simd::compiled::<OfTwo<S, { K as u8 }>>(level)),
        Op::Contract { .. } | Op::Sum | Op::Max | Op::Min => unreachable!("{op:?} is not elementwise"),
    }
}
