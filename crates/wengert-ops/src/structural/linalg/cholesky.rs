//! The Cholesky factor: the lower triangle L with a positive diagonal and L Lᵀ = A. Of A the lower
//! triangle is read, which stands for the symmetric matrix.
//!
//! Its derivative is that of a function of the numbers that are read. Along a direction Ȧ it is
//! L Φ(L⁻¹ Ȧ L⁻ᵀ), Φ being the lower triangle with half of the diagonal (Murray 2016, equation 8);
//! the reverse rule is an operation of its own, `cholesky_back`.

use super::super::{At, Entry, Misfit, Reading, Rule, Site, exactly};
use super::{
    block, blocks, by_columns, cholesky_back, half_lower, joined, matrices, mirrored, rows,
    solve_lower, square, zeros,
};
use crate::algebra::Algebra;
use crate::attributes::Attributes;
use crate::elementwise;
use crate::op::Structural;
use crate::real::Scalar;
use crate::shape::{Layout, Shape};
use crate::tensor::Tensor;

pub(crate) struct Cholesky;

impl Rule for Cholesky {
    fn shape(operands: &[&Shape], _: &Attributes) -> Result<Shape, Misfit> {
        let [a] = exactly(operands)?;
        square(a, 0)?;
        Ok(a.clone())
    }

    fn value<S: Scalar>(site: &Site<'_, S>, run: &mut [S]) {
        let n = site.shape.dims()[site.shape.rank() - 1];
        for (a, l) in matrices(site.operands[0]).zip(run.chunks_exact_mut(n * n)) {
            for i in 0..n {
                for j in 0..n {
                    l[i * n + j] = if j <= i { a.at(i, j) } else { S::EMPTY.like(0.0) };
                }
            }
            factor(n, l, |_| None);
        }
    }

    fn entries<S: Scalar>(site: &Site<'_, S>, visit: &mut impl FnMut(Entry<S>)) {
        let n = site.shape.dims()[site.shape.rank() - 1];
        by_columns(Structural::Cholesky, site, |_, element| element % n <= element / n % n, visit);
    }

    fn reverse<S: Scalar>(site: &Site<'_, S>, g: &[S], adjoints: &mut [S]) {
        if site.cut[0] {
            return;
        }
        let n = site.shape.dims()[site.shape.rank() - 1];
        let a = site.operands[0];
        let layout = Layout::contiguous(site.shape.clone());
        let mut w = g.to_vec();
        for (l, w) in site.run.chunks_exact(n * n).zip(w.chunks_exact_mut(n * n)) {
            cholesky_back::one(n, |i, j| l[i * n + j], w);
        }
        let share = Tensor { data: &w, start: 0, layout: &layout };
        elementwise::accumulate(share, (a.start, a.layout), adjoints);
    }

    fn share<T: Algebra>(at: &At<'_, T>, _: usize, g: T) -> Option<T> {
        Some(T::structural(Structural::CholeskyBack, &[at.value, g], Attributes::None))
    }

    fn tangent<T: Algebra>(at: &At<'_, T>, _: usize, t: T) -> Option<T> {
        let l = at.value;
        let half = solve_lower(l, mirrored(t));
        let both = solve_lower(l, half.transposed());
        Some(l.times(half_lower(both)))
    }

    fn composed<T: Algebra>(operands: &[T], _: &Attributes) -> Option<T> {
        Some(composed(operands[0]))
    }

    const READING: Reading = Reading::Called;
}

/// The factor in place of the lower triangle of A, by rows; or the first pivot that is called bad,
/// with its number.
pub(super) fn factor<S: Scalar>(
    n: usize,
    l: &mut [S],
    bad: impl Fn(S) -> Option<f64>,
) -> Option<(usize, f64)> {
    for own in blocks(n) {
        for k in own.clone() {
            if let Some(value) = bad(l[k * n + k]) {
                return Some((k, value));
            }
            let pivot = l[k * n + k].sqrt();
            l[k * n + k] = pivot;
            for i in k + 1..n {
                l[i * n + k] = l[i * n + k] / pivot;
                let factor = l[i * n + k];
                for j in k + 1..own.end.min(i + 1) {
                    l[i * n + j] = l[i * n + j] - factor * l[j * n + k];
                }
            }
        }
        for i in own.end..n {
            for j in own.end..=i {
                let mut sum = S::EMPTY;
                for k in own.clone() {
                    sum = sum + l[i * n + k] * l[j * n + k];
                }
                l[i * n + j] = l[i * n + j] - sum;
            }
        }
    }
    None
}

/// Panel by panel. Above the diagonal numbers are computed that nothing reads.
fn composed<T: Algebra>(a: T) -> T {
    let n = a.extents().dims()[a.extents().rank() - 1];
    let (mut left, mut panels) = (a, Vec::new());
    for own in blocks(n) {
        let (size, height) = (own.len(), n - own.start);
        let mut rest = block(left, 0..height, 0..size);
        let mut columns = Vec::with_capacity(size);
        for k in 0..size {
            let pivot = block(rest, 0..1, 0..1).sqrt();
            let mut column = Vec::with_capacity(3);
            if k > 0 {
                column.push(zeros(a, k, 1));
            }
            column.push(pivot);
            if height > k + 1 {
                let below = block(rest, 1..height - k, 0..1) / pivot;
                if size > k + 1 {
                    let across = rows(below, 0..size - k - 1).transposed();
                    rest = block(rest, 1..height - k, 1..size - k) - below * across;
                }
                column.push(below);
            }
            columns.push(joined(&column, 1));
        }
        let panel = joined(&columns, 0);
        if height > size {
            let below = rows(panel, size..height);
            left = block(left, size..height, size..height) - below.times(below.transposed());
        }
        panels.push(match own.start {
            0 => panel,
            above => joined(&[zeros(a, above, size), panel], 1),
        });
    }
    joined(&panels, 0)
}
