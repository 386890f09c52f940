//! Matrix products. Every element is summed in input order, so the result does not depend on the loops' order.

use crate::real::Scalar;
use crate::shape::{Layout, Shape};
use crate::tensor::Tensor;

/// A matrix inside a tensor's data: element (i, j) stands at `start + i * rows + j * cols`.
#[derive(Clone, Copy)]
struct Matrix {
    start: usize,
    rows: usize,
    cols: usize,
}

/// `zᵣⱼ = bᵣⱼ + Σᵢ wⱼᵢ xᵣᵢ`, from the bias, in input order.
pub fn affine<S: Scalar>(b: Tensor<'_, S>, w: Tensor<'_, S>, x: Tensor<'_, S>, shape: &Shape, run: &mut [S]) {
    let n = w.layout.dims()[w.layout.shape().rank() - 1];
    let per_row = if w.layout.shape().rank() == 2 { w.layout.dims()[0] } else { 1 };
    let (w_row, w_col) = split(w.layout);
    let (x_row, x_col) = split(x.layout);
    let bias = b.layout.broadcast_to(shape).expect("the bias was checked to broadcast");
    for (out, offset) in run.iter_mut().zip(bias.offsets()) {
        *out = b.data[b.start + offset];
    }
    for (r, zs) in run.chunks_exact_mut(per_row).enumerate() {
        let xs = x.start + r * x_row;
        let mut j = 0;
        if (w_col, x_col) == (1, 1) {
            let x = &x.data[xs..xs + n];
            let row = |j: usize| &w.data[w.start + j * w_row..][..n];
            // Each sum waits for its last addition: sums side by side wait together. Every one keeps its own order.
            for z in zs.chunks_exact_mut(SIDE_BY_SIDE) {
                let rows: [&[S]; SIDE_BY_SIDE] = std::array::from_fn(|k| row(j + k));
                let mut sums: [S; SIDE_BY_SIDE] = std::array::from_fn(|k| z[k]);
                for (i, &x) in x.iter().enumerate() {
                    for k in 0..SIDE_BY_SIDE {
                        sums[k] = sums[k] + rows[k][i] * x;
                    }
                }
                z.copy_from_slice(&sums);
                j += SIDE_BY_SIDE;
            }
        }
        for (k, z) in zs[j..].iter_mut().enumerate() {
            let ws = w.start + (j + k) * w_row;
            for i in 0..n {
                *z = *z + w.data[ws + i * w_col] * x.data[xs + i * x_col];
            }
        }
    }
}

/// How many weighted sums are added up at a time.
const SIDE_BY_SIDE: usize = 6;

/// Adds the contributions of an affine step: `b̄ += g`, `w̄ⱼᵢ += g xᵣᵢ`, `x̄ᵣᵢ += g wⱼᵢ`, sum by sum; operands that are cut are left out. The
/// same numbers in the same order as [`edges`](super::edges) lists them, by rows where those are contiguous.
pub fn reverse_affine<S: Scalar>(
    (b, cut_b): (Tensor<'_, S>, bool),
    (w, cut_w): (Tensor<'_, S>, bool),
    (x, cut_x): (Tensor<'_, S>, bool),
    shape: &Shape,
    g: &[S],
    adjoints: &mut [S],
) {
    let n = w.layout.dims()[w.layout.shape().rank() - 1];
    let per_row = if w.layout.shape().rank() == 2 { w.layout.dims()[0] } else { 1 };
    let (w_row, w_col) = split(w.layout);
    let (x_row, x_col) = split(x.layout);
    let bias = b.layout.broadcast_to(shape).expect("the bias was checked to broadcast");
    for ((k, &g), offset) in g.iter().enumerate().zip(bias.offsets()).filter(|((_, g), _)| !g.is_zero()) {
        let (r, j) = (k / per_row, k % per_row);
        let (ws, xs) = ((w.start + j * w_row, w_col), (x.start + r * x_row, x_col));
        if !cut_b {
            adjoints[b.start + offset] = adjoints[b.start + offset] + g;
        }
        if !cut_w {
            add_multiple(g, (x.data, xs), ws, n, adjoints);
        }
        if !cut_x {
            add_multiple(g, (w.data, ws), xs, n, adjoints);
        }
    }
}

/// `to += g · from` over n elements, each side a start and a stride.
fn add_multiple<S: Scalar>(
    g: S,
    (data, (from, by)): (&[S], (usize, usize)),
    (to, to_by): (usize, usize),
    n: usize,
    adjoints: &mut [S],
) {
    if (by, to_by) == (1, 1) {
        for (adjoint, &factor) in adjoints[to..to + n].iter_mut().zip(&data[from..from + n]) {
            *adjoint = *adjoint + g * factor;
        }
    } else {
        for i in 0..n {
            adjoints[to + i * to_by] = adjoints[to + i * to_by] + g * data[from + i * by];
        }
    }
}

/// The strides of the last two axes of a vector or a matrix; a vector is a matrix of one row.
fn split(layout: &Layout) -> (usize, usize) {
    match *layout.strides() {
        [col] => (0, col),
        [row, col] => (row, col),
        _ => unreachable!("affine takes vectors and matrices"),
    }
}

/// The matrix product over the last two axes, NumPy's `matmul`; leading axes broadcast. `shape` is the result's.
pub fn matmul<S: Scalar>(a: Tensor<'_, S>, b: Tensor<'_, S>, shape: &Shape, run: &mut [S]) {
    for_each_matrix(a, b, shape, |first, ma, mb, (m, k, n)| {
        product((a.data, ma), (b.data, mb), (m, k, n), &mut run[first..first + m * n]);
    });
}

/// Calls `visit(out, slot of a, slot of b)` for every product that is summed into element `out`.
pub fn for_each_product<S: Copy>(
    a: Tensor<'_, S>,
    b: Tensor<'_, S>,
    shape: &Shape,
    mut visit: impl FnMut(usize, usize, usize),
) {
    for_each_matrix(a, b, shape, |first, ma, mb, (m, k, n)| {
        for i in 0..m {
            for j in 0..n {
                for p in 0..k {
                    let (sa, sb) = (ma.start + i * ma.rows + p * ma.cols, mb.start + p * mb.rows + j * mb.cols);
                    visit(first + i * n + j, sa, sb);
                }
            }
        }
    });
}

/// Calls `visit` for every pair of matrices that the leading axes pair up, with the position of their product's first element.
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
        let ma = Matrix { start: a.start + oa, rows: a_layout.strides()[ra - 2], cols: a_layout.strides()[ra - 1] };
        let mb = Matrix { start: b.start + ob, rows: b_layout.strides()[rb - 2], cols: b_layout.strides()[rb - 1] };
        visit(i * m * n, ma, mb, (m, k, n));
    }
}

/// The axes before the last two, repeated to `batch`.
fn leading(layout: &Layout, batch: &Shape) -> Layout {
    let rank = layout.shape().rank();
    layout.drop_axis(rank - 1).drop_axis(rank - 2).broadcast_to(batch).expect("batch axes were checked to broadcast")
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
