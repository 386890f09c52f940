//! Which operations have a vector form, and the loops over slices.

use std::marker::PhantomData;

use super::float::Elementary;
use super::{exponential, logarithm, trigonometric};
use crate::op::Unary;
use crate::simd::{self, Arguments, Compiled, Isa, Kernel, Level};

/// Sines and cosines look for angles beyond their bound once in so many numbers.
const BLOCK: usize = 64;

/// The arguments of a function of every element: from one slice to another of the same length.
pub(crate) struct Slices<S>(PhantomData<S>);

impl<S: 'static> Arguments for Slices<S> {
    type Of<'a> = (&'a [S], &'a mut [S]);
}

/// The arguments of a function of every element, in place.
pub(crate) struct InPlace<S>(PhantomData<S>);

impl<S: 'static> Arguments for InPlace<S> {
    type Of<'a> = &'a mut [S];
}

/// The loop over slices of the operation with the code `OP`, which must have a vector form.
struct Map<S, const OP: u8>(PhantomData<S>);

impl<S, const OP: u8> Map<S, OP> {
    const OP: Unary = Unary::from_code(OP).expect("a code of an operation");
    const BOUNDED: bool = is_bounded(Self::OP);
}

impl<S: Elementary, const OP: u8> Kernel for Map<S, OP> {
    type Arguments = Slices<S>;

    #[inline(always)]
    fn run<I: Isa>((x, out): (&[S], &mut [S])) {
        assert_eq!(x.len(), out.len(), "a function of every element has as many results as numbers");
        if !Self::BOUNDED {
            for (&x, out) in x.iter().zip(out) {
                *out = vector_form::<I, S>(Self::OP, x);
            }
            return;
        }
        for (x, out) in x.chunks(BLOCK).zip(out.chunks_mut(BLOCK)) {
            if any_beyond(x) {
                for (&x, out) in x.iter().zip(out) {
                    *out = unary::<I, S>(Self::OP, x);
                }
            } else {
                for (&x, out) in x.iter().zip(out) {
                    *out = vector_form::<I, S>(Self::OP, x);
                }
            }
        }
    }
}

/// As [`Map`], in place.
struct MapInPlace<S, const OP: u8>(PhantomData<S>);

impl<S: Elementary, const OP: u8> Kernel for MapInPlace<S, OP> {
    type Arguments = InPlace<S>;

    #[inline(always)]
    fn run<I: Isa>(numbers: &mut [S]) {
        let op = Map::<S, OP>::OP;
        if !Map::<S, OP>::BOUNDED {
            for x in numbers {
                *x = vector_form::<I, S>(op, *x);
            }
            return;
        }
        for numbers in numbers.chunks_mut(BLOCK) {
            if any_beyond(numbers) {
                for x in numbers {
                    *x = unary::<I, S>(op, *x);
                }
            } else {
                for x in numbers {
                    *x = vector_form::<I, S>(op, *x);
                }
            }
        }
    }
}

/// Whether an angle is beyond the bound. NaN is not.
#[inline(always)]
fn any_beyond<S: Elementary>(x: &[S]) -> bool {
    let mut any = false;
    for &x in x {
        any |= x.magnitude() > S::TRIGONOMETRIC_MAX;
    }
    any
}

/// Whether the vector form holds up to [`Elementary::TRIGONOMETRIC_MAX`] only.
pub(crate) const fn is_bounded(op: Unary) -> bool {
    matches!(op, Unary::Sin | Unary::Cos)
}

/// One list for all questions: the operations that have a vector form, and the form.
macro_rules! vector_forms {
    ($(|$x:ident| $variant:ident => $form:expr;)*) => {
        /// Whether `op` has a vector form.
        pub(crate) const fn has_vector_form(op: Unary) -> bool {
            matches!(op, $(Unary::$variant)|*)
        }

        /// The vector form where it holds.
        #[inline(always)]
        pub(crate) fn vector_form<I: Isa, S: Elementary>(op: Unary, x: S) -> S {
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
        pub(crate) fn compiled<S: Elementary>(op: Unary, level: Level) -> Option<Compiled<Slices<S>>> {
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
        pub(crate) fn compiled_in_place<S: Elementary>(op: Unary, level: Level) -> Option<Compiled<InPlace<S>>> {
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
pub(crate) fn unary<I: Isa, S: Elementary>(op: Unary, x: S) -> S {
    if is_bounded(op) && x.magnitude() > S::TRIGONOMETRIC_MAX { x.unary(op) } else { vector_form::<I, S>(op, x) }
}

/// `(sin x, cos x)` of one number, for little more than one of them.
#[inline(always)]
pub(crate) fn sin_cos<I: Isa, S: Elementary>(x: S) -> (S, S) {
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
pub(crate) fn map<S: Elementary>(op: Unary, level: Level, x: &[S], out: &mut [S]) -> bool {
    compiled::<S>(op, level).map(|loop_over| loop_over.call((x, out))).is_some()
}

/// As [`map`], in place.
///
/// # Panics
///
/// If the processor has not got `level`.
#[must_use]
pub(crate) fn map_in_place<S: Elementary>(op: Unary, level: Level, numbers: &mut [S]) -> bool {
    compiled_in_place::<S>(op, level).map(|loop_over| loop_over.call(numbers)).is_some()
}
