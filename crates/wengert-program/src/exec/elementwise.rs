//! The elementwise kernels: one copy per operation, numerics and level of SIMD.
//!
//! A kernel reads so many elements into a local array, computes, and writes: what it writes may be
//! what it has read. An operand of one element is repeated.

use std::cell::Cell;
use std::marker::PhantomData;

use super::LANES;
use crate::elementary::{self, Elementary};
use crate::graph::Op;
use crate::op::{Binary, Unary};
use crate::simd::{self, Arguments, Compiled, Isa, Kernel, Level};

/// The arguments of an elementwise kernel: the result, and three operands, of which it reads as
/// many as it needs.
pub(crate) struct Operands<S>(PhantomData<S>);

impl<S: 'static> Arguments for Operands<S> {
    type Of<'a> = (&'a [Cell<S>], [&'a [Cell<S>]; 3]);
}

// No closures in what follows: a closure is compiled for the baseline unless it is inlined, which
// nothing guarantees. And a kernel has one loop, over whole vectors: what is left, and an operand
// of one element, are copied to a vector's worth of their own. Every further loop would be a
// further copy of each operation at each level.

/// A vector's worth of numbers in memory.
type Vector<S> = [Cell<S>; LANES];

/// A vector's worth of elements from `i` on.
#[inline(always)]
fn load<S: Elementary>(from: &[Cell<S>], i: usize) -> [S; LANES] {
    let from = &from[i..i + LANES];
    let mut all = [S::ONE; LANES];
    for lane in 0..LANES {
        all[lane] = from[lane].get();
    }
    all
}

#[inline(always)]
fn store<S: Copy>(to: &[Cell<S>], i: usize, values: [S; LANES]) {
    let to = &to[i..i + LANES];
    for lane in 0..LANES {
        to[lane].set(values[lane]);
    }
}

/// The elements from `i` on, fewer than a vector's worth, or the one that is repeated.
#[inline(never)]
fn rest<S: Elementary>(from: &[Cell<S>], i: usize) -> Vector<S> {
    match from {
        [one] => std::array::from_fn(|_| Cell::new(one.get())),
        _ => std::array::from_fn(|lane| Cell::new(from.get(i + lane).map_or(S::ONE, Cell::get))),
    }
}

/// Writes what there is room for.
#[inline(never)]
fn put_rest<S: Copy>(to: &[Cell<S>], values: &Vector<S>) {
    for (to, value) in to.iter().zip(values) {
        to.set(value.get());
    }
}

/// A function of one number that vectors compute as well as single numbers do: its vector form in
/// fast numerics, or a few instructions.
struct OfOne<S, const OP: u8, const FAST: bool>(PhantomData<S>);

impl<S: Elementary, const OP: u8, const FAST: bool> Kernel for OfOne<S, OP, FAST> {
    type Arguments = Operands<S>;

    #[inline(always)]
    fn run<I: Isa>((out, [a, _, _]): (&[Cell<S>], [&[Cell<S>]; 3])) {
        let op = const { Unary::from_code(OP).expect("a code of an operation") };
        let repeated = a.len() == 1;
        let whole = if repeated { 0 } else { out.len() / LANES * LANES };
        let last =
            if whole < out.len() { rest(a, whole) } else { [const { Cell::new(S::ONE) }; LANES] };
        let rounds = [(&a[..whole], &out[..whole]), (&last[..], &last[..])];
        for (a, out) in &rounds[..1 + usize::from(whole < out.len())] {
            let mut i = 0;
            while i < out.len() {
                store(out, i, vector::<I, S, FAST>(op, load(a, i)));
                i += LANES;
            }
        }
        if repeated {
            for out in out {
                out.set(last[0].get());
            }
        } else if whole < out.len() {
            put_rest(&out[whole..], &last);
        }
    }
}

/// A vector's worth of results.
#[inline(always)]
fn vector<I: Isa, S: Elementary, const FAST: bool>(op: Unary, mut x: [S; LANES]) -> [S; LANES] {
    if FAST && elementary::is_bounded(op) {
        let mut beyond = false;
        for lane in 0..LANES {
            beyond |= x[lane].magnitude() > S::TRIGONOMETRIC_MAX;
        }
        if beyond {
            for lane in 0..LANES {
                let far = x[lane].magnitude() > S::TRIGONOMETRIC_MAX;
                x[lane] = if far {
                    single(op, x[lane])
                } else {
                    elementary::vector_form::<I, S>(op, x[lane])
                };
            }
            return x;
        }
    }
    for lane in 0..LANES {
        x[lane] =
            if FAST { elementary::vector_form::<I, S>(op, x[lane]) } else { x[lane].unary(op) };
    }
    x
}

type Fast<S, const OP: u8> = OfOne<S, OP, true>;
type Exact<S, const OP: u8> = OfOne<S, OP, false>;

/// A function of one number that `libm` computes one at a time.
struct OneByOne<S, const OP: u8>(PhantomData<S>);

impl<S: Elementary, const OP: u8> Kernel for OneByOne<S, OP> {
    type Arguments = Operands<S>;

    #[inline(always)]
    fn run<I: Isa>((out, [a, _, _]): (&[Cell<S>], [&[Cell<S>]; 3])) {
        let op = const { Unary::from_code(OP).expect("a code of an operation") };
        for (i, out) in out.iter().enumerate() {
            out.set(single(op, a[if a.len() == 1 { 0 } else { i }].get()));
        }
    }
}

/// One copy for all callers: `libm`'s functions are long.
#[inline(never)]
pub(crate) fn single<S: Elementary>(op: Unary, x: S) -> S {
    crate::op::dispatch_unary!(op, K => x.unary(K))
}

/// A function of two numbers of a few instructions, or in fast numerics one that has a vector form.
struct OfTwo<S, const OP: u8>(PhantomData<S>);

impl<S: Elementary, const OP: u8> Kernel for OfTwo<S, OP> {
    type Arguments = Operands<S>;

    #[inline(always)]
    fn run<I: Isa>((out, [a, b, _]): (&[Cell<S>], [&[Cell<S>]; 3])) {
        let op = const { Binary::from_code(OP).expect("a code of an operation") };
        if let ([x], [y]) = (a, b) {
            let value = elementary::binary::<I, S>(op, x.get(), y.get());
            for out in out {
                out.set(value);
            }
            return;
        }
        let whole = out.len() / LANES * LANES;
        // The one element of an operand is read again and again.
        let last = [const { Cell::new(S::ONE) }; LANES];
        let more = whole < out.len();
        let last_a = last_of(a, whole, more);
        let last_b = last_of(b, whole, more);
        let (a, step_a) = if a.len() == 1 { (&last_a[..], 0) } else { (a, 1) };
        let (b, step_b) = if b.len() == 1 { (&last_b[..], 0) } else { (b, 1) };
        let rounds = [(a, b, &out[..whole]), (&last_a[..], &last_b[..], &last[..])];
        for (a, b, out) in &rounds[..1 + usize::from(more)] {
            let mut i = 0;
            while i < out.len() {
                store(out, i, both::<I, S>(op, load(a, i * step_a), load(b, i * step_b)));
                i += LANES;
            }
        }
        if more {
            put_rest(&out[whole..], &last);
        }
    }
}

/// What an operand has behind the whole vectors, or the one element that is repeated. That one is
/// written here, as vectors: read as such, single numbers would have to reach the cache first.
#[inline(always)]
fn last_of<S: Elementary>(from: &[Cell<S>], whole: usize, more: bool) -> Vector<S> {
    if more && from.len() != 1 {
        return rest(from, whole);
    }
    let all = [const { Cell::new(S::ONE) }; LANES];
    if let [one] = from {
        let one = one.get();
        for lane in 0..LANES {
            all[lane].set(one);
        }
    }
    all
}

#[inline(always)]
fn both<I: Isa, S: Elementary>(op: Binary, mut x: [S; LANES], y: [S; LANES]) -> [S; LANES] {
    for lane in 0..LANES {
        x[lane] = elementary::binary::<I, S>(op, x[lane], y[lane]);
    }
    x
}

/// A function of two numbers that `libm` computes one at a time.
struct TwoByTwo<S, const OP: u8>(PhantomData<S>);

impl<S: Elementary, const OP: u8> Kernel for TwoByTwo<S, OP> {
    type Arguments = Operands<S>;

    #[inline(always)]
    fn run<I: Isa>((out, [a, b, _]): (&[Cell<S>], [&[Cell<S>]; 3])) {
        let op = const { Binary::from_code(OP).expect("a code of an operation") };
        let at = |from: &[Cell<S>], i: usize| from[if from.len() == 1 { 0 } else { i }].get();
        for (i, out) in out.iter().enumerate() {
            out.set(pair(op, at(a, i), at(b, i)));
        }
    }
}

/// As [`single`], of two numbers.
#[inline(never)]
pub(crate) fn pair<S: Elementary>(op: Binary, x: S, y: S) -> S {
    crate::op::dispatch_binary!(op, K => x.binary(K, y))
}

struct Choice<S>(PhantomData<S>);

impl<S: Elementary> Kernel for Choice<S> {
    type Arguments = Operands<S>;

    #[inline(always)]
    fn run<I: Isa>((out, [condition, a, b]): (&[Cell<S>], [&[Cell<S>]; 3])) {
        for (i, out) in out.iter().enumerate() {
            let at = |from: &[Cell<S>]| from[if from.len() == 1 { 0 } else { i }].get();
            let (c, x, y) = (at(condition), at(a), at(b));
            out.set(if c.is_zero() { y } else { x });
        }
    }
}

struct Same<S>(PhantomData<S>);

impl<S: Elementary> Kernel for Same<S> {
    type Arguments = Operands<S>;

    #[inline(always)]
    fn run<I: Isa>((out, [a, _, _]): (&[Cell<S>], [&[Cell<S>]; 3])) {
        if let [one] = a {
            for out in out {
                out.set(one.get());
            }
            return;
        }
        for (out, a) in out.iter().zip(a) {
            out.set(a.get());
        }
    }
}

macro_rules! dispatch {
    (Unary, $op:expr, $k:ident => $body:expr) => { crate::op::dispatch_unary!($op, $k => $body) };
    (Binary, $op:expr, $k:ident => $body:expr) => { crate::op::dispatch_binary!($op, $k => $body) };
}

macro_rules! chosen {
    ($all:ident, $op:expr, $level:expr, $vector:ident, $single:ident, [$($short:ident)*]) => {
        match $op {
            $($all::$short => simd::compiled::<$vector<S, { $all::$short as u8 }>>($level),)*
            op => dispatch!($all, op, K => simd::compiled_portable::<$single<S, { K as u8 }>>()),
        }
    };
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
        // A reciprocal and a root are one instruction in either numerics.
        Op::Unary(op)
            if fast
                && elementary::has_vector_form(op)
                && !matches!(op, Unary::Recip | Unary::Sqrt) =>
        {
            chosen!(Unary, op, level, Fast, OneByOne, [
                Exp Exp2 ExpM1 Ln Ln1p Log2 Log10 Sin Cos Tanh Sigmoid Softplus
            ])
        }
        Op::Unary(op) => {
            chosen!(Unary, op, level, Exact, OneByOne, [Neg Recip Sqrt Abs Signum Relu])
        }
        Op::Binary(op) if fast && elementary::has_vector_form_of_two(op) => {
            chosen!(Binary, op, level, OfTwo, TwoByTwo, [SigmoidSlope TanhSlope])
        }
        Op::Binary(op) => {
            chosen!(Binary, op, level, OfTwo, TwoByTwo, [Add Sub Mul Div Min Max Gt Ge Eq MulNoNan MulNoNanEither])
        }
        Op::Contract { .. } | Op::Sum | Op::Max | Op::Min | Op::OverRows | Op::Rule(_) => {
            unreachable!("{op:?} is not elementwise")
        }
    }
}
