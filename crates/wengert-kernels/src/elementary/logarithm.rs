//! ln x and the functions made of it: `ln`, `log2`, `log10`, `ln_1p`, `softplus`.
//!
//! x = 2ᵏ (1 + f) with √½ ≤ 1 + f < √2, s = f/(2 + f), and ln(1 + f) = f − (f²/2 − s (f²/2 +
//! R(s²))), the arrangement of FreeBSD's `e_log.c`, `k_log.h`, `s_log1p.c`, `e_log2.c` and
//! `e_log10.c` (Sun Microsystems 1993), with coefficients of our own.

use super::exponential::{exp_of_negative_magnitude, power_of_two};
use super::float::{Elementary, mul_add, polynomial, two_sum};
use crate::simd::Isa;

/// `(f²/2, s (f²/2 + R(s²)))`: f less the first, plus the second, is ln(1 + f).
#[inline(always)]
fn parts<I: Isa, S: Elementary>(f: S) -> (S, S) {
    let s = f / (S::TWO + f);
    let z = s * s;
    let half_square = S::HALF * f * f;
    (half_square, s * mul_add::<I, S>(z, polynomial::<I, S>(S::LN, z), half_square))
}

/// `(k, f)` for positive finite x.
#[inline(always)]
fn decompose<S: Elementary>(x: S) -> (S, S) {
    let (shift, normal) = x.normalised();
    let (k, m) = normal.split();
    (k + shift, m - S::ONE)
}

/// The logarithm `y` of positive finite x, and what it is elsewhere.
#[inline(always)]
fn with_limits<S: Elementary>(x: S, y: S) -> S {
    let y = if x < S::INFINITY { y } else { x };
    let y = if x < S::ZERO { S::NAN } else { y };
    if x == S::ZERO { -S::INFINITY } else { y }
}

/// `ln x`
#[inline(always)]
pub(super) fn ln<I: Isa, S: Elementary>(x: S) -> S {
    let (k, f) = decompose(x);
    with_limits(x, assemble::<I, S>(k, f, S::ZERO))
}

/// k ln 2 + ln(1 + f) + error
#[inline(always)]
fn assemble<I: Isa, S: Elementary>(k: S, f: S, error: S) -> S {
    let (half_square, product) = parts::<I, S>(f);
    let low = mul_add::<I, S>(k, S::LN2_LO, error);
    mul_add::<I, S>(k, S::LN2_HI, f - (half_square - (product + low)))
}

/// `(a number of few bits, the rest)` of ln(1 + f)
#[inline(always)]
fn in_halves<I: Isa, S: Elementary>(f: S) -> (S, S) {
    let (half_square, product) = parts::<I, S>(f);
    let high = (f - half_square).leading();
    (high, ((f - high) - half_square) + product)
}

/// `log₂ x`
#[inline(always)]
pub(super) fn log2<I: Isa, S: Elementary>(x: S) -> S {
    let (k, f) = decompose(x);
    let (high, low) = in_halves::<I, S>(f);
    let product = high * S::LOG2_E_HI; // exact
    let rest = mul_add::<I, S>(low + high, S::LOG2_E_LO, low * S::LOG2_E_HI);
    let sum = k + product;
    with_limits(x, sum + (((k - sum) + product) + rest))
}

/// `log₁₀ x`
#[inline(always)]
pub(super) fn log10<I: Isa, S: Elementary>(x: S) -> S {
    let (k, f) = decompose(x);
    let (high, low) = in_halves::<I, S>(f);
    let product = high * S::LOG10_E_HI; // exact
    let rest = mul_add::<I, S>(low + high, S::LOG10_E_LO, low * S::LOG10_E_HI);
    let rest = mul_add::<I, S>(k, S::LOG10_2_LO, rest);
    let whole = k * S::LOG10_2_HI; // exact
    let sum = whole + product;
    with_limits(x, sum + (((whole - sum) + product) + rest))
}

/// `ln(1 + x)`
#[inline(always)]
pub(super) fn ln_1p<I: Isa, S: Elementary>(x: S) -> S {
    let (sum, lost) = two_sum(S::ONE, x);
    let (k, m) = sum.split();
    // What the sum lost, at the scale of m; beyond the limit it is nothing.
    let limit = if k > S::LN_1P_LARGE { S::LN_1P_LARGE } else { k };
    let y = ln_of_sum::<I, S>(k, m, lost * power_of_two(-limit), S::ZERO);
    let y = if x < S::INFINITY { y } else { x };
    let y = if x < -S::ONE { S::NAN } else { y };
    let y = if x == -S::ONE { -S::INFINITY } else { y };
    // −0, and subnormal numbers
    if x.magnitude() < S::TINY { x } else { y }
}

/// k ln 2 + ln(m + lost) + error
#[inline(always)]
fn ln_of_sum<I: Isa, S: Elementary>(k: S, m: S, lost: S, error: S) -> S {
    let whole = m - S::ONE; // exact
    let f = whole + lost; // exact where k is 0
    assemble::<I, S>(k, f, ((whole - f) + lost) + error)
}

/// `ln(1 + eˣ) = max(x, 0) + ln(1 + e)` with e = e^−|x|
#[inline(always)]
pub(super) fn softplus<I: Isa, S: Elementary>(x: S) -> S {
    let (e, e_error) = exp_of_negative_magnitude::<I, S>(x);
    let sum = S::ONE + e;
    let lost = (S::ONE - sum) + e;
    // The error counts 1/(1 + e) times: with 0 ≤ e ≤ 1 it is this to within some percent.
    let slope =
        mul_add::<I, S>(mul_add::<I, S>(e, S::from_f64(0.45), S::from_f64(-0.95)), e, S::ONE);
    // The sum is at most 2, so that is all there is to its exponent.
    let (k, half) = if sum > S::from_f64(std::f64::consts::SQRT_2) {
        (S::ONE, S::HALF)
    } else {
        (S::ZERO, S::ONE)
    };
    let rest = ln_of_sum::<I, S>(k, sum * half, lost * half, e_error * slope);
    (if x > S::ZERO { x } else { S::ZERO }) + rest
}
