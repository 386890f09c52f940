//! Sine, cosine, tangent and their inverses.

use super::DoubleDouble;
use super::arithmetic::polynomial;
use super::constants::{FRAC_PI_2, INVERSE_FACTORIALS, PI};
use super::reduction::modulo_half_pi;
use super::special::sqrt;

/// The series of the sine and the cosine up to π/4.
fn small_sin_cos(r: DoubleDouble) -> (DoubleDouble, DoubleDouble) {
    let square = r.square().negated();
    let every_second = |first: usize| -> [DoubleDouble; 14] {
        std::array::from_fn(|i| INVERSE_FACTORIALS[first + 2 * i])
    };
    (r.times(polynomial(square, &every_second(1))), polynomial(square, &every_second(0)))
}

fn sin_cos(x: DoubleDouble) -> (DoubleDouble, DoubleDouble) {
    if !x.hi.is_finite() {
        return (f64::NAN.into(), f64::NAN.into());
    }
    let (quadrant, rest) = modulo_half_pi(x);
    let (sin, cos) = small_sin_cos(rest);
    match quadrant {
        0 => (sin, cos),
        1 => (cos, sin.negated()),
        2 => (sin.negated(), cos.negated()),
        _ => (cos.negated(), sin),
    }
}

pub(super) fn sin(x: DoubleDouble) -> DoubleDouble {
    // Of −0 too.
    if x.hi == 0.0 { x } else { sin_cos(x).0 }
}

pub(super) fn cos(x: DoubleDouble) -> DoubleDouble {
    sin_cos(x).1
}

pub(super) fn tan(x: DoubleDouble) -> DoubleDouble {
    if x.hi == 0.0 {
        return x;
    }
    let (sin, cos) = sin_cos(x);
    sin.divided(cos)
}

/// For |x| up to about 0.71: from the `f64` result y, `y + (x − sin y) / cos y` and the next term.
fn small_asin(x: DoubleDouble) -> DoubleDouble {
    let y = DoubleDouble::from(libm::asin(x.hi));
    let (sin, cos) = small_sin_cos(y);
    let step = x.minus(sin).divided(cos);
    let second = step.square().times(sin.divided(cos)).scaled(0.5);
    y.plus(step.plus(second))
}

/// `√((1 − x) / 2)`, the sine of half the angle from 1.
fn half_from_one(x: DoubleDouble) -> DoubleDouble {
    sqrt(DoubleDouble::from(1.0).minus(x).scaled(0.5))
}

pub(super) fn asin(x: DoubleDouble) -> DoubleDouble {
    let size = x.magnitude();
    if size.hi <= 0.7 {
        return if x.hi == 0.0 { x } else { small_asin(x) };
    }
    let asin = FRAC_PI_2.minus(small_asin(half_from_one(size)).scaled(2.0));
    if x.hi < 0.0 { asin.negated() } else { asin }
}

pub(super) fn acos(x: DoubleDouble) -> DoubleDouble {
    if x.hi > 0.5 {
        small_asin(half_from_one(x)).scaled(2.0)
    } else if x.hi < -0.5 {
        PI.minus(small_asin(half_from_one(x.negated())).scaled(2.0))
    } else {
        FRAC_PI_2.minus(asin(x))
    }
}

/// The arctangent of a number below 2⁻⁴⁰.
fn tiny_atan(x: DoubleDouble) -> DoubleDouble {
    x.minus(x.square().times(x).divided(3.0.into()))
}

pub(super) fn atan(x: DoubleDouble) -> DoubleDouble {
    let size = x.magnitude();
    if size.hi <= 1.0 {
        return small_atan(x);
    }
    let atan = FRAC_PI_2.minus(small_atan(DoubleDouble::from(1.0).divided(size)));
    if x.hi < 0.0 { atan.negated() } else { atan }
}

/// From the `f64` result y: the angle from y to x, whose tangent is
/// `(x cos y − sin y) / (cos y + x sin y)`.
fn small_atan(x: DoubleDouble) -> DoubleDouble {
    if x.hi == 0.0 || x.is_nan() {
        return x;
    }
    let y = DoubleDouble::from(libm::atan(x.hi));
    let (sin, cos) = sin_cos(y);
    let tangent = x.times(cos).minus(sin).divided(cos.plus(x.times(sin)));
    y.plus(tiny_atan(tangent))
}

/// The angle of the point (x, y) = (`across`, `up`), as `libm::atan2(up, across)`.
pub(super) fn atan2(up: DoubleDouble, across: DoubleDouble) -> DoubleDouble {
    let angle = libm::atan2(up.hi, across.hi);
    let near = up.hi.abs().max(across.hi.abs());
    if !(near.is_finite() && near > 0.0) || angle.is_nan() {
        return angle.into();
    }
    if up.hi == 0.0 {
        // Exactly on the axis: 0 or π with its sign.
        return if across.hi > 0.0 { up } else { with_sign(PI, up.hi) };
    }
    let exponent = -libm::frexp(near).1;
    let (up, across) = (up.shifted(exponent), across.shifted(exponent));
    if angle == 0.0 {
        return up.divided(across);
    }
    let (sin, cos) = sin_cos(angle.into());
    let tangent =
        up.times(cos).minus(across.times(sin)).divided(across.times(cos).plus(up.times(sin)));
    DoubleDouble::from(angle).plus(tiny_atan(tangent))
}

fn with_sign(x: DoubleDouble, sign: f64) -> DoubleDouble {
    if sign.is_sign_negative() { x.negated() } else { x }
}
