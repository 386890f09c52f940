//! The rules of structural operations write the graph too: a handle of a number, or of a run, is an
//! [`Algebra`].
//!
//! Views are other accesses of the same values. What the graph has instructions for is stated in
//! [`values`](super::values); of any other operation the value is its rule's `composed`.

use std::ops::Range;

use smallvec::SmallVec;
use wengert_ops::algebra::Algebra;

use super::access::{Access, Dims, Strides, row_major};
use super::ids::Value;
use super::sym::Sym;
use super::values;
use crate::op::Structural;
use crate::real::Scalar;
use crate::shape::Shape;
use wengert_ops::attributes::Attributes;

impl<S: Scalar> Algebra for Sym<'_, S> {
    fn extents(self) -> Shape {
        self.dims().as_slice().into()
    }

    fn reshaped(self, shape: &Shape) -> Self {
        let (dims, access) = self.elements();
        self.builder.run(shape.dims(), access.reshaped(&dims, shape.dims()))
    }

    fn permuted(self, order: &[usize]) -> Self {
        let (dims, access) = self.elements();
        let turned: Dims = order.iter().map(|&axis| dims[axis]).collect();
        self.builder.run(&turned, access.permuted(&dims, order))
    }

    fn repeated(self, shape: &Shape) -> Self {
        self.builder.run(shape.dims(), self.access_over(shape.dims()))
    }

    fn part(self, axis: usize, range: Range<usize>) -> Self {
        let (dims, access) = self.elements();
        let strides = row_major(&dims);
        let mut narrow = dims.clone();
        narrow[axis] = range.len();
        let first = range.start * strides[axis] as usize;
        self.builder.run(&narrow, access.viewed(&dims, first, &strides, &narrow))
    }

    fn structural(op: Structural, operands: &[Self], attributes: Attributes) -> Self {
        values::structural(op, operands, &attributes)
    }

    /// Derivatives come from the rules, and not from the graph.
    fn still(self) -> Self {
        self
    }

    fn nothing(self) -> Self {
        self.builder.constant(S::EMPTY)
    }
}

impl<S: Scalar> Sym<'_, S> {
    /// The elements over other axes, each of them one of its own or a repetition.
    pub(crate) fn along(self, axes: &[Option<usize>], dims: &[usize]) -> Access<Value> {
        let (own, access) = self.elements();
        let steps = row_major(&own);
        let stride = |axis: &Option<usize>| match *axis {
            Some(axis) if own[axis] > 1 => steps[axis],
            _ => 0,
        };
        let strides: Strides = axes.iter().map(stride).collect();
        access.viewed(&own, 0, &strides, dims)
    }

    /// Its elements over `dims`, as broadcasting has them.
    pub(crate) fn access_over(self, dims: &[usize]) -> Access<Value> {
        if let Some(value) = self.number() {
            return Access::repeated(value, dims.len());
        }
        let (own, access) = self.elements();
        if own.as_slice() == dims {
            return access;
        }
        let more = dims.len().checked_sub(own.len()).expect("it broadcasts to more axes");
        let axes: SmallVec<[Option<usize>; 4]> =
            (0..dims.len()).map(|axis| axis.checked_sub(more)).collect();
        self.along(&axes, dims)
    }
}
