//! `f64` and `f32`: the one named implementation of every elementary function.
//!
//! The crate `libm` (pure Rust) is used on every platform, so a tape gives the same bits
//! everywhere.

use crate::op::{Binary, Unary};
use crate::real::sealed::{OnFloats, Sealed};
use crate::real::{Real, Scalar, powers};
use crate::slopes;

macro_rules! impl_number {
    ($t:ident, ln_max: $ln_max:literal,
     $sqrt:ident $cbrt:ident $exp:ident $exp2:ident $expm1:ident $log:ident $log1p:ident $log2:ident $log10:ident
     $sin:ident $cos:ident $tan:ident $asin:ident $acos:ident $atan:ident $sinh:ident $cosh:ident $tanh:ident
     $asinh:ident $acosh:ident $atanh:ident $fabs:ident $floor:ident $ceil:ident $round:ident $trunc:ident $erf:ident
     $fmod:ident $pow:ident $atan2:ident $hypot:ident) => {
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
                    Unary::Sqrt => libm::$sqrt(x),
                    Unary::Cbrt => libm::$cbrt(x),
                    Unary::Exp => libm::$exp(x),
                    Unary::Exp2 => libm::$exp2(x),
                    Unary::ExpM1 => libm::$expm1(x),
                    Unary::Ln => libm::$log(x),
                    Unary::Ln1p => libm::$log1p(x),
                    Unary::Log2 => libm::$log2(x),
                    Unary::Log10 => libm::$log10(x),
                    Unary::Sin => libm::$sin(x),
                    Unary::Cos => libm::$cos(x),
                    Unary::Tan => libm::$tan(x),
                    Unary::Asin => libm::$asin(x),
                    Unary::Acos => libm::$acos(x),
                    Unary::Atan => libm::$atan(x),
                    Unary::Sinh => libm::$sinh(x),
                    Unary::Cosh => libm::$cosh(x),
                    Unary::Tanh => libm::$tanh(x),
                    Unary::Asinh => libm::$asinh(x),
                    Unary::Acosh => libm::$acosh(x),
                    Unary::Atanh => libm::$atanh(x),
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
                            libm::$exp(x)
                        } else {
                            1.0 / (1.0 + libm::$exp(-x))
                        }
                    }
                    Unary::Softplus => {
                        (if x > 0.0 { x } else { 0.0 }) + libm::$log1p(libm::$exp(-libm::$fabs(x)))
                    }
                    Unary::Relu => {
                        if x <= 0.0 {
                            0.0
                        } else {
                            x
                        }
                    }
                    Unary::Erf => libm::$erf(x),
                    Unary::Gaussian => slopes::$t::gaussian(x),
                    Unary::OneMinusSquare => (1.0 - x) * (1.0 + x),
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
                            libm::$pow(x, y)
                        }
                    }
                    Binary::Powf => libm::$pow(x, y),
                    Binary::Atan2 => libm::$atan2(x, y),
                    Binary::Hypot => libm::$hypot(x, y),
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
                    Binary::Chain => {
                        if x == 0.0 {
                            x
                        } else {
                            x * y
                        }
                    }
                    Binary::ChainChoice => {
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

impl_number!(f64, ln_max: 709.0,
    sqrt cbrt exp exp2 expm1 log log1p log2 log10 sin cos tan asin acos atan sinh cosh tanh
    asinh acosh atanh fabs floor ceil round trunc erf fmod pow atan2 hypot);
impl_number!(f32, ln_max: 88.0,
    sqrtf cbrtf expf exp2f expm1f logf log1pf log2f log10f sinf cosf tanf asinf acosf atanf sinhf coshf tanhf
    asinhf acoshf atanhf fabsf floorf ceilf roundf truncf erff fmodf powf atan2f hypotf);
