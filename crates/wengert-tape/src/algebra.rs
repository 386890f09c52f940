//! A handle as the rules of structural operations see it: what they say becomes nodes.

use std::ops::Range;

use wengert_ops::algebra::Algebra;

use crate::attributes::Attributes;
use crate::op::Structural;
use crate::real::Scalar;
use crate::shape::Shape;
use crate::var::{Var, or_panic};

impl<S: Scalar> Algebra for Var<'_, S> {
    fn extents(self) -> Shape {
        self.shape()
    }

    fn reshaped(self, shape: &Shape) -> Self {
        // What is repeated, as a broadcast adjoint is, need not be copied for an axis of extent 1.
        or_panic(self.try_reshape(shape.clone()))
    }

    fn permuted(self, order: &[usize]) -> Self {
        or_panic(self.try_permute(order))
    }

    fn repeated(self, shape: &Shape) -> Self {
        or_panic(self.try_broadcast_to(shape.clone()))
    }

    fn part(self, axis: usize, range: Range<usize>) -> Self {
        or_panic(self.try_slice(axis, range))
    }

    fn still(self) -> Self {
        self.detach()
    }

    fn structural(op: Structural, operands: &[Self], attributes: Attributes) -> Self {
        // A rule has at least one operand.
        or_panic(operands[0].tape.record_structural(op, operands, attributes))
    }
}
