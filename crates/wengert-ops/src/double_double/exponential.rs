//! Exponentials, logarithms, powers, and what is made of them.

use super::DoubleDouble;
use super::arithmetic::polynomial;
use super::constants::{INVERSE_FACTORIALS, LN_2, LN_2_PARTS, LN_10};
use super::special::sqrt;

/// `eʳ − 1` for |r| up to about 0.35, to the last digits near 0 as well.
///
/// The series at `r / 256`, then `e²ˢ − 1 = s (2 + s)` eight times over.
fn small_exp_m1(r: DoubleDouble) -> DoubleDouble {
    if r.hi.abs() < 1e-40 {
        // Smaller ones would lose digits to underflow.
        return r;
    }
    let r = r.scaled(1.0 / 256.0);
    let mut s = r.times(polynomial(r, &INVERSE_FACTORIALS[1..12]));
    for _ in 0..8 {
        s = s.times(s.plus(2.0.into()));
    }
    s
}

/// The whole number k nearest to `x / ln 2`, and `x − k ln 2`, for |x| below 800.
fn reduced(x: DoubleDouble) -> (f64, DoubleDouble) {
    let k = libm::rint(x.hi / LN_2.hi);
    let [first, second, third] = LN_2_PARTS;
    // The first two products are exact, and so are the differences but for the last digits of x.
    let rest = x.plus((-k * first).into()).plus((-k * second).into());
    (k, rest.plus((-k * third).into()))
}

pub(super) fn exp(x: DoubleDouble) -> DoubleDouble {
    if x.is_nan() || x.hi > 710.0 || x.hi < -750.0 {
        return libm::exp(x.hi).into();
    }
    let (k, r) = reduced(x);
    small_exp_m1(r).plus(1.0.into()).shifted(k as i32)
}

pub(super) fn exp2(x: DoubleDouble) -> DoubleDouble {
    if x.is_nan() || x.hi > 1025.0 || x.hi < -1080.0 {
        return libm::exp2(x.hi).into();
    }
    let k = libm::rint(x.hi);
    let r = x.plus((-k).into()).times(LN_2);
    small_exp_m1(r).plus(1.0.into()).shifted(k as i32)
}

pub(super) fn exp_m1(x: DoubleDouble) -> DoubleDouble {
    if x.hi.abs() < 0.34 { small_exp_m1(x) } else { exp(x).minus(1.0.into()) }
}

/// For −0.3 ≤ d ≤ 0.42, to the last digits near 0 as well.
///
/// From the `f64` result y, of which `(1 + d) e⁻ʸ − 1` is nearly the error.
fn small_ln_1p(d: DoubleDouble) -> DoubleDouble {
    let y = libm::log1p(d.hi);
    if y == 0.0 {
        return d;
    }
    let e = small_exp_m1((-y).into());
    let rest = d.plus(e).plus(d.times(e));
    // ln(1 + rest), which is below 2⁻⁵⁰.
    let half_square = rest.square().scaled(0.5);
    DoubleDouble::from(y).plus(rest.minus(half_square))
}

/// `x = m 2ᵏ` with m between 0.7 and 1.42: k and `m − 1`.
fn split(x: DoubleDouble) -> (f64, DoubleDouble) {
    let (mut m, mut k) = libm::frexp(x.hi);
    if m < 0.71 {
        (m, k) = (2.0 * m, k - 1);
    }
    let low = libm::ldexp(x.lo, -k);
    (f64::from(k), DoubleDouble::from(m - 1.0).plus(low.into()))
}

pub(super) fn ln(x: DoubleDouble) -> DoubleDouble {
    if !(x.hi > 0.0 && x.hi.is_finite()) {
        return libm::log(x.hi).into();
    }
    let (k, d) = split(x);
    let [first, second, third] = LN_2_PARTS;
    let small = small_ln_1p(d);
    small.plus((k * third).into()).plus((k * second).into()).plus((k * first).into())
}

pub(super) fn ln_1p(x: DoubleDouble) -> DoubleDouble {
    if x.hi > -0.29 && x.hi < 0.41 { small_ln_1p(x) } else { ln(x.plus(1.0.into())) }
}

pub(super) fn log2(x: DoubleDouble) -> DoubleDouble {
    if !(x.hi > 0.0 && x.hi.is_finite()) {
        return libm::log2(x.hi).into();
    }
    let (k, d) = split(x);
    small_ln_1p(d).divided(LN_2).plus(k.into())
}

pub(super) fn log10(x: DoubleDouble) -> DoubleDouble {
    ln(x).divided(LN_10)
}

/// `xⁿ` for a whole number n.
pub(super) fn powi(x: DoubleDouble, n: DoubleDouble) -> DoubleDouble {
    if n.hi.abs() > 64.0 || n.hi != libm::rint(n.hi) || n.lo != 0.0 {
        return powf(x, n);
    }
    let (mut left, mut square, mut result) = (n.hi.abs() as u32, x, DoubleDouble::from(1.0));
    while left > 0 {
        if left & 1 == 1 {
            result = result.times(square);
        }
        square = square.square();
        left >>= 1;
    }
    if n.hi < 0.0 { DoubleDouble::from(1.0).divided(result) } else { result }
}

pub(super) fn powf(x: DoubleDouble, y: DoubleDouble) -> DoubleDouble {
    let near = libm::pow(x.hi, y.hi);
    // NaN, infinities and the powers of 0, 1 and −1 follow libm.
    let plain =
        near.is_finite() && near != 0.0 && x.hi != 0.0 && y.hi != 0.0 && y.is_finite_number();
    if !plain {
        return near.into();
    }
    let power = exp(y.times(ln(x.magnitude())));
    if near < 0.0 { power.negated() } else { power }
}

pub(super) fn sinh(x: DoubleDouble) -> DoubleDouble {
    if x.hi.abs() < 0.34 {
        let s = small_exp_m1(x);
        return s.plus(s.divided(s.plus(1.0.into()))).scaled(0.5);
    }
    let (up, down) = halves(x.magnitude());
    let sinh = up.minus(down);
    if x.hi < 0.0 { sinh.negated() } else { sinh }
}

pub(super) fn cosh(x: DoubleDouble) -> DoubleDouble {
    let (up, down) = halves(x.magnitude());
    up.plus(down)
}

/// `eˣ / 2` and `e⁻ˣ / 2` for x ≥ 0, the first without overflow where it is a number.
fn halves(x: DoubleDouble) -> (DoubleDouble, DoubleDouble) {
    if x.hi > 700.0 {
        return (exp(x.minus(LN_2)), 0.0.into());
    }
    let e = exp(x);
    (e.scaled(0.5), DoubleDouble::from(0.5).divided(e))
}

pub(super) fn tanh(x: DoubleDouble) -> DoubleDouble {
    let size = x.magnitude();
    let tanh = if size.hi < 0.17 {
        let s = small_exp_m1(size.scaled(2.0));
        s.divided(s.plus(2.0.into()))
    } else {
        let e = exp(size.scaled(2.0));
        DoubleDouble::from(1.0).minus(DoubleDouble::from(2.0).divided(e.plus(1.0.into())))
    };
    if x.hi.is_sign_negative() { tanh.negated() } else { tanh }
}

pub(super) fn asinh(x: DoubleDouble) -> DoubleDouble {
    let size = x.magnitude();
    let asinh = if size.hi > 1e100 {
        ln(size).plus(LN_2)
    } else {
        let square = size.square();
        let root = sqrt(square.plus(1.0.into()));
        ln_1p(size.plus(square.divided(root.plus(1.0.into()))))
    };
    if x.hi.is_sign_negative() { asinh.negated() } else { asinh }
}

pub(super) fn acosh(x: DoubleDouble) -> DoubleDouble {
    let d = x.minus(1.0.into());
    if x.hi > 1e100 {
        return ln(x).plus(LN_2);
    }
    ln_1p(d.plus(sqrt(d.times(d.plus(2.0.into())))))
}

pub(super) fn atanh(x: DoubleDouble) -> DoubleDouble {
    let size = x.magnitude();
    let ratio = size.scaled(2.0).divided(DoubleDouble::from(1.0).minus(size));
    let atanh = ln_1p(ratio).scaled(0.5);
    if x.hi.is_sign_negative() { atanh.negated() } else { atanh }
}

pub(super) fn sigmoid(x: DoubleDouble) -> DoubleDouble {
    let e = exp(x.magnitude().negated());
    let one_more = e.plus(1.0.into());
    if x.hi < 0.0 { e.divided(one_more) } else { DoubleDouble::from(1.0).divided(one_more) }
}

pub(super) fn softplus(x: DoubleDouble) -> DoubleDouble {
    let rest = ln_1p(exp(x.magnitude().negated()));
    if x.hi > 0.0 { x.plus(rest) } else { rest }
}

pub(super) fn log_sigmoid(x: DoubleDouble) -> DoubleDouble {
    let rest = ln_1p(exp(x.magnitude().negated()));
    if x.hi < 0.0 { x.minus(rest) } else { DoubleDouble::from(0.0).minus(rest) }
}

pub(super) fn log1mexp(x: DoubleDouble) -> DoubleDouble {
    let less = x.negated();
    if x.hi < 0.69 { ln(exp_m1(less).negated()) } else { ln_1p(exp(less).negated()) }
}

pub(super) fn log_add_exp(x: DoubleDouble, y: DoubleDouble) -> DoubleDouble {
    if x == y {
        return x.plus(LN_2);
    }
    let (large, small) = if x > y { (x, y) } else { (y, x) };
    large.plus(ln_1p(exp(small.minus(large))))
}

impl DoubleDouble {
    fn is_finite_number(self) -> bool {
        self.hi.is_finite()
    }
}
