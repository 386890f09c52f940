//! Linear algebra: triangles, factors of matrices, solves.
//!
//! Matrices are the last two axes; leading axes count matrices, of which each is worked on by
//! itself. Larger matrices are worked on in blocks of [`BLOCK`] rows or columns: what one block
//! does to another is a matrix product, summed in input order, and then one subtraction. A matrix
//! of at most [`BLOCK`] rows is so worked on in the textbook's order. Every operation's value and
//! what it is composed of are in that order, so that they have the same bits.
//!
//! The rules are those of M. Giles, "Collected matrix derivative results for forward and reverse
//! mode algorithmic differentiation" (2008), and for the Cholesky factor those of I. Murray,
//! "Differentiation of the Cholesky decomposition" (2016).

pub(super) mod cholesky;
pub(super) mod cholesky_back;
pub(super) mod lstsq;
pub(super) mod lu;
pub(super) mod pivots;
pub(super) mod solve_triangular;
pub(super) mod triangle;

use std::ops::Range;

use smallvec::SmallVec;

use super::{Entry, Misfit, Site, arrays};
use crate::algebra::Algebra;
use crate::attributes::Attributes;
use crate::op::Structural;
use crate::real::Scalar;
use crate::rules::Partial;
use crate::shape::Shape;
use crate::tensor::Tensor;

/// How many rows or columns are worked on one after another.
pub(crate) const BLOCK: usize = 32;

/// The blocks of n rows or columns.
fn blocks(n: usize) -> impl DoubleEndedIterator<Item = Range<usize>> {
    (0..n.div_ceil(BLOCK)).map(move |i| i * BLOCK..n.min((i + 1) * BLOCK))
}

/// A square matrix, or several of one shape.
fn square(shape: &Shape, operand: usize) -> Result<usize, Misfit> {
    match *shape.dims() {
        [.., m, n] if m == n => Ok(n),
        _ => Err(Misfit::One { operand, rule: "it is not a square matrix".to_owned() }),
    }
}

/// The right-hand side of an equation with a square matrix: a vector of n for one matrix, or as
/// many matrices of n rows as there are square ones.
fn right_hand_side(a: &Shape, b: &Shape) -> Result<Shape, Misfit> {
    let n = square(a, 0)?;
    let fits = match *b.dims() {
        [m] => a.rank() == 2 && m == n,
        [ref leading @ .., m, _] => m == n && *leading == a.dims()[..a.rank() - 2],
        [] => false,
    };
    if fits {
        return Ok(b.clone());
    }
    let rule = "the right side must have as many rows as the matrix, and its leading extents; for \
                one matrix it may be a vector";
    Err(Misfit::Pair { left: 0, right: 1, rule })
}

/// A matrix inside an operand: element (i, j) stands at `start + i * rows + j * cols`.
#[derive(Clone, Copy)]
struct Matrix<'a, S> {
    data: &'a [S],
    start: usize,
    rows: usize,
    cols: usize,
}

impl<S: Scalar> Matrix<'_, S> {
    fn at(&self, i: usize, j: usize) -> S {
        self.data[self.start + i * self.rows + j * self.cols]
    }
}

/// The matrices of an operand, in order; a vector is a column.
fn matrices<S: Copy>(tensor: Tensor<'_, S>) -> impl Iterator<Item = Matrix<'_, S>> {
    let is_vector = tensor.layout.shape().rank() == 1;
    let layout = if is_vector { tensor.layout.insert_axis(1) } else { tensor.layout.clone() };
    let rank = layout.shape().rank();
    let (rows, cols) = (layout.strides()[rank - 2], layout.strides()[rank - 1]);
    let leading = layout.drop_axis(rank - 1).drop_axis(rank - 2);
    let starts: SmallVec<[usize; 1]> = leading.offsets().collect();
    starts.into_iter().map(move |offset| Matrix {
        data: tensor.data,
        start: tensor.start + offset,
        rows,
        cols,
    })
}

/// Rows of every matrix.
fn rows<T: Algebra>(x: T, range: Range<usize>) -> T {
    x.part(x.extents().rank() - 2, range)
}

/// Columns of every matrix.
fn cols<T: Algebra>(x: T, range: Range<usize>) -> T {
    x.part(x.extents().rank() - 1, range)
}

fn block<T: Algebra>(x: T, of_rows: Range<usize>, of_cols: Range<usize>) -> T {
    cols(rows(x, of_rows), of_cols)
}

/// Zeros of `m` rows and `n` columns in each of the matrices of `x`.
fn zeros<T: Algebra>(x: T, m: usize, n: usize) -> T {
    let shape = x.extents();
    let dims: SmallVec<[usize; 4]> =
        shape.dims()[..shape.rank() - 2].iter().copied().chain([m, n]).collect();
    x.like(0.0).repeated(&Shape::from(dims))
}

/// Joined along an axis counted from the last: 0 side by side, 1 one below the other.
fn joined<T: Algebra>(parts: &[T], from_last: usize) -> T {
    if let [one] = parts {
        return *one;
    }
    let axis = parts[0].extents().rank() - 1 - from_last;
    T::structural(Structural::Concat, parts, Attributes::axes_of(&[axis]))
}

fn lower<T: Algebra>(x: T) -> T {
    T::structural(Structural::Tril, &[x], Attributes::None)
}

fn upper<T: Algebra>(x: T) -> T {
    T::structural(Structural::Triu, &[x], Attributes::None)
}

/// Φ: the lower triangle with half of the diagonal.
fn half_lower<T: Algebra>(x: T) -> T {
    let lower = lower(x);
    lower - upper(lower) * lower.like(0.5)
}

/// The symmetric matrix of which the lower triangle is given.
fn mirrored<T: Algebra>(x: T) -> T {
    let half = half_lower(x);
    half + half.transposed()
}

/// Solves with a lower triangle.
fn solve_lower<T: Algebra>(a: T, b: T) -> T {
    T::structural(Structural::SolveLower, &[a, b], Attributes::None)
}

/// Solves with an upper triangle.
fn solve_upper<T: Algebra>(a: T, b: T) -> T {
    T::structural(Structural::SolveUpper, &[a, b], Attributes::None)
}

/// The Jacobian by its columns: the tangent of the result for every element that is read.
fn by_columns<S: Scalar>(
    op: Structural,
    site: &Site<'_, S>,
    reads: impl Fn(usize, usize) -> bool,
    visit: &mut dyn FnMut(Entry<S>),
) {
    for (i, operand) in site.operands.iter().enumerate().filter(|&(i, _)| !site.cut[i]) {
        for (element, offset) in operand.layout.offsets().enumerate() {
            if !reads(i, element) {
                continue;
            }
            let column = arrays::column(op, site, i, element);
            for (out, partial) in column.into_iter().enumerate() {
                let entry = Entry::new(out, i, operand.start + offset, Partial::Of(partial));
                visit(Entry { running: Some(element), ..entry });
            }
        }
    }
}
