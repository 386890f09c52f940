//! Roots, the remainder and the error function.

use super::DoubleDouble;
use super::constants::FRAC_2_SQRT_PI;
use super::exponential::exp;

/// From the `f64` result y: `y + (x − y²) / (2 y)`.
pub(super) fn sqrt(x: DoubleDouble) -> DoubleDouble {
    let y = x.hi.sqrt();
    if y == 0.0 || !y.is_finite() {
        return y.into();
    }
    // Away from both ends of the exponents, where y² is no normal number.
    if !(1e-200..1e200).contains(&x.hi) {
        let by = if x.hi < 1.0 { 300 } else { -300 };
        return sqrt(x.shifted(by)).shifted(-by / 2);
    }
    let y = DoubleDouble::from(y);
    y.plus(x.minus(y.square()).divided(y.scaled(2.0)))
}

/// From the `f64` result y: `y + (x − y³) / (3 y²)`, and the next term.
pub(super) fn cbrt(x: DoubleDouble) -> DoubleDouble {
    let y = libm::cbrt(x.hi);
    if y == 0.0 || !y.is_finite() {
        return y.into();
    }
    if !(1e-200..1e200).contains(&x.hi.abs()) {
        let by = if x.hi.abs() < 1.0 { 300 } else { -300 };
        return cbrt(x.shifted(by)).shifted(-by / 3);
    }
    let y = DoubleDouble::from(y);
    let square = y.square();
    let step = x.minus(square.times(y)).divided(square.times_f64(3.0));
    y.plus(step.minus(step.square().divided(y)))
}

/// Scaled by a power of two, so that no square over- or underflows.
pub(super) fn hypot(x: DoubleDouble, y: DoubleDouble) -> DoubleDouble {
    let largest = x.hi.abs().max(y.hi.abs());
    if !(largest.is_finite() && largest > 0.0) || x.is_nan() || y.is_nan() {
        return libm::hypot(x.hi, y.hi).into();
    }
    let exponent = libm::frexp(largest).1;
    let (x, y) = (x.shifted(-exponent), y.shifted(-exponent));
    sqrt(x.square().plus(y.square())).shifted(exponent)
}

/// `x − y trunc(x / y)`, the sign of x.
pub(super) fn remainder(x: DoubleDouble, y: DoubleDouble) -> DoubleDouble {
    if x.lo == 0.0 && y.lo == 0.0 || !(x.hi.is_finite() && y.hi.is_finite()) || y.hi == 0.0 {
        return libm::fmod(x.hi, y.hi).into();
    }
    let (mut rest, by) = (x.magnitude(), y.magnitude());
    // 40 digits of the quotient at a time.
    while rest >= by {
        let distance = libm::ilogb(rest.hi) - libm::ilogb(by.hi);
        let multiple = if distance > 40 { by.shifted(distance - 40) } else { by };
        let times = rest.divided(multiple).truncated();
        let less = rest.minus(multiple.times(times));
        // A quotient that rounded up to a whole number takes one too many.
        rest = if less.hi < 0.0 { less.plus(multiple) } else { less };
        if times.hi < 1.0 {
            break;
        }
    }
    // Of −0 too: an angle depends on the sign of a zero.
    if x.hi.is_sign_negative() { rest.negated() } else { rest }
}

/// `2/√π e^(−x²) Σ 2ⁿ x²ⁿ⁺¹ / (1 · 3 ⋯ (2n + 1))`, whose terms are all of one sign.
pub(super) fn erf(x: DoubleDouble) -> DoubleDouble {
    if x.hi == 0.0 || x.is_nan() {
        return x;
    }
    // 1 − erf 8.7 is below 2⁻¹⁰⁷.
    if x.hi.abs() > 8.7 {
        return f64::signum(x.hi).into();
    }
    let twice_square = x.square().scaled(2.0);
    let (mut term, mut sum) = (x, x);
    let mut n = 1.0;
    while term.hi.abs() > sum.hi.abs() * 1e-33 {
        term = term.times(twice_square).divided((2.0 * n + 1.0).into());
        sum = sum.plus(term);
        n += 1.0;
    }
    FRAC_2_SQRT_PI.times(exp(x.square().negated())).times(sum)
}
