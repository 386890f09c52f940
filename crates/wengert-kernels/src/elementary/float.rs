//! What the formulas need to know about `f32` and `f64`: their constants, and the few steps that
//! look at bits.
//!
//! The steps on bits use only what every level of SIMD has for whole registers: 64-bit integers are
//! shifted logically, added and masked, never converted or shifted arithmetically. Integers travel
//! as floats: adding 1.5 · 2⁵² rounds to an integer and leaves it in the low bits.

use crate::real::Scalar;
use crate::simd::Isa;

/// A number with vectorised elementary functions: `f32` or `f64`.
///
/// The constants are explained where they are used; a pair of `_HI` and `_LO` is a number in two
/// parts, of which the first has so few bits that its product with an exponent is exact.
pub trait Elementary: Scalar {
    const ZERO: Self;
    const HALF: Self;
    const ONE: Self;
    const TWO: Self;
    const NAN: Self;
    const INFINITY: Self;

    /// 1.5 · 2ᵐ with m bits of significand: added to a number it leaves the nearest integer in the
    /// low bits, for magnitudes below 2ᵐ⁻¹.
    const MAGIC: Self;
    /// Below this, x is eˣ − 1, ln(1 + x), sin x to the last bit.
    const TINY: Self;
    /// From here on eˣ is infinite.
    const EXP_MAX: Self;
    /// From here down eˣ is 0.
    const EXP_MIN: Self;
    /// As `EXP_MAX` and `EXP_MIN`, for powers of two: both are integers.
    const EXP2_MAX: Self;
    const EXP2_MIN: Self;
    /// From here down eˣ − 1 is −1.
    const EXP_M1_MIN: Self;
    /// From here on tanh x is 1.
    const TANH_MAX: Self;
    /// An n with 2ⁿ ≫ 1/ε, at which ln(1 + x) is ln x.
    const LN_1P_LARGE: Self;

    const LOG2_E: Self;
    const LN2: Self;
    const LN2_HI: Self;
    const LN2_LO: Self;
    const LOG2_E_HI: Self;
    const LOG2_E_LO: Self;
    const LOG10_E_HI: Self;
    const LOG10_E_LO: Self;
    const LOG10_2_HI: Self;
    const LOG10_2_LO: Self;

    /// (eʳ − 1 − r)/r² in powers of r, for |r| ≤ ½ ln 2.
    const EXP: &'static [Self];
    /// (ln((1 + s)/(1 − s))/s − 2)/s² in powers of s², for |s| ≤ (√2 − 1)/(√2 + 1).
    const LN: &'static [Self];

    /// (sin x/x − 1)/x² and (cos x − 1 + x²/2)/x⁴ in powers of x², for |x| ≤ π/4. Sines of `f32`
    /// are computed in `f64`, with fewer coefficients.
    const SIN: &'static [f64];
    const COS: &'static [f64];
    /// Whether a sine needs more bits than `f64` has of an angle that is reduced by π/2.
    const NEEDS_TAIL: bool;
    /// Beyond this magnitude sines and cosines are `libm`'s.
    const TRIGONOMETRIC_MAX: Self;

    /// `a b + c`, rounded once.
    fn fused(a: Self, b: Self, c: Self) -> Self;
    fn magnitude(self) -> Self;
    fn with_sign_of(self, sign: Self) -> Self;
    fn root(self) -> Self;
    /// 2ⁿ for n + [`MAGIC`](Self::MAGIC), an integer whose power is a normal number.
    fn power_of_shifted(n: Self) -> Self;
    /// `(k, m)` with x = m 2ᵏ and √½ ≤ m < √2, for positive normal x.
    fn split(self) -> (Self, Self);
    /// `(k, x 2⁻ᵏ)`, normal, for positive finite x.
    fn normalised(self) -> (Self, Self);
    /// The leading half of the significand, the rest 0: a product of two such is exact.
    fn leading(self) -> Self;
}

/// `a b + c`: rounded once where that is one instruction, else twice.
#[inline(always)]
pub(super) fn mul_add<I: Isa, S: Elementary>(a: S, b: S, c: S) -> S {
    if I::FMA { S::fused(a, b, c) } else { a * b + c }
}

/// Σ cᵢ xⁱ by Horner's scheme.
#[inline(always)]
pub(super) fn polynomial<I: Isa, S: Elementary>(coefficients: &'static [S], x: S) -> S {
    let (&last, rest) = coefficients.split_last().expect("a polynomial has coefficients");
    let mut sum = last;
    for &c in rest.iter().rev() {
        sum = mul_add::<I, S>(sum, x, c);
    }
    sum
}

/// `c − a b` without the rounding of the product, which with FMA is one instruction and without is
/// Dekker's splitting in halves.
#[inline(always)]
pub(super) fn residual<I: Isa, S: Elementary>(a: S, b: S, c: S) -> S {
    if I::FMA {
        S::fused(-a, b, c)
    } else {
        let (a1, b1) = (a.leading(), b.leading());
        let (a2, b2) = (a - a1, b - b1);
        (((c - a1 * b1) - a1 * b2) - a2 * b1) - a2 * b2
    }
}

/// `(a + b, its rounding error)` for any a and b: Knuth's TwoSum.
#[inline(always)]
pub(super) fn two_sum<S: Elementary>(a: S, b: S) -> (S, S) {
    let sum = a + b;
    let of_b = sum - a;
    (sum, (a - (sum - of_b)) + (b - of_b))
}

// The coefficients and the numbers in parts are printed by tests/precision/polynomials.py.
macro_rules! impl_elementary {
    ($t:ident $bits:ident, mantissa: $mantissa:literal, bias: $bias:literal, magic: $magic:literal, two_to_mantissa: $two_to_mantissa:literal,
     sqrt_half: $sqrt_half:literal, leading: $leading:literal, denormal: $denormal:literal, denormal_scale: $denormal_scale:literal,
     $(const $name:ident: $type:ty = $value:expr;)*) => {
        impl Elementary for $t {
            const ZERO: Self = 0.0;
            const HALF: Self = 0.5;
            const ONE: Self = 1.0;
            const TWO: Self = 2.0;
            const NAN: Self = $t::NAN;
            const INFINITY: Self = $t::INFINITY;
            const MAGIC: Self = $magic;
            const LOG2_E: Self = std::$t::consts::LOG2_E;
            const LN2: Self = std::$t::consts::LN_2;
            const TRIGONOMETRIC_MAX: Self = 1e6;
            $(const $name: $type = $value;)*

            #[inline(always)]
            fn fused(a: Self, b: Self, c: Self) -> Self {
                a.mul_add(b, c)
            }

            #[inline(always)]
            fn magnitude(self) -> Self {
                $t::abs(self)
            }

            #[inline(always)]
            fn with_sign_of(self, sign: Self) -> Self {
                self.copysign(sign)
            }

            #[inline(always)]
            fn root(self) -> Self {
                $t::sqrt(self)
            }

            #[inline(always)]
            fn power_of_shifted(n: Self) -> Self {
                $t::from_bits(n.to_bits().wrapping_add($bias) << $mantissa)
            }

            #[inline(always)]
            fn split(self) -> (Self, Self) {
                // As many steps of the exponent from 2^-bias as m is at least √½, not 1.
                let bits = self.to_bits().wrapping_add(($bias << $mantissa) - $sqrt_half);
                let k = $t::from_bits((bits >> $mantissa) | $two_to_mantissa.to_bits()) - ($two_to_mantissa + $bias as $t);
                let m = $t::from_bits((bits & ((1 << $mantissa) - 1)).wrapping_add($sqrt_half));
                (k, m)
            }

            #[inline(always)]
            fn normalised(self) -> (Self, Self) {
                let subnormal = self < $t::MIN_POSITIVE;
                let k = if subnormal { -$denormal } else { 0.0 };
                let scale = if subnormal { $denormal_scale } else { 1.0 };
                (k, self * scale)
            }

            #[inline(always)]
            fn leading(self) -> Self {
                $t::from_bits(self.to_bits() & !$leading)
            }
        }
    };
}

impl_elementary!(f64 u64, mantissa: 52, bias: 1023, magic: 6755399441055744.0, two_to_mantissa: 4503599627370496.0_f64,
    sqrt_half: 0x3fe6_a09e_0000_0000, leading: 0x07ff_ffff, denormal: 54.0, denormal_scale: 18014398509481984.0,
    const TINY: Self = 5e-17;
    const EXP_MAX: Self = 710.0;
    const EXP_MIN: Self = -746.0;
    const EXP2_MAX: Self = 1024.0;
    const EXP2_MIN: Self = -1076.0;
    const EXP_M1_MIN: Self = -40.0;
    const TANH_MAX: Self = 20.0;
    const LN_1P_LARGE: Self = 60.0;
    const LN2_HI: Self = 0.6931471805598903;
    const LN2_LO: Self = 5.497923018708371e-14;
    const LOG2_E_HI: Self = 1.4426950514316559;
    const LOG2_E_LO: Self = -1.0542692476429138e-08;
    const LOG10_E_HI: Self = 0.4342944845557213;
    const LOG10_E_LO: Self = -2.6524694553078553e-09;
    const LOG10_2_HI: Self = 0.30102999566395283;
    const LOG10_2_LO: Self = 2.8363394551044964e-14;
    const EXP: &'static [Self] = &[
        0.5000000000000001, 0.16666666666666669, 0.04166666666662413, 0.008333333333330062, 0.0013888888917213717,
        0.00019841269863053618, 2.4801521295954376e-05, 2.7557268459997064e-06, 2.7620088445409746e-07, 2.510038549551032e-08,
    ];
    const LN: &'static [Self] = &[
        0.666666666666667, 0.3999999999989938, 0.28571428626031065, 0.2222221112572281, 0.18182889786191042, 0.15331699633543858,
        0.14616721179861816,
    ];
    const SIN: &'static [f64] = &[
        -0.16666666666666666, 0.008333333333330946, -0.0001984126983675497, 2.755731610068303e-06, -2.5051131455427946e-08,
        1.591810123027412e-10,
    ];
    const COS: &'static [f64] = &[
        0.041666666666666664, -0.0013888888888887395, 2.4801587298763433e-05, -2.7557317270560326e-07, 2.0876146024689747e-09,
        -1.1382614868556325e-11,
    ];
    const NEEDS_TAIL: bool = true;
);

impl_elementary!(f32 u32, mantissa: 23, bias: 127, magic: 12582912.0, two_to_mantissa: 8388608.0_f32,
    sqrt_half: 0x3f35_04f3, leading: 0xfff, denormal: 25.0, denormal_scale: 33554432.0,
    const TINY: Self = 2.5e-8;
    const EXP_MAX: Self = 89.0;
    const EXP_MIN: Self = -104.5;
    const EXP2_MAX: Self = 128.0;
    const EXP2_MIN: Self = -151.0;
    const EXP_M1_MIN: Self = -20.0;
    const TANH_MAX: Self = 10.0;
    const LN_1P_LARGE: Self = 30.0;
    const LN2_HI: Self = 0.69314575;
    const LN2_LO: Self = 1.4286068e-06;
    const LOG2_E_HI: Self = 1.4428711;
    const LOG2_E_LO: Self = -0.00017605285;
    const LOG10_E_HI: Self = 0.43432617;
    const LOG10_E_LO: Self = -3.168997e-05;
    const LOG10_2_HI: Self = 0.3010254;
    const LOG10_2_LO: Self = 4.605039e-06;
    const EXP: &'static [Self] = &[0.5, 0.16666577, 0.041666555, 0.008363179, 0.0013926184];
    const LN: &'static [Self] = &[0.6666667, 0.40000122, 0.28550812, 0.23330697];
    const SIN: &'static [f64] = &[-0.16666666663853044, 0.008333331873837089, -0.00019840086263755443, 2.7249864655139585e-06];
    const COS: &'static [f64] = &[0.04166666666431933, -0.0013888887671288108, 2.480059998353171e-05, -2.7300908167996537e-07];
    const NEEDS_TAIL: bool = false;
);
