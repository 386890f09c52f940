//! eˣ and the functions made of it: `exp`, `exp2`, `exp_m1`, `sigmoid`, `tanh`.
//!
//! x = n ln 2 + r with |r| ≤ ½ ln 2; eʳ = 1 + r + r² P(r); the result is scaled by 2ⁿ in two exact
//! steps, of which the second may round to a subnormal number or overflow. Where a rounded
//! exponential would be rounded twice more, as in 1/(1 + eˣ), it is carried with the error of its
//! rounding.

use super::float::{Elementary, mul_add, polynomial, residual, two_sum};
use crate::simd::Isa;

/// x = n ln 2 + r + tail, where the tail is the rounding error of r.
#[inline(always)]
fn reduce<I: Isa, S: Elementary>(x: S) -> (S, S, S) {
    let n = mul_add::<I, S>(x, S::LOG2_E, S::MAGIC) - S::MAGIC;
    let above = mul_add::<I, S>(-n, S::LN2_HI, x); // exact
    let r = mul_add::<I, S>(-n, S::LN2_LO, above);
    let tail = mul_add::<I, S>(-n, S::LN2_LO, above - r);
    (n, r, tail)
}

/// eʳ⁺ᵗᵃⁱˡ − 1 − r
#[inline(always)]
fn rest<I: Isa, S: Elementary>(r: S, tail: S) -> S {
    mul_add::<I, S>(r * r, polynomial::<I, S>(S::EXP, r), tail)
}

/// 2ⁿ, which must be a normal number.
#[inline(always)]
pub(super) fn power_of_two<S: Elementary>(n: S) -> S {
    S::power_of_shifted(n + S::MAGIC)
}

/// `y 2ⁿ`, rounded once, for n down to twice the smallest exponent.
#[inline(always)]
fn scale<I: Isa, S: Elementary>(y: S, n: S) -> S {
    let shifted = mul_add::<I, S>(n, S::HALF, S::MAGIC);
    y * S::power_of_shifted(shifted) * power_of_two(n - (shifted - S::MAGIC))
}

/// NaN stays NaN.
#[inline(always)]
fn at_most<S: Elementary>(x: S, limit: S) -> S {
    if x > limit { limit } else { x }
}

#[inline(always)]
fn at_least<S: Elementary>(x: S, limit: S) -> S {
    if x < limit { limit } else { x }
}

/// `eˣ`
#[inline(always)]
pub(super) fn exp<I: Isa, S: Elementary>(x: S) -> S {
    let (n, r, _) = reduce::<I, S>(at_least(at_most(x, S::EXP_MAX), S::EXP_MIN));
    scale::<I, S>(S::ONE + (r + rest::<I, S>(r, S::ZERO)), n)
}

/// `2ˣ`
#[inline(always)]
pub(super) fn exp2<I: Isa, S: Elementary>(x: S) -> S {
    let x = at_least(at_most(x, S::EXP2_MAX), S::EXP2_MIN);
    let n = (x + S::MAGIC) - S::MAGIC;
    let fraction = x - n; // exact
    let r = fraction * S::LN2;
    scale::<I, S>(S::ONE + (r + rest::<I, S>(r, S::ZERO)), n)
}

/// `eˣ − 1 = (2ⁿ − 1) + 2ⁿ (r + rest)`, whose large terms are added with the error of the sum.
#[inline(always)]
pub(super) fn exp_m1<I: Isa, S: Elementary>(x: S) -> S {
    let (n, r, tail) = reduce::<I, S>(at_least(at_most(x, S::EXP_MAX), S::EXP_M1_MIN));
    // Half of everything, because 2ⁿ overflows before eˣ does.
    let power = power_of_two(n - S::ONE);
    let (whole, part) = (power - S::HALF, power * r);
    let sum = whole + part;
    let error = (whole - sum) + part;
    let half = sum + mul_add::<I, S>(power, rest::<I, S>(r, tail), error);
    // −0, and numbers whose half is not a number of the type.
    if x.magnitude() < S::TINY { x } else { half + half }
}

/// `(e, its error)` with e = e^−|x|, which does not overflow.
#[inline(always)]
pub(super) fn exp_of_negative_magnitude<I: Isa, S: Elementary>(x: S) -> (S, S) {
    let (n, r, tail) = reduce::<I, S>(at_least(-x.magnitude(), S::EXP_MIN));
    let rest = rest::<I, S>(r, tail);
    let u = r + rest;
    let p = S::ONE + u;
    let p_error = ((S::ONE - p) + u) + ((r - u) + rest);
    (scale::<I, S>(p, n), scale::<I, S>(p_error, n))
}

/// `1/(1 + e⁻ˣ)`, which with e = e^−|x| is 1/(1 + e), or e/(1 + e) for negative x.
#[inline(always)]
pub(super) fn sigmoid<I: Isa, S: Elementary>(x: S) -> S {
    let (e, e_error) = exp_of_negative_magnitude::<I, S>(x);
    let sum = S::ONE + e;
    let sum_error = ((S::ONE - sum) + e) + e_error;
    let (top, top_error) = if x < S::ZERO { (e, e_error) } else { (S::ONE, S::ZERO) };
    divide::<I, S>(top, top_error, sum, sum_error)
}

/// The slope of the sigmoid at x, where it is y: `y (1 − y)`, and `e/(1 + e)²` with e = e⁻ˣ above
/// 1/2.
#[inline(always)]
pub(super) fn sigmoid_slope<I: Isa, S: Elementary>(x: S, y: S) -> S {
    let below = y * (S::ONE - y);
    let e = exp::<I, S>(-x);
    let sum = S::ONE + e;
    let above = e / (sum * sum);
    if y <= S::HALF { below } else { above }
}

/// The sigmoid and its slope `e/(1 + e)²` with e = e^−|x|, of one exponential and one division.
#[inline(always)]
pub(super) fn sigmoid_and_slope<I: Isa, S: Elementary>(x: S) -> (S, S) {
    let (e, e_error) = exp_of_negative_magnitude::<I, S>(x);
    let sum = S::ONE + e;
    let sum_error = ((S::ONE - sum) + e) + e_error;
    let (top, top_error) = if x < S::ZERO { (e, e_error) } else { (S::ONE, S::ZERO) };
    let inverse = S::ONE / sum;
    let quotient = top * inverse;
    let left =
        residual::<I, S>(quotient, sum, top) + mul_add::<I, S>(-quotient, sum_error, top_error);
    (mul_add::<I, S>(left, inverse, quotient), (e * inverse) * inverse)
}

/// The slope of tanh at x, where it is y: `(1 − y)(1 + y)`, and `4e/(1 + e)²` with e = e^(−2|x|)
/// beyond ±1/2.
#[inline(always)]
pub(super) fn tanh_slope<I: Isa, S: Elementary>(x: S, y: S) -> S {
    let inside = (S::ONE - y) * (S::ONE + y);
    let size = x.magnitude();
    let e = exp::<I, S>(-(size + size));
    let (sum, twice) = (S::ONE + e, S::TWO * e);
    let outside = (twice + twice) / (sum * sum);
    if y.magnitude() <= S::HALF { inside } else { outside }
}

/// `(a + a_error)/(b + b_error)`
#[inline(always)]
fn divide<I: Isa, S: Elementary>(a: S, a_error: S, b: S, b_error: S) -> S {
    let inverse = S::ONE / b;
    let quotient = a * inverse;
    let left = residual::<I, S>(quotient, b, a) + mul_add::<I, S>(-quotient, b_error, a_error);
    mul_add::<I, S>(left, inverse, quotient)
}

/// `tanh x = t/(t + 2)` with t = e^2|x| − 1 and the sign of x.
#[inline(always)]
pub(super) fn tanh<I: Isa, S: Elementary>(x: S) -> S {
    let size = at_most(x.magnitude(), S::TANH_MAX);
    let (n, r, tail) = reduce::<I, S>(size + size);
    let power = power_of_two(n);
    let (whole, part) = (power - S::ONE, power * r);
    let sum = whole + part;
    let lower = mul_add::<I, S>(power, rest::<I, S>(r, tail), (whole - sum) + part);
    let t = sum + lower;
    let t_error = (sum - t) + lower;
    let (below, below_error) = two_sum(t, S::TWO);
    divide::<I, S>(t, t_error, below, below_error + t_error).with_sign_of(x)
}
