//! Sums, products and quotients. What remains of each rounding is a second number.

use super::DoubleDouble;

/// `a + b` exactly, unless it overflows.
#[inline]
pub(super) fn two_sum(a: f64, b: f64) -> DoubleDouble {
    let hi = a + b;
    let from_b = hi - a;
    with_rest(hi, (a - (hi - from_b)) + (b - from_b))
}

/// `a + b` exactly, where a is the larger.
#[inline]
fn quick_two_sum(a: f64, b: f64) -> DoubleDouble {
    let hi = a + b;
    with_rest(hi, b - (hi - a))
}

/// Nothing remains of an infinity; and a rest of no size is +0, so that equal numbers are equal
/// bits.
#[inline]
fn with_rest(hi: f64, rest: f64) -> DoubleDouble {
    DoubleDouble { hi, lo: if hi.is_finite() && rest != 0.0 { rest } else { 0.0 } }
}

impl DoubleDouble {
    pub(super) fn negated(self) -> Self {
        with_rest(-self.hi, -self.lo)
    }

    pub(super) fn magnitude(self) -> Self {
        // Of −0 too.
        if self.hi.is_sign_negative() { self.negated() } else { self }
    }

    #[inline]
    pub(super) fn plus(self, other: Self) -> Self {
        let high = two_sum(self.hi, other.hi);
        if !high.hi.is_finite() || (self.lo == 0.0 && other.lo == 0.0) {
            return high;
        }
        let low = two_sum(self.lo, other.lo);
        let high = quick_two_sum(high.hi, high.lo + low.hi);
        quick_two_sum(high.hi, high.lo + low.lo)
    }

    #[inline]
    pub(super) fn minus(self, other: Self) -> Self {
        self.plus(other.negated())
    }

    #[inline]
    pub(super) fn times(self, other: Self) -> Self {
        let hi = self.hi * other.hi;
        if hi == 0.0 || !hi.is_finite() {
            return hi.into();
        }
        let rest = self.hi.mul_add(other.hi, -hi);
        quick_two_sum(hi, rest + (self.hi * other.lo + self.lo * other.hi))
    }

    #[inline]
    pub(super) fn times_f64(self, other: f64) -> Self {
        self.times(other.into())
    }

    /// Times a power of two, exactly unless it underflows.
    #[inline]
    pub(super) fn scaled(self, by: f64) -> Self {
        with_rest(self.hi * by, self.lo * by)
    }

    /// Times 2ⁿ, also where 2ⁿ alone would be no number.
    pub(super) fn shifted(self, n: i32) -> Self {
        let half = n / 2;
        self.scaled(libm::ldexp(1.0, half)).scaled(libm::ldexp(1.0, n - half))
    }

    pub(super) fn square(self) -> Self {
        self.times(self)
    }

    /// By long division, with three digits of 53 bits.
    pub(super) fn divided(self, by: Self) -> Self {
        let first = self.hi / by.hi;
        if first == 0.0 || !first.is_finite() || by.hi.is_infinite() {
            return first.into();
        }
        let rest = self.minus(by.times_f64(first));
        let second = rest.hi / by.hi;
        let rest = rest.minus(by.times_f64(second));
        let third = rest.hi / by.hi;
        if !third.is_finite() {
            // The product of a quotient and its divisor passed the largest number.
            return first.into();
        }
        quick_two_sum(first, second).plus(third.into())
    }

    pub(super) fn floored(self) -> Self {
        let hi = libm::floor(self.hi);
        // A rest decides only where the first number is whole.
        if hi == self.hi && self.lo != 0.0 {
            quick_two_sum(hi, libm::floor(self.lo))
        } else {
            hi.into()
        }
    }

    pub(super) fn truncated(self) -> Self {
        if self.hi < 0.0 { self.negated().floored().negated() } else { self.floored() }
    }

    /// To the nearest whole number, a half away from zero.
    pub(super) fn rounded(self) -> Self {
        if !self.hi.is_finite() || self.hi == 0.0 {
            return self;
        }
        let whole = self.truncated();
        let fraction = self.minus(whole).magnitude();
        if fraction < 0.5.into() {
            return whole;
        }
        whole.plus(f64::signum(self.hi).into())
    }
}

/// `Σ coefficients[i] xⁱ`, by Horner's rule.
pub(super) fn polynomial(x: DoubleDouble, coefficients: &[DoubleDouble]) -> DoubleDouble {
    let (last, rest) = coefficients.split_last().expect("a polynomial has a coefficient");
    rest.iter().rev().fold(*last, |sum, &c| sum.times(x).plus(c))
}
