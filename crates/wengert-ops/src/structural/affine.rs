//! `b + Σᵢ wᵢ xᵢ`: a neuron, a layer, or one of them over a batch.

use smallvec::SmallVec;

use super::{At, Entry, Misfit, Reading, Rule, Site, exactly};
use crate::algebra::Algebra;
use crate::attributes::Attributes;
use crate::real::Scalar;
use crate::rules::Partial;
use crate::shape::{Layout, Shape};
use crate::tensor::Tensor;

pub(super) struct Affine;

impl Rule for Affine {
    fn shape(operands: &[&Shape], _: &Attributes) -> Result<Shape, Misfit> {
        let [bias, w, x] = exactly(operands)?;
        let ranks = (1..=2).contains(&w.rank()) && (1..=2).contains(&x.rank());
        if !ranks || w.dims().last() != x.dims().last() {
            let rule = "weights [n] or [m, n] need inputs [n] or [rows, n] of the same n";
            return Err(Misfit::Pair { left: 1, right: 2, rule });
        }
        let mut dims: SmallVec<[usize; 4]> = SmallVec::new();
        dims.extend_from_slice(&x.dims()[..x.rank() - 1]);
        dims.extend_from_slice(&w.dims()[..w.rank() - 1]);
        let shape = Shape::from(dims);
        if bias.broadcast(&shape).as_ref() != Some(&shape) {
            let rule = "the bias does not broadcast to one number per weighted sum";
            return Err(Misfit::Pair { left: 0, right: 1, rule });
        }
        Ok(shape)
    }

    fn value<S: Scalar>(site: &Site<'_, S>, run: &mut [S]) {
        value(site.operands[0], site.operands[1], site.operands[2], site.shape, run);
    }

    fn entries<S: Scalar>(site: &Site<'_, S>, visit: &mut impl FnMut(Entry<S>)) {
        let [b, w, x] = [site.operands[0], site.operands[1], site.operands[2]];
        let n = *w.layout.dims().last().expect("the shape rule holds");
        let per_row = if w.layout.shape().rank() == 2 { w.layout.dims()[0] } else { 1 };
        let by = |out, operand, slot, factor, partial| Entry {
            factor: Some(factor),
            ..Entry::new(out, operand, slot, Partial::Of(partial))
        };
        for (out, offset) in site.broadcast(0).offsets().enumerate() {
            let (r, j) = (out / per_row, out % per_row);
            if !site.cut[0] {
                visit(Entry::one(out, 0, b.start + offset));
            }
            // All weights before all inputs, as the sweep adds them.
            let place = |i: usize| (w.start + at(w.layout, j, i), x.start + at(x.layout, r, i));
            for (ws, xs) in (0..n).map(place).filter(|_| !site.cut[1]) {
                visit(by(out, 1, ws, xs, site.read(2, xs)));
            }
            for (ws, xs) in (0..n).map(place).filter(|_| !site.cut[2]) {
                visit(by(out, 2, xs, ws, site.read(1, ws)));
            }
        }
    }

    /// By rows, for numbers without a tangent: the same numbers in the same order.
    fn reverse<S: Scalar>(site: &Site<'_, S>, g: &[S], adjoints: &mut [S]) {
        if S::HAS_TANGENT {
            return super::one_by_one::<Self, S>(site, g, adjoints);
        }
        let operand = |i: usize| (site.operands[i], site.cut[i]);
        reverse(operand(0), operand(1), operand(2), site.shape, g, adjoints);
    }

    fn share<T: Algebra>(at: &At<'_, T>, i: usize, g: T) -> Option<T> {
        if i == 0 {
            return Some(g);
        }
        let (w, x) = (matrix(at.operands[1]), matrix(at.operands[2]));
        let g = g.reshaped(&[x.extents().dims()[0], w.extents().dims()[0]].into());
        let share = if i == 1 { g.transposed().times(x) } else { g.times(w) };
        Some(share.reshaped(&at.operands[i].extents()))
    }

    fn tangent<T: Algebra>(at: &At<'_, T>, i: usize, t: T) -> Option<T> {
        let [_, w, x] = *at.operands else { return None };
        let product =
            |w: T, x: T| matrix(x).times(matrix(w).transposed()).reshaped(&at.value.extents());
        Some(match i {
            0 => t,
            1 => product(t, x),
            _ => product(w, t),
        })
    }

    const READING: Reading = Reading::Products { from: Some(0), of: 1 };
}

/// A vector as a matrix of one row.
fn matrix<T: Algebra>(x: T) -> T {
    let shape = x.extents();
    let n = shape.dims()[shape.rank() - 1];
    x.reshaped(&[shape.len() / n, n].into())
}

/// The offset of element (row, col) of a matrix, or of element col of a vector.
fn at(layout: &Layout, row: usize, col: usize) -> usize {
    let (by_row, by_col) = split(layout);
    row * by_row + col * by_col
}

/// `zᵣⱼ = bᵣⱼ + Σᵢ wⱼᵢ xᵣᵢ`, from the bias, in input order.
fn value<S: Scalar>(
    b: Tensor<'_, S>,
    w: Tensor<'_, S>,
    x: Tensor<'_, S>,
    shape: &Shape,
    run: &mut [S],
) {
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
            // Each sum waits for its last addition: sums side by side wait together. Every one
            // keeps its own order.
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

/// Adds the contributions of an affine step: `b̄ += g`, `w̄ⱼᵢ += g xᵣᵢ`, `x̄ᵣᵢ += g wⱼᵢ`, sum by
/// sum; operands that are cut are left out. The same numbers in the same order as
/// [`entries`](Rule::entries) lists them, by rows where those are contiguous.
fn reverse<S: Scalar>(
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
    for ((k, &g), offset) in
        g.iter().enumerate().zip(bias.offsets()).filter(|((_, g), _)| !g.is_zero())
    {
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
