//! The slopes that rules ask for as functions of their own.

use super::DoubleDouble;
use super::exponential::{exp, ln, powf};
use super::special::hypot as distance;

/// `e⁻ˣ / (1 + e⁻ˣ)²`, the same at −x.
pub(super) fn sigmoid(x: DoubleDouble) -> DoubleDouble {
    let e = exp(x.magnitude().negated());
    e.divided(e.plus(1.0.into()).square())
}

/// `x / √(x² + y²)`, and 0 at the origin.
pub(super) fn hypot(x: DoubleDouble, y: DoubleDouble) -> DoubleDouble {
    if x.hi == 0.0 && y.hi == 0.0 {
        return x;
    }
    let (x, y, _) = scaled(x, y);
    x.divided(distance(x, y))
}

/// `x / (x² + y²)`, without overflow of the squares.
pub(super) fn over_squares(x: DoubleDouble, y: DoubleDouble) -> DoubleDouble {
    let (x, y, exponent) = scaled(x, y);
    let h = distance(x, y);
    x.divided(h).divided(h).shifted(-exponent)
}

/// A point times 2⁻ⁿ, at a distance of about 1 from the origin, and n.
fn scaled(x: DoubleDouble, y: DoubleDouble) -> (DoubleDouble, DoubleDouble, i32) {
    let largest = x.hi.abs().max(y.hi.abs());
    let exponent = if largest.is_finite() { libm::frexp(largest).1 } else { 0 };
    (x.shifted(-exponent), y.shifted(-exponent), exponent)
}

/// `y xʸ⁻¹`
pub(super) fn pow(x: DoubleDouble, y: DoubleDouble) -> DoubleDouble {
    if y.hi == 0.0 {
        return y;
    }
    // 1/x may overflow where y/x does not.
    if y.hi < 0.5 && x.hi != 0.0 && x.hi.is_finite() {
        return y.times(powf(x, y)).divided(x);
    }
    y.times(powf(x, y.minus(1.0.into())))
}

/// `y (y − 1) xʸ⁻²`
pub(super) fn pow_curve(x: DoubleDouble, y: DoubleDouble) -> DoubleDouble {
    let factor = y.times(y.minus(1.0.into()));
    if factor.hi == 0.0 {
        return factor;
    }
    if y.hi < 1.0 && x.hi != 0.0 && x.hi.is_finite() {
        return factor.times(powf(x, y)).divided(x).divided(x);
    }
    factor.times(powf(x, y.minus(2.0.into())))
}

/// `xʸ ln x`, and 0 where xʸ is 0.
pub(super) fn pow_ln(x: DoubleDouble, y: DoubleDouble) -> DoubleDouble {
    let power = powf(x, y);
    if power.hi == 0.0 { power } else { power.times(ln(x)) }
}
