//! Numbers of about 32 digits: the unevaluated sum of two `f64`, of which the second is at most
//! half an ulp of the first.
//!
//! They are what `f64` and `f32` tapes are held against. A tape's steps, sweeps and tangents run on
//! them unchanged, since every rule is written over [`Real`].
//!
//! Source of the arithmetic: M. Joldes, J.-M. Muller, V. Popescu, *Tight and rigorous error bounds
//! for basic building blocks of double-word arithmetic*, ACM TOMS 44 (2017). The functions are
//! series or Newton steps from libm's `f64` result.

mod arithmetic;
mod constants;
mod exponential;
mod normal;
mod reduction;
mod slopes;
mod special;
mod text;
mod trigonometric;

use std::cmp::Ordering;
use std::ops::{Add, Div, Mul, Neg, Rem, Sub};

use crate::op::{Binary, Unary};
use crate::real::{Constant, Real, Scalar};

/// A number of 106 bits, about 32 digits, and the exponents of `f64`.
///
/// With the feature `precision`, a tape, its gradients and duals can be made of it:
/// `Tape<DoubleDouble>`. It costs 20 to 200 times as much as `f64`: it is for finding out how right
/// other numbers are.
///
/// # Precision
///
/// Relative errors, for results whose size is between 1e-290 and 1e300:
///
/// - `+`, `−`, `×`, `÷`, roots, `hypot`: 2⁻¹⁰²;
/// - `exp`, `exp2`, `exp_m1`, `ln`, `ln_1p`, `log2`, `log10`, hyperbolic functions and their
///   inverses, `sigmoid`, `softplus`, `log_sigmoid`, `log1mexp`, `erf`: 2⁻⁹⁸;
/// - `sin`, `cos`, `tan`, for any finite operand, and `asin`, `acos`, `atan`, `atan2`: 2⁻⁹⁸;
/// - `gaussian`, `erfc` and the functions of the normal distribution: 2⁻⁹⁷ (1 + x²), of
///   `norm_ppf` and its slope x being the quantile; `logaddexp`: 2⁻⁹⁷ of its larger operand;
/// - `powi`, `powf` and their slopes: 2⁻⁹⁸ (1 + |y ln x|);
/// - `%`: exact for two `f64`; else 2⁻¹⁰⁰ |x| absolute, which is little only if `x / y` is not
///   large.
///
/// A subtraction of nearly equal results loses digits, as in any arithmetic: the bounds are per
/// operation. Closer to 0 than 1e-290 the second number underflows, and `f64`'s precision is left.
///
/// # Examples
///
/// ```
/// use wengert::number::{DoubleDouble, Real};
///
/// // What remains of sin π is the rounding error of π.
/// let pi = DoubleDouble::from(std::f64::consts::PI);
/// assert_eq!(format!("{:.20e}", pi.sin()), "1.22464679914735317723e-16");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct DoubleDouble {
    hi: f64,
    lo: f64,
}

impl DoubleDouble {
    /// The sum of two `f64`, exactly.
    #[must_use]
    pub fn new(high: f64, low: f64) -> Self {
        arithmetic::two_sum(high, low)
    }

    /// The nearest `f64`.
    #[must_use]
    pub fn high(self) -> f64 {
        self.hi
    }

    /// What the number is more than [`high`](DoubleDouble::high); at most half an ulp of it.
    #[must_use]
    pub fn low(self) -> f64 {
        self.lo
    }

    /// Whether it is NaN.
    #[must_use]
    pub fn is_nan(self) -> bool {
        self.hi.is_nan()
    }
}

impl From<f64> for DoubleDouble {
    fn from(hi: f64) -> Self {
        DoubleDouble { hi, lo: 0.0 }
    }
}

impl Real for DoubleDouble {
    fn like(self, constant: f64) -> Self {
        constant.into()
    }

    fn constant(self, constant: Constant) -> Self {
        match constant {
            Constant::Ln2 => constants::LN_2,
            Constant::Log2E => constants::LOG2_E,
            Constant::Log10E => constants::LOG10_E,
            Constant::TwoOverSqrtPi => constants::FRAC_2_SQRT_PI,
        }
    }

    // Not inlined into the loops over steps, of which there is one for every op.
    #[inline(never)]
    fn unary(self, op: Unary) -> Self {
        let x = self;
        match op {
            Unary::Neg => x.negated(),
            Unary::Recip => DoubleDouble::from(1.0).divided(x),
            Unary::Sqrt => special::sqrt(x),
            Unary::Cbrt => special::cbrt(x),
            Unary::Exp => exponential::exp(x),
            Unary::Exp2 => exponential::exp2(x),
            Unary::ExpM1 => exponential::exp_m1(x),
            Unary::Ln => exponential::ln(x),
            Unary::Ln1p => exponential::ln_1p(x),
            Unary::Log2 => exponential::log2(x),
            Unary::Log10 => exponential::log10(x),
            Unary::Sin => trigonometric::sin(x),
            Unary::Cos => trigonometric::cos(x),
            Unary::Tan => trigonometric::tan(x),
            Unary::Asin => trigonometric::asin(x),
            Unary::Acos => trigonometric::acos(x),
            Unary::Atan => trigonometric::atan(x),
            Unary::Sinh => exponential::sinh(x),
            Unary::Cosh => exponential::cosh(x),
            Unary::Tanh => exponential::tanh(x),
            Unary::Asinh => exponential::asinh(x),
            Unary::Acosh => exponential::acosh(x),
            Unary::Atanh => exponential::atanh(x),
            Unary::Abs => x.magnitude(),
            Unary::Signum => {
                if x.hi == 0.0 || x.is_nan() {
                    x
                } else {
                    f64::signum(x.hi).into()
                }
            }
            Unary::Floor => x.floored(),
            Unary::Ceil => x.negated().floored().negated(),
            Unary::Round => x.rounded(),
            Unary::Trunc => x.truncated(),
            Unary::Sigmoid => exponential::sigmoid(x),
            Unary::Softplus => exponential::softplus(x),
            Unary::Relu => {
                if x.hi <= 0.0 {
                    0.0.into()
                } else {
                    x
                }
            }
            Unary::Erf => special::erf(x),
            Unary::Gaussian => exponential::exp(x.square().negated()),
            Unary::LogSigmoid => exponential::log_sigmoid(x),
            Unary::Log1mExp => exponential::log1mexp(x),
            Unary::Erfc => normal::erfc(x),
            Unary::NormPdf => normal::pdf(x),
            Unary::NormCdf => normal::cdf(x),
            Unary::NormLogCdf => normal::log_cdf(x),
            Unary::NormLogCdfSlope => normal::log_cdf_slope(x),
            Unary::NormLogCdfExcess => normal::log_cdf_excess(x),
            Unary::NormPpf => normal::ppf(x),
            Unary::OneMinusSquare => {
                DoubleDouble::from(1.0).minus(x).times(DoubleDouble::from(1.0).plus(x))
            }
        }
    }

    #[inline(never)]
    fn binary(self, op: Binary, other: Self) -> Self {
        let (x, y) = (self, other);
        match op {
            Binary::Add => x.plus(y),
            Binary::Sub => x.plus(y.negated()),
            Binary::Mul => x.times(y),
            Binary::Div => x.divided(y),
            Binary::Rem => special::remainder(x, y),
            Binary::Powi => exponential::powi(x, y),
            Binary::Powf => exponential::powf(x, y),
            Binary::Atan2 => trigonometric::atan2(x, y),
            Binary::Hypot => special::hypot(x, y),
            Binary::Min => match x.partial_cmp(&y) {
                Some(Ordering::Less) => x,
                Some(_) => y,
                None => x.plus(y),
            },
            Binary::Max => match x.partial_cmp(&y) {
                Some(Ordering::Greater) => x,
                Some(_) => y,
                None => x.plus(y),
            },
            Binary::Gt => indicator(x, y, |order| order == Ordering::Greater),
            Binary::Ge => indicator(x, y, |order| order != Ordering::Less),
            Binary::Eq => indicator(x, y, |order| order == Ordering::Equal),
            Binary::MulNoNan => {
                if x.hi == 0.0 {
                    x
                } else {
                    x.times(y)
                }
            }
            Binary::MulNoNanEither => {
                if x.hi == 0.0 {
                    x
                } else if y.hi == 0.0 {
                    y
                } else {
                    x.times(y)
                }
            }
            Binary::SigmoidSlope => slopes::sigmoid(x),
            Binary::TanhSlope => slopes::sigmoid(x.scaled(2.0)).scaled(4.0),
            Binary::HypotSlope => slopes::hypot(x, y),
            Binary::OverSquares => slopes::over_squares(x, y),
            Binary::PowSlope => slopes::pow(x, y),
            Binary::PowCurve => slopes::pow_curve(x, y),
            Binary::PowLn => slopes::pow_ln(x, y),
            Binary::LogAddExp => exponential::log_add_exp(x, y),
            Binary::XLogY => {
                if x.hi == 0.0 && !y.is_nan() {
                    0.0.into()
                } else {
                    x.times(exponential::ln(y))
                }
            }
            Binary::DifferenceSigmoid => exponential::sigmoid(x.minus(y)),
            Binary::NormPpfSlope => normal::ppf_slope(x, y),
        }
    }
}

/// 1 or 0, and NaN where either side is.
fn indicator(x: DoubleDouble, y: DoubleDouble, holds: impl Fn(Ordering) -> bool) -> DoubleDouble {
    match x.partial_cmp(&y) {
        Some(order) => f64::from(u8::from(holds(order))).into(),
        None => x.plus(y),
    }
}

impl crate::real::sealed::Sealed for DoubleDouble {}

impl Scalar for DoubleDouble {
    const EMPTY: Self = DoubleDouble { hi: -0.0, lo: 0.0 };
    const HAS_TANGENT: bool = false;
    const OUT_OF_LINE: bool = true;

    fn detached(self) -> Self {
        self
    }

    fn from_f64(value: f64) -> Self {
        value.into()
    }

    fn to_f64(self) -> f64 {
        self.hi
    }

    fn is_zero(self) -> bool {
        self.hi == 0.0
    }

    fn is_finite(self) -> bool {
        self.hi.is_finite()
    }

    fn bits_key(self) -> u64 {
        self.hi.to_bits() ^ self.lo.to_bits().rotate_left(17)
    }

    fn same_bits(self, other: Self) -> bool {
        self.hi.to_bits() == other.hi.to_bits() && self.lo.to_bits() == other.lo.to_bits()
    }
}

impl PartialEq for DoubleDouble {
    fn eq(&self, other: &Self) -> bool {
        self.hi == other.hi && self.lo == other.lo
    }
}

impl PartialOrd for DoubleDouble {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        let order = self.hi.partial_cmp(&other.hi)?;
        order.then(self.lo.partial_cmp(&other.lo)?).into()
    }
}

macro_rules! operators {
    ($($trait:ident $method:ident)*) => {$(
        impl $trait for DoubleDouble {
            type Output = Self;
            fn $method(self, other: Self) -> Self {
                self.binary(Binary::$trait, other)
            }
        }
    )*};
}
operators!(Add add Sub sub Mul mul Div div Rem rem);

impl Neg for DoubleDouble {
    type Output = Self;
    fn neg(self) -> Self {
        self.negated()
    }
}
