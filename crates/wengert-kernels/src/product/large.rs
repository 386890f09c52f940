//! Products whose right operand does not fit the registers' neighbourhood: in blocks, with a panel
//! of it copied to the stack.
//!
//! A panel is two vectors of columns of B by at most [`DEEP`] rows. It is copied so that its rows
//! follow each other, transposed if B is, and read by every tile of the block below. A is read
//! where it lies, whatever its strides. The panel is 32 KiB, an array of the stack: nothing is
//! allocated, and threads share nothing.
//!
//! An element is the sum of its blocks, each summed in input order from zero. The blocks depend on
//! the inner extent alone, so the bits are the same for every width of register that has fused
//! multiply-add. Where the vectors say that sums are in order, a block goes on where the last one
//! ended, and an element is what it is added to and then every product in turn.

#![allow(clippy::needless_range_loop, reason = "tiles index sums, pointers and vectors by one row")]

use std::hint::black_box;
use std::mem::MaybeUninit;
use std::ops::Add;

use super::lanes::Lanes;
use super::small::At;

/// The most rows of B in a panel.
const DEEP: usize = 256;
/// The most rows of C that read one panel.
const TALL: usize = 256;

/// `C (+)= A B`, with any strides.
///
/// # Safety
///
/// The pointers are good for their matrices, C overlaps neither operand, and the processor has the
/// instructions of `V`.
#[inline(always)]
pub(super) unsafe fn blocks<S: Element, V: Lanes<S>>(
    accumulate: bool,
    (m, k, n): (usize, usize, usize),
    c: At<*mut S>,
    a: At<*const S>,
    b: At<*const S>,
) {
    let mut panel = [const { MaybeUninit::<[V; 2]>::uninit() }; DEEP];
    let panel = panel.as_mut_ptr().cast::<S>();
    // Where C's rows are not contiguous, its part for one panel is computed here.
    let mut apart = [const { MaybeUninit::<[V; 2]>::uninit() }; TALL];
    let apart = apart.as_mut_ptr().cast::<S>();
    let (deepest, tallest) = (even(k, DEEP), even(m, TALL).next_multiple_of(8).min(TALL));
    // SAFETY: the caller's promises; the blocks lie inside the matrices, a panel's are `DEEP` by
    // two vectors at most.
    unsafe {
        for p in (0..k).step_by(deepest) {
            let deep = deepest.min(k - p);
            let add = accumulate || p > 0;
            for i in (0..m).step_by(tallest) {
                let tall = tallest.min(m - i);
                let a = At { start: a.start.add(i * a.rows + p * a.cols), ..a };
                for j in (0..n).step_by(2 * V::N) {
                    let wide = (2 * V::N).min(n - j);
                    let b = At { start: b.start.add(p * b.rows + j * b.cols), ..b };
                    let c = At { start: c.start.add(i * c.rows + j * c.cols), ..c };
                    pack::<S, V>(panel, b, (deep, wide));
                    if c.cols == 1 {
                        strips::<S, V>(add, (tall, deep, wide), (c.start, c.rows), a, panel);
                        continue;
                    }
                    let places = || {
                        (0..tall).flat_map(|i| (0..wide).map(move |j| (i, j))).map(|(i, j)| {
                            (c.start.add(i * c.rows + j * c.cols), apart.add(i * 2 * V::N + j))
                        })
                    };
                    let begun = V::IN_ORDER && add;
                    if begun {
                        places().for_each(|(from, to)| to.write(*from));
                    }
                    strips::<S, V>(begun, (tall, deep, wide), (apart, 2 * V::N), a, panel);
                    for (to, sum) in places() {
                        to.write(if add && !begun { *to + *sum } else { *sum });
                    }
                }
            }
        }
    }
}

/// What a matrix is made of.
pub(super) trait Element: Copy + Default + PartialEq + Add<Output = Self> {}
impl<S: Copy + Default + PartialEq + Add<Output = S>> Element for S {}

/// The largest of the fewest parts of at most `most` that `extent` can be cut into, all but the
/// last alike.
fn even(extent: usize, most: usize) -> usize {
    extent.div_ceil(extent.div_ceil(most).max(1)).max(1)
}

/// Copies `deep` rows of `wide` elements; what is left of a vector is zeros.
#[inline(always)]
unsafe fn pack<S: Copy, V: Lanes<S>>(to: *mut S, from: At<*const S>, (deep, wide): (usize, usize)) {
    let by = 2 * V::N;
    let at = |p: usize, j: usize| from.start.wrapping_add(p * from.rows + j * from.cols);
    // SAFETY: the caller's promises.
    unsafe {
        let mut j = 0;
        // Vectors of whole columns.
        while wide - j >= V::N && (from.cols == 1 || from.rows == 1) {
            let mut p = 0;
            if from.cols == 1 {
                while p < deep {
                    V::load(at(p, j)).store(to.add(p * by + j));
                    p += 1;
                }
            } else {
                while deep - p >= V::PIECE {
                    V::turn(at(p, j), from.cols, to.add(p * by + j), by);
                    p += V::PIECE;
                }
            }
            while p < deep {
                for j in j..j + V::N {
                    to.add(p * by + j).write(*at(p, j));
                }
                p += 1;
            }
            j += V::N;
        }
        let (zero, up) = (V::zero(), wide.next_multiple_of(V::N));
        if j < up {
            for p in 0..deep {
                if from.cols == 1 {
                    V::load_first(at(p, j), wide - j).store(to.add(p * by + j));
                    continue;
                }
                zero.store(to.add(p * by + up - V::N));
                for j in j..wide {
                    to.add(p * by + j).write(*at(p, j));
                }
            }
        }
    }
}

/// All rows of C by one panel: tiles of as many sums as there are registers for, and smaller ones
/// for the rows that are left.
#[inline(always)]
unsafe fn strips<S: Element, V: Lanes<S>>(
    add: bool,
    (m, k, wide): (usize, usize, usize),
    (c, c_rows): (*mut S, usize),
    a: At<*const S>,
    panel: *const S,
) {
    let mut i = 0;
    while i < m {
        // SAFETY: rows i and following are in bounds.
        unsafe {
            let (c, a) = ((c.add(i * c_rows), c_rows), At { start: a.start.add(i * a.rows), ..a });
            i += match (V::WIDE_TILES, m - i) {
                (_, rows @ ..=2) => tile::<S, V, 2>(add, (rows, k, wide), c, a, panel),
                (_, rows @ ..=4) => tile::<S, V, 4>(add, (rows, k, wide), c, a, panel),
                (true, rows) => tile::<S, V, 8>(add, (rows.min(8), k, wide), c, a, panel),
                (false, rows) => tile::<S, V, 6>(add, (rows.min(6), k, wide), c, a, panel),
            };
        }
    }
}

/// `rows` of R rows by a panel. Returns `rows`.
#[inline(always)]
unsafe fn tile<S: Element, V: Lanes<S>, const R: usize>(
    add: bool,
    (rows, k, wide): (usize, usize, usize),
    c: (*mut S, usize),
    a: At<*const S>,
    panel: *const S,
) -> usize {
    // SAFETY: as the caller.
    unsafe {
        if wide > V::N {
            sums::<S, V, R, 2>(add, (rows, k, wide - V::N), c, a, panel);
        } else {
            sums::<S, V, R, 1>(add, (rows, k, wide), c, a, panel);
        }
    }
    rows
}

/// R rows by W vectors, every sum in a register. `last` elements of the last vector, and `rows`
/// rows, are stored.
#[inline(always)]
unsafe fn sums<S: Element, V: Lanes<S>, const R: usize, const W: usize>(
    add: bool,
    (rows, k, last): (usize, usize, usize),
    (c, c_rows): (*mut S, usize),
    a: At<*const S>,
    mut panel: *const S,
) {
    // SAFETY: the caller has `rows` rows, W vectors and k products in bounds; rows past the last
    // repeat it.
    unsafe {
        let mut sums = [[V::empty(); W]; R];
        // Opaque, or the compiler computes the pointers again for every product.
        let rows_of_a: [*const S; R] =
            black_box(std::array::from_fn(|r| a.start.add(r.min(rows - 1) * a.rows)));
        // C is read or written when the sums are done; by then its rows are here.
        for r in 0..rows {
            for w in 0..W {
                V::prefetch(c.wrapping_add(r * c_rows + w * V::N));
            }
        }
        if V::IN_ORDER && add {
            for (r, sums) in sums.iter_mut().enumerate() {
                for (w, sum) in sums.iter_mut().enumerate() {
                    let from = c.wrapping_add(r.min(rows - 1) * c_rows + w * V::N);
                    *sum = if w + 1 < W || last == V::N {
                        V::load(from)
                    } else {
                        V::load_first(from, last)
                    };
                }
            }
        }
        let add = add && !V::IN_ORDER;
        let mut along = 0;
        for _ in 0..k {
            let bs: [V; W] = std::array::from_fn(|w| V::load(panel.add(w * V::N)));
            for r in 0..R {
                let x = *rows_of_a[r].add(along);
                if V::GUARDED && x == S::default() {
                    continue;
                }
                let x = V::splat(x);
                for w in 0..W {
                    sums[r][w] = sums[r][w].add_product(x, bs[w]);
                }
            }
            along += a.cols;
            panel = panel.add(2 * V::N);
        }
        // A loop to `rows` would keep the sums in memory, for their index would be unknown.
        for r in 0..R {
            if r < rows {
                for w in 0..W {
                    let (to, sum) = (c.add(r * c_rows + w * V::N), sums[r][w]);
                    if w + 1 < W || last == V::N {
                        (if add { V::load(to).add(sum) } else { sum }).store(to);
                    } else {
                        (if add { V::load_first(to, last).add(sum) } else { sum })
                            .store_first(to, last);
                    }
                }
            }
        }
    }
}
