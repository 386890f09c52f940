//! Cholesky factors and triangular solves in blocks: what a block does to another is a product of
//! matrices, and inside a block there are loops over contiguous rows.
//!
//! Smaller matrices than a block are left to the rule book, whose loops are as quick for them.

use std::marker::PhantomData;

use super::Float;
use super::sum::Put;
use crate::adjoints::Adjoints;
use crate::product::{Placed, product};
use crate::run::View;
use crate::shape::{Layout, Shape};
use crate::simd::{self, Arguments, Isa, Kernel, Level};
use crate::tensor::Tensor;

/// The rows or columns of a block.
const BLOCK: usize = 32;
/// Matrices with fewer rows are left to the rule book.
const LEAST: usize = 12;

/// The extent of square matrices that are worth a kernel.
fn extent(layout: &Layout) -> Option<usize> {
    let n = layout.dims()[layout.shape().rank() - 1];
    (n >= LEAST).then_some(n)
}

/// Copies of an operand's matrices, row-major, one after another.
fn copied<S: Float>(tensor: Tensor<'_, S>) -> Vec<S> {
    if tensor.layout.is_contiguous() {
        return tensor.data[tensor.start..tensor.start + tensor.layout.len()].to_vec();
    }
    tensor.elements().collect()
}

/// The blocks of n rows.
fn blocks(n: usize) -> impl DoubleEndedIterator<Item = std::ops::Range<usize>> {
    (0..n.div_ceil(BLOCK)).map(move |i| i * BLOCK..n.min((i + 1) * BLOCK))
}

/// Column k of a panel of `size` columns, each of `height` numbers.
struct Panel<S>(PhantomData<S>);

impl<S: 'static> Arguments for Panel<S> {
    type Of<'a> = (usize, usize, &'a mut [S]);
}

/// `x −= factor y`
#[inline(always)]
fn take_away<S: Float>(x: &mut [S], factor: S, y: &[S]) {
    for (x, &y) in x.iter_mut().zip(y) {
        *x = *x - factor * y;
    }
}

impl<S: Float> Kernel for Panel<S> {
    type Arguments = Self;

    /// Factors the columns, of which the first `size` numbers are the block on the diagonal.
    #[inline(always)]
    fn run<I: Isa>((size, height, panel): (usize, usize, &mut [S])) {
        for k in 0..size {
            let (own, rest) = panel[k * height..].split_at_mut(height);
            let pivot = own[k].sqrt();
            own[k] = pivot;
            for x in &mut own[k + 1..] {
                *x = *x / pivot;
            }
            for (c, column) in (k + 1..size).zip(rest.chunks_exact_mut(height)) {
                take_away(&mut column[c..], own[c], &own[c..]);
            }
        }
    }
}

/// The solve with one block: whether its upper triangle, its rows, and the right sides of `width`
/// numbers a row.
struct Rows<S>(PhantomData<S>);

impl<S: 'static> Arguments for Rows<S> {
    type Of<'a> = (bool, usize, &'a [S], &'a mut [S]);
}

impl<S: Float> Kernel for Rows<S> {
    type Arguments = Self;

    #[inline(always)]
    fn run<I: Isa>((upper, n, a, x): (bool, usize, &[S], &mut [S])) {
        let width = x.len() / n;
        for step in 0..n {
            let k = if upper { n - 1 - step } else { step };
            let (before, rest) = x.split_at_mut(k * width);
            let (own, after) = rest.split_at_mut(width);
            let pivot = a[k * n + k];
            for x in own.iter_mut() {
                *x = *x / pivot;
            }
            if upper {
                for (i, x) in before.chunks_exact_mut(width).enumerate() {
                    take_away(x, a[i * n + k], own);
                }
            } else {
                for (i, x) in (k + 1..n).zip(after.chunks_exact_mut(width)) {
                    take_away(x, a[i * n + k], own);
                }
            }
        }
    }
}

/// The factors of positive definite matrices; `false` if they are small.
pub(crate) fn cholesky<S: Float>(a: Tensor<'_, S>, run: &mut [S]) -> bool {
    let Some(n) = extent(a.layout) else { return false };
    run.copy_from_slice(&copied(a));
    for l in run.chunks_exact_mut(n * n) {
        factor(n, l);
        for i in 0..n {
            l[i * n + i + 1..(i + 1) * n].fill(S::ZERO);
        }
    }
    true
}

/// The factor in place of the lower triangle.
fn factor<S: Float>(n: usize, l: &mut [S]) {
    let level = Level::detected();
    let (mut panel, mut negated) = (Vec::new(), Vec::new());
    for own in blocks(n) {
        let (size, height) = (own.len(), n - own.start);
        panel.clear();
        for c in own.clone() {
            panel.extend((own.start..n).map(|i| l[i * n + c]));
        }
        simd::call::<Panel<S>>(level, (size, height, &mut panel));
        for (c, column) in own.clone().zip(panel.chunks_exact(height)) {
            for (i, &x) in (own.start..n).zip(column).skip(c - own.start) {
                l[i * n + c] = x;
            }
        }
        negated.clear();
        negated.extend(panel.iter().map(|&x| -x));
        // Of what is left the blocks on and below the diagonal.
        for other in blocks(n).skip_while(|other| other.start < own.end) {
            let (m, k) = (other.len(), other.end - own.end);
            let c = Placed { start: other.start * n + own.end, rows: n, cols: 1 };
            let a = Placed { start: other.start - own.start, rows: 1, cols: height };
            let b = Placed { start: size, rows: height, cols: 1 };
            product(true, (m, size, k), (&mut *l, c), (&negated, a), (&panel, b));
        }
    }
}

/// `A⁻¹ B` of a triangle; `false` if the matrices are small.
pub(crate) fn solve<S: Float>(
    upper: bool,
    a: Tensor<'_, S>,
    b: Tensor<'_, S>,
    run: &mut [S],
) -> bool {
    let Some(n) = extent(a.layout) else { return false };
    let a = copied(a);
    run.copy_from_slice(&copied(b));
    let each = run.len() * n / a.len() * n;
    for (a, x) in a.chunks_exact(n * n).zip(run.chunks_exact_mut(each)) {
        solve_one(upper, n, (a, Placed { start: 0, rows: n, cols: 1 }), x);
    }
    true
}

/// In place, block by block.
fn solve_one<S: Float>(upper: bool, n: usize, (a, at): (&[S], Placed), x: &mut [S]) {
    let level = Level::detected();
    let width = x.len() / n;
    let (mut block, mut negated) = (Vec::new(), Vec::new());
    let element = |i: usize, j: usize| a[at.start + i * at.rows + j * at.cols];
    let mut one = |own: std::ops::Range<usize>| {
        block.clear();
        for i in own.clone() {
            block.extend(own.clone().map(|j| element(i, j)));
        }
        let rows = own.start * width..own.end * width;
        simd::call::<Rows<S>>(level, (upper, own.len(), &block, &mut x[rows]));
        let others = if upper { 0..own.start } else { own.end..n };
        if others.is_empty() {
            return;
        }
        negated.clear();
        for i in others.clone() {
            negated.extend(own.clone().map(|j| -element(i, j)));
        }
        let (left, solved) = if upper {
            let (left, solved) = x.split_at_mut(own.start * width);
            (left, &*solved)
        } else {
            let (solved, left) = x.split_at_mut(own.end * width);
            (left, &solved[own.start * width..])
        };
        let rows_of = |width: usize| Placed { start: 0, rows: width, cols: 1 };
        product(
            true,
            (others.len(), own.len(), width),
            (left, rows_of(width)),
            (&negated, rows_of(own.len())),
            (solved, rows_of(width)),
        );
    };
    if upper {
        blocks(n).rev().for_each(&mut one);
    } else {
        blocks(n).for_each(&mut one);
    }
}

/// The reverse rule of the factor; `false` if it is small.
pub(crate) fn cholesky_back<S: Float>(l: Tensor<'_, S>, g: Tensor<'_, S>, run: &mut [S]) -> bool {
    let Some(n) = extent(l.layout) else { return false };
    let l = copied(l);
    run.copy_from_slice(&copied(g));
    for (l, w) in l.chunks_exact(n * n).zip(run.chunks_exact_mut(n * n)) {
        back(n, l, w);
    }
    true
}

/// As the rule book's file of it says, with products of blocks.
fn back<S: Float>(n: usize, l: &[S], w: &mut [S]) {
    let level = Level::detected();
    let (mut turned, mut below, mut block) = (Vec::new(), Vec::new(), Vec::new());
    for own in blocks(n).rev() {
        let (size, behind) = (own.len(), own.end);
        let width = n - behind;
        if width > 0 {
            // (L̄ − W C)ᵀ, then X.
            turned.clear();
            below.clear();
            for k in own.clone() {
                turned.extend((behind..n).map(|i| w[i * n + k]));
                below.extend((behind..n).map(|i| -l[i * n + k]));
            }
            let by_columns = Placed { start: 0, rows: width, cols: 1 };
            product(
                true,
                (size, width, width),
                (&mut turned, by_columns),
                (&below, by_columns),
                (&*w, Placed { start: behind * n + behind, rows: n, cols: 1 }),
            );
            block.clear();
            for i in own.clone() {
                block.extend(own.clone().map(|j| l[j * n + i]));
            }
            simd::call::<Rows<S>>(level, (true, size, &block, &mut turned));
            block.fill(S::ZERO);
            product(
                false,
                (size, width, size),
                (&mut block, Placed { start: 0, rows: size, cols: 1 }),
                (&turned, by_columns),
                (&below, by_columns.transposed()),
            );
            for (k, row) in own.clone().zip(turned.chunks_exact(width)) {
                w[k * n + behind..(k + 1) * n].copy_from_slice(row);
                for (i, &x) in (behind..n).zip(row) {
                    w[i * n + k] = x;
                }
            }
            for (i, row) in own.clone().zip(block.chunks_exact(size)) {
                for (j, &sum) in own.clone().zip(row).take(i - own.start + 1) {
                    w[i * n + j] = w[i * n + j] + sum;
                }
            }
        }
        within(n, own, l, w);
    }
    for i in 0..n {
        w[i * n + i] = w[i * n + i] * S::from_f64(0.5);
        w[i * n + i + 1..(i + 1) * n].fill(S::ZERO);
    }
}

/// The block on the diagonal, column by column.
fn within<S: Float>(n: usize, own: std::ops::Range<usize>, l: &[S], w: &mut [S]) {
    for k in own.clone().rev() {
        let (pivot, inner) = (l[k * n + k], k + 1..own.end);
        for i in inner.clone() {
            let mut sum = S::ZERO;
            for j in inner.clone() {
                sum = sum + w[i * n + j] * l[j * n + k];
            }
            w[k * n + i] = (w[i * n + k] - sum) / pivot;
        }
        let mut sum = S::ZERO;
        for i in inner {
            w[i * n + k] = w[k * n + i];
            sum = sum + w[k * n + i] * l[i * n + k];
        }
        w[k * n + k] = (w[k * n + k] - sum) / pivot;
    }
}

/// Passes on the adjoint of a factor.
pub(crate) fn reverse_cholesky<S: Float>(
    (a, view): (&Layout, View),
    (whole, l): (&Layout, &[S]),
    g: &[S],
    adjoints: &mut Adjoints<'_, S>,
) -> bool {
    let Some(n) = extent(whole) else { return false };
    let mut w = g.to_vec();
    for (l, w) in l.chunks_exact(n * n).zip(w.chunks_exact_mut(n * n)) {
        back(n, l, w);
    }
    super::pass_on(Put::Store, (a, view), whole, &w, adjoints);
    true
}

/// Passes on the adjoint of a solution.
pub(crate) fn reverse_solve<S: Float>(
    upper: bool,
    (a, view_a): (Tensor<'_, S>, View),
    (b, view_b): (&Layout, View),
    (whole, x): (&Layout, &[S]),
    g: &[S],
    adjoints: &mut Adjoints<'_, S>,
) -> bool {
    let Some(n) = extent(a.layout) else { return false };
    let mut back = g.to_vec();
    let matrices = copied(a);
    let each = g.len() * n / matrices.len() * n;
    for (a, back) in matrices.chunks_exact(n * n).zip(back.chunks_exact_mut(each)) {
        solve_one(!upper, n, (a, Placed { start: 0, rows: 1, cols: n }), back);
    }
    if !view_a.is_cut() {
        let width = each / n;
        let mut share = matrices;
        let rows = Placed { start: 0, rows: width, cols: 1 };
        let each_matrix = share.chunks_exact_mut(n * n).zip(back.chunks_exact(each));
        for ((share, back), x) in each_matrix.zip(x.chunks_exact(each)) {
            let negated: Vec<S> = back.iter().map(|&x| -x).collect();
            let place = Placed { start: 0, rows: n, cols: 1 };
            product(
                false,
                (n, width, n),
                (&mut *share, place),
                (&negated, rows),
                (x, rows.transposed()),
            );
            for i in 0..n {
                if upper {
                    share[i * n..i * n + i].fill(S::ZERO);
                } else {
                    share[i * n + i + 1..(i + 1) * n].fill(S::ZERO);
                }
            }
        }
        let of_a = Layout::contiguous(Shape::from(a.layout.dims()));
        super::pass_on(Put::Store, (a.layout, view_a), &of_a, &share, adjoints);
    }
    if !view_b.is_cut() {
        super::pass_on(Put::Store, (b, view_b), whole, &back, adjoints);
    }
    true
}
