//! The solution X of A X = B for a triangular A. What stands in A's other triangle is not read.
//!
//! ∂B: A⁻ᵀ X̄; ∂A: the triangle of −B̄ Xᵀ (Giles 2008, 2.2.3 with A⁻¹ as a function).

use super::super::{At, Entry, Misfit, Reading, Rule, Site, exactly};
use super::{block, blocks, by_columns, joined, lower, matrices, right_hand_side, rows, upper};
use crate::algebra::Algebra;
use crate::attributes::Attributes;
use crate::elementwise;
use crate::op::Structural;
use crate::real::Scalar;
use crate::shape::{Layout, Shape};
use crate::tensor::Tensor;

/// With a lower triangle.
pub(crate) struct SolveLower;
/// With an upper one.
pub(crate) struct SolveUpper;

macro_rules! solve {
    ($op:ident, $other:ident, $upper:literal) => {
        impl Rule for $op {
            fn shape(operands: &[&Shape], _: &Attributes) -> Result<Shape, Misfit> {
                let [a, b] = exactly(operands)?;
                right_hand_side(a, b)
            }

            fn value<S: Scalar>(site: &Site<'_, S>, run: &mut [S]) {
                value($upper, site, run);
            }

            fn entries<S: Scalar>(site: &Site<'_, S>, visit: &mut impl FnMut(Entry<S>)) {
                let dims = site.operands[0].layout.dims();
                let n = dims[dims.len() - 1];
                let reads = |operand: usize, element: usize| {
                    let (i, j) = (element / n % n, element % n);
                    operand == 1 || if $upper { j >= i } else { j <= i }
                };
                by_columns(Structural::$op, site, reads, visit);
            }

            fn reverse<S: Scalar>(site: &Site<'_, S>, g: &[S], adjoints: &mut [S]) {
                reverse($upper, site, g, adjoints);
            }

            fn share<T: Algebra>(at: &At<'_, T>, i: usize, g: T) -> Option<T> {
                let a = at.operands[0].transposed();
                let back = T::structural(Structural::$other, &[a, g], Attributes::None);
                if i == 1 {
                    return Some(back);
                }
                let (back, x) = (column(back), column(at.value));
                let share = -back.times(x.transposed());
                Some(if $upper { upper(share) } else { lower(share) })
            }

            fn tangent<T: Algebra>(at: &At<'_, T>, i: usize, t: T) -> Option<T> {
                let right = if i == 1 {
                    t
                } else {
                    let moved = if $upper { upper(t) } else { lower(t) };
                    -moved.times(at.value)
                };
                let operands = [at.operands[0], right];
                Some(T::structural(Structural::$op, &operands, Attributes::None))
            }

            fn composed<T: Algebra>(operands: &[T], _: &Attributes) -> Option<T> {
                Some(composed($upper, operands[0], operands[1]))
            }

            const READING: Reading = Reading::Called;
        }
    };
}
solve!(SolveLower, SolveUpper, false);
solve!(SolveUpper, SolveLower, true);

/// A vector as a matrix of one column.
pub(super) fn column<T: Algebra>(x: T) -> T {
    match *x.extents().dims() {
        [n] => x.reshaped(&Shape::from([n, 1])),
        _ => x,
    }
}

fn value<S: Scalar>(upper: bool, site: &Site<'_, S>, run: &mut [S]) {
    let dims = site.operands[0].layout.dims();
    let n = dims[dims.len() - 1];
    let dims = site.shape.dims();
    let width = if dims.len() == 1 { 1 } else { dims[dims.len() - 1] };
    for (out, element) in run.iter_mut().zip(site.operands[1].elements()) {
        *out = element;
    }
    let mut sums = Vec::new();
    for (a, x) in matrices(site.operands[0]).zip(run.chunks_exact_mut(n * width)) {
        solve(upper, n, width, |i, j| a.at(i, j), x, &mut sums);
    }
}

/// As `share`, without the arrays.
fn reverse<S: Scalar>(upper: bool, site: &Site<'_, S>, g: &[S], adjoints: &mut [S]) {
    let (a, b) = (site.operands[0], site.operands[1]);
    let n = a.layout.dims()[a.layout.shape().rank() - 1];
    let width = g.len() * n / a.layout.len();
    let (mut back, mut sums) = (g.to_vec(), Vec::new());
    for (a, back) in matrices(a).zip(back.chunks_exact_mut(n * width)) {
        solve(!upper, n, width, |i, j| a.at(j, i), back, &mut sums);
    }
    if !site.cut[0] {
        let mut share = Vec::with_capacity(a.layout.len());
        let each = back.chunks_exact(n * width).zip(site.run.chunks_exact(n * width));
        for (back, x) in each {
            for (i, j) in (0..n * n).map(|at| (at / n, at % n)) {
                if if upper { j < i } else { j > i } {
                    share.push(S::EMPTY.like(0.0));
                    continue;
                }
                let pairs = back[i * width..(i + 1) * width].iter().zip(&x[j * width..]);
                share.push(-pairs.fold(S::EMPTY, |sum, (&back, &x)| sum + back * x));
            }
        }
        let layout = Layout::contiguous(a.layout.shape().clone());
        let share = Tensor { data: &share, start: 0, layout: &layout };
        elementwise::accumulate(share, (a.start, a.layout), adjoints);
    }
    if !site.cut[1] {
        let layout = Layout::contiguous(site.shape.clone());
        let share = Tensor { data: &back, start: 0, layout: &layout };
        elementwise::accumulate(share, (b.start, b.layout), adjoints);
    }
}

/// Solves in place, row by row; `x` holds the right sides, `sums` is room for a row.
pub(super) fn solve<S: Scalar>(
    upper: bool,
    n: usize,
    width: usize,
    a: impl Fn(usize, usize) -> S,
    x: &mut [S],
    sums: &mut Vec<S>,
) {
    let own = |i: usize| i / super::BLOCK;
    let row = |step: usize| if upper { n - 1 - step } else { step };
    for i in (0..n).map(row) {
        // What blocks that are solved take away: each a sum, and then one subtraction.
        let others: &mut dyn Iterator<Item = std::ops::Range<usize>> = if upper {
            &mut blocks(n).rev().take_while(|block| block.start / super::BLOCK > own(i))
        } else {
            &mut blocks(n).take_while(|block| block.start / super::BLOCK < own(i))
        };
        for block in others {
            sums.clear();
            sums.resize(width, S::EMPTY);
            for k in block {
                let factor = a(i, k);
                for (sum, &x) in sums.iter_mut().zip(&x[k * width..(k + 1) * width]) {
                    *sum = *sum + factor * x;
                }
            }
            for (x, &sum) in x[i * width..(i + 1) * width].iter_mut().zip(&*sums) {
                *x = *x - sum;
            }
        }
        // In the block of the row itself product by product.
        let start = own(i) * super::BLOCK;
        let count = if upper { n.min(start + super::BLOCK) - 1 - i } else { i - start };
        for step in 0..count {
            let k = if upper { i + count - step } else { start + step };
            let factor = a(i, k);
            for c in 0..width {
                x[i * width + c] = x[i * width + c] - factor * x[k * width + c];
            }
        }
        let pivot = a(i, i);
        for x in &mut x[i * width..(i + 1) * width] {
            *x = *x / pivot;
        }
    }
}

/// Block by block: those that are left lose what a solved one takes away.
fn composed<T: Algebra>(upper: bool, a: T, b: T) -> T {
    let shape = b.extents();
    let n = a.extents().dims()[a.extents().rank() - 1];
    let mut left = column(b);
    let mut solved: Vec<T> = Vec::new();
    let mut all: Vec<_> = blocks(n).collect();
    if upper {
        all.reverse();
    }
    for own in all {
        let (len, rest) = (own.len(), left.extents().dims()[left.extents().rank() - 2] - own.len());
        let (of_block, of_rest) =
            if upper { (rest..rest + len, 0..rest) } else { (0..len, len..len + rest) };
        let x = within(upper, block(a, own.clone(), own.clone()), rows(left, of_block));
        if rest > 0 {
            let others = if upper { 0..own.start } else { own.end..n };
            left = rows(left, of_rest) - block(a, others, own).times(x);
        }
        solved.push(x);
    }
    if upper {
        solved.reverse();
    }
    joined(&solved, 1).reshaped(&shape)
}

/// In one block, product by product.
fn within<T: Algebra>(upper: bool, a: T, b: T) -> T {
    let n = a.extents().dims()[a.extents().rank() - 1];
    let mut left = b;
    let mut solved = Vec::with_capacity(n);
    for step in 0..n {
        let rest = n - 1 - step;
        let (k, own, others) =
            if upper { (rest, rest..rest + 1, 0..rest) } else { (step, 0..1, 1..rest + 1) };
        let x = rows(left, own) / block(a, k..k + 1, k..k + 1);
        if rest > 0 {
            let column = if upper { 0..rest } else { k + 1..n };
            left = rows(left, others) - block(a, column, k..k + 1) * x;
        }
        solved.push(x);
    }
    if upper {
        solved.reverse();
    }
    joined(&solved, 1)
}
