//! Which operations have a vector form, and the loops over slices.

use std::hint::black_box;
use std::marker::PhantomData;

use super::float::Elementary;
use super::{exponential, logarithm, trigonometric};
use crate::op::{Binary, Unary};
use crate::simd::{self, Arguments, Compiled, Isa, Kernel, Level};

/// Sines and cosines look for angles beyond their bound once in so many numbers.
const BLOCK: usize = 64;

/// The arguments of a function of every element: from one slice to another of the same length.
#[derive(Debug)]
pub struct Slices<S>(PhantomData<S>);

impl<S: 'static> Arguments for Slices<S> {
    type Of<'a> = (&'a [S], &'a mut [S]);
}

/// The loop over slices of the operation with the code `OP`, which must have a vector form.
struct Map<S, const OP: u8>(PhantomData<S>);

impl<S: Elementary, const OP: u8> Kernel for Map<S, OP> {
    type Arguments = Slices<S>;

    #[inline(always)]
    fn run<I: Isa>((x, out): (&[S], &mut [S])) {
        assert_eq!(
            x.len(),
            out.len(),
            "a function of every element has as many results as numbers"
        );
        apply::<I, S>(const { Unary::from_code(OP).expect("a code of an operation") }, x, out);
    }
}

#[inline(always)]
fn apply<I: Isa, S: Elementary>(op: Unary, x: &[S], out: &mut [S]) {
    if !is_bounded(op) {
        apply_vector_form::<I, S>(op, x, out);
        return;
    }
    for (x, out) in x.chunks(BLOCK).zip(out.chunks_mut(BLOCK)) {
        if any_beyond(x) {
            for (&x, out) in x.iter().zip(out) {
                *out = unary::<I, S>(op, x);
            }
        } else {
            apply_vector_form::<I, S>(op, x, out);
        }
    }
}

/// The loop that is vectorised: whole registers, then one register of which a part is masked.
#[inline(always)]
fn apply_vector_form<I: Isa, S: Elementary>(op: Unary, x: &[S], out: &mut [S]) {
    let lanes = I::BYTES / size_of::<S>();
    // The smaller of two equal numbers, by which the compiler sees that both accesses are in
    // bounds.
    let whole = x.len().min(out.len()) / lanes * lanes;
    let ((x, x_rest), (out, out_rest)) = (x.split_at(whole), out.split_at_mut(whole));
    for (&x, out) in x.iter().zip(out) {
        *out = vector_form::<I, S>(op, x);
    }
    let rest = x_rest.len().min(out_rest.len());
    if rest == 0 {
        return;
    }
    // A loop whose bound is known to be small would not be vectorised: up to 15 numbers, one by
    // one, cost more than 60 others.
    for i in 0..black_box(lanes) {
        if i < rest {
            out_rest[i] = vector_form::<I, S>(op, x_rest[i]);
        }
    }
}

/// Whether an angle is beyond the bound. NaN is not.
#[inline(always)]
fn any_beyond<S: Elementary>(numbers: &[S]) -> bool {
    let mut any = false;
    for x in numbers {
        any |= x.magnitude() > S::TRIGONOMETRIC_MAX;
    }
    any
}

/// Whether the vector form holds up to [`Elementary::TRIGONOMETRIC_MAX`] only.
#[must_use]
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

        /// The loop of `op` over slices for `level`, to be chosen once; `None` if `op` has no
        /// vector form.
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

/// `op` of one number: the vector form where there is one and it holds, else `libm`'s. The bits of
/// [`map`] at the same level.
#[inline(always)]
pub fn unary<I: Isa, S: Elementary>(op: Unary, x: S) -> S {
    if is_bounded(op) && x.magnitude() > S::TRIGONOMETRIC_MAX {
        x.unary(op)
    } else {
        vector_form::<I, S>(op, x)
    }
}

/// Whether an operation of two numbers is made of elementary functions that have a vector form.
#[must_use]
pub const fn has_vector_form_of_two(op: Binary) -> bool {
    matches!(op, Binary::SigmoidSlope | Binary::TanhSlope)
}

/// The sigmoid, of the bits of its vector form, and its slope, within 4 ulp.
#[inline(always)]
pub fn sigmoid_and_slope<I: Isa, S: Elementary>(x: S) -> (S, S) {
    exponential::sigmoid_and_slope::<I, S>(x)
}

/// `op` of two numbers, in vector form where there is one.
#[inline(always)]
pub fn binary<I: Isa, S: Elementary>(op: Binary, x: S, y: S) -> S {
    match op {
        Binary::SigmoidSlope => exponential::sigmoid_slope::<I, S>(x, y),
        Binary::TanhSlope => exponential::tanh_slope::<I, S>(x, y),
        op => x.binary(op, y),
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
