//! The vectors that the product kernels are written over: one trait, an implementation for each
//! width.

use std::fmt::Debug;
use std::ops::Neg;

/// A vector of `S`. Every method is inlined into a function that was compiled for the instructions
/// it uses.
///
/// # Safety
///
/// Of all methods: the processor has the instructions, and pointers are good for as many elements
/// as are read or written.
pub(super) trait Lanes<S>: Copy + Debug {
    /// The number of elements.
    const N: usize;
    /// Registers for accumulators: tiles are chosen to fit.
    const WIDE_TILES: bool;
    /// Whether a sum begins with what it is added to, and takes one product after another.
    const IN_ORDER: bool = false;
    /// Whether a zero of the left operand adds nothing, whatever the right one is.
    const GUARDED: bool = false;
    fn zero() -> Self;
    unsafe fn splat(x: S) -> Self;
    unsafe fn load(from: *const S) -> Self;
    /// The first `n < N` elements, 0 for the others; nothing behind them is touched.
    unsafe fn load_first(from: *const S, n: usize) -> Self;
    unsafe fn store(self, to: *mut S);
    /// Writes the first `n < N` elements and touches nothing behind them.
    unsafe fn store_first(self, to: *mut S, n: usize);
    /// `self + a b`, rounded once where the processor can.
    unsafe fn add_product(self, a: Self, b: Self) -> Self;
    unsafe fn add(self, other: Self) -> Self;
    unsafe fn mul(self, other: Self) -> Self;
    /// What a sum begins with.
    #[inline(always)]
    unsafe fn empty() -> Self {
        Self::zero()
    }
    /// The sum of the elements, halves first.
    unsafe fn sum(self) -> S;
    /// Asks for the memory at an address that may be used soon. Any address will do.
    fn prefetch(at: *const S);
    /// How many elements 128 bits hold: a row of the blocks that [`turn`](Lanes::turn) transposes.
    const PIECE: usize = 16 / std::mem::size_of::<S>();
    /// Transposes a block of `N` rows of `PIECE` elements: `to[p * to_by + j] = from[j * by + p]`.
    unsafe fn turn(from: *const S, by: usize, to: *mut S, to_by: usize);
}

/// Vectors whose sums are those of the index, each product and each sum rounded: the same bits at
/// every width.
#[derive(Clone, Copy, Debug)]
pub(super) struct InOrder<V, const GUARDED: bool>(V);

impl<S, V, const GUARDED: bool> Lanes<S> for InOrder<V, GUARDED>
where
    S: Default + Neg<Output = S>,
    V: Lanes<S>,
{
    const N: usize = V::N;
    const WIDE_TILES: bool = V::WIDE_TILES;
    const IN_ORDER: bool = true;
    const GUARDED: bool = GUARDED;
    #[inline(always)]
    fn zero() -> Self {
        InOrder(V::zero())
    }
    // SAFETY, of all: the caller's promises.
    #[inline(always)]
    unsafe fn splat(x: S) -> Self {
        InOrder(unsafe { V::splat(x) })
    }
    #[inline(always)]
    unsafe fn load(from: *const S) -> Self {
        InOrder(unsafe { V::load(from) })
    }
    #[inline(always)]
    unsafe fn load_first(from: *const S, n: usize) -> Self {
        InOrder(unsafe { V::load_first(from, n) })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut S) {
        unsafe { self.0.store(to) }
    }
    #[inline(always)]
    unsafe fn store_first(self, to: *mut S, n: usize) {
        unsafe { self.0.store_first(to, n) }
    }
    #[inline(always)]
    unsafe fn add_product(self, a: Self, b: Self) -> Self {
        InOrder(unsafe { self.0.add(a.0.mul(b.0)) })
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        InOrder(unsafe { self.0.add(other.0) })
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        InOrder(unsafe { self.0.mul(other.0) })
    }
    /// -0, which added to any number is that number, its sign included.
    #[inline(always)]
    unsafe fn empty() -> Self {
        InOrder(unsafe { V::splat(-S::default()) })
    }
    #[inline(always)]
    unsafe fn sum(self) -> S {
        unsafe { self.0.sum() }
    }
    #[inline(always)]
    fn prefetch(at: *const S) {
        V::prefetch(at);
    }
    #[inline(always)]
    unsafe fn turn(from: *const S, by: usize, to: *mut S, to_by: usize) {
        unsafe { V::turn(from, by, to, to_by) }
    }
}

/// Vectors without named instructions: arrays that the compiler maps to whatever the target has.
/// Elements are 128 bits' worth.
#[derive(Clone, Copy, Debug)]
pub(super) struct Portable<S, const N: usize>([S; N]);

macro_rules! portable {
    ($s:ty, $n:literal) => {
        impl Lanes<$s> for Portable<$s, $n> {
            const N: usize = $n;
            const WIDE_TILES: bool = false;
            #[inline(always)]
            fn zero() -> Self {
                Portable([0.0; $n])
            }
            #[inline(always)]
            unsafe fn splat(x: $s) -> Self {
                Portable([x; $n])
            }
            #[inline(always)]
            unsafe fn load(from: *const $s) -> Self {
                // SAFETY: the caller's promise.
                unsafe { Portable(from.cast::<[$s; $n]>().read_unaligned()) }
            }
            #[inline(always)]
            unsafe fn load_first(from: *const $s, n: usize) -> Self {
                // SAFETY: the caller's promise, i < n.
                Portable(std::array::from_fn(|i| {
                    if i < n { unsafe { from.add(i).read() } } else { 0.0 }
                }))
            }
            #[inline(always)]
            unsafe fn store(self, to: *mut $s) {
                // SAFETY: the caller's promise.
                unsafe { to.cast::<[$s; $n]>().write_unaligned(self.0) }
            }
            #[inline(always)]
            unsafe fn store_first(self, to: *mut $s, n: usize) {
                for (i, &x) in self.0.iter().enumerate().take(n) {
                    // SAFETY: the caller's promise.
                    unsafe { to.add(i).write(x) }
                }
            }
            #[inline(always)]
            unsafe fn add_product(self, a: Self, b: Self) -> Self {
                Portable(std::array::from_fn(|i| {
                    // Without the instruction, `mul_add` is a call that takes longer than all the
                    // rest.
                    if cfg!(target_arch = "aarch64") {
                        a.0[i].mul_add(b.0[i], self.0[i])
                    } else {
                        self.0[i] + a.0[i] * b.0[i]
                    }
                }))
            }
            #[inline(always)]
            unsafe fn add(self, other: Self) -> Self {
                Portable(std::array::from_fn(|i| self.0[i] + other.0[i]))
            }
            #[inline(always)]
            unsafe fn mul(self, other: Self) -> Self {
                Portable(std::array::from_fn(|i| self.0[i] * other.0[i]))
            }
            #[inline(always)]
            unsafe fn sum(self) -> $s {
                let mut parts = self.0;
                let mut n = $n;
                while n > 1 {
                    n /= 2;
                    for i in 0..n {
                        parts[i] += parts[i + n];
                    }
                }
                parts[0]
            }
            #[inline(always)]
            fn prefetch(_: *const $s) {}
            #[inline(always)]
            unsafe fn turn(from: *const $s, by: usize, to: *mut $s, to_by: usize) {
                for p in 0..Self::PIECE {
                    for j in 0..Self::N {
                        // SAFETY: the caller's promise.
                        unsafe { to.add(p * to_by + j).write(*from.add(j * by + p)) }
                    }
                }
            }
        }
    };
}
portable!(f32, 4);
portable!(f64, 2);

#[cfg(target_arch = "x86_64")]
pub(super) mod x86 {
    use super::super::turn::*;
    use super::Lanes;
    use std::arch::x86_64::*;

    macro_rules! avx512 {
        ($s:ty, $v:ty, $n:literal, $mask:ty, $set1:ident, $loadu:ident, $maskz_loadu:ident, $storeu:ident, $mask_storeu:ident, $fmadd:ident, $add:ident, $mul:ident, $reduce:ident, $turn:ident) => {
            impl Lanes<$s> for $v {
                const N: usize = $n;
                const WIDE_TILES: bool = true;
                #[inline(always)]
                fn zero() -> Self {
                    // SAFETY: any bits are numbers; these are zeros.
                    unsafe { std::mem::zeroed() }
                }
                #[inline(always)]
                unsafe fn splat(x: $s) -> Self {
                    // SAFETY: the caller's promise, here and below.
                    unsafe { $set1(x) }
                }
                #[inline(always)]
                unsafe fn load(from: *const $s) -> Self {
                    unsafe { $loadu(from) }
                }
                #[inline(always)]
                unsafe fn load_first(from: *const $s, n: usize) -> Self {
                    unsafe { $maskz_loadu(((1u32 << n) - 1) as $mask, from) }
                }
                #[inline(always)]
                unsafe fn store(self, to: *mut $s) {
                    unsafe { $storeu(to, self) }
                }
                #[inline(always)]
                unsafe fn store_first(self, to: *mut $s, n: usize) {
                    unsafe { $mask_storeu(to, ((1u32 << n) - 1) as $mask, self) }
                }
                #[inline(always)]
                unsafe fn add_product(self, a: Self, b: Self) -> Self {
                    unsafe { $fmadd(a, b, self) }
                }
                #[inline(always)]
                unsafe fn add(self, other: Self) -> Self {
                    unsafe { $add(self, other) }
                }
                #[inline(always)]
                unsafe fn mul(self, other: Self) -> Self {
                    unsafe { $mul(self, other) }
                }
                #[inline(always)]
                unsafe fn sum(self) -> $s {
                    unsafe { $reduce(self) }
                }
                #[inline(always)]
                fn prefetch(at: *const $s) {
                    // SAFETY: a hint, which no address makes fail; every x86-64 has it.
                    unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) }
                }
                #[inline(always)]
                unsafe fn turn(from: *const $s, by: usize, to: *mut $s, to_by: usize) {
                    unsafe { $turn(from, by, to, to_by) }
                }
            }
        };
    }
    avx512!(
        f32,
        __m512,
        16,
        __mmask16,
        _mm512_set1_ps,
        _mm512_loadu_ps,
        _mm512_maskz_loadu_ps,
        _mm512_storeu_ps,
        _mm512_mask_storeu_ps,
        _mm512_fmadd_ps,
        _mm512_add_ps,
        _mm512_mul_ps,
        _mm512_reduce_add_ps,
        turn_f32_512
    );
    avx512!(
        f64,
        __m512d,
        8,
        __mmask8,
        _mm512_set1_pd,
        _mm512_loadu_pd,
        _mm512_maskz_loadu_pd,
        _mm512_storeu_pd,
        _mm512_mask_storeu_pd,
        _mm512_fmadd_pd,
        _mm512_add_pd,
        _mm512_mul_pd,
        _mm512_reduce_add_pd,
        turn_f64_512
    );

    /// Masks of n leading ones, at `8 - n`.
    static LEADING: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];
    static LEADING_WIDE: [i64; 8] = [-1, -1, -1, -1, 0, 0, 0, 0];

    macro_rules! avx2 {
        ($s:ty, $v:ty, $n:literal, $table:ident, $set1:ident, $loadu:ident, $maskload:ident, $storeu:ident, $maskstore:ident, $fmadd:ident, $add:ident, $mul:ident, $turn:ident) => {
            impl Lanes<$s> for $v {
                const N: usize = $n;
                const WIDE_TILES: bool = false;
                #[inline(always)]
                fn zero() -> Self {
                    // SAFETY: any bits are numbers; these are zeros.
                    unsafe { std::mem::zeroed() }
                }
                #[inline(always)]
                unsafe fn splat(x: $s) -> Self {
                    unsafe { $set1(x) }
                }
                #[inline(always)]
                unsafe fn load(from: *const $s) -> Self {
                    unsafe { $loadu(from) }
                }
                #[inline(always)]
                unsafe fn load_first(from: *const $s, n: usize) -> Self {
                    unsafe {
                        $maskload(from, _mm256_loadu_si256($table.as_ptr().add($n - n).cast()))
                    }
                }
                #[inline(always)]
                unsafe fn store(self, to: *mut $s) {
                    unsafe { $storeu(to, self) }
                }
                #[inline(always)]
                unsafe fn store_first(self, to: *mut $s, n: usize) {
                    unsafe {
                        $maskstore(to, _mm256_loadu_si256($table.as_ptr().add($n - n).cast()), self)
                    }
                }
                #[inline(always)]
                unsafe fn add_product(self, a: Self, b: Self) -> Self {
                    unsafe { $fmadd(a, b, self) }
                }
                #[inline(always)]
                unsafe fn add(self, other: Self) -> Self {
                    unsafe { $add(self, other) }
                }
                #[inline(always)]
                unsafe fn mul(self, other: Self) -> Self {
                    unsafe { $mul(self, other) }
                }
                #[inline(always)]
                unsafe fn sum(self) -> $s {
                    let mut parts = [0.0; $n];
                    unsafe { $storeu(parts.as_mut_ptr(), self) };
                    let mut n = $n;
                    while n > 1 {
                        n /= 2;
                        for i in 0..n {
                            parts[i] += parts[i + n];
                        }
                    }
                    parts[0]
                }
                #[inline(always)]
                fn prefetch(at: *const $s) {
                    // SAFETY: a hint, which no address makes fail; every x86-64 has it.
                    unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) }
                }
                #[inline(always)]
                unsafe fn turn(from: *const $s, by: usize, to: *mut $s, to_by: usize) {
                    unsafe { $turn(from, by, to, to_by) }
                }
            }
        };
    }
    avx2!(
        f32,
        __m256,
        8,
        LEADING,
        _mm256_set1_ps,
        _mm256_loadu_ps,
        _mm256_maskload_ps,
        _mm256_storeu_ps,
        _mm256_maskstore_ps,
        _mm256_fmadd_ps,
        _mm256_add_ps,
        _mm256_mul_ps,
        turn_f32_256
    );
    avx2!(
        f64,
        __m256d,
        4,
        LEADING_WIDE,
        _mm256_set1_pd,
        _mm256_loadu_pd,
        _mm256_maskload_pd,
        _mm256_storeu_pd,
        _mm256_maskstore_pd,
        _mm256_fmadd_pd,
        _mm256_add_pd,
        _mm256_mul_pd,
        turn_f64_256
    );
}
