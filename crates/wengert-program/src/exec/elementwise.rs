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

#[inline(always)]
fn load<S: Elementary>(from: &Vector<S>) -> [S; LANES] {
    let mut all = [S::ONE; LANES];
    for lane in 0..LANES {
        all[lane] = from[lane].get();
    }
    all
}

#[inline(always)]
fn store<S: Copy>(to: &Vector<S>, values: [S; LANES]) {
    for lane in 0..LANES {
        to[lane].set(values[lane]);
    }
}

/// The whole vectors of an operand, and a mask of their numbers: of one element it is `last` again
/// and again.
#[inline(always)]
fn vectors<'a, S>(from: &'a [Cell<S>], last: &'a Vector<S>) -> (&'a [Vector<S>], usize) {
    if from.len() == 1 { (std::slice::from_ref(last), 0) } else { (from.as_chunks().0, usize::MAX) }
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
        if let [one] = a {
            let last = rest(a, 0);
            store(&last, vector::<I, S, FAST>(op, [one.get(); LANES]));
            for out in out {
                out.set(last[0].get());
            }
            return;
        }
        let whole = out.len() / LANES * LANES;
        let more = &out[whole..];
        let last = [const { Cell::new(S::ONE) }; LANES];
        let (mut from, mut to, mut is_left) = (a, &out[..whole], !more.is_empty());
        // Once over the whole vectors, and once over what is left.
        loop {
            // In steps of a vector: else the loop would be made vectors of, each lane from another
            // element of what are vectors already.
            let mut i = 0;
            while i < to.len() {
                let (Some(a), Some(out)) = (from[i..].first_chunk(), to[i..].first_chunk()) else {
                    break;
                };
                store(out, vector::<I, S, FAST>(op, load(a)));
                i += LANES;
            }
            if !is_left {
                break;
            }
            put_rest(&last, &rest(a, whole));
            (from, to, is_left) = (&last, &last, false);
        }
        if !more.is_empty() {
            put_rest(more, &last);
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
        let (whole, more) = out.as_chunks();
        let (last_a, last_b, last) = (last_of(a), last_of(b), last_of(&[]));
        let (mut x, mut y) = (vectors(a, &last_a), vectors(b, &last_b));
        let (mut to, mut is_left) = (whole, !more.is_empty());
        loop {
            let ((xs, every_x), (ys, every_y)) = (x, y);
            for (i, out) in to.iter().enumerate() {
                store(out, both::<I, S>(op, load(&xs[i & every_x]), load(&ys[i & every_y])));
            }
            if !is_left {
                break;
            }
            fill(&last_a, a, whole.len());
            fill(&last_b, b, whole.len());
            (x, y) = ((std::slice::from_ref(&last_a), 0), (std::slice::from_ref(&last_b), 0));
            (to, is_left) = (std::slice::from_ref(&last), false);
        }
        if !more.is_empty() {
            put_rest(more, &last);
        }
    }
}

/// A product and what it is added to, or with `MINUS` taken from: rounded once where the processor
/// can. With `GUARDED` a zero `a` adds nothing, whatever b is.
struct WithProduct<S, const GUARDED: bool, const MINUS: bool>(PhantomData<S>);

impl<S: Elementary, const GUARDED: bool, const MINUS: bool> Kernel
    for WithProduct<S, GUARDED, MINUS>
{
    type Arguments = Operands<S>;

    #[inline(always)]
    fn run<I: Isa>((out, [a, b, c]): (&[Cell<S>], [&[Cell<S>]; 3])) {
        let (whole, more) = out.as_chunks();
        let (last_a, last_b, last_c) = (last_of(a), last_of(b), last_of(c));
        let last = last_of(&[]);
        let (mut x, mut y) = (vectors(a, &last_a), vectors(b, &last_b));
        let mut z = vectors(c, &last_c);
        let (mut to, mut is_left) = (whole, !more.is_empty());
        loop {
            let ((xs, every_x), (ys, every_y), (zs, every_z)) = (x, y, z);
            for (i, out) in to.iter().enumerate() {
                let (mut x, y) = (load(&xs[i & every_x]), load(&ys[i & every_y]));
                let z = load(&zs[i & every_z]);
                for lane in 0..LANES {
                    let a = if MINUS { -x[lane] } else { x[lane] };
                    let b = if GUARDED && a.is_zero() { S::ONE } else { y[lane] };
                    x[lane] = if I::FMA { S::fused(a, b, z[lane]) } else { z[lane] + a * b };
                }
                store(out, x);
            }
            if !is_left {
                break;
            }
            fill(&last_a, a, whole.len());
            fill(&last_b, b, whole.len());
            fill(&last_c, c, whole.len());
            (x, y) = ((std::slice::from_ref(&last_a), 0), (std::slice::from_ref(&last_b), 0));
            z = (std::slice::from_ref(&last_c), 0);
            (to, is_left) = (std::slice::from_ref(&last), false);
        }
        if !more.is_empty() {
            put_rest(more, &last);
        }
    }
}

/// The kernel of `c + a b`, or of `c - a b`; `guarded`: nothing for a zero a.
pub(crate) fn with_product<S: Elementary>(
    guarded: bool,
    minus: bool,
    level: Level,
) -> Compiled<Operands<S>> {
    match (guarded, minus) {
        (false, false) => simd::compiled::<WithProduct<S, false, false>>(level),
        (false, true) => simd::compiled::<WithProduct<S, false, true>>(level),
        (true, false) => simd::compiled::<WithProduct<S, true, false>>(level),
        (true, true) => simd::compiled::<WithProduct<S, true, true>>(level),
    }
}

/// The one element that an operand repeats. It is written here, as vectors: read as such, single
/// numbers would have to reach the cache first.
#[inline(always)]
fn last_of<S: Elementary>(from: &[Cell<S>]) -> Vector<S> {
    let all = [const { Cell::new(S::ONE) }; LANES];
    if let [one] = from {
        store(&all, [one.get(); LANES]);
    }
    all
}

/// What an operand has behind its whole vectors, unless it repeats one element.
#[inline(always)]
fn fill<S: Elementary>(last: &Vector<S>, from: &[Cell<S>], whole: usize) {
    if from.len() != 1 {
        put_rest(last, &rest(from, whole * LANES));
    }
}

#[inline(always)]
fn both<I: Isa, S: Elementary>(op: Binary, mut x: [S; LANES], y: [S; LANES]) -> [S; LANES] {
    for lane in 0..LANES {
        x[lane] = elementary::binary::<I, S>(op, x[lane], y[lane]);
    }
    x
}

/// The sigmoid, and its slope to the second operand.
struct SigmoidAndSlope<S>(PhantomData<S>);

impl<S: Elementary> Kernel for SigmoidAndSlope<S> {
    type Arguments = Operands<S>;

    #[inline(always)]
    fn run<I: Isa>((out, [x, slope, _]): (&[Cell<S>], [&[Cell<S>]; 3])) {
        let ((whole, more), slopes) = (out.as_chunks(), slope.as_chunks().0);
        let (last_x, last, last_slope) = (last_of(x), last_of(&[]), last_of(&[]));
        let (mut from, mut to, mut is_left) = (vectors(x, &last_x), whole, !more.is_empty());
        let mut to_slope = slopes;
        loop {
            let (xs, every) = from;
            for (i, out) in to.iter().enumerate() {
                let mut x = load(&xs[i & every]);
                let mut slope = x;
                for lane in 0..LANES {
                    (x[lane], slope[lane]) = elementary::sigmoid_and_slope::<I, S>(x[lane]);
                }
                store(out, x);
                store(&to_slope[i], slope);
            }
            if !is_left {
                break;
            }
            fill(&last_x, x, whole.len());
            from = (std::slice::from_ref(&last_x), 0);
            to_slope = std::slice::from_ref(&last_slope);
            (to, is_left) = (std::slice::from_ref(&last), false);
        }
        if !more.is_empty() {
            put_rest(more, &last);
            put_rest(&slope[whole.len() * LANES..], &last_slope);
        }
    }
}

/// The kernel of the sigmoid that leaves its slope as well.
pub(crate) fn sigmoid_and_slope<S: Elementary>(level: Level) -> Compiled<Operands<S>> {
    simd::compiled::<SigmoidAndSlope<S>>(level)
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
