//! The values of structural operations: those that the graph has instructions for, or that only
//! move elements. Any other is [`composed`](Structural::composed) of them by its own rule.
//!
//! Which operations stand here is a matter of speed alone: an instruction of one kind is a kernel.
//! The numbers are those of the rules, and a test of the rule book holds them to that bit for bit.

use smallvec::SmallVec;
use wengert_ops::algebra::Algebra;
use wengert_ops::attributes::Attributes;
use wengert_ops::structural::parts;

use super::access::{Access, Dims, joined, row_major};
use super::exec::rule::Rule;
use super::graph::{Op, Part};
use super::ids::Value;
use super::products::strides;
use super::sym::{Builder, Sym};
use crate::op::{Binary, Structural};
use crate::real::Scalar;
use crate::shape::{Layout, Shape};

/// Reductions to one number of at most so many elements are written out, so that equal ones side by
/// side are found.
const WRITTEN_OUT: usize = 32;
/// Weighted sums to one number, likewise.
pub(crate) const NEURON: usize = 1 << 14;

/// In fast numerics factors of matrices of so many rows, and solves with them, are the library's
/// kernels: smaller ones take no longer composed, and then join what is beside them.
const FACTOR: usize = 16;

/// The value of an operation.
pub(crate) fn structural<'g, S: Scalar>(
    op: Structural,
    operands: &[Sym<'g, S>],
    attributes: &Attributes,
) -> Sym<'g, S> {
    let shapes: SmallVec<[Shape; 3]> = operands.iter().map(|operand| operand.extents()).collect();
    let shape = op.shape(&shapes.iter().collect::<SmallVec<[&Shape; 3]>>(), attributes);
    let shape = shape.expect("a rule's operands fit");
    let dims = shape.dims();
    // A rule has at least one operand.
    let builder = operands[0].builder;
    let access = match op {
        Structural::Affine => affine(builder, operands, dims),
        Structural::MatMul => matmul(builder, operands, dims),
        Structural::Sum => sum(builder, operands[0], attributes.axes(), dims),
        Structural::Max => extremum(builder, Op::Max, operands[0], attributes.axes(), dims),
        Structural::Min => extremum(builder, Op::Min, operands[0], attributes.axes(), dims),
        Structural::Select => {
            let read: SmallVec<[Access<Value>; 3]> =
                operands.iter().map(|operand| operand.access_over(dims)).collect();
            builder.emit(Op::Select, dims, &[], &read)
        }
        Structural::Concat => {
            let axis = attributes.axes()[0] as usize;
            let extents = shapes.iter().map(|shape| shape.dims()[axis]);
            let places = parts(&shape, axis, extents);
            let part = |(operand, (offset, place)): (&Sym<'g, S>, _)| {
                let (dims, from) = operand.elements();
                Part { offset, dims, strides: strides(&place), from }
            };
            builder.joined(dims, operands.iter().zip(places).map(part).collect())
        }
        Structural::Stack => {
            let each = shape.len() / operands.len();
            let part = |(i, operand): (usize, &Sym<'g, S>)| {
                let (dims, from) = operand.elements();
                Part { offset: i * each, strides: row_major(&dims), dims, from }
            };
            builder.joined(dims, operands.iter().enumerate().map(part).collect())
        }
        Structural::Contiguous => operands[0].elements().1,
        Structural::Gather => {
            let (own, from) = operands[0].elements();
            let element = |&i: &u32| from.element(&own, i as usize);
            Access::of(attributes.positions().iter().map(element).collect(), dims)
        }
        Structural::ScatterAdd => {
            let zero = builder.graph.borrow_mut().constant(S::from_f64(0.0));
            let (own, terms) = operands[0].elements();
            let targets = attributes.positions().iter().map(|&i| i as usize);
            let pairs = targets.zip(terms.numbers(&own));
            Access::of(builder.add_in_rounds(vec![zero; shape.len()], pairs), dims)
        }
        Structural::Cholesky
        | Structural::CholeskyBack
        | Structural::SolveLower
        | Structural::SolveUpper
            if builder.fast && shapes[0].dims()[shapes[0].rank() - 1] >= FACTOR =>
        {
            by_rule(builder, op, operands, (attributes, &shape))
        }
        _ => {
            if let Some(composed) = op.composed(operands, attributes) {
                return composed;
            }
            by_rule(builder, op, operands, (attributes, &shape))
        }
    };
    builder.run(dims, access)
}

/// An operation that is composed of nothing is computed by the rule book itself, or by the kernel
/// that a tape has for it.
fn by_rule<S: Scalar>(
    builder: &Builder<S>,
    op: Structural,
    operands: &[Sym<'_, S>],
    (attributes, shape): (&Attributes, &Shape),
) -> Access<Value> {
    let flat = |operand: &Sym<'_, S>| {
        let (dims, access) = operand.elements();
        access.reshaped(&dims, &[dims.iter().product()])
    };
    let read: SmallVec<[Access<Value>; 3]> = operands.iter().map(flat).collect();
    let layouts = operands.iter().map(|operand| Layout::contiguous(operand.extents()));
    let (operands, attributes) = (layouts.collect(), attributes.clone());
    let rule = Rule { op, attributes, operands, shape: shape.clone() };
    let out = builder.graph.borrow_mut().by_rule(rule, &read);
    out.reshaped(&[shape.len()], shape.dims())
}

fn affine<S: Scalar>(
    builder: &Builder<S>,
    operands: &[Sym<'_, S>],
    dims: &[usize],
) -> Access<Value> {
    let (bias, (w_dims, ws), (x_dims, xs)) =
        (operands[0], operands[1].elements(), operands[2].elements());
    let inner = w_dims[w_dims.len() - 1];
    let len: usize = dims.iter().product();
    if len == 1 && inner <= NEURON {
        let mut sum = bias.access_over(dims).first();
        for (x, w) in xs.numbers(&x_dims).into_iter().zip(ws.numbers(&w_dims)) {
            let product = builder.emit_scalar(Binary::Mul, w, x);
            sum = builder.emit_scalar(Binary::Add, sum, product);
        }
        return Access::repeated(sum, dims.len());
    }
    let over = joined(dims, &[inner]);
    // The result's axes are the inputs' rows, then the weights'.
    let rows = |has: &Dims| (has.len() == 2).then_some(Some(0));
    let none = |has: &Dims| (has.len() == 2).then_some(None);
    let last = |has: &Dims| Some(Some(has.len() - 1));
    let axes = |axes: [Option<Option<usize>>; 3]| {
        axes.into_iter().flatten().collect::<SmallVec<[Option<usize>; 3]>>()
    };
    let x = operands[2].along(&axes([rows(&x_dims), none(&w_dims), last(&x_dims)]), &over);
    let w = operands[1].along(&axes([none(&x_dims), rows(&w_dims), last(&w_dims)]), &over);
    let contract = Op::Contract { guarded: false };
    builder.emit(contract, dims, &[inner], &[x, w, bias.access_over(dims)])
}

fn matmul<S: Scalar>(
    builder: &Builder<S>,
    operands: &[Sym<'_, S>],
    dims: &[usize],
) -> Access<Value> {
    let [a, b] = [operands[0].dims(), operands[1].dims()];
    let k = a[a.len() - 1];
    if dims.iter().product::<usize>() == 1 && k <= NEURON {
        let [xs, ys] = [0, 1].map(|i| {
            let (dims, access) = operands[i].elements();
            access.numbers(&dims)
        });
        let products = xs.into_iter().zip(ys).map(|(x, y)| builder.emit_scalar(Binary::Mul, x, y));
        let products: Vec<Value> = products.collect();
        return Access::repeated(builder.total(&products), dims.len());
    }
    // The result's axes: leading ones, a's rows unless it is a vector, b's columns unless it is
    // one. Then the inner one.
    let [matrix_a, matrix_b] = [a.len() > 1, b.len() > 1];
    let leading = dims.len() - usize::from(matrix_a) - usize::from(matrix_b);
    let axes = |own: &Dims, rows: Option<usize>, columns: Option<usize>, inner: usize| {
        let more = leading - own.len().saturating_sub(2);
        let mut axes: SmallVec<[Option<usize>; 4]> =
            (0..leading).map(|axis| axis.checked_sub(more)).collect();
        axes.extend(matrix_a.then_some(rows));
        axes.extend(matrix_b.then_some(columns));
        axes.push(Some(inner));
        axes
    };
    let of_a = axes(&a, a.len().checked_sub(2), None, a.len() - 1);
    let of_b = axes(&b, None, Some(b.len() - 1), b.len().saturating_sub(2));
    let over = joined(dims, &[k]);
    let (a, b) = (operands[0].along(&of_a, &over), operands[1].along(&of_b, &over));
    builder.emit(Op::Contract { guarded: false }, dims, &[k], &[a, b])
}

/// Moves the reduced axes of an operand behind the kept ones: its access over those and `inner`,
/// and `inner`.
fn reduced<S: Scalar>(x: Sym<'_, S>, axes: &[u8]) -> (Access<Value>, Dims) {
    let (dims, access) = x.elements();
    let is_reduced = |axis: &usize| axes.contains(&(*axis as u8));
    let order: SmallVec<[usize; 4]> = (0..dims.len())
        .filter(|axis| !is_reduced(axis))
        .chain(axes.iter().map(|&axis| axis as usize))
        .collect();
    (access.permuted(&dims, &order), axes.iter().map(|&axis| dims[axis as usize]).collect())
}

fn sum<S: Scalar>(
    builder: &Builder<S>,
    x: Sym<'_, S>,
    axes: &[u8],
    dims: &[usize],
) -> Access<Value> {
    let (x, inner) = reduced(x, axes);
    if dims.iter().product::<usize>() == 1 && inner.iter().product::<usize>() <= WRITTEN_OUT {
        let total = builder.total(&x.numbers(&joined(dims, &inner)));
        return Access::repeated(total, dims.len());
    }
    builder.total_over(dims, &inner, &x)
}

fn extremum<S: Scalar>(
    builder: &Builder<S>,
    op: Op,
    x: Sym<'_, S>,
    axes: &[u8],
    dims: &[usize],
) -> Access<Value> {
    let (x, inner) = reduced(x, axes);
    builder.emit(op, dims, &inner, &[x])
}
