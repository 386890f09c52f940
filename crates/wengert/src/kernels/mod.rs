//! What a wide step computes, on slices of any scalar.
//!
//! A kernel sees the columns as slices and operands as a start and a layout; it knows no tape and no handle. An
//! adjoint stands in the column of adjoints where its value stands in the column of values, so one layout serves both.

pub(crate) mod adjoints;
pub(crate) mod edges;
mod elementwise;
mod fast;
mod linear;
pub(crate) mod moves;
pub(crate) mod product;
pub(crate) mod reduce;
mod reverse;

pub(crate) use reverse::reverse;

use crate::op::{Binary, Leaf, Op, Structural};
use crate::real::Scalar;
use crate::run::{Attr, Layouts, View, Wide};
use crate::shape::{Layout, Shape};

/// How the kernels of tensors compute. Single numbers are always computed in [`Exact`](Numerics::Exact).
///
/// In both modes the same tape on the same machine gives the same bits on every run, and a replay those of the recording.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Numerics {
    /// Every sum in the order of its formula, every operation rounded, every elementary function `libm`'s: the same bits on every platform.
    /// A contribution ledger adds up to the adjoint bit for bit.
    Exact,
    /// Sums in whatever fixed order is fast, products and additions fused, elementary functions in vector form. Each element is within
    /// `8 n ε Σ|terms|` of its sum of n terms, and within 2 ulp of each elementary function. Products of matrices, and the adjoints made of them,
    /// follow IEEE: a zero adjoint times an infinite factor is NaN there, whereas elementwise it passes nothing on, as ever.
    ///
    /// For `f64` and `f32`; other numbers are computed in `Exact`.
    #[default]
    Fast,
}

/// An operand of a kernel: elements of `data` from `start` on.
#[derive(Debug)]
pub(crate) struct Tensor<'a, S> {
    pub(crate) data: &'a [S],
    pub(crate) start: usize,
    pub(crate) layout: &'a Layout,
}

impl<S> Clone for Tensor<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Tensor<'_, S> {}

impl<'a, S: Copy> Tensor<'a, S> {
    pub(crate) fn of(data: &'a [S], view: View, layouts: &'a Layouts) -> Self {
        Tensor { data, start: view.start() as usize, layout: layouts.get(view.layout()) }
    }

    /// The elements in row-major order.
    pub(crate) fn elements(self) -> impl Iterator<Item = S> + 'a {
        self.layout.offsets().map(move |offset| self.data[self.start + offset])
    }
}

/// Computes the run of a wide step from the values before it.
pub(crate) fn forward<S: Scalar>(numerics: Numerics, wide: &Wide, layouts: &Layouts, before: &[S], run: &mut [S]) {
    if numerics == Numerics::Fast && S::on_floats::<fast::Forward>(fast::ForwardTask { wide, layouts, before, run }) {
        return;
    }
    if S::HAS_TANGENT && wide.operands.iter().any(|operand| operand.is_cut()) {
        return forward_detached(wide, layouts, before, run);
    }
    let operand = |i: usize| Tensor::of(before, wide.operands[i], layouts);
    compute(wide, layouts.get(wide.layout).shape(), operand, run);
}

/// As `forward`, with copies of the cut operands that stand still.
fn forward_detached<S: Scalar>(wide: &Wide, layouts: &Layouts, before: &[S], run: &mut [S]) {
    let copies: Vec<(Vec<S>, Layout)> = wide
        .operands
        .iter()
        .map(|&view| {
            let tensor = Tensor::of(before, view, layouts);
            let elements = tensor.elements().map(|x| if view.is_cut() { x.detached() } else { x });
            (elements.collect(), Layout::contiguous(tensor.layout.shape().clone()))
        })
        .collect();
    let operand = |i: usize| Tensor { data: &copies[i].0, start: 0, layout: &copies[i].1 };
    compute(wide, layouts.get(wide.layout).shape(), operand, run);
}

fn compute<'a, S: Scalar>(wide: &Wide, shape: &Shape, operand: impl Fn(usize) -> Tensor<'a, S>, run: &mut [S]) {
    match wide.op {
        // A leaf block holds what it was given.
        Op::Leaf(Leaf::Input | Leaf::Param | Leaf::Data | Leaf::Const) => {}
        Op::Unary(op) => elementwise::map(op, operand(0), run),
        Op::Binary(op) => elementwise::zip(op, operand(0), operand(1), shape, run),
        Op::Structural(op) => match op {
            Structural::Affine => linear::affine(operand(0), operand(1), operand(2), shape, run),
            Structural::MatMul => linear::matmul(operand(0), operand(1), shape, run),
            Structural::Sum => reduce::sum(operand(0), axes(wide), run),
            Structural::Max => reduce::extremum(Binary::Max, operand(0), axes(wide), run),
            Structural::Min => reduce::extremum(Binary::Min, operand(0), axes(wide), run),
            Structural::LogSumExp => reduce::log_sum_exp(operand(0), axes(wide), run),
            Structural::CumSum => reduce::cumulative(operand(0), axes(wide)[0], false, run),
            Structural::CumSumBack => reduce::cumulative(operand(0), axes(wide)[0], true, run),
            Structural::Concat => {
                let mut before = 0;
                for i in 0..wide.operands.len() {
                    let part = operand(i);
                    let (start, place) = moves::part(shape, axes(wide)[0] as usize, before, part.layout.shape());
                    before += part.layout.dims()[axes(wide)[0] as usize];
                    for (element, offset) in part.elements().zip(place.offsets()) {
                        run[start + offset] = element;
                    }
                }
            }
            Structural::Stack => {
                let each = run.len() / wide.operands.len();
                for (i, part) in run.chunks_exact_mut(each).enumerate() {
                    moves::copy(operand(i), part);
                }
            }
            Structural::Contiguous => moves::copy(operand(0), run),
            Structural::Gather => moves::gather(operand(0), index(wide), run),
            Structural::ScatterAdd => moves::scatter_add(operand(0), index(wide), run),
            Structural::Select => elementwise::select(operand(0), operand(1), operand(2), shape, run),
        },
    }
}

pub(crate) fn axes(wide: &Wide) -> &[u8] {
    match &wide.attr {
        Attr::Axes(axes) => axes,
        other => unreachable!("{} has axes, not {other:?}", wide.op),
    }
}

pub(crate) fn index(wide: &Wide) -> &[u32] {
    match &wide.attr {
        Attr::Index(index) => index,
        other => unreachable!("{} has an index, not {other:?}", wide.op),
    }
}
