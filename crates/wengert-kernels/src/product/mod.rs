//! Matrix products of `f32` and `f64`: [`product`], which may be summed in any fixed order, and
//! [`product_in_order`], whose sums are those of the index, with the same bits everywhere.
//!
//! Of the first there are three ways, each the fastest for some shapes: `small::rows` over operands
//! as they lie, `small::dots` for long sums and few of them, `large::blocks` with a panel of the
//! right operand copied. The second goes by `large::blocks` alone. Which one is taken, and so the order of every sum, depends on the extents and strides
//! and on the processor's instructions, on nothing else. None allocates.
//!
//! Per element, `|computed − exact| ≤ 8 n ε Σ|terms|`, n being the terms of the sum: any order of n
//! additions is within `n ε` of it, fused or not. Infinities and NaN are those of IEEE: `0 · ∞` is
//! NaN here.
//!
//! `unsafe` here: raw pointers with strides, so that a transposed operand is read in place and an
//! adjoint is written into the column where its value stands in the other; and instructions that
//! are only there if the processor has them. [`product`] checks every extent against its slice; the
//! dispatch asks for the instructions before it uses them.

#![allow(
    unsafe_code,
    reason = "strided pointers and instruction sets: see the module's documentation"
)]

mod lanes;
mod large;
mod small;
#[cfg(test)]
mod tests;
#[cfg(target_arch = "x86_64")]
mod turn;

use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ops::Add;

use crate::simd::{self, Arguments, Isa, Kernel, Level};
use lanes::{InOrder, Lanes};
use small::{At, PACKED};

/// A number that products are made of.
pub trait Product: Copy + 'static {
    /// As [`product_raw`].
    ///
    /// # Safety
    ///
    /// As [`product_raw`].
    unsafe fn product(
        level: Level,
        accumulate: bool,
        extents: (usize, usize, usize),
        c: (*mut Self, usize, usize),
        a: (*const Self, usize, usize),
        b: (*const Self, usize, usize),
    );

    /// As [`product_in_order_raw`].
    ///
    /// # Safety
    ///
    /// As [`product_raw`].
    unsafe fn product_in_order(
        level: Level,
        guarded: bool,
        accumulate: bool,
        extents: (usize, usize, usize),
        c: (*mut Self, usize, usize),
        a: (*const Self, usize, usize),
        b: (*const Self, usize, usize),
    );
}

/// A matrix in a slice: element (i, j) at `start + i * rows + j * cols`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placed {
    pub start: usize,
    pub rows: usize,
    pub cols: usize,
}

impl Placed {
    #[must_use]
    pub fn transposed(self) -> Self {
        Placed { start: self.start, rows: self.cols, cols: self.rows }
    }

    /// Whether an `m` by `n` matrix lies inside `len` elements.
    fn fits(self, (m, n): (usize, usize), len: usize) -> bool {
        if m == 0 || n == 0 {
            return true;
        }
        let reach = |extent: usize, stride: usize| (extent - 1).checked_mul(stride);
        let last = reach(m, self.rows)
            .zip(reach(n, self.cols))
            .and_then(|(a, b)| self.start.checked_add(a)?.checked_add(b));
        last.is_some_and(|last| last < len)
    }
}

/// `C = A B`, or `C += A B`, for an m by k and a k by n matrix.
///
/// # Panics
///
/// If a matrix does not lie inside its slice, or two elements of C are the same.
pub fn product<S: Product>(
    accumulate: bool,
    extents: (usize, usize, usize),
    c: (&mut [S], Placed),
    a: (&[S], Placed),
    b: (&[S], Placed),
) {
    product_at(Level::detected(), accumulate, extents, c, a, b);
}

/// As [`product`], with the instructions of a level.
fn product_at<S: Product>(
    level: Level,
    accumulate: bool,
    extents: (usize, usize, usize),
    c: (&mut [S], Placed),
    a: (&[S], Placed),
    b: (&[S], Placed),
) {
    let (c, a, b) = checked(extents, c, a, b);
    // SAFETY: the three matrices lie inside their slices, and C's is borrowed mutably, so it
    // overlaps neither.
    unsafe { S::product(level, accumulate, extents, c, a, b) }
}

/// `C = A B`, or `C += A B`, in order: an element of C is what it was (or nothing), and then for
/// every p from 0 on `+ A[i, p] B[p, j]`, each product and each sum rounded. With `guarded` a zero
/// of A adds nothing, also times an infinity.
///
/// # Panics
///
/// As [`product`].
pub fn product_in_order<S: Product>(
    guarded: bool,
    accumulate: bool,
    extents: (usize, usize, usize),
    c: (&mut [S], Placed),
    a: (&[S], Placed),
    b: (&[S], Placed),
) {
    in_order_at(Level::detected(), guarded, accumulate, extents, c, a, b);
}

/// As [`product_in_order`], with the instructions of a level.
fn in_order_at<S: Product>(
    level: Level,
    guarded: bool,
    accumulate: bool,
    extents: (usize, usize, usize),
    c: (&mut [S], Placed),
    a: (&[S], Placed),
    b: (&[S], Placed),
) {
    let (c, a, b) = checked(extents, c, a, b);
    // SAFETY: as in `product_at`.
    unsafe { S::product_in_order(level, guarded, accumulate, extents, c, a, b) }
}

/// A matrix by its first element and its two strides.
type Raw<P> = (P, usize, usize);

/// The pointers of matrices that lie inside their slices.
fn checked<S>(
    (m, k, n): (usize, usize, usize),
    (c, at_c): (&mut [S], Placed),
    (a, at_a): (&[S], Placed),
    (b, at_b): (&[S], Placed),
) -> (Raw<*mut S>, Raw<*const S>, Raw<*const S>) {
    assert!(at_c.fits((m, n), c.len()), "C lies inside its slice");
    assert!(at_a.fits((m, k), a.len()), "A lies inside its slice");
    assert!(at_b.fits((k, n), b.len()), "B lies inside its slice");
    let (long, short) = if at_c.rows > at_c.cols {
        ((m, at_c.rows), (n, at_c.cols))
    } else {
        ((n, at_c.cols), (m, at_c.rows))
    };
    assert!(
        (short.0 <= 1 || short.1 > 0) && (long.0 <= 1 || long.1 > (short.0.max(1) - 1) * short.1),
        "C repeats no element"
    );
    (
        (c.as_mut_ptr().wrapping_add(at_c.start), at_c.rows, at_c.cols),
        (a.as_ptr().wrapping_add(at_a.start), at_a.rows, at_a.cols),
        (b.as_ptr().wrapping_add(at_b.start), at_b.rows, at_b.cols),
    )
}

/// `C = A B`, or `C += A B`, for an m by k and a k by n matrix; element (i, j) of each stands at
/// `start + i * rows + j * cols`.
///
/// # Safety
///
/// Every element of the three matrices is valid at its pointer, C's for writing and (if it
/// accumulates) initialised; no two elements of C are the same, and none is an element of A or B.
pub unsafe fn product_raw<S: Product>(
    accumulate: bool,
    extents: (usize, usize, usize),
    c: (*mut S, usize, usize),
    a: (*const S, usize, usize),
    b: (*const S, usize, usize),
) {
    // SAFETY: the caller's promises.
    unsafe { S::product(Level::detected(), accumulate, extents, c, a, b) }
}

/// As [`product_in_order`]; element (i, j) of each matrix stands at `start + i * rows + j * cols`.
///
/// # Safety
///
/// As [`product_raw`].
pub unsafe fn product_in_order_raw<S: Product>(
    guarded: bool,
    accumulate: bool,
    extents: (usize, usize, usize),
    c: (*mut S, usize, usize),
    a: (*const S, usize, usize),
    b: (*const S, usize, usize),
) {
    // SAFETY: the caller's promises.
    unsafe { S::product_in_order(Level::detected(), guarded, accumulate, extents, c, a, b) }
}

/// How a product is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    /// Sums side by side in registers.
    Rows,
    /// Dot products.
    Dots,
    /// In blocks.
    Large,
}

/// The way of a product, by extents and strides alone. C has contiguous rows, or contiguous
/// neither. The bounds are where the ways measure alike.
fn way(
    (m, k, n): (usize, usize, usize),
    c_cols: usize,
    a_cols: usize,
    (b_rows, b_cols): (usize, usize),
) -> Way {
    let along = k == 1 || (a_cols == 1 && b_rows == 1);
    if m.min(n) == 1 && along && k >= 4 {
        return Way::Dots;
    }
    let small = if n == 1 {
        true
    } else if b_cols == 1 {
        k * n <= 4096 || k <= 16 || m <= 24
    } else {
        // B is copied first, which is worth it if B is tiny, or read by many rows.
        k * n <= 256 || (k * n <= PACKED && m >= if n <= 16 { 64 } else { 128 })
    };
    if small && (c_cols == 1 || n == 1) {
        Way::Rows
    } else if m.min(n) <= 4 && along {
        Way::Dots
    } else {
        Way::Large
    }
}

macro_rules! impl_product {
    ($s:ident, $portable:literal, $avx2:ident, $avx512:ident) => {
        impl Product for $s {
            unsafe fn product(
                level: Level,
                accumulate: bool,
                (mut m, k, mut n): (usize, usize, usize),
                c: (*mut Self, usize, usize),
                a: (*const Self, usize, usize),
                b: (*const Self, usize, usize),
            ) {
                if m == 0 || n == 0 || (k == 0 && accumulate) {
                    return;
                }
                let mut c = At { start: c.0, rows: c.1, cols: c.2 };
                let mut a = At { start: a.0, rows: a.1, cols: a.2 };
                let mut b = At { start: b.0, rows: b.1, cols: b.2 };
                // (A B)ᵀ = Bᵀ Aᵀ: so the rows of C are contiguous, and a column vector is a row.
                if (n == 1 && m > 1 && c.rows == 1 && a.cols != 1)
                    || (n > 1 && c.cols != 1 && (c.rows == 1 || m == 1))
                {
                    (c, a, b) = (c.transposed(), b.transposed(), a.transposed());
                    (m, n) = (n, m);
                }
                let work = Work { accumulate, extents: (m, k, n), c, a, b };
                match way(work.extents, c.cols, a.cols, (b.rows, b.cols)) {
                    // Kernels of their own: the arrays of one are not on the stack of the other.
                    Way::Large => simd::call::<Large<$s>>(level, work),
                    // SAFETY: the caller's promise; this way is taken for few elements of B alone.
                    Way::Rows if b.cols != 1 && n > 1 => unsafe { work.packed(level) },
                    way => simd::call::<Small<$s>>(level, (way, work)),
                }
            }

            unsafe fn product_in_order(
                level: Level,
                guarded: bool,
                accumulate: bool,
                (m, k, n): (usize, usize, usize),
                c: (*mut Self, usize, usize),
                a: (*const Self, usize, usize),
                b: (*const Self, usize, usize),
            ) {
                if k == 0 && !accumulate {
                    for place in (0..m).flat_map(|i| (0..n).map(move |j| i * c.1 + j * c.2)) {
                        // SAFETY: the caller's promise.
                        unsafe { c.0.add(place).write(-0.0) };
                    }
                }
                if m == 0 || n == 0 || k == 0 {
                    return;
                }
                let c = At { start: c.0, rows: c.1, cols: c.2 };
                let a = At { start: a.0, rows: a.1, cols: a.2 };
                let b = At { start: b.0, rows: b.1, cols: b.2 };
                let work = Work { accumulate, extents: (m, k, n), c, a, b };
                if guarded {
                    simd::call::<Ordered<$s, true>>(level, work);
                } else {
                    simd::call::<Ordered<$s, false>>(level, work);
                }
            }
        }

        impl<const GUARDED: bool> Kernel for Ordered<$s, GUARDED> {
            type Arguments = Self;

            #[inline(always)]
            fn run<I: Isa>(Work { accumulate, extents, c, a, b }: Work<$s>) {
                // SAFETY: as below.
                unsafe {
                    match I::LEVEL {
                        Level::Portable => large::blocks::<
                            $s,
                            InOrder<lanes::Portable<$s, $portable>, GUARDED>,
                        >(accumulate, extents, c, a, b),
                        #[cfg(target_arch = "x86_64")]
                        Level::V3 => {
                            large::blocks::<$s, InOrder<std::arch::x86_64::$avx2, GUARDED>>(
                                accumulate, extents, c, a, b,
                            )
                        }
                        #[cfg(target_arch = "x86_64")]
                        Level::V4 => large::blocks::<
                            $s,
                            InOrder<std::arch::x86_64::$avx512, GUARDED>,
                        >(accumulate, extents, c, a, b),
                    }
                }
            }
        }

        impl Work<$s> {
            /// The product with B copied first. A function of its own: other products need no room
            /// for it.
            ///
            /// # Safety
            ///
            /// As [`product_raw`]; B has at most [`PACKED`] elements.
            #[inline(never)]
            unsafe fn packed(self, level: Level) {
                let (_, k, n) = self.extents;
                let mut room = [const { MaybeUninit::uninit() }; PACKED];
                // SAFETY: the caller's promises.
                let b = unsafe { small::pack(self.b, (k, n), &mut room) };
                simd::call::<Small<$s>>(level, (Way::Rows, Work { b, ..self }));
            }
        }

        impl Kernel for Small<$s> {
            type Arguments = Self;

            #[inline(always)]
            fn run<I: Isa>((way, work): (Way, Work<$s>)) {
                // SAFETY: `Work` is made under the promises of `product_raw`; a level has the
                // instructions of its vectors.
                unsafe {
                    match I::LEVEL {
                        Level::Portable => work.small::<lanes::Portable<$s, $portable>>(way),
                        #[cfg(target_arch = "x86_64")]
                        Level::V3 => work.small::<std::arch::x86_64::$avx2>(way),
                        #[cfg(target_arch = "x86_64")]
                        Level::V4 => work.small::<std::arch::x86_64::$avx512>(way),
                    }
                }
            }
        }

        impl Kernel for Large<$s> {
            type Arguments = Self;

            #[inline(always)]
            fn run<I: Isa>(Work { accumulate, extents, c, a, b }: Work<$s>) {
                // SAFETY: as above.
                unsafe {
                    match I::LEVEL {
                        Level::Portable => large::blocks::<$s, lanes::Portable<$s, $portable>>(
                            accumulate, extents, c, a, b,
                        ),
                        #[cfg(target_arch = "x86_64")]
                        Level::V3 => large::blocks::<$s, std::arch::x86_64::$avx2>(
                            accumulate, extents, c, a, b,
                        ),
                        #[cfg(target_arch = "x86_64")]
                        Level::V4 => large::blocks::<$s, std::arch::x86_64::$avx512>(
                            accumulate, extents, c, a, b,
                        ),
                    }
                }
            }
        }
    };
}
impl_product!(f32, 4, __m256, __m512);
impl_product!(f64, 2, __m256d, __m512d);

/// The products over operands as they lie, compiled for each level.
struct Small<S>(PhantomData<S>);

/// The products in blocks, compiled for each level.
struct Large<S>(PhantomData<S>);

/// The products in order, compiled for each level.
struct Ordered<S, const GUARDED: bool>(PhantomData<S>);

impl<S: 'static, const GUARDED: bool> Arguments for Ordered<S, GUARDED> {
    type Of<'a> = Work<S>;
}

impl<S: 'static> Arguments for Large<S> {
    type Of<'a> = Work<S>;
}

impl<S: 'static> Arguments for Small<S> {
    type Of<'a> = (Way, Work<S>);
}

#[derive(Clone, Copy, Debug)]
struct Work<S> {
    accumulate: bool,
    extents: (usize, usize, usize),
    c: At<*mut S>,
    a: At<*const S>,
    b: At<*const S>,
}

impl<S: Copy + Add<Output = S>> Work<S> {
    /// # Safety
    ///
    /// As [`product_raw`], with the instructions of `V`.
    #[inline(always)]
    unsafe fn small<V: Lanes<S>>(self, way: Way) {
        let Work { accumulate, extents, c, a, b } = self;
        // SAFETY: the caller's promises; a way is chosen by the strides it needs.
        unsafe {
            match way {
                Way::Dots if extents.0 >= extents.2 => {
                    small::dots::<S, V>(accumulate, extents, c, a, b)
                }
                Way::Dots => {
                    let (m, k, n) = extents;
                    small::dots::<S, V>(
                        accumulate,
                        (n, k, m),
                        c.transposed(),
                        b.transposed(),
                        a.transposed(),
                    );
                }
                _ => small::rows::<S, V>(accumulate, extents, c, a, b),
            }
        }
    }
}
