//! Transposed blocks on x86-64, in registers.
//!
//! A register takes one piece of 128 bits from each of several rows. Transposing the pieces among
//! four registers (two, for `f64`) then needs only instructions that stay inside 128 bits, which
//! are the cheap ones.

use std::arch::x86_64::*;

/// 16 rows of 4 elements become 4 rows of 16, `by` and `to_by` apart.
///
/// # Safety
///
/// The pointers are good for the blocks, and the processor has AVX-512.
#[inline(always)]
pub(super) unsafe fn turn_f32_512(from: *const f32, by: usize, to: *mut f32, to_by: usize) {
    // SAFETY: the caller's promises.
    unsafe {
        // Row i of every group of four.
        let rows = |i: usize| {
            let piece = |group: usize| _mm_loadu_ps(from.add((4 * group + i) * by));
            let all = _mm512_castps128_ps512(piece(0));
            let all = _mm512_insertf32x4::<1>(all, piece(1));
            let all = _mm512_insertf32x4::<2>(all, piece(2));
            _mm512_insertf32x4::<3>(all, piece(3))
        };
        let (r0, r1, r2, r3) = (rows(0), rows(1), rows(2), rows(3));
        let pairs = _mm512_castps_pd;
        let (a, b) = (pairs(_mm512_unpacklo_ps(r0, r1)), pairs(_mm512_unpackhi_ps(r0, r1)));
        let (c, d) = (pairs(_mm512_unpacklo_ps(r2, r3)), pairs(_mm512_unpackhi_ps(r2, r3)));
        let put = |p: usize, x: __m512d| _mm512_storeu_ps(to.add(p * to_by), _mm512_castpd_ps(x));
        put(0, _mm512_unpacklo_pd(a, c));
        put(1, _mm512_unpackhi_pd(a, c));
        put(2, _mm512_unpacklo_pd(b, d));
        put(3, _mm512_unpackhi_pd(b, d));
    }
}

/// 8 rows of 4 elements become 4 rows of 8.
///
/// # Safety
///
/// As [`turn_f32_512`], with AVX.
#[inline(always)]
pub(super) unsafe fn turn_f32_256(from: *const f32, by: usize, to: *mut f32, to_by: usize) {
    // SAFETY: the caller's promises.
    unsafe {
        let rows = |i: usize| {
            let piece = |group: usize| _mm_loadu_ps(from.add((4 * group + i) * by));
            _mm256_insertf128_ps::<1>(_mm256_castps128_ps256(piece(0)), piece(1))
        };
        let (r0, r1, r2, r3) = (rows(0), rows(1), rows(2), rows(3));
        let pairs = _mm256_castps_pd;
        let (a, b) = (pairs(_mm256_unpacklo_ps(r0, r1)), pairs(_mm256_unpackhi_ps(r0, r1)));
        let (c, d) = (pairs(_mm256_unpacklo_ps(r2, r3)), pairs(_mm256_unpackhi_ps(r2, r3)));
        let put = |p: usize, x: __m256d| _mm256_storeu_ps(to.add(p * to_by), _mm256_castpd_ps(x));
        put(0, _mm256_unpacklo_pd(a, c));
        put(1, _mm256_unpackhi_pd(a, c));
        put(2, _mm256_unpacklo_pd(b, d));
        put(3, _mm256_unpackhi_pd(b, d));
    }
}

/// 8 rows of 2 elements become 2 rows of 8.
///
/// # Safety
///
/// As [`turn_f32_512`].
#[inline(always)]
pub(super) unsafe fn turn_f64_512(from: *const f64, by: usize, to: *mut f64, to_by: usize) {
    // SAFETY: the caller's promises.
    unsafe {
        let rows = |i: usize| {
            let piece = |group: usize| _mm_loadu_pd(from.add((2 * group + i) * by));
            let all = _mm512_castpd128_pd512(piece(0));
            let all = _mm512_insertf64x2::<1>(all, piece(1));
            let all = _mm512_insertf64x2::<2>(all, piece(2));
            _mm512_insertf64x2::<3>(all, piece(3))
        };
        let (r0, r1) = (rows(0), rows(1));
        _mm512_storeu_pd(to, _mm512_unpacklo_pd(r0, r1));
        _mm512_storeu_pd(to.add(to_by), _mm512_unpackhi_pd(r0, r1));
    }
}

/// 4 rows of 2 elements become 2 rows of 4.
///
/// # Safety
///
/// As [`turn_f32_512`], with AVX.
#[inline(always)]
pub(super) unsafe fn turn_f64_256(from: *const f64, by: usize, to: *mut f64, to_by: usize) {
    // SAFETY: the caller's promises.
    unsafe {
        let rows = |i: usize| {
            let piece = |group: usize| _mm_loadu_pd(from.add((2 * group + i) * by));
            _mm256_insertf128_pd::<1>(_mm256_castpd128_pd256(piece(0)), piece(1))
        };
        let (r0, r1) = (rows(0), rows(1));
        _mm256_storeu_pd(to, _mm256_unpacklo_pd(r0, r1));
        _mm256_storeu_pd(to.add(to_by), _mm256_unpackhi_pd(r0, r1));
    }
}
