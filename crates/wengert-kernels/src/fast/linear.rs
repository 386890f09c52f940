//! Weighted sums and matrix products as products of matrices, forward and reverse.
//!
//! The adjoints are products too (`Ḡ Bᵀ`, `Aᵀ Ḡ`), so a zero adjoint takes part in them by IEEE's
//! rules: where it meets an infinity or a NaN, the sum is NaN. Exact numerics leave it out.

use smallvec::SmallVec;

use super::Float;
use super::sum::{Put, accumulate};
use super::walk::Walk;
use crate::adjoints::Adjoints;
use crate::product::{Placed, product};
use crate::run::View;
use crate::shape::{Layout, Shape};
use crate::tensor::Tensor;

/// The last two axes of a vector or a matrix, a vector being one row of it: extents and place.
fn matrix(layout: &Layout, start: usize) -> ((usize, usize), Placed) {
    match (layout.dims(), layout.strides()) {
        (&[n], &[by]) => ((1, n), Placed { start, rows: n * by, cols: by }),
        (&[m, n], &[rows, cols]) => ((m, n), Placed { start, rows, cols }),
        _ => unreachable!("affine takes vectors and matrices"),
    }
}

/// A bias of one number for each of m sums, as a matrix of one row.
fn as_row(b: &Layout, start: usize, m: usize) -> Option<Placed> {
    match (b.dims(), b.strides()) {
        (&[n], &[by]) if n == m && (by > 0 || m == 1) => {
            Some(Placed { start, rows: n * by, cols: by })
        }
        _ => None,
    }
}

/// A column of ones, of any length.
const ONES: Placed = Placed { start: 0, rows: 0, cols: 0 };

/// `z = b + x Wᵀ`; `whole` is the layout of z.
pub(crate) fn affine<S: Float>(
    b: Tensor<'_, S>,
    w: Tensor<'_, S>,
    x: Tensor<'_, S>,
    whole: &Layout,
    run: &mut [S],
) {
    let ((m, n), at_w) = matrix(w.layout, w.start);
    let ((rows, _), at_x) = matrix(x.layout, x.start);
    let at_z = Placed { start: 0, rows: m, cols: 1 };
    if let Some(at_b) = as_row(b.layout, b.start, m) {
        product(false, (rows, 1, m), (&mut *run, at_z), (&[S::ONE], ONES), (b.data, at_b));
    } else {
        let walk = Walk::new(whole.shape(), [b.layout, whole]);
        accumulate(Put::Store, &walk, &b.data[b.start..], &mut *run);
    }
    product(true, (rows, n, m), (run, at_z), (x.data, at_x), (w.data, at_w.transposed()));
}

/// An operand whose adjoints are wanted, or not.
pub(crate) type Wanted<'a, S> = (Tensor<'a, S>, View);

/// `b̄ += Σ G` over the axes that b is repeated along, `W̄ += Gᵀ x`, `x̄ += G W`. `false`, with
/// nothing done, if a matrix repeats an element.
pub(crate) fn reverse_affine<S: Float>(
    (b, view_b): Wanted<'_, S>,
    (w, view_w): Wanted<'_, S>,
    (x, view_x): Wanted<'_, S>,
    whole: &Layout,
    g: &[S],
    adjoints: &mut Adjoints<'_, S>,
) -> bool {
    let wanted = |view: View, layout: &Layout| !view.is_cut() && !layout.is_injective();
    if wanted(view_w, w.layout) || wanted(view_x, x.layout) {
        return false;
    }
    let ((m, n), at_w) = matrix(w.layout, w.start);
    let ((rows, _), at_x) = matrix(x.layout, x.start);
    let at_g = Placed { start: 0, rows: m, cols: 1 };
    if !view_b.is_cut() {
        if let Some(at_b) = as_row(b.layout, b.start, m) {
            let add = !adjoints.claim(view_b, b.layout);
            product(add, (1, rows, m), (&mut *adjoints.column, at_b), (&[S::ONE], ONES), (g, at_g));
        } else {
            super::pass_on(Put::Store, (b.layout, view_b), whole, g, adjoints);
        }
    }
    if !view_w.is_cut() {
        let add = !adjoints.claim(view_w, w.layout);
        product(
            add,
            (m, rows, n),
            (&mut *adjoints.column, at_w),
            (g, at_g.transposed()),
            (x.data, at_x),
        );
    }
    if !view_x.is_cut() {
        let add = !adjoints.claim(view_x, x.layout);
        product(add, (rows, m, n), (&mut *adjoints.column, at_x), (g, at_g), (w.data, at_w));
    }
    true
}

/// The matrices of a product over the last two axes: extents, the place of each, and how they are
/// repeated along the leading axes.
struct Matrices {
    extents: (usize, usize, usize),
    a: Placed,
    b: Placed,
    z: Placed,
    /// Leading axes: extent, and the distances of a, b and z.
    batch: SmallVec<[(usize, [usize; 3]); 4]>,
}

impl Matrices {
    fn new(a: &Layout, b: &Layout, shape: &Shape) -> Self {
        let (a_vector, b_vector) = (a.dims().len() == 1, b.dims().len() == 1);
        let (ra, rb) = (a.dims().len(), b.dims().len());
        let (m, at_m) = if a_vector { (1, 0) } else { (a.dims()[ra - 2], a.strides()[ra - 2]) };
        let (k, at_k) = (a.dims()[ra - 1], a.strides()[ra - 1]);
        let (n, at_n) = if b_vector { (1, 0) } else { (b.dims()[rb - 1], b.strides()[rb - 1]) };
        let b_rows = if b_vector { b.strides()[0] } else { b.strides()[rb - 2] };
        let lead = shape.rank() - usize::from(!a_vector) - usize::from(!b_vector);
        let stride = |layout: &Layout, own: usize, axis: usize| {
            (axis + own)
                .checked_sub(lead)
                .map_or(0, |at| if layout.dims()[at] == 1 { 0 } else { layout.strides()[at] })
        };
        let (own_a, own_b) = (ra.saturating_sub(2), rb.saturating_sub(2));
        let mut matrices = Matrices {
            extents: (m, k, n),
            a: Placed { start: 0, rows: at_m, cols: at_k },
            b: Placed { start: 0, rows: b_rows, cols: at_n },
            z: Placed { start: 0, rows: n, cols: 1 },
            batch: SmallVec::new(),
        };
        let mut each = m * n;
        for axis in (0..lead).rev() {
            let extent = shape.dims()[axis];
            let by = [stride(a, own_a, axis), stride(b, own_b, axis), each];
            each *= extent;
            // Matrices that follow each other row by row, times the same one, are one matrix.
            let rows = matrices.extents.0;
            if by[1] == 0
                && matrices.batch.is_empty()
                && !a_vector
                && (by[0] == rows * matrices.a.rows || extent == 1)
            {
                matrices.extents.0 *= extent;
            } else if extent != 1 {
                matrices.batch.push((extent, by));
            }
        }
        matrices
    }

    /// Calls `f` with the places of every pair and of its product.
    fn each(&self, mut f: impl FnMut(Placed, Placed, Placed)) {
        let count: usize = self.batch.iter().map(|axis| axis.0).product();
        for mut i in 0..count {
            let mut starts = [0; 3];
            for &(extent, by) in &self.batch {
                for (start, by) in starts.iter_mut().zip(by) {
                    *start += i % extent * by;
                }
                i /= extent;
            }
            let at = |placed: Placed, start: usize| Placed { start, ..placed };
            f(at(self.a, starts[0]), at(self.b, starts[1]), at(self.z, starts[2]));
        }
    }

    /// Whether operand `i` is the same matrix for several products.
    fn repeats(&self, i: usize) -> bool {
        self.batch.iter().any(|&(_, by)| by[i] == 0)
    }
}

/// The matrix product over the last two axes.
pub(crate) fn matmul<S: Float>(a: Tensor<'_, S>, b: Tensor<'_, S>, shape: &Shape, run: &mut [S]) {
    let matrices = Matrices::new(a.layout, b.layout, shape);
    let (a, b) = (&a.data[a.start..], &b.data[b.start..]);
    matrices.each(|at_a, at_b, at_z| {
        product(false, matrices.extents, (&mut *run, at_z), (a, at_a), (b, at_b))
    });
}

/// `Ā += Ḡ Bᵀ`, `B̄ += Aᵀ Ḡ`, over all leading axes. `false`, with nothing done, if a matrix
/// repeats an element.
pub(crate) fn reverse_matmul<S: Float>(
    (a, view_a): Wanted<'_, S>,
    (b, view_b): Wanted<'_, S>,
    shape: &Shape,
    g: &[S],
    adjoints: &mut Adjoints<'_, S>,
) -> bool {
    let wanted = |view: View, layout: &Layout| !view.is_cut() && !layout.is_injective();
    if wanted(view_a, a.layout) || wanted(view_b, b.layout) {
        return false;
    }
    let matrices = Matrices::new(a.layout, b.layout, shape);
    let (m, k, n) = matrices.extents;
    if !view_a.is_cut() {
        let add = prepare(adjoints, view_a, a.layout, matrices.repeats(0));
        let (target, b) = (&mut adjoints.column[a.start..], &b.data[b.start..]);
        matrices.each(|at_a, at_b, at_z| {
            product(add, (m, n, k), (&mut *target, at_a), (g, at_z), (b, at_b.transposed()));
        });
    }
    if !view_b.is_cut() {
        let add = prepare(adjoints, view_b, b.layout, matrices.repeats(1));
        let (target, a) = (&mut adjoints.column[b.start..], &a.data[a.start..]);
        matrices.each(|at_a, at_b, at_z| {
            product(add, (k, m, n), (&mut *target, at_b), (a, at_a.transposed()), (g, at_z));
        });
    }
    true
}

/// Whether the adjoints are to be added to.
fn prepare<S: Float>(
    adjoints: &mut Adjoints<'_, S>,
    view: View,
    layout: &Layout,
    repeats: bool,
) -> bool {
    if repeats {
        adjoints.touch_view(view, layout);
        return true;
    }
    !adjoints.claim(view, layout)
}
