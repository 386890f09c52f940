//! The elementary functions, correctly rounded: of the numbers of a type the one nearest to the
//! exact result. So they are the same on every platform, and in every version to come.
//!
//! A function is computed in up to three ways:
//!
//! 1. Quickly, as a [`Pair`](pair::Pair) of doubles, with a bound of its error of about 2⁻⁶⁶. Where
//!    all numbers within that bound round to one double, that is the result.
//! 2. Else, about once in a thousand operands, in the 32 digits of
//!    [`DoubleDouble`](crate::double_double::DoubleDouble), with its stated bounds.
//! 3. Else in 512 bits, by [`exact`].
//!
//! An `f32` is libm's `f64`, rounded, if all numbers near that round to it; else the `f64` of the
//! three ways, rounded, unless that stands in the middle of two `f32`.
//!
//! What is proven of this, and what is tested, is in `docs/functions.md`.

mod angle;
mod big;
mod exact;
pub(crate) mod exponential;
mod logarithm;
pub(crate) mod pair;
mod special;
mod tables;
#[cfg(test)]
mod tests;
mod trigonometric;

use big::{Big, DOUBLE, SINGLE};
use pair::{Pair, nearest};

use crate::double_double::DoubleDouble;
use crate::op::{Binary, Unary};
use crate::real::Real;

macro_rules! functions {
    ($($name:ident $op:ident $file:ident::$quick:ident $libm:ident;)*) => {
        /// Functions of an `f64`.
        pub(crate) mod f64 {
            $(pub(crate) fn $name(x: f64) -> f64 {
                match super::$file::$quick(x) {
                    Some(v) => v,
                    None => super::careful(super::Unary::$op, x),
                }
            })*
        }

        /// Functions of an `f32`.
        pub(crate) mod f32 {
            $(pub(crate) fn $name(x: f32) -> f32 {
                let wide = f64::from(x);
                super::narrow_if_sure(super::near::$libm(wide)).unwrap_or_else(|| {
                    let exact = || super::exact::unary(super::Unary::$op, wide);
                    super::narrowed(super::f64::$name(wide), exact)
                })
            })*
        }
    };
}

functions! {
    exp Exp exponential::e_to exp;
    exp2 Exp2 exponential::two_to exp2;
    exp_m1 ExpM1 exponential::e_to_less_one expm1;
    ln Ln logarithm::ln log;
    ln_1p Ln1p logarithm::ln_1p log1p;
    log2 Log2 logarithm::log2 log2;
    log10 Log10 logarithm::log10 log10;
    sin Sin trigonometric::sin sin;
    cos Cos trigonometric::cos cos;
    tan Tan trigonometric::tan tan;
    asin Asin angle::asin asin;
    acos Acos angle::acos acos;
    atan Atan angle::atan atan;
    sinh Sinh exponential::sinh sinh;
    cosh Cosh exponential::cosh cosh;
    tanh Tanh exponential::tanh tanh;
    asinh Asinh logarithm::asinh asinh;
    acosh Acosh logarithm::acosh acosh;
    atanh Atanh logarithm::atanh atanh;
    erf Erf special::erf erf;
}

/// Near the function's value, and NaN outside its domain.
mod near {
    pub(super) use libm::{
        acos, asin, asinh, atan, atanh, cos, cosh, erf, exp, exp2, expm1, log, log1p, log2, log10,
        sin, sinh, tan, tanh,
    };

    /// libm's has numbers below 1.
    pub(super) fn acosh(x: f64) -> f64 {
        if x < 1.0 { f64::NAN } else { libm::acosh(x) }
    }
}

/// The relative error of [`DoubleDouble`]'s functions, with some room.
const CAREFUL: f64 = 6.4e-30; // 2⁻⁹⁷

/// Where its numbers have all their digits.
fn has_all_digits(v: DoubleDouble) -> bool {
    (1e-290..1e300).contains(&v.high().abs())
}

/// The second and the third way.
#[cold]
fn careful(op: Unary, x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    let v = DoubleDouble::from(x).unary(op);
    let decided = nearest(Pair { hi: v.high(), lo: v.low() }, v.high().abs() * CAREFUL);
    if let Some(v) = decided.filter(|_| has_all_digits(v)) {
        return v;
    }
    exact::unary(op, x).rounded(DOUBLE)
}

/// The `f32` nearest to a number, given an `f64` that is within 45 ulp of it: libm's, which are
/// within two.
#[inline(always)]
fn narrow_if_sure(near: f64) -> Option<f32> {
    let (low, high) = ((near * (1.0 - 1e-14)) as f32, (near * (1.0 + 1e-14)) as f32);
    (low == high).then_some(low)
}

/// The `f32` nearest to a number, given the nearest `f64`, which may stand in the middle of two.
#[inline(always)]
fn narrowed(x: f64, exact: impl Fn() -> Big) -> f32 {
    let narrow = x as f32;
    if x.next_up() as f32 == x.next_down() as f32 || !x.is_finite() {
        return narrow;
    }
    middle(exact)
}

#[cold]
fn middle(exact: impl Fn() -> Big) -> f32 {
    exact().rounded(SINGLE) as f32
}

/// `xʸ` of numbers with an ordinary result, of which x is positive and y not 0; else what libm
/// says, which is exact there.
fn power(x: f64, y: f64) -> Result<f64, f64> {
    let ordinary = x.is_finite() && y.is_finite() && x != 0.0 && y != 0.0 && x != 1.0;
    if !ordinary || x < 0.0 && y != libm::trunc(y) { Err(libm::pow(x, y)) } else { Ok(x.abs()) }
}

fn sign_of_power(x: f64, y: f64) -> f64 {
    if x < 0.0 && libm::fmod(y, 2.0) != 0.0 { -1.0 } else { 1.0 }
}

pub(crate) fn pow(x: f64, y: f64) -> f64 {
    match power(x, y) {
        Err(special) => special,
        Ok(size) => {
            let quick = if size < f64::MIN_POSITIVE { None } else { exponential::power(size, y) };
            sign_of_power(x, y) * quick.unwrap_or_else(|| careful_power(size, y))
        }
    }
}

pub(crate) fn pow_f32(x: f32, y: f32) -> f32 {
    let (x, y) = (f64::from(x), f64::from(y));
    let v = pow(x, y);
    narrowed(v, || {
        let size = exact::binary(Binary::Powf, x.abs(), y);
        if v < 0.0 { size.negated() } else { size }
    })
}

#[cold]
fn careful_power(x: f64, y: f64) -> f64 {
    let v = DoubleDouble::from(x).powf(y.into());
    let relative = CAREFUL * (1.0 + (y * libm::log(x)).abs());
    let decided = nearest(Pair { hi: v.high(), lo: v.low() }, v.high() * relative);
    if let Some(v) = decided.filter(|_| has_all_digits(v)) {
        return v;
    }
    // Beyond all numbers on either side.
    let exponent = y * libm::log(x);
    if exponent.abs() > 800.0 {
        return if exponent > 0.0 { f64::INFINITY } else { 0.0 };
    }
    exact::binary(Binary::Powf, x, y).rounded(DOUBLE)
}

pub(crate) fn hypot(x: f64, y: f64) -> f64 {
    if !ordinary(x, y) {
        return libm::hypot(x, y);
    }
    special::hypot(x, y).unwrap_or_else(|| exact::binary(Binary::Hypot, x, y).rounded(DOUBLE))
}

pub(crate) fn hypot_f32(x: f32, y: f32) -> f32 {
    let (x, y) = (f64::from(x), f64::from(y));
    // In f64 the squares are exact.
    narrow_if_sure((x * x + y * y).sqrt())
        .unwrap_or_else(|| narrowed(hypot(x, y), || exact::binary(Binary::Hypot, x, y)))
}

fn ordinary(x: f64, y: f64) -> bool {
    x.is_finite() && y.is_finite() && x != 0.0 && y != 0.0
}

pub(crate) fn atan2(x: f64, y: f64) -> f64 {
    if !ordinary(x, y) {
        return libm::atan2(x, y);
    }
    angle::atan2(x, y).unwrap_or_else(|| careful_angle(x, y))
}

#[cold]
fn careful_angle(x: f64, y: f64) -> f64 {
    let v = DoubleDouble::from(x).atan2(y.into());
    let decided = nearest(Pair { hi: v.high(), lo: v.low() }, v.high().abs() * CAREFUL);
    if let Some(v) = decided.filter(|_| has_all_digits(v)) {
        return v;
    }
    exact::binary(Binary::Atan2, x, y).rounded(DOUBLE)
}

pub(crate) fn atan2_f32(x: f32, y: f32) -> f32 {
    let (x, y) = (f64::from(x), f64::from(y));
    narrow_if_sure(libm::atan2(x, y))
        .unwrap_or_else(|| narrowed(atan2(x, y), || exact::binary(Binary::Atan2, x, y)))
}
