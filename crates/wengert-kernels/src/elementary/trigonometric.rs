//! `sin` and `cos`, computed in `f64` for both types.
//!
//! x = n π/2 + r with |r| ≤ π/4, where π/2 is in four parts, of which the first three have 33 bits,
//! so that their products with n < 2²⁰ are exact (Cody and Waite). sin r and cos r are the
//! polynomials of FreeBSD's `k_sin.c` and `k_cos.c` (Sun Microsystems 1993) in arrangement, with
//! coefficients of our own. Angles beyond that are `libm`'s: Payne and Hanek's reduction is not for
//! SIMD.

use super::float::{Elementary, mul_add, polynomial};
use crate::simd::Isa;

const PIO2_1: f64 = 1.5707963267341256;
const PIO2_2: f64 = 6.077100506303966e-11;
const PIO2_3: f64 = 2.0222662487111665e-21;
const PIO2_4: f64 = 8.4784276603689e-32;
/// The last three as one number, which is enough for an angle of `f32`.
const PIO2_REST: f64 = 6.077100506506192e-11;

/// `(a − b, its rounding error)`: Dekker's FastTwoSum.
///
/// It asks that |a| ≥ |b|. Here it is right for smaller a too, because then the difference is
/// exact: `first` and `n PIO2_2` are multiples of 2⁻⁶⁶ and, with n < 10⁶ 2/π, below 2⁻¹⁴; `second`
/// and `n PIO2_3` are multiples of 2⁻¹⁰¹ below 2⁻⁴⁹.
#[inline(always)]
fn subtract(a: f64, b: f64) -> (f64, f64) {
    let difference = a - b;
    (difference, (a - difference) - b)
}

/// `(r, its error, n mod 4 in the low bits)`
#[inline(always)]
fn reduce<I: Isa, S: Elementary>(x: f64) -> (f64, f64, u64) {
    let shifted = mul_add::<I, f64>(x, std::f64::consts::FRAC_2_PI, f64::MAGIC);
    let n = shifted - f64::MAGIC;
    let first = mul_add::<I, f64>(-n, PIO2_1, x); // exact
    if S::NEEDS_TAIL {
        let (second, lost) = subtract(first, n * PIO2_2);
        let (third, lost_again) = subtract(second, n * PIO2_3);
        let rest = mul_add::<I, f64>(-n, PIO2_4, lost + lost_again);
        let r = third + rest;
        (r, (third - r) + rest, shifted.to_bits())
    } else {
        (mul_add::<I, f64>(-n, PIO2_REST, first), 0.0, shifted.to_bits())
    }
}

/// `(sin x, cos x)` for finite |x| ≤ [`Elementary::TRIGONOMETRIC_MAX`].
#[inline(always)]
pub(super) fn sin_cos<I: Isa, S: Elementary>(x: S) -> (S, S) {
    let (r, tail, quadrant) = reduce::<I, S>(x.to_f64());
    let z = r * r;

    let mut sine = z * r * polynomial::<I, f64>(S::SIN, z);
    let mut rest = z * z * polynomial::<I, f64>(S::COS, z);
    let half = 0.5 * z;
    let near = 1.0 - half;
    if S::NEEDS_TAIL {
        sine += mul_add::<I, f64>(tail, -half, tail);
        rest = ((1.0 - near) - half) + mul_add::<I, f64>(-r, tail, rest);
    }
    let (sine, cosine) = (r + sine, near + rest);

    let swapped = quadrant & 1 != 0;
    let (sin, cos) = if swapped { (cosine, sine) } else { (sine, cosine) };
    let sin = f64::from_bits(sin.to_bits() ^ ((quadrant & 2) << 62));
    let cos = f64::from_bits(cos.to_bits() ^ ((quadrant.wrapping_add(1) & 2) << 62));
    // −0 and subnormal numbers
    (if x.magnitude() < S::TINY { x } else { S::from_f64(sin) }, S::from_f64(cos))
}
