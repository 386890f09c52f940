//! The lower or the upper triangle of a matrix, with zeros in place of the other elements.

use super::super::{At, Entry, Misfit, Reading, Rule, Site, exactly};
use super::{cols, joined, matrices, rows, zeros};
use crate::algebra::Algebra;
use crate::attributes::Attributes;
use crate::op::Structural;
use crate::real::Scalar;
use crate::shape::Shape;

/// The lower one.
pub(crate) struct Tril;
/// The upper one.
pub(crate) struct Triu;

/// Whether element (i, j) belongs to a triangle.
fn keeps(upper: bool, i: usize, j: usize) -> bool {
    if upper { j >= i } else { j <= i }
}

macro_rules! triangle {
    ($op:ident, $upper:literal) => {
        impl Rule for $op {
            fn shape(operands: &[&Shape], _: &Attributes) -> Result<Shape, Misfit> {
                shape(operands)
            }

            fn value<S: Scalar>(site: &Site<'_, S>, run: &mut [S]) {
                value($upper, site, run);
            }

            fn entries<S: Scalar>(site: &Site<'_, S>, visit: &mut impl FnMut(Entry<S>)) {
                entries($upper, site, visit);
            }

            fn share<T: Algebra>(_: &At<'_, T>, _: usize, g: T) -> Option<T> {
                Some(T::structural(Structural::$op, &[g], Attributes::None))
            }

            fn tangent<T: Algebra>(_: &At<'_, T>, _: usize, t: T) -> Option<T> {
                Some(T::structural(Structural::$op, &[t], Attributes::None))
            }

            fn composed<T: Algebra>(operands: &[T], _: &Attributes) -> Option<T> {
                Some(composed($upper, operands[0]))
            }

            const READING: Reading = Reading::Moved;
        }
    };
}
triangle!(Tril, false);
triangle!(Triu, true);

fn shape(operands: &[&Shape]) -> Result<Shape, Misfit> {
    let [x] = exactly(operands)?;
    if x.rank() < 2 {
        return Err(Misfit::One { operand: 0, rule: "it is not a matrix".to_owned() });
    }
    Ok(x.clone())
}

fn extents(shape: &Shape) -> (usize, usize) {
    let dims = shape.dims();
    (dims[dims.len() - 2], dims[dims.len() - 1])
}

fn value<S: Scalar>(upper: bool, site: &Site<'_, S>, run: &mut [S]) {
    let (m, n) = extents(site.shape);
    let zero = S::EMPTY.like(0.0);
    for (x, out) in matrices(site.operands[0]).zip(run.chunks_exact_mut(m * n)) {
        for (i, row) in out.chunks_exact_mut(n).enumerate() {
            for (j, out) in row.iter_mut().enumerate() {
                *out = if keeps(upper, i, j) { x.at(i, j) } else { zero };
            }
        }
    }
}

fn entries<S: Scalar>(upper: bool, site: &Site<'_, S>, visit: &mut impl FnMut(Entry<S>)) {
    if site.cut[0] {
        return;
    }
    let (m, n) = extents(site.shape);
    let x = site.operands[0];
    for (out, offset) in x.layout.offsets().enumerate() {
        if keeps(upper, out / n % m, out % n) {
            visit(Entry::one(out, 0, x.start + offset));
        }
    }
}

/// Row by row.
fn composed<T: Algebra>(upper: bool, x: T) -> T {
    let (m, n) = extents(&x.extents());
    let row = |i: usize| {
        let row = rows(x, i..i + 1);
        let (kept, dropped) =
            if upper { (n.saturating_sub(i), i.min(n)) } else { (n.min(i + 1), n - n.min(i + 1)) };
        if dropped == 0 {
            return row;
        }
        if kept == 0 {
            return zeros(x, 1, n);
        }
        if upper {
            joined(&[zeros(x, 1, dropped), cols(row, i..n)], 0)
        } else {
            joined(&[cols(row, 0..kept), zeros(x, 1, dropped)], 0)
        }
    };
    joined(&(0..m).map(row).collect::<Vec<T>>(), 1)
}
