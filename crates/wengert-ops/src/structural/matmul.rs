//! The matrix product of the last two axes. Every element is summed in input order, so the result
//! does not depend on the loops' order.

use smallvec::SmallVec;

use super::{At, Entry, Misfit, Reading, Rule, Site, exactly};
use crate::algebra::Algebra;
use crate::attributes::Attributes;
use crate::op::Structural;
use crate::real::Scalar;
use crate::rules::Partial;
use crate::shape::{Layout, Shape};
use crate::tensor::Tensor;

pub(super) struct MatMul;

impl Rule for MatMul {
    fn shape(operands: &[&Shape], _: &Attributes) -> Result<Shape, Misfit> {
        let [a, b] = exactly(operands)?;
        let misfit = |rule| Misfit::Pair { left: 0, right: 1, rule };
        let rule =
            "the last extent of the left must be the last but one of the right (or its only one)";
        if a.is_scalar() || b.is_scalar() {
            return Err(misfit(rule));
        }
        let k = if b.rank() == 1 { b.dims()[0] } else { b.dims()[b.rank() - 2] };
        if a.dims()[a.rank() - 1] != k {
            return Err(misfit(rule));
        }
        let leading = |shape: &Shape| Shape::from(&shape.dims()[..shape.rank().saturating_sub(2)]);
        let batch = leading(a)
            .broadcast(&leading(b))
            .ok_or(misfit("the leading extents must be equal or 1"))?;
        let mut dims: SmallVec<[usize; 4]> = SmallVec::from_slice(batch.dims());
        if a.rank() > 1 {
            dims.push(a.dims()[a.rank() - 2]);
        }
        if b.rank() > 1 {
            dims.push(b.dims()[b.rank() - 1]);
        }
        Ok(Shape::from(dims))
    }

    fn value<S: Scalar>(site: &Site<'_, S>, run: &mut [S]) {
        value(site.operands[0], site.operands[1], site.shape, run);
    }

    fn entries<S: Scalar>(site: &Site<'_, S>, visit: &mut impl FnMut(Entry<S>)) {
        let by = |out, operand, slot, factor, partial| Entry {
            factor: Some(factor),
            ..Entry::new(out, operand, slot, Partial::Of(partial))
        };
        for_each_product(site.operands[0], site.operands[1], site.shape, |out, sa, sb| {
            if !site.cut[0] {
                visit(by(out, 0, sa, sb, site.read(1, sb)));
            }
            if !site.cut[1] {
                visit(by(out, 1, sb, sa, site.read(0, sa)));
            }
        });
    }

    fn share<T: Algebra>(at: &At<'_, T>, i: usize, g: T) -> Option<T> {
        // A vector is a matrix with an axis of extent 1 that the product dropped.
        let (a, b) = (at.operands[0], at.operands[1]);
        let (a_vector, b_vector) = (a.extents().rank() == 1, b.extents().rank() == 1);
        let a = if a_vector { inserted(a, 0) } else { a };
        let b = if b_vector { inserted(b, 1) } else { b };
        let g = if b_vector { inserted(g, g.extents().rank()) } else { g };
        let g = if a_vector { inserted(g, g.extents().rank() - 1) } else { g };
        let share = if i == 0 { g.times(b.transposed()) } else { a.transposed().times(g) };
        if at.operands[i].extents().rank() > 1 {
            return Some(share);
        }
        let mut dims: SmallVec<[usize; 4]> = SmallVec::from_slice(share.extents().dims());
        dims.remove(dims.len() - if i == 0 { 2 } else { 1 });
        Some(share.reshaped(&Shape::from(dims)))
    }

    fn tangent<T: Algebra>(at: &At<'_, T>, i: usize, t: T) -> Option<T> {
        let operands = if i == 0 { [t, at.operands[1]] } else { [at.operands[0], t] };
        Some(T::structural(Structural::MatMul, &operands, Attributes::None))
    }

    const READING: Reading = Reading::Products { from: None, of: 0 };
}

/// With a new axis of extent 1.
fn inserted<T: Algebra>(x: T, axis: usize) -> T {
    let mut dims: SmallVec<[usize; 4]> = SmallVec::from_slice(x.extents().dims());
    dims.insert(axis, 1);
    x.reshaped(&Shape::from(dims))
}

/// A matrix inside a tensor's data: element (i, j) stands at `start + i * rows + j * cols`.
#[derive(Clone, Copy)]
struct Matrix {
    start: usize,
    rows: usize,
    cols: usize,
}

/// The matrix product over the last two axes, NumPy's `matmul`; leading axes broadcast. `shape` is
/// the result's.
fn value<S: Scalar>(a: Tensor<'_, S>, b: Tensor<'_, S>, shape: &Shape, run: &mut [S]) {
    for_each_matrix(a, b, shape, |first, ma, mb, (m, k, n)| {
        product((a.data, ma), (b.data, mb), (m, k, n), &mut run[first..first + m * n]);
    });
}

/// Calls `visit(out, slot of a, slot of b)` for every product that is summed into element `out`.
fn for_each_product<S: Copy>(
    a: Tensor<'_, S>,
    b: Tensor<'_, S>,
    shape: &Shape,
    mut visit: impl FnMut(usize, usize, usize),
) {
    for_each_matrix(a, b, shape, |first, ma, mb, (m, k, n)| {
        for i in 0..m {
            for j in 0..n {
                for p in 0..k {
                    let (sa, sb) = (
                        ma.start + i * ma.rows + p * ma.cols,
                        mb.start + p * mb.rows + j * mb.cols,
                    );
                    visit(first + i * n + j, sa, sb);
                }
            }
        }
    });
}

/// Calls `visit` for every pair of matrices that the leading axes pair up, with the position of
/// their product's first element.
fn for_each_matrix<S: Copy>(
    a: Tensor<'_, S>,
    b: Tensor<'_, S>,
    shape: &Shape,
    mut visit: impl FnMut(usize, Matrix, Matrix, (usize, usize, usize)),
) {
    let (a_vector, b_vector) = (a.layout.shape().rank() == 1, b.layout.shape().rank() == 1);
    let a_layout = if a_vector { a.layout.insert_axis(0) } else { a.layout.clone() };
    let b_layout = if b_vector { b.layout.insert_axis(1) } else { b.layout.clone() };
    let (ra, rb) = (a_layout.shape().rank(), b_layout.shape().rank());
    let (m, k, n) = (a_layout.dims()[ra - 2], a_layout.dims()[ra - 1], b_layout.dims()[rb - 1]);
    let batch_rank = shape.rank() - usize::from(!a_vector) - usize::from(!b_vector);
    let batch = Shape::from(&shape.dims()[..batch_rank]);
    let (a_batch, b_batch) = (leading(&a_layout, &batch), leading(&b_layout, &batch));
    for (i, (oa, ob)) in a_batch.offsets().zip(b_batch.offsets()).enumerate() {
        let ma = Matrix {
            start: a.start + oa,
            rows: a_layout.strides()[ra - 2],
            cols: a_layout.strides()[ra - 1],
        };
        let mb = Matrix {
            start: b.start + ob,
            rows: b_layout.strides()[rb - 2],
            cols: b_layout.strides()[rb - 1],
        };
        visit(i * m * n, ma, mb, (m, k, n));
    }
}

/// The axes before the last two, repeated to `batch`.
fn leading(layout: &Layout, batch: &Shape) -> Layout {
    let rank = layout.shape().rank();
    layout
        .drop_axis(rank - 1)
        .drop_axis(rank - 2)
        .broadcast_to(batch)
        .expect("batch axes were checked to broadcast")
}

fn product<S: Scalar>(
    (a, ma): (&[S], Matrix),
    (b, mb): (&[S], Matrix),
    (m, k, n): (usize, usize, usize),
    out: &mut [S],
) {
    out.fill(S::EMPTY);
    for i in 0..m {
        let row = &mut out[i * n..(i + 1) * n];
        for p in 0..k {
            let x = a[ma.start + i * ma.rows + p * ma.cols];
            let from = mb.start + p * mb.rows;
            if mb.cols == 1 {
                for (z, &y) in row.iter_mut().zip(&b[from..from + n]) {
                    *z = *z + x * y;
                }
            } else {
                for (j, z) in row.iter_mut().enumerate() {
                    *z = *z + x * b[from + j * mb.cols];
                }
            }
        }
    }
}
