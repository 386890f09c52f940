//! Elimination with row pivots: the solution of A X = B, and the determinant.
//!
//! Of the rows that are left the first with the largest number in the column is the pivot's, at
//! every evaluation anew. Right sides are eliminated along with the matrix. The rules are those of
//! Giles 2008, 2.2.3 and 2.3: ∂B: A⁻ᵀ X̄, ∂A: −B̄ Xᵀ; of ln |det A|: A⁻ᵀ. They do not depend on the
//! pivots.

use smallvec::SmallVec;

use super::super::{At, Entry, Misfit, Reading, Rule, Site, arrays, exactly, pairwise};
use super::solve_triangular::column;
use super::{block, by_columns, cols, joined, matrices, right_hand_side, rows, square};
use crate::algebra::Algebra;
use crate::attributes::Attributes;
use crate::op::{Structural, Unary};
use crate::real::Scalar;
use crate::shape::{Layout, Shape};
use crate::tensor::Tensor;

/// A⁻¹ B.
pub(crate) struct Solve;
/// ln |det A|.
pub(crate) struct LogAbsDet;
/// The sign of det A.
pub(crate) struct DetSign;

impl Rule for Solve {
    fn shape(operands: &[&Shape], _: &Attributes) -> Result<Shape, Misfit> {
        let [a, b] = exactly(operands)?;
        right_hand_side(a, b)
    }

    fn value<S: Scalar>(site: &Site<'_, S>, run: &mut [S]) {
        let dims = site.operands[0].layout.dims();
        let n = dims[dims.len() - 1];
        let width =
            if site.shape.rank() == 1 { 1 } else { site.shape.dims()[site.shape.rank() - 1] };
        let both = matrices(site.operands[0]).zip(matrices(site.operands[1]));
        let mut work = Vec::with_capacity(n * (n + width));
        for ((a, b), x) in both.zip(run.chunks_exact_mut(n * width)) {
            work.clear();
            for i in 0..n {
                work.extend((0..n).map(|j| a.at(i, j)));
                work.extend((0..width).map(|j| b.at(i, j)));
            }
            eliminate(n, n + width, &mut work, |_| None);
            for i in (0..n).rev() {
                let row = &work[i * (n + width)..(i + 1) * (n + width)];
                for c in 0..width {
                    let mut sum = S::EMPTY;
                    for k in i + 1..n {
                        sum = sum + row[k] * x[k * width + c];
                    }
                    let right = row[n + c];
                    x[i * width + c] = if i + 1 < n { right - sum } else { right } / row[i];
                }
            }
        }
    }

    fn entries<S: Scalar>(site: &Site<'_, S>, visit: &mut impl FnMut(Entry<S>)) {
        by_columns(Structural::Solve, site, |_, _| true, visit);
    }

    fn reverse<S: Scalar>(site: &Site<'_, S>, g: &[S], adjoints: &mut [S]) {
        arrays::shared(Structural::Solve, site, g, adjoints);
    }

    fn share<T: Algebra>(at: &At<'_, T>, i: usize, g: T) -> Option<T> {
        let back = solve(at.operands[0].transposed(), g);
        if i == 1 {
            return Some(back);
        }
        Some(-column(back).times(column(at.value).transposed()))
    }

    fn tangent<T: Algebra>(at: &At<'_, T>, i: usize, t: T) -> Option<T> {
        Some(solve(at.operands[0], if i == 1 { t } else { -t.times(at.value) }))
    }

    fn composed<T: Algebra>(operands: &[T], _: &Attributes) -> Option<T> {
        let (a, b) = (operands[0], operands[1]);
        let n = a.extents().dims()[a.extents().rank() - 1];
        let (upper, _) = eliminated(joined(&[a, column(b)], 0), n);
        // From the last row, each by its product with those below it.
        let mut x: Option<T> = None;
        for (i, row) in upper.into_iter().enumerate().rev() {
            let width = row.extents().dims()[row.extents().rank() - 1];
            let (pivot, right) = (cols(row, 0..1), cols(row, n - i..width));
            x = Some(match x {
                None => right / pivot,
                Some(x) => {
                    let own = (right - cols(row, 1..n - i).times(x)) / pivot;
                    joined(&[own, x], 1)
                }
            });
        }
        Some(x.expect("a matrix has a row").reshaped(&b.extents()))
    }

    const READING: Reading = Reading::Called;
}

impl Rule for LogAbsDet {
    fn shape(operands: &[&Shape], _: &Attributes) -> Result<Shape, Misfit> {
        determinant(operands)
    }

    fn value<S: Scalar>(site: &Site<'_, S>, run: &mut [S]) {
        each_determinant(site, run, |pivots, _| {
            let logarithms: Vec<S> = pivots.iter().map(|&p| p.unary(Unary::Abs).ln()).collect();
            let layout = Layout::contiguous(Shape::from([logarithms.len()]));
            let mut sum = [S::EMPTY];
            pairwise::sum(Tensor { data: &logarithms, start: 0, layout: &layout }, &[0], &mut sum);
            sum[0]
        });
    }

    fn entries<S: Scalar>(site: &Site<'_, S>, visit: &mut impl FnMut(Entry<S>)) {
        // A matrix of its own for every result.
        let n = square(site.operands[0].layout.shape(), 0).expect("the shape rule holds");
        by_columns(Structural::LogAbsDet, site, |_, _| true, &mut |entry| {
            if entry.running.is_none_or(|element| element / (n * n) == entry.out) {
                visit(entry);
            }
        });
    }

    fn reverse<S: Scalar>(site: &Site<'_, S>, g: &[S], adjoints: &mut [S]) {
        arrays::shared(Structural::LogAbsDet, site, g, adjoints);
    }

    fn share<T: Algebra>(at: &At<'_, T>, _: usize, g: T) -> Option<T> {
        let inverse = inverse_transposed(at.operands[0]);
        let rank = inverse.extents().rank();
        Some(g.kept(&[rank as u8 - 2, rank as u8 - 1]) * inverse)
    }

    fn tangent<T: Algebra>(at: &At<'_, T>, _: usize, t: T) -> Option<T> {
        let rank = t.extents().rank();
        Some((inverse_transposed(at.operands[0]) * t).summed(&[rank - 2, rank - 1]))
    }

    fn composed<T: Algebra>(operands: &[T], _: &Attributes) -> Option<T> {
        let (pivots, _) = pivots(operands[0]);
        let rank = pivots.extents().rank();
        let sum = pivots.unary(Unary::Abs).ln().summed(&[rank - 1]);
        let dims = operands[0].extents();
        Some(sum.reshaped(&Shape::from(&dims.dims()[..dims.rank() - 2])))
    }

    const READING: Reading = Reading::Called;
}

impl Rule for DetSign {
    fn shape(operands: &[&Shape], _: &Attributes) -> Result<Shape, Misfit> {
        determinant(operands)
    }

    fn value<S: Scalar>(site: &Site<'_, S>, run: &mut [S]) {
        each_determinant(site, run, |pivots, exchanges| {
            let sign = if exchanges % 2 == 0 { 1.0 } else { -1.0 };
            let start = S::EMPTY.like(sign);
            pivots.iter().fold(start, |sign, &pivot| sign * pivot.unary(Unary::Signum)).detached()
        });
    }

    fn entries<S: Scalar>(_: &Site<'_, S>, _: &mut impl FnMut(Entry<S>)) {}

    /// Constant where it is a number.
    fn share<T: Algebra>(_: &At<'_, T>, _: usize, _: T) -> Option<T> {
        None
    }

    fn tangent<T: Algebra>(_: &At<'_, T>, _: usize, _: T) -> Option<T> {
        None
    }

    fn composed<T: Algebra>(operands: &[T], _: &Attributes) -> Option<T> {
        let (pivots, exchanged) = pivots(operands[0]);
        let n = pivots.extents().dims()[pivots.extents().rank() - 1];
        let signs = pivots.unary(Unary::Signum);
        // Two numbers 1 and 0 say whether rows were exchanged: 1 − 2 of them is the sign.
        let flips = exchanged.like(1.0) - exchanged * exchanged.like(2.0);
        let mut sign = cols(flips, 0..1);
        for i in 1..n {
            sign = sign * cols(flips, i..i + 1);
        }
        for i in 0..n {
            sign = sign * cols(signs, i..i + 1);
        }
        let dims = operands[0].extents();
        Some(sign.reshaped(&Shape::from(&dims.dims()[..dims.rank() - 2])))
    }

    const READING: Reading = Reading::Called;
}

/// A number for each matrix.
fn determinant(operands: &[&Shape]) -> Result<Shape, Misfit> {
    let [a] = exactly(operands)?;
    square(a, 0)?;
    Ok(Shape::from(&a.dims()[..a.rank() - 2]))
}

fn each_determinant<S: Scalar>(
    site: &Site<'_, S>,
    run: &mut [S],
    mut of: impl FnMut(&[S], usize) -> S,
) {
    let n = square(site.operands[0].layout.shape(), 0).expect("the shape rule holds");
    for (a, out) in matrices(site.operands[0]).zip(run) {
        let each = (0..n * n).map(|at| a.at(at / n, at % n));
        let mut work: Vec<S> = each.collect();
        let (_, exchanges) = eliminate(n, n, &mut work, |_| None);
        let pivots: SmallVec<[S; 8]> = (0..n).map(|i| work[i * n + i]).collect();
        *out = of(&pivots, exchanges);
    }
}

fn solve<T: Algebra>(a: T, b: T) -> T {
    T::structural(Structural::Solve, &[a, b], Attributes::None)
}

/// A⁻ᵀ
fn inverse_transposed<T: Algebra>(a: T) -> T {
    let shape = a.extents();
    let n = shape.dims()[shape.rank() - 1];
    let attributes = Attributes::Positions {
        positions: (0..n as u32).map(|i| i * (n as u32 + 1)).collect(),
        shape: Shape::from([n, n]),
    };
    let ones = a.like(1.0).repeated(&Shape::from([n]));
    let identity = T::structural(Structural::ScatterAdd, &[ones], attributes);
    solve(a.transposed(), identity.repeated(&shape))
}

/// Makes the first n columns of n rows an upper triangle: the first pivot that is called bad, and
/// how many times rows were exchanged.
pub(in super::super) fn eliminate<S: Scalar>(
    n: usize,
    width: usize,
    work: &mut [S],
    bad: impl Fn(S) -> Option<f64>,
) -> (Option<(usize, f64)>, usize) {
    let mut exchanges = 0;
    for k in 0..n {
        let size = |work: &[S], i: usize| work[i * width + k].unary(Unary::Abs);
        let mut row = k;
        for i in k + 1..n {
            if size(work, i) > size(work, row) {
                row = i;
            }
        }
        if row != k {
            exchanges += 1;
            let (above, below) = work.split_at_mut(row * width);
            above[k * width + k..(k + 1) * width].swap_with_slice(&mut below[k..width]);
        }
        let (done, rest) = work.split_at_mut((k + 1) * width);
        let own = &done[k * width..];
        if let Some(value) = bad(own[k]) {
            return (Some((k, value)), exchanges);
        }
        for other in rest.chunks_exact_mut(width) {
            let factor = other[k] / own[k];
            for (x, &y) in other[k + 1..].iter_mut().zip(&own[k + 1..]) {
                *x = *x - factor * y;
            }
        }
    }
    (None, exchanges)
}

/// The same: of each row of the triangle what stands from the diagonal on, and whether rows were
/// exchanged for it. A choice of a row is a sum over all of them, of which the others are −0.
fn eliminated<T: Algebra>(mut rest: T, n: usize) -> (Vec<T>, Vec<T>) {
    let (mut upper, mut exchanged) = (Vec::with_capacity(n), Vec::with_capacity(n));
    for k in 0..n {
        let height = n - k;
        if height == 1 {
            exchanged.push(rest.like(0.0));
            upper.push(rest);
            break;
        }
        let rank = rest.extents().rank();
        let width = rest.extents().dims()[rank - 1];
        let axis = Attributes::axes_of(&[rank - 2]);
        let sizes = cols(rest, 0..1).unary(Unary::Abs);
        let largest = T::structural(Structural::Max, &[sizes], axis.clone());
        let is_largest = sizes.indicator_ge(largest.kept(axis.axes()));
        let count = T::structural(Structural::CumSum, &[is_largest], axis.clone());
        // The first of them: 1 in its row, else 0.
        let chosen = is_largest * count.indicator_eq(count.like(1.0));
        let pick = |cond: T, a: T, b: T| {
            T::structural(Structural::Select, &[cond, a, b], Attributes::None)
        };
        let own = pick(chosen, rest, rest.like(-0.0));
        let own = T::structural(Structural::Sum, &[own], axis.clone()).kept(axis.axes());
        let first = rows(rest, 0..1);
        let others = pick(rows(chosen, 1..height), first, rows(rest, 1..height));
        let factor = cols(others, 0..1) / cols(own, 0..1);
        exchanged.push(block(chosen, 0..1, 0..1).like(1.0) - block(chosen, 0..1, 0..1));
        rest = cols(others, 1..width) - factor * cols(own, 1..width);
        upper.push(own);
    }
    (upper, exchanged)
}

/// The pivots side by side, and whether rows were exchanged for each.
fn pivots<T: Algebra>(a: T) -> (T, T) {
    let n = a.extents().dims()[a.extents().rank() - 1];
    let (upper, exchanged) = eliminated(a, n);
    let pivots: Vec<T> = upper.into_iter().map(|row| cols(row, 0..1)).collect();
    let shape = pivots[0].extents();
    let exchanged: Vec<T> = exchanged.into_iter().map(|x| x.repeated(&shape)).collect();
    (joined(&pivots, 0), joined(&exchanged, 0))
}
