//! The reverse rule of the Cholesky factor: of L and its adjoint that of A's lower triangle.
//!
//! It goes back through the steps of the factorisation, block by block (Murray 2016, section 4),
//! with as many products again as twice those of the factorisation. What it computes is Φ(W), with
//! W = L⁻ᵀ (Φ(P) + Φ(P)ᵀ) L⁻¹, P = Lᵀ L̄ and Φ the lower triangle with half of the diagonal; its own
//! derivatives are stated by that formula.

use super::super::{At, Entry, Misfit, Reading, Rule, Site, arrays, exactly};
use super::{
    block, blocks, by_columns, half_lower, joined, lower, matrices, mirrored, rows, solve_lower,
    solve_upper, square,
};
use crate::algebra::Algebra;
use crate::attributes::Attributes;
use crate::op::Structural;
use crate::real::Scalar;
use crate::shape::Shape;

pub(crate) struct CholeskyBack;

impl Rule for CholeskyBack {
    fn shape(operands: &[&Shape], _: &Attributes) -> Result<Shape, Misfit> {
        let [l, g] = exactly(operands)?;
        square(l, 0)?;
        if l != g {
            let rule = "a factor and its adjoint have one shape";
            return Err(Misfit::Pair { left: 0, right: 1, rule });
        }
        Ok(l.clone())
    }

    fn value<S: Scalar>(site: &Site<'_, S>, run: &mut [S]) {
        let n = site.shape.dims()[site.shape.rank() - 1];
        let both = matrices(site.operands[0]).zip(matrices(site.operands[1]));
        for ((l, g), w) in both.zip(run.chunks_exact_mut(n * n)) {
            for i in 0..n {
                for j in 0..=i {
                    w[i * n + j] = g.at(i, j);
                }
            }
            one(n, |i, j| l.at(i, j), w);
        }
    }

    fn entries<S: Scalar>(site: &Site<'_, S>, visit: &mut impl FnMut(Entry<S>)) {
        let n = site.shape.dims()[site.shape.rank() - 1];
        by_columns(
            Structural::CholeskyBack,
            site,
            |_, element| element % n <= element / n % n,
            visit,
        );
    }

    fn reverse<S: Scalar>(site: &Site<'_, S>, g: &[S], adjoints: &mut [S]) {
        arrays::shared(Structural::CholeskyBack, site, g, adjoints);
    }

    fn share<T: Algebra>(at: &At<'_, T>, i: usize, h: T) -> Option<T> {
        let (l, g) = (at.operands[0], at.operands[1]);
        let half = solve_lower(l, mirrored(h));
        let p = half_lower(solve_lower(l, half.transposed()));
        if i == 1 {
            return Some(lower(lower(l).times(p)));
        }
        let w = at.value + at.value.transposed();
        Some(lower(g.times(p.transposed()) - w.times(half.transposed())))
    }

    fn tangent<T: Algebra>(at: &At<'_, T>, i: usize, t: T) -> Option<T> {
        let (l, g) = (at.operands[0], at.operands[1]);
        if i == 1 {
            return Some(T::structural(Structural::CholeskyBack, &[l, t], Attributes::None));
        }
        let (l, moved) = (lower(l), lower(t).transposed());
        let w = at.value + at.value.transposed();
        let turned = moved.times(w.times(l));
        let middle = mirrored(moved.times(lower(g))) - turned - turned.transposed();
        let half = solve_upper(l.transposed(), middle);
        Some(half_lower(solve_upper(l.transposed(), half.transposed())))
    }

    fn composed<T: Algebra>(operands: &[T], _: &Attributes) -> Option<T> {
        Some(half_lower(composed(operands[0], operands[1])))
    }

    const READING: Reading = Reading::Called;
}

/// The reverse rule for one factor, in place of its adjoint, of which the lower triangle is read.
pub(super) fn one<S: Scalar>(n: usize, l: impl Fn(usize, usize) -> S, w: &mut [S]) {
    back(n, l, w);
    let (half, zero) = (S::EMPTY.like(0.5), S::EMPTY.like(0.0));
    for i in 0..n {
        // As Φ is written of other operations: x − x/2, and 0 for what is above.
        w[i * n + i] = w[i * n + i] - w[i * n + i] * half;
        for j in 0..i {
            w[i * n + j] = w[i * n + j] - zero * half;
        }
        w[i * n + i + 1..(i + 1) * n].fill(zero);
    }
}

/// W in place of the adjoint's lower triangle: the whole symmetric matrix.
fn back<S: Scalar>(n: usize, l: impl Fn(usize, usize) -> S, w: &mut [S]) {
    let mut x = Vec::new();
    for own in blocks(n).rev() {
        let (first, size, behind) = (own.start, own.len(), own.end);
        // X D = L̄ − W C, for the rows below the block D on the diagonal.
        for i in behind..n {
            for k in own.clone() {
                let mut sum = S::EMPTY;
                for j in behind..n {
                    sum = sum + w[i * n + j] * l(j, k);
                }
                w[k * n + i] = w[i * n + k] - sum;
            }
        }
        if behind < n {
            let width = n - behind;
            x.clear();
            for k in own.clone() {
                x.extend_from_slice(&w[k * n + behind..(k + 1) * n]);
            }
            within(size, width, |i, j| l(first + i, first + j), &mut x);
            for (k, row) in own.clone().zip(x.chunks_exact(width)) {
                w[k * n + behind..(k + 1) * n].copy_from_slice(row);
                for (i, &x) in (behind..n).zip(row) {
                    w[i * n + k] = x;
                }
            }
            for i in own.clone() {
                for j in first..=i {
                    let mut sum = S::EMPTY;
                    for k in behind..n {
                        sum = sum + w[k * n + i] * l(k, j);
                    }
                    w[i * n + j] = w[i * n + j] - sum;
                }
            }
        }
        for k in own.clone().rev() {
            let pivot = l(k, k);
            for i in k + 1..behind {
                let mut sum = S::EMPTY;
                for j in k + 1..behind {
                    sum = sum + w[i * n + j] * l(j, k);
                }
                w[k * n + i] = (w[i * n + k] - sum) / pivot;
            }
            let mut sum = S::EMPTY;
            for i in k + 1..behind {
                w[i * n + k] = w[k * n + i];
                sum = sum + w[k * n + i] * l(i, k);
            }
            w[k * n + k] = if k + 1 < behind { w[k * n + k] - sum } else { w[k * n + k] } / pivot;
        }
    }
}

/// Solves Dᵀ X = B in place, for one block D: from the last row, product by product.
fn within<S: Scalar>(n: usize, width: usize, d: impl Fn(usize, usize) -> S, x: &mut [S]) {
    super::solve_triangular::solve(true, n, width, |i, j| d(j, i), x, &mut Vec::new());
}

fn composed<T: Algebra>(l: T, g: T) -> T {
    let n = l.extents().dims()[l.extents().rank() - 1];
    let mut w: Option<T> = None;
    for own in blocks(n).rev() {
        let behind = own.end..n;
        let d = block(l, own.clone(), own.clone());
        let mut above = block(g, own.clone(), own.clone());
        let mut x = None;
        if let Some(w) = w {
            let c = block(l, behind.clone(), own.clone());
            let moved = block(g, behind, own) - w.times(c);
            let turned = solve_upper(d.transposed(), moved.transposed());
            above = above - turned.times(c);
            x = Some(turned);
        }
        let inner = unblocked(d, above);
        w = Some(match (w, x) {
            (Some(w), Some(x)) => {
                let below = joined(&[x.transposed(), w], 0);
                joined(&[joined(&[inner, x], 0), below], 1)
            }
            _ => inner,
        });
    }
    w.expect("a matrix has a row")
}

/// W of one block.
fn unblocked<T: Algebra>(d: T, g: T) -> T {
    let n = d.extents().dims()[d.extents().rank() - 1];
    let mut w: Option<T> = None;
    for k in (0..n).rev() {
        let pivot = block(d, k..k + 1, k..k + 1);
        let corner = block(g, k..k + 1, k..k + 1);
        w = Some(match w {
            None => corner / pivot,
            Some(w) => {
                let c = block(d, k + 1..n, k..k + 1);
                let a = (block(rows(g, k + 1..n), 0..n - k - 1, k..k + 1) - w.times(c)) / pivot;
                let corner = (corner - a.transposed().times(c)) / pivot;
                let row = joined(&[corner, a.transposed()], 0);
                joined(&[row, joined(&[a, w], 0)], 1)
            }
        });
    }
    w.expect("a matrix has a row")
}
