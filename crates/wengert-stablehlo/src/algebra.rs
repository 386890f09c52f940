//! A value as rules of structural operations see it.

use std::ops::Range;

use wengert_ops::algebra::Algebra;
use wengert_ops::attributes::Attributes;
use wengert_ops::op::Structural;
use wengert_ops::shape::Shape;

use crate::val::Val;
use crate::{bodies, matrices, moves, products, reductions};

impl Algebra for Val<'_> {
    fn extents(self) -> Shape {
        self.shape()
    }

    fn reshaped(self, shape: &Shape) -> Self {
        self.under(shape)
    }

    fn permuted(self, order: &[usize]) -> Self {
        self.turned(order)
    }

    fn repeated(self, shape: &Shape) -> Self {
        self.spread(shape)
    }

    fn part(self, axis: usize, range: Range<usize>) -> Self {
        let own = self.shape();
        let bound = |(i, &n): (usize, &usize)| {
            if i == axis { (range.start, range.end, 1) } else { (0, n, 1) }
        };
        let bounds: Vec<_> = own.dims().iter().enumerate().map(bound).collect();
        self.window(&bounds)
    }

    fn structural(op: Structural, operands: &[Self], attributes: Attributes) -> Self {
        structural(op, operands, &attributes)
    }

    fn still(self) -> Self {
        self
    }
}

pub(crate) fn structural<'w>(op: Structural, x: &[Val<'w>], attributes: &Attributes) -> Val<'w> {
    let axes: Vec<usize> = attributes.axes().iter().map(|&axis| axis as usize).collect();
    match op {
        Structural::Affine => products::affine(x[0], x[1], x[2]),
        Structural::MatMul => products::matmul(x[0], x[1]),
        Structural::Sum => reductions::sum(x[0], &axes),
        Structural::Max => reductions::max(x[0], &axes),
        Structural::Min => reductions::min(x[0], &axes),
        Structural::LogSumExp => reductions::log_sum_exp(x[0], &axes),
        Structural::CumSum => reductions::running(x[0], axes[0], false, 0.0, |a, b| a + b),
        Structural::CumSumBack => reductions::running(x[0], axes[0], true, 0.0, |a, b| a + b),
        Structural::CumProd => reductions::running(x[0], axes[0], false, 1.0, |a, b| a * b),
        Structural::Concat => moves::concat(x, axes[0]),
        Structural::Stack => moves::stack(x),
        Structural::Contiguous => x[0],
        Structural::Gather | Structural::ScatterAdd => {
            let Attributes::Positions { positions, shape } = attributes else {
                unreachable!("the shape rule asks for positions");
            };
            match op {
                Structural::Gather => moves::gather(x[0], positions, shape),
                _ => moves::scatter_add(x[0], positions, shape),
            }
        }
        Structural::Select => moves::select(x[0], x[1], x[2]),
        Structural::Tril => matrices::triangle(x[0], true),
        Structural::Triu => matrices::triangle(x[0], false),
        Structural::SolveLower => matrices::solve_triangular(x[0], x[1], true),
        Structural::SolveUpper => matrices::solve_triangular(x[0], x[1], false),
        Structural::Cholesky => matrices::cholesky(x[0]),
        Structural::CholeskyBack => matrices::cholesky_back(x[0], x[1]),
        Structural::SortBy => moves::sort_by(x[0], x[1], axes[0]),
        Structural::UnsortBy => moves::unsort_by(x[0], x[1], axes[0]),
        Structural::Take => moves::take(x[0], x[1]),
        Structural::TakeBack => moves::take_back(x[0], x[1], x[2]),
        Structural::Scan => bodies::scan(x, attributes),
        Structural::Cond => bodies::cond(x, attributes),
        Structural::Root => {
            refused(op, x, attributes, "how many steps it takes depends on the numbers")
        }
        Structural::External => refused(op, x, attributes, "it is a function of plain numbers"),
        // What is left says what it is composed of: elimination, reflections, a call.
        _ => op.composed(x, attributes).unwrap_or_else(|| {
            refused(op, x, attributes, "it is not composed of operations that have one")
        }),
    }
}

/// Notes that an operation has no form; any value of its shape.
fn refused<'w>(
    op: Structural,
    x: &[Val<'w>],
    attributes: &Attributes,
    reason: &'static str,
) -> Val<'w> {
    x[0].writer.refuse(op.name(), reason);
    let shapes: Vec<Shape> = x.iter().map(|x| x.shape()).collect();
    let shapes: Vec<&Shape> = shapes.iter().collect();
    let shape = op.shape(&shapes, attributes).expect("it was checked when recorded");
    x[0].writer.splat(0.0, &shape)
}
