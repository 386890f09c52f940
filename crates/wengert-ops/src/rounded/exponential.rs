//! The quick way to exponentials, hyperbolic functions and powers.
//!
//! Reduction by steps of ln 2 / 128 and a table, after P. T. P. Tang, *Table-driven implementation
//! of the exponential function in IEEE floating-point arithmetic*, ACM TOMS 15 (1989). The table's
//! first 26 bits times the rest's are an exact product, and only that product needs to be.

use super::logarithm;
use super::pair::{Pair, head, nearest, ordered_sum, polynomial, product, sum};
use super::tables::{
    LN_2_SMALL_STEP, LN_2_STEP, POWERS, SMALL_POWERS, SMALL_STEPS_IN_LN_2, STEPS_IN_LN_2,
};

/// Added to a number and taken off again, it leaves the nearest whole number.
const ROUNDING: f64 = 6_755_399_441_055_744.0;

/// The relative error of [`exp`].
const ERROR: f64 = 7e-20; // 2⁻⁶³·⁶

/// The relative error of [`exp_of_pair`].
const FINE: f64 = 3.4e-21; // 2⁻⁶⁸

/// `e^(k ln 2 / 128 + r)` as a number about between 1 and 2, and the power of two that it is to be
/// multiplied by; |r| up to ln 2 / 256.
#[inline(always)]
fn of_rest(k: i64, r: Pair) -> (Pair, i64) {
    let (first, second) = POWERS[(k & 127) as usize];
    let more = rest_less_one(r);
    let a = head(r.hi);
    let b = r.hi - a;
    let high = ordered_sum(first, first * a);
    let low = second + (first * b + second * r.hi) + (first + second) * more;
    (ordered_sum(high.hi, high.lo + low), k >> 7)
}

/// `eʳ − 1 − r`, with the second part of r.
#[inline(always)]
fn rest_less_one(r: Pair) -> f64 {
    let x = r.hi;
    let cube = polynomial(x, [1.0 / 6.0, 1.0 / 24.0, 1.0 / 120.0, 1.0 / 720.0, 1.0 / 5040.0]);
    0.5 * x * x + (r.lo + (x * r.lo + x * x * x * cube))
}

#[inline(always)]
fn whole(x: f64) -> (f64, i64) {
    let shifted = x + ROUNDING;
    (shifted - ROUNDING, shifted.to_bits() as i64 - ROUNDING.to_bits() as i64)
}

/// `eˣ` of a number up to about 750, in the same form. Steps of ln 2 / 4096 leave a rest so small
/// that a single number holds it.
#[inline(always)]
fn exp(x: f64) -> (Pair, i64) {
    let (v, k) = quick_exp(x);
    (v.normal(), k)
}

/// As [`exp`]; not a normal pair.
#[inline(always)]
fn quick_exp(x: f64) -> (Pair, i64) {
    let (n, k) = whole(x * SMALL_STEPS_IN_LN_2);
    let [first, second] = LN_2_SMALL_STEP;
    of_small_rest(k, (x - n * first) - n * second)
}

/// `e^(k ln 2 / 4096 + r)`, |r| up to ln 2 / 8192; not a normal pair.
#[inline(always)]
fn of_small_rest(k: i64, r: f64) -> (Pair, i64) {
    let (a, a_rest) = POWERS[(k >> 5 & 127) as usize];
    let (b, b_rest) = SMALL_POWERS[(k & 31) as usize];
    let high = a * b;
    let low = a * b_rest + a_rest * (b + b_rest);
    let square = r * r;
    let more = r + square * ((0.5 + r * (1.0 / 6.0)) + square * (1.0 / 24.0));
    (Pair { hi: high, lo: low + (high + low) * more }, k >> 12)
}

/// `eˣ` of a pair up to about 750.
#[inline(always)]
pub(crate) fn exp_of_pair(x: Pair) -> (Pair, i64) {
    let (n, k) = whole(x.hi * STEPS_IN_LN_2);
    let [first, second, third] = LN_2_STEP;
    let high = sum(x.hi - n * first, -(n * second));
    of_rest(k, ordered_sum(high.hi, high.lo + (x.lo - n * third)))
}

/// 2ᵏ, for a normal number.
#[inline(always)]
fn power_of_two(k: i64) -> f64 {
    f64::from_bits(((k + 1023) as u64) << 52)
}

/// The double nearest to `x 2ᵏ`, where x is about between 1 and 2, and may be off by `error`.
#[inline(always)]
fn scaled(x: Pair, k: i64, error: f64) -> Option<f64> {
    if k >= -1021 || k == -1022 && x.hi >= 1.0 {
        // In halves: of 2¹⁰²⁴ and of 2⁻¹⁰²³ the first is no number.
        return nearest(x, error).map(|v| v * power_of_two(k >> 1) * power_of_two(k - (k >> 1)));
    }
    subnormal(x, k, error)
}

/// Below the normal numbers the last digit stands in the same place for all: that of a large number
/// to which x is added.
#[cold]
fn subnormal(x: Pair, k: i64, error: f64) -> Option<f64> {
    let large = power_of_two(-1022 - k);
    let high = ordered_sum(large, x.hi);
    let digits = nearest(Pair { hi: high.hi, lo: high.lo + x.lo }, error)? - large;
    // Of 2ᵏ no part is a number, of the result's last digit one is.
    Some(digits * power_of_two(k + 200) * power_of_two(-200))
}

pub(super) fn e_to(x: f64) -> Option<f64> {
    if x > 710.0 {
        return Some(f64::INFINITY);
    }
    if x < -746.0 {
        return Some(0.0);
    }
    let (v, k) = quick_exp(x);
    scaled(v, k, v.hi * ERROR)
}

pub(super) fn two_to(x: f64) -> Option<f64> {
    if x >= 1024.0 {
        return Some(f64::INFINITY);
    }
    if x < -1076.0 {
        return Some(0.0);
    }
    let (n, k) = whole(x * 4096.0);
    let (v, k) = of_small_rest(k, (x - n * (1.0 / 4096.0)) * std::f64::consts::LN_2);
    scaled(v, k, v.hi * ERROR)
}

/// `eˣ − 1`, and what it may be off.
#[inline(always)]
fn less_one(x: f64) -> (Pair, f64) {
    if x.abs() < 0.0027 {
        let square = x * x;
        return (ordered_sum(x, rest_less_one(Pair::of(x))), square * 4e-16 + x.abs() * 1e-30);
    }
    let (v, k) = exp(x);
    let v = v.scaled(power_of_two(k));
    (v.plus(Pair::of(-1.0)), v.hi * ERROR)
}

pub(super) fn e_to_less_one(x: f64) -> Option<f64> {
    if x > 709.0 {
        return e_to(x);
    }
    if x < -50.0 {
        return Some(-1.0);
    }
    if x.abs() < 1e-20 {
        // −0 stays.
        return Some(x);
    }
    let (v, error) = less_one(x);
    nearest(v, error)
}

/// What the series of an odd function near 0 may be off, of the cube of x: the rounding of the
/// largest terms.
const SERIES: f64 = 2.3e-16;

pub(super) fn sinh(x: f64) -> Option<f64> {
    let size = x.abs();
    if size > 711.0 {
        return Some(x * f64::INFINITY);
    }
    let (v, error) = if size < 0.0625 {
        let square = x * x;
        let series = polynomial(
            square,
            [1.0 / 6.0, 1.0 / 120.0, 1.0 / 5040.0, 1.0 / 362_880.0, 1.0 / 39_916_800.0],
        );
        (ordered_sum(size, size * square * series), size * square * SERIES)
    } else {
        let (up, down, by) = halves(size);
        return nearest(up.minus(down), up.hi * (2.0 * ERROR)).map(|v| (v * by).copysign(x));
    };
    nearest(v, error).map(|v| v.copysign(x))
}

pub(super) fn cosh(x: f64) -> Option<f64> {
    let size = x.abs();
    if size > 711.0 {
        return Some(f64::INFINITY);
    }
    let (up, down, by) = halves(size);
    nearest(up.plus(down), up.hi * (2.0 * ERROR)).map(|v| v * by)
}

/// `eˣ/2` and `e⁻ˣ/2` for x ≥ 0, each to be multiplied by the third.
#[inline(always)]
fn halves(x: f64) -> (Pair, Pair, f64) {
    let (v, k) = exp(x);
    if x > 40.0 {
        // The other half is less than the error.
        return (v.scaled(2.0), Pair::of(0.0), power_of_two(k - 2));
    }
    let up = v.scaled(power_of_two(k - 1));
    (up, Pair::of(0.25).over(up), 1.0)
}

pub(super) fn tanh(x: f64) -> Option<f64> {
    let size = x.abs();
    if size > 22.0 {
        return Some(f64::copysign(1.0, x));
    }
    if size < 0.0625 {
        let square = x * x;
        let series = polynomial(
            square,
            [
                1.0 / 3.0,
                -2.0 / 15.0,
                17.0 / 315.0,
                -62.0 / 2835.0,
                1382.0 / 155_925.0,
                -21844.0 / 6_081_075.0,
                929_569.0 / 638_512_875.0,
            ],
        );
        let v = ordered_sum(size, -(size * square * series));
        return nearest(v, 2.0 * size * square * SERIES).map(|v| v.copysign(x));
    }
    let (v, k) = exp(2.0 * size);
    let one_more = v.scaled(power_of_two(k)).plus(Pair::of(1.0));
    let less = Pair::of(2.0).over(one_more);
    nearest(Pair::of(1.0).minus(less), less.hi * (2.0 * ERROR)).map(|v| v.copysign(x))
}

/// `xʸ` of positive normal x and finite y that is not 0.
pub(super) fn power(x: f64, y: f64) -> Option<f64> {
    let (log, error) = logarithm::of(Pair::of(x));
    let high = product(y, log.hi);
    let exponent = ordered_sum(high.hi, high.lo + y * log.lo);
    if exponent.hi > 710.0 {
        return Some(f64::INFINITY);
    }
    if exponent.hi.is_nan() || exponent.hi <= -746.0 {
        return (exponent.hi < -746.0).then_some(0.0);
    }
    let (v, k) = exp_of_pair(exponent);
    scaled(v, k, v.hi * (2.0 * FINE + (y * error).abs()))
}
