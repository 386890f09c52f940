//! Products that fit a cache: tiles of registers over operands as they lie, nothing allocated.

use std::mem::MaybeUninit;

use super::lanes::Lanes;

/// Where a matrix lies: its first element, and the distances between rows and between columns.
#[derive(Clone, Copy, Debug)]
pub(super) struct At<P> {
    pub(super) start: P,
    pub(super) rows: usize,
    pub(super) cols: usize,
}

impl<P> At<P> {
    pub(super) fn transposed(self) -> Self {
        At { start: self.start, rows: self.cols, cols: self.rows }
    }
}

/// The largest right operand that is copied so that its rows are contiguous.
pub(super) const PACKED: usize = 2048;

/// Room for a right operand with contiguous rows.
pub(super) type Packed<S> = [MaybeUninit<S>; PACKED];

/// Copies B to where its rows follow each other.
///
/// # Safety
///
/// The pointer is good for a k by n matrix of at most [`PACKED`] elements.
pub(super) unsafe fn pack<S: Copy>(
    b: At<*const S>,
    (k, n): (usize, usize),
    to: &mut Packed<S>,
) -> At<*const S> {
    for j in 0..n {
        for p in 0..k {
            // SAFETY: the caller's promise.
            to[p * n + j].write(unsafe { b.start.add(p * b.rows + j * b.cols).read() });
        }
    }
    At { start: to.as_ptr().cast(), rows: n, cols: 1 }
}

/// `C (+)= A B` where the rows of B and C are contiguous.
///
/// # Safety
///
/// The pointers are good for their matrices, C overlaps neither operand, and the processor has the
/// instructions of `V`.
#[inline(always)]
pub(super) unsafe fn rows<S: Copy, V: Lanes<S>>(
    accumulate: bool,
    (m, k, n): (usize, usize, usize),
    c: At<*mut S>,
    a: At<*const S>,
    b: At<*const S>,
) {
    // SAFETY: the caller's promises.
    unsafe {
        // Of one or two rows, every vector of B is read once: long rows keep more sums under way,
        // and memory in order.
        let most = if m <= 2 { 4 } else { 2 };
        let mut j = 0;
        while j < n {
            let vectors = (n - j).div_ceil(V::N).min(most);
            let last = (n - j - (vectors - 1) * V::N).min(V::N);
            let (c, b) = (shift(c, j), shift(b, j));
            match vectors {
                1 => column::<S, V, 1>(accumulate, (m, k), c, a, b, last),
                2 => column::<S, V, 2>(accumulate, (m, k), c, a, b, last),
                3 => column::<S, V, 3>(accumulate, (m, k), c, a, b, last),
                _ => column::<S, V, 4>(accumulate, (m, k), c, a, b, last),
            }
            j += (vectors - 1) * V::N + last;
        }
    }
}

/// The matrix from column `j` on.
#[inline(always)]
unsafe fn shift<P: Pointer>(at: At<P>, j: usize) -> At<P> {
    // SAFETY: rows are contiguous, and the caller has j in bounds.
    At { start: unsafe { at.start.plus(j) }, ..at }
}

trait Pointer: Copy {
    unsafe fn plus(self, n: usize) -> Self;
}
impl<S> Pointer for *const S {
    #[inline(always)]
    unsafe fn plus(self, n: usize) -> Self {
        // SAFETY: the caller's promise.
        unsafe { self.add(n) }
    }
}
impl<S> Pointer for *mut S {
    #[inline(always)]
    unsafe fn plus(self, n: usize) -> Self {
        // SAFETY: the caller's promise.
        unsafe { self.add(n) }
    }
}

/// W vectors of columns, the last of them `last` elements wide, over all rows.
#[inline(always)]
unsafe fn column<S: Copy, V: Lanes<S>, const W: usize>(
    accumulate: bool,
    (m, k): (usize, usize),
    c: At<*mut S>,
    a: At<*const S>,
    b: At<*const S>,
    last: usize,
) {
    let mut i = 0;
    // SAFETY: rows i and following are in bounds.
    unsafe {
        let down = |i: usize| {
            (At { start: c.start.add(i * c.rows), ..c }, At { start: a.start.add(i * a.rows), ..a })
        };
        if const { W <= 2 } {
            if const { V::WIDE_TILES || W == 1 } {
                while m - i >= 8 {
                    tile::<S, V, 8, W>(accumulate, k, down(i), b, last);
                    i += 8;
                }
            }
            while m - i >= 4 {
                tile::<S, V, 4, W>(accumulate, k, down(i), b, last);
                i += 4;
            }
        }
        while m - i >= 2 {
            tile::<S, V, 2, W>(accumulate, k, down(i), b, last);
            i += 2;
        }
        if m > i {
            tile::<S, V, 1, W>(accumulate, k, down(i), b, last);
        }
    }
}

/// R rows by W vectors: every sum in a register, over all of the inner extent.
#[inline(always)]
unsafe fn tile<S: Copy, V: Lanes<S>, const R: usize, const W: usize>(
    accumulate: bool,
    k: usize,
    (c, a): (At<*mut S>, At<*const S>),
    b: At<*const S>,
    last: usize,
) {
    // SAFETY: the caller has R rows, W vectors and k products in bounds.
    unsafe {
        // A few sums wait for their last addition: then every fourth product goes to sums of its
        // own. (`const`: of the two, only one is compiled.)
        if const { R * W <= 2 } {
            if last == V::N {
                full::<S, V, R, W, 4, false>(accumulate, k, (c, a), b, last);
            } else {
                full::<S, V, R, W, 4, true>(accumulate, k, (c, a), b, last);
            }
        } else if last == V::N {
            full::<S, V, R, W, 1, false>(accumulate, k, (c, a), b, last);
        } else {
            full::<S, V, R, W, 1, true>(accumulate, k, (c, a), b, last);
        }
    }
}

#[inline(always)]
unsafe fn full<
    S: Copy,
    V: Lanes<S>,
    const R: usize,
    const W: usize,
    const PARTS: usize,
    const MASKED: bool,
>(
    accumulate: bool,
    k: usize,
    (c, a): (At<*mut S>, At<*const S>),
    b: At<*const S>,
    last: usize,
) {
    // SAFETY: as `tile`.
    unsafe {
        let read = |from: *const S, w: usize| {
            if MASKED && w == W - 1 {
                V::load_first(from.add(w * V::N), last)
            } else {
                V::load(from.add(w * V::N))
            }
        };
        let mut parts = [[[V::zero(); W]; R]; PARTS];
        if accumulate {
            for (r, sums) in parts[0].iter_mut().enumerate() {
                for (w, sum) in sums.iter_mut().enumerate() {
                    *sum = read(c.start.add(r * c.rows), w);
                }
            }
        }
        let add = |sums: &mut [[V; W]; R], p: usize| {
            let row = b.start.add(p * b.rows);
            let mut bs = [V::zero(); W];
            for (w, b) in bs.iter_mut().enumerate() {
                *b = read(row, w);
            }
            for (r, sums) in sums.iter_mut().enumerate() {
                let x = V::splat(*a.start.add(r * a.rows + p * a.cols));
                for (sum, &b) in sums.iter_mut().zip(&bs) {
                    *sum = sum.add_product(x, b);
                }
            }
        };
        let mut p = 0;
        while k - p >= PARTS {
            for (q, sums) in parts.iter_mut().enumerate() {
                add(sums, p + q);
            }
            p += PARTS;
        }
        while p < k {
            add(&mut parts[0], p);
            p += 1;
        }
        for r in 0..R {
            for w in 0..W {
                let mut sum = parts[0][r][w];
                for part in &parts[1..] {
                    sum = sum.add(part[r][w]);
                }
                let to = c.start.add(r * c.rows + w * V::N);
                if MASKED && w == W - 1 { sum.store_first(to, last) } else { sum.store(to) }
            }
        }
    }
}

/// Dot products: `C (+)= A B` where the rows of A and the columns of B are contiguous, four sums
/// along at a time.
///
/// # Safety
///
/// As [`rows`].
#[inline(always)]
pub(super) unsafe fn dots<S: Copy + std::ops::Add<Output = S>, V: Lanes<S>>(
    accumulate: bool,
    (m, k, n): (usize, usize, usize),
    c: At<*mut S>,
    a: At<*const S>,
    b: At<*const S>,
) {
    // SAFETY: the caller's promises.
    unsafe {
        for j in 0..n {
            let b = b.start.add(j * b.cols);
            let mut i = 0;
            let put = |i: usize, sum: S| {
                let to = c.start.add(i * c.rows + j * c.cols);
                to.write(if accumulate { *to + sum } else { sum });
            };
            while m - i >= 4 {
                let sums = side_by_side::<S, V, 4>(k, a.start.add(i * a.rows), a.rows, b);
                for (r, sum) in sums.into_iter().enumerate() {
                    put(i + r, sum);
                }
                i += 4;
            }
            while i < m {
                put(i, side_by_side::<S, V, 1>(k, a.start.add(i * a.rows), a.rows, b)[0]);
                i += 1;
            }
        }
    }
}

/// R dot products with one vector; each in four partial sums.
#[inline(always)]
unsafe fn side_by_side<S: Copy, V: Lanes<S>, const R: usize>(
    k: usize,
    a: *const S,
    rows: usize,
    b: *const S,
) -> [S; R] {
    const PARTS: usize = 4;
    let mut sums = [[V::zero(); R]; PARTS];
    let mut p = 0;
    // SAFETY: the caller has k elements behind every pointer.
    unsafe {
        while k - p >= PARTS * V::N {
            for (q, sums) in sums.iter_mut().enumerate() {
                let at = p + q * V::N;
                let y = V::load(b.add(at));
                for (r, sum) in sums.iter_mut().enumerate() {
                    *sum = sum.add_product(V::load(a.add(r * rows + at)), y);
                }
            }
            p += PARTS * V::N;
        }
        while k - p >= V::N {
            let y = V::load(b.add(p));
            for (r, sum) in sums[0].iter_mut().enumerate() {
                *sum = sum.add_product(V::load(a.add(r * rows + p)), y);
            }
            p += V::N;
        }
        if k > p {
            let y = V::load_first(b.add(p), k - p);
            for (r, sum) in sums[1].iter_mut().enumerate() {
                *sum = sum.add_product(V::load_first(a.add(r * rows + p), k - p), y);
            }
        }
        std::array::from_fn(|r| (sums[0][r].add(sums[1][r])).add(sums[2][r].add(sums[3][r])).sum())
    }
}
