//! `f64` and `f32`: the one named implementation of every elementary function.
//!
//! Every function is the correctly rounded one: those of `rounded`, and those of
//! the crate `libm` that are exact or correctly rounded. So a tape gives the same bits everywhere.

use crate::normal;
use crate::op::{Binary, Unary};
use crate::real::sealed::{OnFloats, Sealed};
use crate::real::{Real, Scalar, powers};
use crate::rounded;
use crate::slopes;

macro_rules! impl_number {
    ($t:ident, ln_max: $ln_max:literal, exact: $cbrt:ident $fabs:ident $floor:ident
     $ceil:ident $round:ident $trunc:ident $fmod:ident, pow: $pow:ident, atan2: $atan2:ident,
     hypot: $hypot:ident) => {
        impl Real for $t {
            #[inline(always)]
            fn like(self, constant: f64) -> Self {
                constant as $t
            }

            #[inline(always)]
            fn unary(self, op: Unary) -> Self {
                let x = self;
                match op {
                    Unary::Neg => -x,
                    Unary::Recip => 1.0 / x,
                    // The processor's instruction: IEEE 754 rounds it correctly.
                    Unary::Sqrt => <$t>::sqrt(x),
                    Unary::Cbrt => libm::$cbrt(x),
                    Unary::Exp => rounded::$t::exp(x),
                    Unary::Exp2 => rounded::$t::exp2(x),
                    Unary::ExpM1 => rounded::$t::exp_m1(x),
                    Unary::Ln => rounded::$t::ln(x),
                    Unary::Ln1p => rounded::$t::ln_1p(x),
                    Unary::Log2 => rounded::$t::log2(x),
                    Unary::Log10 => rounded::$t::log10(x),
                    Unary::Sin => rounded::$t::sin(x),
                    Unary::Cos => rounded::$t::cos(x),
                    Unary::Tan => rounded::$t::tan(x),
                    Unary::Asin => rounded::$t::asin(x),
                    Unary::Acos => rounded::$t::acos(x),
                    Unary::Atan => rounded::$t::atan(x),
                    Unary::Sinh => rounded::$t::sinh(x),
                    Unary::Cosh => rounded::$t::cosh(x),
                    Unary::Tanh => rounded::$t::tanh(x),
                    Unary::Asinh => rounded::$t::asinh(x),
                    Unary::Acosh => rounded::$t::acosh(x),
                    Unary::Atanh => rounded::$t::atanh(x),
                    Unary::Abs => libm::$fabs(x),
                    // Not `f64::signum`, which says that 0 is positive; x itself where x is 0 or
                    // NaN.
                    Unary::Signum => {
                        if x > 0.0 {
                            1.0
                        } else if x < 0.0 {
                            -1.0
                        } else {
                            x
                        }
                    }
                    Unary::Floor => libm::$floor(x),
                    Unary::Ceil => libm::$ceil(x),
                    Unary::Round => libm::$round(x),
                    Unary::Trunc => libm::$trunc(x),
                    // The notebook's formula; where e^-x overflows, 1/(1 + e^-x) is e^x to the last
                    // bit.
                    Unary::Sigmoid => {
                        if x < -$ln_max {
                            rounded::$t::exp(x)
                        } else {
                            1.0 / (1.0 + rounded::$t::exp(-x))
                        }
                    }
                    Unary::Softplus => {
                        (if x > 0.0 { x } else { 0.0 })
                            + rounded::$t::ln_1p(rounded::$t::exp(-libm::$fabs(x)))
                    }
                    Unary::Relu => {
                        if x <= 0.0 {
                            0.0
                        } else {
                            x
                        }
                    }
                    Unary::Erf => rounded::$t::erf(x),
                    Unary::Gaussian => slopes::$t::gaussian(x),
                    Unary::OneMinusSquare => (1.0 - x) * (1.0 + x),
                    Unary::LogSigmoid => {
                        (if x < 0.0 { x } else { 0.0 })
                            - rounded::$t::ln_1p(rounded::$t::exp(-libm::$fabs(x)))
                    }
                    Unary::Log1mExp => slopes::$t::log1mexp(x),
                    // These are computed in f64.
                    Unary::Erfc => normal::erfc(f64::from(x)) as $t,
                    Unary::NormPdf => normal::pdf(f64::from(x)) as $t,
                    Unary::NormCdf => normal::cdf(f64::from(x)) as $t,
                    Unary::NormLogCdf => normal::log_cdf(f64::from(x)) as $t,
                    Unary::NormLogCdfSlope => normal::log_cdf_slope(f64::from(x)) as $t,
                    Unary::NormLogCdfExcess => normal::log_cdf_excess(f64::from(x)) as $t,
                    Unary::NormPpf => normal::ppf(f64::from(x)) as $t,
                }
            }

            #[inline(always)]
            fn binary(self, op: Binary, other: Self) -> Self {
                let (x, y) = (self, other);
                match op {
                    Binary::Add => x + y,
                    Binary::Sub => x - y,
                    Binary::Mul => x * y,
                    Binary::Div => x / y,
                    Binary::Rem => libm::$fmod(x, y),
                    // Not `f64::powi`, whose precision is unspecified; the square is worth its own
                    // product.
                    Binary::Powi => {
                        if y == 2.0 {
                            x * x
                        } else if y == 1.0 {
                            x
                        } else {
                            rounded::$pow(x, y)
                        }
                    }
                    Binary::Powf => rounded::$pow(x, y),
                    Binary::Atan2 => rounded::$atan2(x, y),
                    Binary::Hypot => rounded::$hypot(x, y),
                    // `x + y` is NaN if either is.
                    Binary::Min => {
                        if x < y {
                            x
                        } else if y <= x {
                            y
                        } else {
                            x + y
                        }
                    }
                    Binary::Max => {
                        if x > y {
                            x
                        } else if y >= x {
                            y
                        } else {
                            x + y
                        }
                    }
                    Binary::Gt => indicator(x > y, x, y),
                    Binary::Ge => indicator(x >= y, x, y),
                    Binary::Eq => indicator(x == y, x, y),
                    Binary::MulNoNan => {
                        if x == 0.0 {
                            x
                        } else {
                            x * y
                        }
                    }
                    Binary::MulNoNanEither => {
                        if x == 0.0 {
                            x
                        } else if y == 0.0 {
                            y
                        } else {
                            x * y
                        }
                    }
                    Binary::SigmoidSlope => slopes::$t::sigmoid(x, y),
                    Binary::TanhSlope => slopes::$t::tanh(x, y),
                    Binary::HypotSlope => slopes::$t::hypot(x, y),
                    Binary::OverSquares => slopes::$t::over_squares(x, y),
                    Binary::PowSlope => slopes::$t::pow(x, y),
                    Binary::PowCurve => slopes::$t::pow_curve(x, y),
                    Binary::PowLn => slopes::$t::pow_ln(x, y),
                    Binary::LogAddExp => slopes::$t::log_add_exp(x, y),
                    Binary::XLogY => {
                        if x == 0.0 && !y.is_nan() {
                            0.0
                        } else {
                            x * rounded::$t::ln(y)
                        }
                    }
                    Binary::DifferenceSigmoid => slopes::$t::difference_sigmoid(x, y),
                    Binary::NormPpfSlope => normal::ppf_slope(f64::from(x), f64::from(y)) as $t,
                }
            }

            #[inline(always)]
            fn largest(self) -> Self {
                $t::MAX
            }

            // A power beyond the integers of the type is a product of powers within.
            fn powi(self, n: i32) -> Self {
                let power = |n: i32| self.binary(Binary::Powi, n as $t);
                match powers::<$t>(n) {
                    None => power(n),
                    Some([a, times, rest]) => {
                        power(a).binary(Binary::Powi, times as $t) * power(rest)
                    }
                }
            }
        }

        impl Sealed for $t {
            #[inline(always)]
            fn on_floats<W: OnFloats>(task: W::Task<'_, Self>) -> bool {
                W::$t(task)
            }
        }

        impl Scalar for $t {
            const EMPTY: Self = -0.0;
            const HAS_TANGENT: bool = false;

            #[inline(always)]
            fn detached(self) -> Self {
                self
            }

            #[inline(always)]
            fn from_f64(value: f64) -> Self {
                value as $t
            }

            #[inline(always)]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }

            #[inline(always)]
            fn is_zero(self) -> bool {
                self == 0.0
            }

            #[inline(always)]
            fn is_finite(self) -> bool {
                self.is_finite()
            }

            #[inline(always)]
            fn bits_key(self) -> u64 {
                u64::from(self.to_bits())
            }

            #[inline(always)]
            fn same_bits(self, other: Self) -> bool {
                self.to_bits() == other.to_bits()
            }
        }
    };
}

/// 1 or 0, and NaN where either side is NaN, so that a NaN is never turned into a number.
#[inline(always)]
fn indicator<T: Real + PartialOrd>(outcome: bool, x: T, y: T) -> T {
    let comparable = x <= y || x >= y;
    if comparable { x.like(if outcome { 1.0 } else { 0.0 }) } else { x + y }
}

impl_number!(f64, ln_max: 709.0, exact: cbrt fabs floor ceil round trunc fmod,
    pow: pow, atan2: atan2, hypot: hypot);
impl_number!(f32, ln_max: 88.0, exact: cbrtf fabsf floorf ceilf roundf truncf fmodf,
    pow: pow_f32, atan2: atan2_f32, hypot: hypot_f32);
