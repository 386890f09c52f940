//! The kernels of `Fast` numerics on `f32` and `f64`: the same operations as beside them, summed in
//! whatever fixed order vectors like, with the vector forms of the elementary functions.
//!
//! Per element of a result, `|computed − exact| ≤ 8 n ε Σ|terms|` for sums and products of n terms,
//! plus the 2 ulp of each elementary function. What there is no kernel for is left to the generic
//! way.

#![allow(
    clippy::needless_range_loop,
    reason = "kernels index several arrays by one lane; iterators over them are closures in disguise"
)]

mod elementwise;
mod factor;
mod lane;
mod linear;
mod log_sum_exp;
mod sum;
#[cfg(test)]
mod tests;
mod walk;

use elementwise::{Map, ReverseMap, ReverseMapTask, ReverseZip, ReverseZipTask, Zip, ZipTask};
use log_sum_exp::{LogSumExp, Middle, ReverseLogSumExp, ReverseTask};
use sum::{Put, accumulate};
use walk::Walk;

use crate::adjoints::Adjoints;
use crate::elementary::{self, Elementary};
use crate::op::{Binary, Op, Structural, Unary};
use crate::product::Product;
use crate::real::Scalar;
use crate::real::sealed::OnFloats;
use crate::run::{Layouts, View, Wide};
use crate::shape::{Layout, Shape};
use crate::simd::{self, Level};
use crate::structural::reduction::target;
use crate::tensor::Tensor;

/// A number that all kernels are there for.
pub trait Float: Elementary + Product {}

impl Float for f32 {}
impl Float for f64 {}

/// Computes a run.
#[derive(Debug)]
pub struct Forward;

/// See [`Forward`].
#[derive(Debug)]
pub struct ForwardTask<'a, S> {
    pub wide: &'a Wide,
    pub layouts: &'a Layouts,
    pub before: &'a [S],
    pub run: &'a mut [S],
}

impl OnFloats for Forward {
    type Task<'a, S: Scalar> = ForwardTask<'a, S>;

    fn f32(task: ForwardTask<'_, f32>) -> bool {
        forward(task)
    }

    fn f64(task: ForwardTask<'_, f64>) -> bool {
        forward(task)
    }
}

/// Passes on the adjoints of a run.
#[derive(Debug)]
pub struct Reverse;

/// See [`Reverse`].
#[derive(Debug)]
pub struct ReverseRun<'a, S> {
    pub wide: &'a Wide,
    pub layouts: &'a Layouts,
    /// The column up to the end of the run.
    pub values: &'a [S],
    pub g: &'a [S],
    pub adjoints: Adjoints<'a, S>,
}

impl OnFloats for Reverse {
    type Task<'a, S: Scalar> = ReverseRun<'a, S>;

    fn f32(task: ReverseRun<'_, f32>) -> bool {
        reverse(task)
    }

    fn f64(task: ReverseRun<'_, f64>) -> bool {
        reverse(task)
    }
}

fn forward<S: Float>(ForwardTask { wide, layouts, before, run }: ForwardTask<'_, S>) -> bool {
    let operand = |i: usize| Tensor::of(before, wide.operands[i], layouts);
    let shape = layouts.get(wide.layout).shape();
    let level = Level::detected();
    match wide.op {
        Op::Unary(op) => return map(op, operand(0), run),
        Op::Binary(op) => {
            let (x, y) = (operand(0), operand(1));
            let (op, y) = if is_square(op, y) { (Binary::Mul, x) } else { (op, y) };
            if !elementwise::has_binary(op) {
                return false;
            }
            let walk = both(shape, x.layout, y.layout);
            let task =
                ZipTask { op, walk: &walk, x: &x.data[x.start..], y: &y.data[y.start..], out: run };
            simd::call::<Zip<S>>(level, task);
        }
        Op::Structural(Structural::Affine) => {
            linear::affine(operand(0), operand(1), operand(2), layouts.get(wide.layout), run)
        }
        Op::Structural(Structural::MatMul) => linear::matmul(operand(0), operand(1), shape, run),
        Op::Structural(Structural::Sum) => {
            let x = operand(0);
            let source = &x.data[x.start..];
            if run.len() == 1 && x.layout.is_contiguous() {
                let walk = Walk::row(x.layout.len(), [1, 0]);
                accumulate(Put::Store, &walk, source, run);
                return true;
            }
            let walk =
                Walk::new(x.layout.shape(), [x.layout, &target(x.layout, wide.attributes.axes())]);
            run.fill(S::EMPTY);
            accumulate(Put::Add, &walk, source, run);
        }
        Op::Structural(Structural::LogSumExp) => {
            let x = operand(0);
            let Some(middle) = middle(x.layout, wide.attributes.axes()) else { return false };
            simd::call::<LogSumExp<S>>(level, (middle, &x.data[x.start..][..x.layout.len()], run));
        }
        Op::Structural(Structural::Cholesky) => return factor::cholesky(operand(0), run),
        Op::Structural(Structural::CholeskyBack) => {
            return factor::cholesky_back(operand(0), operand(1), run);
        }
        Op::Structural(op @ (Structural::SolveLower | Structural::SolveUpper)) => {
            return factor::solve(op == Structural::SolveUpper, operand(0), operand(1), run);
        }
        _ => return false,
    }
    true
}

/// Two operands of an elementwise operation.
fn both(shape: &Shape, x: &Layout, y: &Layout) -> Walk<2> {
    let flat = |layout: &Layout| layout.shape() == shape && layout.is_contiguous();
    match (flat(x), flat(y)) {
        (true, true) => Walk::row(shape.len(), [1, 1]),
        (true, false) if y.len() == 1 => Walk::row(shape.len(), [1, 0]),
        (false, true) if x.len() == 1 => Walk::row(shape.len(), [0, 1]),
        _ => Walk::new(shape, [x, y]),
    }
}

/// Whether an operation is a power whose exponents are one 2.
fn is_square<S: Float>(op: Binary, exponent: Tensor<'_, S>) -> bool {
    op == Binary::Powi && exponent.layout.len() == 1 && exponent.data[exponent.start] == S::TWO
}

fn map<S: Float>(op: Unary, x: Tensor<'_, S>, run: &mut [S]) -> bool {
    if !elementwise::has_unary(op) {
        return false;
    }
    let level = Level::detected();
    // The kernels are called, not inlined, so a closure does no harm.
    let row = |from: usize, run: &mut [S]| {
        let x = &x.data[from..from + run.len()];
        if !elementary::map(op, level, x, run) {
            simd::call::<Map<S>>(level, (op, x, run));
        }
    };
    if x.layout.is_contiguous() {
        row(x.start, run);
        return true;
    }
    let walk = Walk::new(x.layout.shape(), [x.layout]);
    let (len, [by]) = walk.along();
    if by != 1 {
        return false;
    }
    let mut first = 0;
    for [from] in walk.rows() {
        row(x.start + from, &mut run[first..first + len]);
        first += len;
    }
    true
}

/// A contiguous operand as `[outer, extent, inner]`, if the axes are neighbours.
fn middle(layout: &Layout, axes: &[u8]) -> Option<Middle> {
    let (&first, &last) = (axes.first()?, axes.last()?);
    if !layout.is_contiguous() || (last - first) as usize + 1 != axes.len() {
        return None;
    }
    let dims = layout.dims();
    let (first, end) = (first as usize, last as usize + 1);
    let len = |dims: &[usize]| dims.iter().product();
    Some(Middle {
        outer: len(&dims[..first]),
        extent: len(&dims[first..end]),
        inner: len(&dims[end..]),
    })
}

fn reverse<S: Float>(
    ReverseRun { wide, layouts, values, g, mut adjoints }: ReverseRun<'_, S>,
) -> bool {
    let adjoints = &mut adjoints;
    let operand = |i: usize| Tensor::of(values, wide.operands[i], layouts);
    let view = |i: usize| wide.operands[i];
    let whole = layouts.get(wide.layout);
    let shape = whole.shape();
    let v = &values[wide.out as usize..];
    let level = Level::detected();
    match wide.op {
        Op::Unary(op) => {
            let x = operand(0);
            if view(0).is_cut() {
                return true;
            }
            if !x.layout.is_contiguous() || !elementwise::has_unary(op) {
                return false;
            }
            let put = if adjoints.claim(view(0), x.layout) { Put::Store } else { Put::Add };
            let n = g.len();
            let (x, target) = (&x.data[x.start..][..n], &mut adjoints.column[x.start..][..n]);
            simd::call::<ReverseMap<S>>(level, ReverseMapTask { op, put, x, v, g, target });
        }
        Op::Binary(op) if !elementwise::has_binary(op) && !is_square(op, operand(1)) => {
            return false;
        }
        Op::Binary(op) => {
            reverse_zip(op, [operand(0), operand(1)], [view(0), view(1)], whole, (v, g), adjoints)
        }
        Op::Structural(Structural::Affine) => {
            let operand = |i: usize| (operand(i), view(i));
            return linear::reverse_affine(operand(0), operand(1), operand(2), whole, g, adjoints);
        }
        Op::Structural(Structural::MatMul) => {
            let operand = |i: usize| (operand(i), view(i));
            return linear::reverse_matmul(operand(0), operand(1), shape, g, adjoints);
        }
        Op::Structural(Structural::Sum) if !view(0).is_cut() => {
            let x = operand(0);
            if !x.layout.is_injective() {
                return false;
            }
            let put = if adjoints.claim(view(0), x.layout) { Put::Store } else { Put::Add };
            let walk = if g.len() == 1 && x.layout.is_contiguous() {
                Walk::row(x.layout.len(), [0, 1])
            } else {
                Walk::new(x.layout.shape(), [&target(x.layout, wide.attributes.axes()), x.layout])
            };
            accumulate(put, &walk, g, &mut adjoints.column[x.start..]);
        }
        Op::Structural(Structural::LogSumExp) if !view(0).is_cut() => {
            let x = operand(0);
            let Some(middle) = middle(x.layout, wide.attributes.axes()) else { return false };
            let put = if adjoints.claim(view(0), x.layout) { Put::Store } else { Put::Add };
            let n = x.layout.len();
            let (x, target) = (&x.data[x.start..][..n], &mut adjoints.column[x.start..][..n]);
            simd::call::<ReverseLogSumExp<S>>(level, ReverseTask { put, middle, x, g, target });
        }
        Op::Structural(Structural::Cholesky) if !view(0).is_cut() => {
            let (a, run) = ((operand(0).layout, view(0)), (whole, &v[..g.len()]));
            return factor::reverse_cholesky(a, run, g, adjoints);
        }
        Op::Structural(op @ (Structural::SolveLower | Structural::SolveUpper)) => {
            let (a, b) = ((operand(0), view(0)), (operand(1).layout, view(1)));
            let upper = op == Structural::SolveUpper;
            return factor::reverse_solve(upper, a, b, (whole, &v[..g.len()]), g, adjoints);
        }
        Op::Structural(Structural::Contiguous) if !view(0).is_cut() => {
            pass_on(Put::Store, (operand(0).layout, view(0)), whole, g, adjoints);
        }
        Op::Structural(Structural::Stack) => {
            let each = g.len() / wide.operands.len();
            for (i, g) in g.chunks_exact(each).enumerate().filter(|&(i, _)| !view(i).is_cut()) {
                let layout = operand(i).layout;
                let part = Layout::contiguous(layout.shape().clone());
                pass_on(Put::Store, (layout, view(i)), &part, g, adjoints);
            }
        }
        _ => return false,
    }
    true
}

/// Adds g, of the layout `whole`, to the adjoints of an operand that was broadcast to it;
/// [`Put::StoreNegated`] takes it away.
fn pass_on<S: Float>(
    sign: Put,
    (layout, view): (&Layout, View),
    whole: &Layout,
    g: &[S],
    adjoints: &mut Adjoints<'_, S>,
) {
    let once = layout.len() == g.len();
    let put = match (sign, claim(once, layout, view, adjoints)) {
        (sign, true) => sign,
        (Put::StoreNegated, false) => Put::Subtract,
        (_, false) => Put::Add,
    };
    let walk = if once && layout.is_contiguous() {
        Walk::row(g.len(), [1, 1])
    } else if layout.len() == 1 {
        Walk::row(g.len(), [1, 0])
    } else {
        Walk::new(whole.shape(), [whole, layout])
    };
    accumulate(put, &walk, g, &mut adjoints.column[view.start() as usize..]);
}

/// Whether an operand's adjoints are to be stored: nothing is there, and each of its elements is
/// read once.
fn claim<S: Float>(
    once: bool,
    layout: &Layout,
    view: View,
    adjoints: &mut Adjoints<'_, S>,
) -> bool {
    if once {
        return adjoints.claim(view, layout);
    }
    adjoints.touch_view(view, layout);
    false
}

fn reverse_zip<S: Float>(
    op: Binary,
    [x, y]: [Tensor<'_, S>; 2],
    views: [View; 2],
    whole: &Layout,
    (v, g): (&[S], &[S]),
    adjoints: &mut Adjoints<'_, S>,
) {
    for (second, operand, view) in [(false, x, views[0]), (true, y, views[1])] {
        let is_constant = matches!(op, Binary::Gt | Binary::Ge | Binary::Eq);
        if view.is_cut() || is_constant || (op == Binary::Powi && second) {
            continue;
        }
        match op {
            Binary::Add => pass_on(Put::Store, (operand.layout, view), whole, g, adjoints),
            Binary::Sub => {
                let sign = if second { Put::StoreNegated } else { Put::Store };
                pass_on(sign, (operand.layout, view), whole, g, adjoints);
            }
            _ => {
                let once = operand.layout.len() == g.len();
                let put =
                    if claim(once, operand.layout, view, adjoints) { Put::Store } else { Put::Add };
                let walk = both(whole.shape(), x.layout, y.layout);
                let target = &mut adjoints.column[operand.start..];
                let (x, y) = (&x.data[x.start..], &y.data[y.start..]);
                let task = ReverseZipTask { op, second, put, walk: &walk, x, y, v, g, target };
                simd::call::<ReverseZip<S>>(Level::detected(), task);
            }
        }
    }
}
