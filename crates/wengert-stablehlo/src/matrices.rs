//! Linear algebra: triangles, and what StableHLO has of factors and solves.

use wengert_ops::algebra::Algebra;
use wengert_ops::shape::Shape;

use crate::val::{Val, alike};

/// The lower or the upper triangle, and zeros.
pub(crate) fn triangle<'w>(x: Val<'w>, lower: bool) -> Val<'w> {
    let shape = x.shape();
    let (row, column) = (shape.rank() - 2, shape.rank() - 1);
    let direction = if lower { "GE" } else { "LE" };
    let kept = x.count_along(row, &shape).compare(direction, x.count_along(column, &shape));
    kept.choose(x, x.all(0.0))
}

/// A right side as columns.
fn columns<'w>(b: Val<'w>) -> Val<'w> {
    let shape = b.shape();
    match *shape.dims() {
        [n] => b.under(&Shape::from([n, 1])),
        _ => b,
    }
}

pub(crate) fn solve_triangular<'w>(a: Val<'w>, b: Val<'w>, lower: bool) -> Val<'w> {
    let shape = b.shape();
    let [a, right] = alike([a, columns(b)]);
    let ty = right.ty();
    let text = format!(
        "\"stablehlo.triangular_solve\"({a}, {right}) <{{left_side = true, lower = {lower}, \
         transpose_a = #stablehlo<transpose NO_TRANSPOSE>, unit_diagonal = false}}> : \
         ({}, {ty}) -> {ty}",
        a.ty()
    );
    right.like_this(text).under(&shape)
}

/// The factor, with zeros where StableHLO leaves open what stands.
pub(crate) fn cholesky<'w>(a: Val<'w>) -> Val<'w> {
    let text = format!("stablehlo.cholesky {a}, lower = true : {}", a.ty());
    triangle(a.like_this(text), true)
}

/// Φ: the lower triangle with half of the diagonal.
fn half_lower<'w>(x: Val<'w>) -> Val<'w> {
    let lower = triangle(x, true);
    lower - 0.5 * triangle(lower, false)
}

/// Φ(L⁻ᵀ (Φ(P) + Φ(P)ᵀ) L⁻¹) with P = Lᵀ G.
pub(crate) fn cholesky_back<'w>(l: Val<'w>, g: Val<'w>) -> Val<'w> {
    let upper = triangle(l, true).transposed();
    let half = half_lower(upper.times(triangle(g, true)));
    let middle = half + half.transposed();
    // Of a symmetric matrix: from both sides.
    let one = solve_triangular(upper, middle, false).transposed();
    half_lower(solve_triangular(upper, one, false))
}
