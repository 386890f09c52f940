//! The logarithm of the gamma function and its derivatives.
//!
//! Large operands by Stirling's series (NIST, Digital Library of Mathematical Functions, 5.11 and
//! 5.15), smaller ones by recurrence from there, negative ones by reflection; ln Γ near 1 and 2, and
//! its slope near where that is 0, by their Taylor series, so that no digits are lost there.

use super::DoubleDouble;
use super::arithmetic::polynomial;
use super::constants::PI;
use super::exponential::{ln, ln_1p};
use super::gamma_tables::{AT_2, AT_ZERO, BERNOULLI, LN_PI, LN_ROOT_TAU, ZERO};
use super::trigonometric::{cos, sin};

/// From here on the series is used, of derivatives from as much more as is their order.
const LARGE: f64 = 24.0;

fn one() -> DoubleDouble {
    1.0.into()
}

/// `Σ aₖ δᵏ`, k from 1.
fn taylor(coefficients: &[DoubleDouble], delta: DoubleDouble) -> DoubleDouble {
    polynomial(delta, coefficients).times(delta)
}

/// How many times 1 is to be added.
fn steps(x: DoubleDouble, to: f64) -> i32 {
    (to - x.hi).ceil().max(0.0) as i32
}

/// `Σ B₂ₖ c(2k) / x²ᵏ`
fn stirling(x: DoubleDouble, c: impl Fn(f64) -> DoubleDouble) -> DoubleDouble {
    if x.hi > 1e100 {
        return 0.0.into();
    }
    let by = one().divided(x.square());
    let (mut sum, mut power) = (DoubleDouble::from(0.0), by);
    for (k, &b) in BERNOULLI.iter().enumerate() {
        let term = b.times(power).times(c(2.0 * (k as f64 + 1.0)));
        sum = sum.plus(term);
        if term.hi.abs() < 1e-36 {
            break;
        }
        power = power.times(by);
    }
    sum
}

/// The distance from the nearest whole number, times π, and whether that number is odd.
fn angle(x: DoubleDouble) -> (DoubleDouble, bool) {
    let whole = x.rounded();
    let odd = libm::fmod(whole.hi, 2.0) != 0.0;
    (x.minus(whole).times(PI), odd)
}

/// `ln |Γ(x)|`, +∞ at 0 and the negative whole numbers.
pub(super) fn lgamma(x: DoubleDouble) -> DoubleDouble {
    if x.is_nan() {
        return x;
    }
    if x.hi <= 0.0 && x == x.rounded() || x.hi.is_infinite() {
        return f64::INFINITY.into();
    }
    let half = 0.5;
    if x.hi < -half {
        // Γ(x) Γ(1 − x) = π/sin(πx)
        let sine = sin(angle(x).0).magnitude();
        return LN_PI.minus(ln(sine)).minus(lgamma(one().minus(x)));
    }
    if x.hi < half {
        // Γ(x + 1) = x Γ(x)
        return near_1(x).minus(ln(x.magnitude()));
    }
    if x.hi < 1.5 {
        return near_1(x.minus(one()));
    }
    if x.hi <= 2.5 {
        return taylor(&AT_2, x.minus(2.0.into()));
    }
    if x.hi > 1e280 {
        return x.shifted(-64).times(ln(x).minus(one())).shifted(64).finite_or_infinite();
    }
    let mut product = one();
    let mut at = x;
    for _ in 0..steps(x, LARGE) {
        product = product.times(at);
        at = at.plus(one());
    }
    let series = stirling(at, |k| at.divided((k * (k - 1.0)).into()));
    let large = at.minus(0.5.into()).times(ln(at)).minus(at).plus(LN_ROOT_TAU).plus(series);
    if product == one() { large } else { large.minus(ln(product)) }
}

/// `ln Γ(1 + δ)`, |δ| ≤ 1/2.
fn near_1(delta: DoubleDouble) -> DoubleDouble {
    taylor(&AT_2, delta).minus(ln_1p(delta))
}

impl DoubleDouble {
    /// +∞ in place of an overflow's NaN.
    fn finite_or_infinite(self) -> Self {
        if self.hi.is_finite() { self } else { f64::INFINITY.into() }
    }
}

/// `ψ(x)`, the derivative of ln Γ.
pub(super) fn digamma(x: DoubleDouble) -> DoubleDouble {
    if x.is_nan() || x.hi == f64::INFINITY {
        return x;
    }
    if x.hi == 0.0 {
        return (-1.0 / x.hi).into();
    }
    if x.hi < 0.0 {
        if x == x.rounded() || x.hi.is_infinite() {
            return f64::NAN.into();
        }
        if x.hi > -0.5 {
            // ψ(x) = ψ(1 + x) − 1/x
            return digamma(x.plus(one())).minus(one().divided(x));
        }
        let angle = angle(x).0;
        let cotangent = cos(angle).divided(sin(angle));
        return digamma(one().minus(x)).minus(PI.times(cotangent));
    }
    let off = x.minus(ZERO[0].into()).minus(ZERO[1].into()).minus(ZERO[2].into());
    if off.hi.abs() < 1.0 / 128.0 {
        return taylor(&AT_ZERO, off);
    }
    let (mut at, mut before) = (x, DoubleDouble::from(0.0));
    for _ in 0..steps(x, LARGE) {
        before = before.plus(one().divided(at));
        at = at.plus(one());
    }
    let rest = stirling(at, |k| one().divided(k.into())).plus(one().divided(at).scaled(0.5));
    ln(at).minus(rest).minus(before)
}

/// `ψ⁽ⁿ⁾(x)`, the n-th derivative of ψ, of a whole n from 0; else NaN.
pub(super) fn polygamma(x: DoubleDouble, n: DoubleDouble) -> DoubleDouble {
    let order = n.hi;
    if !(order >= 0.0 && order == order.floor() && n.lo == 0.0) || x.is_nan() || order > 170.0 {
        return f64::NAN.into();
    }
    if order == 0.0 {
        return digamma(x);
    }
    let n = order as i32;
    let odd = n % 2 == 1;
    if x.hi <= 0.0 && x == x.rounded() {
        return if odd { f64::INFINITY.into() } else { f64::NAN.into() };
    }
    if x.hi == f64::INFINITY {
        return if odd { 0.0.into() } else { (-0.0).into() };
    }
    if x.hi == f64::NEG_INFINITY {
        return f64::NAN.into();
    }
    if x.hi < 0.0 {
        // (−1)ⁿ ψ⁽ⁿ⁾(1 − x) − ψ⁽ⁿ⁾(x) is the n-th derivative of π cot(πx).
        let other = polygamma(one().minus(x), order.into());
        let other = if odd { other.negated() } else { other };
        return other.minus(derivative_of_cotangent(x, n));
    }
    let size = magnitude(x, n);
    if odd { size } else { size.negated() }
}

/// `|ψ⁽ⁿ⁾(x)|`, x above 0: a sum without a change of sign.
fn magnitude(x: DoubleDouble, n: i32) -> DoubleDouble {
    let factorial = (1..=n).fold(one(), |product, k| product.times_f64(f64::from(k)));
    let inverse_power = |at: DoubleDouble| {
        let by = one().divided(at);
        (0..=n).fold(factorial, |power, _| power.times(by))
    };
    let (mut at, mut before) = (x, DoubleDouble::from(0.0));
    for _ in 0..steps(x, LARGE + f64::from(n)) {
        let term = inverse_power(at);
        if !term.hi.is_finite() {
            return f64::INFINITY.into();
        }
        before = before.plus(term);
        at = at.plus(one());
    }
    // (n − 1)!/xⁿ (1 + n/(2x) + Σ B₂ₖ (2k + n − 1)!/((2k)! (n − 1)! x²ᵏ))
    let by = one().divided(at);
    let leading =
        (1..=n).fold(one(), |lead, k| lead.times(by).times_f64(f64::from((k - 1).max(1))));
    let series = stirling(at, |k| {
        // (2k + 1) (2k + 2) ⋯ (2k + n − 1) / (n − 1)!
        (1..n).fold(one(), |c, i| c.times_f64(k + f64::from(i)).divided(f64::from(i).into()))
    });
    let rest = by.times_f64(f64::from(n)).scaled(0.5).plus(series);
    leading.plus(leading.times(rest)).plus(before)
}

/// The n-th derivative of `π cot(πx)`: π times a polynomial in the cotangent c, by c′ = −π (1 + c²).
fn derivative_of_cotangent(x: DoubleDouble, n: i32) -> DoubleDouble {
    let angle = angle(x).0;
    let c = cos(angle).divided(sin(angle));
    let mut p = vec![DoubleDouble::from(0.0), PI];
    for _ in 0..n {
        let mut next = vec![DoubleDouble::from(0.0); p.len() + 1];
        for (k, &coefficient) in p.iter().enumerate().skip(1) {
            let slope = coefficient.times_f64(-(k as f64)).times(PI);
            next[k - 1] = next[k - 1].plus(slope);
            next[k + 1] = next[k + 1].plus(slope);
        }
        p = next;
    }
    polynomial(c, &p)
}
