//! Which operations have a vector form, and the loops over slices.

use std::hint::black_box;
use std::marker::PhantomData;

use super::float::Elementary;
use super::{exponential, logarithm, trigonometric};
use crate::op::Unary;
use crate::simd::{self, Arguments, Compiled, Isa, Kernel, Level};

/// Sines and cosines look for angles beyond their bound once in so many numbers.
const BLOCK: usize = 64;

/// The arguments of a function of every element: from one slice to another of the same length.
#[derive(Debug)]
pub struct Slices<S>(PhantomData<S>);

impl<S: 'static> Arguments for Slices<S> {
    type Of<'a> = (&'a [S], &'a mut [S]);
}

/// The arguments of a function of every element, in place.
#[derive(Debug)]
pub struct InPlace<S>(PhantomData<S>);

impl<S: 'static> Arguments for InPlace<S> {
    type Of<'a> = &'a mut [S];
}

/// The loop over slices of the operation with the code `OP`, which must have a vector form.
struct Map<S, const OP: u8>(PhantomData<S>);

impl<S: Elementary, const OP: u8> Kernel for Map<S, OP> {
    type Arguments = Slices<S>;

    #[inline(always)]
    fn run<I: Isa>((x, out): (&[S], &mut [S])) {
        assert_eq!(x.len(), out.len(), "a function of every element has as many results as numbers");
        apply::<I, S, _>(const { Unary::from_code(OP).expect("a code of an operation") }, Pair { x, out });
    }
}

/// As [`Map`], in place.
struct MapInPlace<S, const OP: u8>(PhantomData<S>);

impl<S: Elementary, const OP: u8> Kernel for MapInPlace<S, OP> {
    type Arguments = InPlace<S>;

    #[inline(always)]
    fn run<I: Isa>(numbers: &mut [S]) {
        apply::<I, S, _>(const { Unary::from_code(OP).expect("a code of an operation") }, numbers);
    }
}

/// Numbers that a function is applied to, and the places of its results.
trait Numbers<S>: Sized {
    fn len(&self) -> usize;
    fn get(&self, i: usize) -> S;
    fn set(&mut self, i: usize, result: S);
    fn split_at(self, i: usize) -> (Self, Self);
}

/// Two slices of one length.
struct Pair<'a, S> {
    x: &'a [S],
    out: &'a mut [S],
}

impl<S: Copy> Numbers<S> for Pair<'_, S> {
    #[inline(always)]
    fn len(&self) -> usize {
        // The smaller of two equal numbers, by which the compiler sees that both accesses are in bounds.
        self.x.len().min(self.out.len())
    }

    #[inline(always)]
    fn get(&self, i: usize) -> S {
        self.x[i]
    }

    #[inline(always)]
    fn set(&mut self, i: usize, result: S) {
        self.out[i] = result;
    }

    #[inline(always)]
    fn split_at(self, i: usize) -> (Self, Self) {
        let ((x, x_rest), (out, out_rest)) = (self.x.split_at(i), self.out.split_at_mut(i));
        (Pair { x, out }, Pair { x: x_rest, out: out_rest })
    }
}

impl<S: Copy> Numbers<S> for &mut [S] {
    #[inline(always)]
    fn len(&self) -> usize {
        <[S]>::len(self)
    }

    #[inline(always)]
    fn get(&self, i: usize) -> S {
        self[i]
    }

    #[inline(always)]
    fn set(&mut self, i: usize, result: S) {
        self[i] = result;
    }

    #[inline(always)]
    fn split_at(self, i: usize) -> (Self, Self) {
        self.split_at_mut(i)
    }
}

#[inline(always)]
fn apply<I: Isa, S: Elementary, N: Numbers<S>>(op: Unary, numbers: N) {
    if !is_bounded(op) {
        apply_vector_form::<I, S, N>(op, numbers);
        return;
    }
    let mut rest = numbers;
    while rest.len() > 0 {
        let length = rest.len().min(BLOCK);
        let (mut block, after) = rest.split_at(length);
        rest = after;
        if any_beyond(&block) {
            for i in 0..block.len() {
                block.set(i, unary::<I, S>(op, block.get(i)));
            }
        } else {
            apply_vector_form::<I, S, N>(op, block);
        }
    }
}

/// The loop that is vectorised: whole registers, then one register of which a part is masked.
#[inline(always)]
fn apply_vector_form<I: Isa, S: Elementary, N: Numbers<S>>(op: Unary, numbers: N) {
    let lanes = I::BYTES / size_of::<S>();
    let whole = numbers.len() / lanes * lanes;
    let (mut body, mut tail) = numbers.split_at(whole);
    for i in 0..body.len() {
        body.set(i, vector_form::<I, S>(op, body.get(i)));
    }
    if tail.len() == 0 {
        return;
    }
    // A loop whose bound is known to be small would not be vectorised: up to 15 numbers, one by one, cost more than 60 others.
    for i in 0..black_box(lanes) {
        if i < tail.len() {
            tail.set(i, vector_form::<I, S>(op, tail.get(i)));
        }
    }
}

/// Whether an angle is beyond the bound. NaN is not.
#[inline(always)]
fn any_beyond<S: Elementary, N: Numbers<S>>(numbers: &N) -> bool {
    let mut any = false;
    for i in 0..numbers.len() {
        any |= numbers.get(i).magnitude() > S::TRIGONOMETRIC_MAX;
    }
    any
}

/// Whether the vector form holds up to [`Elementary::TRIGONOMETRIC_MAX`] only.
pub const fn is_bounded(op: Unary) -> bool {
    matches!(op, Unary::Sin | Unary::Cos)
}

/// One list for all questions: the operations that have a vector form, and the form.
macro_rules! vector_forms {
    ($(|$x:ident| $variant:ident => $form:expr;)*) => {
        /// Whether `op` has a vector form.
        pub const fn has_vector_form(op: Unary) -> bool {
            matches!(op, $(Unary::$variant)|*)
        }

        /// The vector form where it holds.
        #[inline(always)]
        pub fn vector_form<I: Isa, S: Elementary>(op: Unary, x: S) -> S {
            match op {
                $(Unary::$variant => { let $x = x; $form })*
                _ => x.unary(op),
            }
        }

        /// The loop of `op` over slices for `level`, to be chosen once; `None` if `op` has no vector form.
        ///
        /// # Panics
        ///
        /// If the processor has not got `level`. The loop panics if its slices differ in length.
        pub fn compiled<S: Elementary>(op: Unary, level: Level) -> Option<Compiled<Slices<S>>> {
            match op {
                $(Unary::$variant => Some(simd::compiled::<Map<S, { Unary::$variant as u8 }>>(level)),)*
                _ => None,
            }
        }

        /// As [`compiled`], in place.
        ///
        /// # Panics
        ///
        /// If the processor has not got `level`.
        pub fn compiled_in_place<S: Elementary>(op: Unary, level: Level) -> Option<Compiled<InPlace<S>>> {
            match op {
                $(Unary::$variant => Some(simd::compiled::<MapInPlace<S, { Unary::$variant as u8 }>>(level)),)*
                _ => None,
            }
        }
    };
}

vector_forms! {
    |x| Recip => S::ONE / x;
    |x| Sqrt => x.root();
    |x| Exp => exponential::exp::<I, S>(x);
    |x| Exp2 => exponential::exp2::<I, S>(x);
    |x| ExpM1 => exponential::exp_m1::<I, S>(x);
    |x| Ln => logarithm::ln::<I, S>(x);
    |x| Ln1p => logarithm::ln_1p::<I, S>(x);
    |x| Log2 => logarithm::log2::<I, S>(x);
    |x| Log10 => logarithm::log10::<I, S>(x);
    |x| Sin => trigonometric::sin_cos::<I, S>(x).0;
    |x| Cos => trigonometric::sin_cos::<I, S>(x).1;
    |x| Tanh => exponential::tanh::<I, S>(x);
    |x| Sigmoid => exponential::sigmoid::<I, S>(x);
    |x| Softplus => logarithm::softplus::<I, S>(x);
}

/// `op` of one number: the vector form where there is one and it holds, else `libm`'s. The bits of [`map`] at the same level.
#[inline(always)]
pub fn unary<I: Isa, S: Elementary>(op: Unary, x: S) -> S {
    if is_bounded(op) && x.magnitude() > S::TRIGONOMETRIC_MAX { x.unary(op) } else { vector_form::<I, S>(op, x) }
}

/// `(sin x, cos x)` of one number, for little more than one of them.
#[inline(always)]
pub fn sin_cos<I: Isa, S: Elementary>(x: S) -> (S, S) {
    if x.magnitude() > S::TRIGONOMETRIC_MAX {
        (x.unary(Unary::Sin), x.unary(Unary::Cos))
    } else {
        trigonometric::sin_cos::<I, S>(x)
    }
}

/// `op` of every element of `x`, to `out`. `false`, with nothing done, if `op` has no vector form.
///
/// # Panics
///
/// If the slices differ in length, or the processor has not got `level`.
#[must_use]
pub fn map<S: Elementary>(op: Unary, level: Level, x: &[S], out: &mut [S]) -> bool {
    compiled::<S>(op, level).map(|loop_over| loop_over.call((x, out))).is_some()
}

/// As [`map`], in place.
///
/// # Panics
///
/// If the processor has not got `level`.
#[must_use]
pub fn map_in_place<S: Elementary>(op: Unary, level: Level, numbers: &mut [S]) -> bool {
    compiled_in_place::<S>(op, level).map(|loop_over| loop_over.call(numbers)).is_some()
}
