//! The least-squares solution of A x = b by Householder's reflections: of more equations than
//! unknowns the x of the smallest |A x − b|, of fewer that of the smallest |x| with A x = b. It is
//! A⁺ b, A⁺ being the pseudo-inverse of a matrix of full rank.
//!
//! No product AᵀA is formed, so the condition of A counts once where the residual is small. The
//! rules are those of G. Golub and V. Pereyra, "The differentiation of pseudo-inverses and
//! nonlinear least squares problems whose variables separate" (1973), 4.12: with r = b − A x,
//! ẋ = A⁺ (ḃ − Ȧ x) + (AᵀA)⁻¹ Ȧᵀ r, and of fewer equations ẋ = A⁺ (ḃ − Ȧ x) + (I − A⁺A) Ȧᵀ A⁺ᵀ x.

use super::super::{At, Entry, Misfit, Reading, Rule, Site, arrays, exactly};
use super::solve_triangular::column;
use super::{block, by_columns, cols, joined, lower, rows, solve_lower, solve_upper, zeros};
use crate::algebra::Algebra;
use crate::attributes::Attributes;
use crate::op::Structural;
use crate::real::Scalar;
use crate::shape::Shape;

pub(crate) struct Lstsq;

fn extents(shape: &Shape) -> (usize, usize) {
    let dims = shape.dims();
    (dims[dims.len() - 2], dims[dims.len() - 1])
}

fn lstsq<T: Algebra>(a: T, b: T) -> T {
    T::structural(Structural::Lstsq, &[a, b], Attributes::None)
}

impl Rule for Lstsq {
    fn shape(operands: &[&Shape], _: &Attributes) -> Result<Shape, Misfit> {
        let [a, b] = exactly(operands)?;
        if a.rank() < 2 {
            return Err(Misfit::One { operand: 0, rule: "it is not a matrix".to_owned() });
        }
        let (m, n) = extents(a);
        let rule = "the right side must have as many rows as the matrix, and its leading extents; \
                    for one matrix it may be a vector";
        match *b.dims() {
            [length] if a.rank() == 2 && length == m => Ok(Shape::from([n])),
            [ref leading @ .., length, width]
                if length == m && *leading == a.dims()[..a.rank() - 2] =>
            {
                let dims: Vec<usize> = leading.iter().copied().chain([n, width]).collect();
                Ok(Shape::from(dims))
            }
            _ => Err(Misfit::Pair { left: 0, right: 1, rule }),
        }
    }

    fn value<S: Scalar>(site: &Site<'_, S>, run: &mut [S]) {
        arrays::composed(Structural::Lstsq, site, run);
    }

    fn entries<S: Scalar>(site: &Site<'_, S>, visit: &mut impl FnMut(Entry<S>)) {
        by_columns(Structural::Lstsq, site, |_, _| true, visit);
    }

    fn reverse<S: Scalar>(site: &Site<'_, S>, g: &[S], adjoints: &mut [S]) {
        arrays::shared(Structural::Lstsq, site, g, adjoints);
    }

    fn share<T: Algebra>(at: &At<'_, T>, i: usize, g: T) -> Option<T> {
        let (a, b) = (at.operands[0], column(at.operands[1]));
        let (m, n) = extents(&a.extents());
        let turned = a.transposed();
        let back = lstsq(turned, g);
        if i == 1 {
            return Some(back);
        }
        let (back, x) = (column(back), column(at.value));
        let share = -back.times(x.transposed());
        Some(if m >= n {
            let residual = b - a.times(x);
            share + residual.times(lstsq(a, back).transposed())
        } else {
            let left = column(g) - turned.times(back);
            share + lstsq(turned, x).times(left.transposed())
        })
    }

    fn tangent<T: Algebra>(at: &At<'_, T>, i: usize, t: T) -> Option<T> {
        let (a, b, x) = (at.operands[0], at.operands[1], at.value);
        if i == 1 {
            return Some(lstsq(a, t));
        }
        let (m, n) = extents(&a.extents());
        let moved = lstsq(a, -t.times(x));
        Some(if m >= n {
            let residual = b - a.times(x);
            moved + lstsq(a, lstsq(a.transposed(), t.transposed().times(residual)))
        } else {
            let q = t.transposed().times(lstsq(a.transposed(), x));
            moved + (q - lstsq(a, a.times(q)))
        })
    }

    fn composed<T: Algebra>(operands: &[T], attributes: &Attributes) -> Option<T> {
        let (a, b) = (operands[0], operands[1]);
        let shape = Self::shape(&[&a.extents(), &b.extents()], attributes).ok()?;
        let (m, n) = extents(&a.extents());
        let b = column(b);
        let x = if m >= n {
            let (r, work, _) = reflected(joined(&[a, b], 0), n);
            let width = work.extents().dims()[work.extents().rank() - 1];
            solve_upper(cols(r, 0..n), cols(work, n..n + width - n))
        } else {
            let (r, _, reflections) = reflected(a.transposed(), m);
            let y = solve_lower(lower(r.transposed()), b);
            let width = y.extents().dims()[y.extents().rank() - 1];
            let mut x = joined(&[y, zeros(y, n - m, width)], 1);
            for (k, &(v, scale)) in reflections.iter().enumerate().rev() {
                let below = rows(x, k..n);
                let below = below - v.times(v.transposed().times(below) / scale);
                x = if k == 0 { below } else { joined(&[rows(x, 0..k), below], 1) };
            }
            x
        };
        Some(x.reshaped(&shape))
    }

    const READING: Reading = Reading::Called;
}

/// Reflects the first `count` columns to an upper triangle: that triangle, the rows that it stands
/// in with all columns, and of each reflection `I − v vᵀ / s` the v and the s.
fn reflected<T: Algebra>(work: T, count: usize) -> (T, T, Vec<(T, T)>) {
    let height = extents(&work.extents()).0;
    let (mut rest, mut done, mut reflections) = (work, Vec::new(), Vec::new());
    for k in 0..count {
        let (m, width) = extents(&rest.extents());
        let x = cols(rest, 0..1);
        let first = block(x, 0..1, 0..1);
        let norm = x.transposed().times(x).sqrt();
        // Away from the first number, so that nothing cancels.
        let sign = first.indicator_ge(first.like(0.0)) * first.like(2.0) - first.like(1.0);
        let head = first + sign * norm;
        let v = if m > 1 { joined(&[head, rows(x, 1..m)], 1) } else { head };
        // vᵀv / 2
        let scale = norm * (norm + first.abs());
        let diagonal = -(sign * norm);
        let row = if width > 1 {
            let others = cols(rest, 1..width);
            let others = others - v.times(v.transposed().times(others) / scale);
            let own = joined(&[diagonal, rows(others, 0..1)], 0);
            if m > 1 {
                rest = rows(others, 1..m);
            }
            own
        } else {
            diagonal
        };
        done.push(if k == 0 { row } else { joined(&[zeros(row, 1, k), row], 0) });
        reflections.push((v, scale));
        debug_assert!(m == height - k);
    }
    let work = joined(&done, 1);
    (cols(work, 0..count), work, reflections)
}

/// The first number on the triangle's diagonal that is called bad, of the longer side's columns.
pub(super) fn bad_pivot<S: Scalar>(
    a: super::Matrix<'_, S>,
    (m, n): (usize, usize),
    bad: impl Fn(S) -> Option<f64>,
) -> Option<(usize, f64)> {
    let arrays = arrays::Arrays::new();
    let tall = m >= n;
    let (height, count) = if tall { (m, n) } else { (n, m) };
    let each = (0..height * count).map(|at| (at / count, at % count));
    let data = each.map(|(i, j)| if tall { a.at(i, j) } else { a.at(j, i) }).collect();
    let (r, _, _) = reflected(arrays.put(data, Shape::from([height, count])), count);
    let r = r.elements();
    (0..count).find_map(|k| Some((k, bad(r[k * count + k])?)))
}
