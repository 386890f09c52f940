//! The quick way to sine, cosine and tangent.
//!
//! Reduction by steps of π/256 with two exact products (W. J. Cody, W. Waite, *Software manual
//! for the elementary functions*, 1980), and a table of the sine at the steps.

use super::pair::{Pair, head, nearest, ordered_sum, polynomial};
use super::tables::{PI_STEP, SINES, STEPS_IN_PI};
use crate::double_double::DoubleDouble;

/// Up to here the products are exact.
const FAR: f64 = 1e6;

/// The step next to x, and the rest.
#[inline(always)]
fn reduced(x: f64) -> (i64, Pair) {
    if x.abs() > FAR {
        return from_afar(x);
    }
    let (n, k) = steps(x);
    (k, less_steps(Pair::of(x), n))
}

#[inline(always)]
fn steps(x: f64) -> (f64, i64) {
    const ROUNDING: f64 = 6_755_399_441_055_744.0;
    let shifted = x * STEPS_IN_PI + ROUNDING;
    (shifted - ROUNDING, shifted.to_bits() as i64 & 511)
}

/// The first two products are exact, and so is their sum's rest: x, less the first, is a multiple of
/// the second's last digit (S. Boldo, S. Graillat, J.-M. Muller, *On the robustness of the 2Sum and
/// Fast2Sum algorithms*, ACM TOMS 44, 2017).
#[inline(always)]
fn less_steps(x: Pair, n: f64) -> Pair {
    let [first, second, third] = PI_STEP;
    let a = ordered_sum(x.hi - n * first, -(n * second));
    Pair { hi: a.hi, lo: (a.lo - n * third) + x.lo }
}

#[cold]
fn from_afar(x: f64) -> (i64, Pair) {
    let (quadrant, rest) = DoubleDouble::from(x).modulo_half_pi();
    let rest = Pair { hi: rest.high(), lo: rest.low() };
    let (n, k) = steps(rest.hi);
    ((quadrant as i64 * 128 + k) & 511, less_steps(rest, n))
}

/// The sine of the k-th step, with its sign.
#[inline(always)]
fn at(k: i64) -> (f64, f64) {
    let within = k & 255;
    let (first, second) = SINES[(if within > 128 { 256 - within } else { within }) as usize];
    if k & 256 == 0 { (first, second) } else { (-first, -second) }
}

/// `sin(k π/256 + r)`, given the sine and the cosine of the first; not a normal pair.
#[inline(always)]
fn sine((s, s_rest): (f64, f64), (c, c_rest): (f64, f64), r: Pair) -> Pair {
    let x = r.hi;
    let square = x * x;
    let a = head(x);
    let b = x - a;
    let cube = x * square * polynomial(square, [-1.0 / 6.0, 1.0 / 120.0, -1.0 / 5040.0]);
    let cos_less_one = square * polynomial(square, [-0.5, 1.0 / 24.0, -1.0 / 720.0]);
    // The second part of r, times the cosine and the sine of the first.
    let along_c = cube + r.lo * (1.0 + square * (-0.5 + square * (1.0 / 24.0)));
    let along_s = cos_less_one - x * r.lo * (1.0 - square * (1.0 / 6.0));
    let low = s_rest + (c * b + c_rest * x) + ((c + c_rest) * along_c + (s + s_rest) * along_s);
    // s is larger than the product, or 0.
    let high = ordered_sum(s, c * a);
    Pair { hi: high.hi, lo: high.lo + low }
}

/// What the sine of x may be off: what it loses, and what the reduction of x did.
#[inline(always)]
fn error(v: Pair, x: f64) -> f64 {
    v.hi.abs() * 2.5e-20 + (1e-31 + x.abs().min(FAR) * 1e-32)
}

pub(super) fn sin(x: f64) -> Option<f64> {
    if x.abs() < 1e-9 {
        // −0 stays; −x³/6 is less than the half of a last digit.
        return Some(x);
    }
    if !x.is_finite() {
        return Some(f64::NAN);
    }
    let (k, r) = reduced(x);
    let v = sine(at(k), at(k + 128), r);
    nearest(v, error(v, x))
}

pub(super) fn cos(x: f64) -> Option<f64> {
    if !x.is_finite() {
        return Some(f64::NAN);
    }
    let (k, r) = reduced(x);
    let v = sine(at(k + 128), at(k + 256), r);
    nearest(v, error(v, x))
}

pub(super) fn tan(x: f64) -> Option<f64> {
    if x.abs() < 1e-9 {
        return Some(x);
    }
    if !x.is_finite() {
        return Some(f64::NAN);
    }
    let (k, r) = reduced(x);
    let (s, c) = (sine(at(k), at(k + 128), r), sine(at(k + 128), at(k + 256), r));
    let (s, c) = (s.normal(), c.normal());
    let v = s.over(c);
    let relative = error(s, x) / s.hi.abs() + error(c, x) / c.hi.abs();
    nearest(v, v.hi.abs() * (relative + 1e-30))
}
