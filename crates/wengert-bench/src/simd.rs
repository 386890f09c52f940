//! What lets a portable build run at the machine's width: code compiled for several instruction
//! sets, the best of which is chosen when the program runs; and `exp` without a branch, which a
//! compiler turns into vectors.

use pulp::{Arch, Simd, WithSimd};

/// A loop to be compiled for every instruction set. `run` must be `#[inline(always)]`, and so must
/// all it calls, or it is compiled for the smallest only.
pub(crate) trait Kernel {
    /// What it returns.
    type Out;

    /// Does the work.
    fn run(self) -> Self::Out;
}

struct Dispatched<K>(K);

impl<K: Kernel> WithSimd for Dispatched<K> {
    type Output = K::Out;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> K::Out {
        self.0.run()
    }
}

/// Runs a kernel as compiled for this machine.
#[inline]
pub(crate) fn dispatch<K: Kernel>(kernel: K) -> K::Out {
    Arch::new().dispatch(Dispatched(kernel))
}

/// The instruction set found on this machine.
pub(crate) fn level() -> &'static str {
    match Arch::new() {
        #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
        Arch::V4(_) => "AVX-512 (x86-64-v4)",
        #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
        Arch::V3(_) => "AVX2 and FMA (x86-64-v3)",
        #[cfg(target_arch = "aarch64")]
        Arch::Neon(_) => "NEON",
        _ => "no vectors beyond the target's own",
    }
}

/// `exp x` within an ulp for x from -708 to 709.
///
/// x = n ln 2 + r; exp r by its Chebyshev interpolant of degree 11 on |r| <= ln 2 / 2 (error
/// 1.6e-17), added up by halves so that the terms need not wait for each other; n goes straight
/// into the exponent.
#[inline(always)]
pub(crate) fn exp(x: f64) -> f64 {
    // Adding it rounds to an integer, which stands in the low bits.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    let shifted = x.mul_add(std::f64::consts::LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = n.mul_add(-1.908_214_929_270_587_7e-10, n.mul_add(-0.693_147_180_369_123_8, x));
    let r2 = r * r;
    let low = r2.mul_add(r.mul_add(0.166_666_666_666_666_8, 0.500_000_000_000_001_9), 1.0 + r);
    let a = r.mul_add(0.008_333_333_333_319_589, 0.041_666_666_666_487_95);
    let b = r.mul_add(0.000_198_412_698_900_764_03, 0.001_388_888_895_235_286_3);
    let d = r.mul_add(2.755_724_088_722_987e-6, 2.480_148_544_156_131_3e-5);
    let e = r.mul_add(2.511_004_920_481_865_8e-8, 2.763_265_472_252_779e-7);
    let r4 = r2 * r2;
    let high = r4.mul_add(r2.mul_add(e, d), r2.mul_add(b, a));
    let mantissa = r4.mul_add(high, low);
    f64::from_bits(mantissa.to_bits().wrapping_add(shifted.to_bits() << 52))
}

/// As [`exp`], for x from -87 to 88.
#[inline(always)]
pub(crate) fn exp_f32(x: f32) -> f32 {
    const ROUND: f32 = 12_582_912.0;
    let shifted = x.mul_add(std::f32::consts::LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = n.mul_add(-1.428_606_8e-6, n.mul_add(-0.693_145_75, x));
    let r2 = r * r;
    let low = r2.mul_add(r.mul_add(0.166_664_15, 0.5), 1.0 + r);
    let high = r2.mul_add(0.001_394_111_9, r.mul_add(0.008_375_135, 0.041_666_35));
    let mantissa = (r2 * r2).mul_add(high, low);
    f32::from_bits(mantissa.to_bits().wrapping_add(shifted.to_bits() << 23))
}

/// `1 / (1 + exp -z)`, for every z that is a number.
#[inline(always)]
pub(crate) fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + exp((-z).clamp(-708.0, 709.0)))
}

/// As [`sigmoid`].
#[inline(always)]
pub(crate) fn sigmoid_f32(z: f32) -> f32 {
    1.0 / (1.0 + exp_f32((-z).clamp(-87.0, 88.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_within_an_ulp_or_two() {
        for i in -70_800..=70_900 {
            let x = f64::from(i) * 0.01;
            let right = libm::exp(x);
            assert!(
                (exp(x) - right).abs() <= 2.0 * f64::EPSILON * right,
                "{x}: {} {right}",
                exp(x)
            );
        }
        for i in -8_700..=8_800 {
            let x = i as f32 * 0.01;
            let right = libm::exp(f64::from(x));
            let error = (f64::from(exp_f32(x)) - right).abs();
            assert!(error <= 1.5 * f64::from(f32::EPSILON) * right, "{x}: {} {right}", exp_f32(x));
        }
    }

    #[test]
    fn sigmoids_end_at_zero_and_one() {
        assert_eq!((sigmoid(1e4), sigmoid_f32(1e4)), (1.0, 1.0));
        assert!(sigmoid(-1e4) < 1e-300 && sigmoid_f32(-1e4) < 1e-30);
        assert_eq!((sigmoid(0.0), sigmoid_f32(0.0)), (0.5, 0.5));
    }
}
