//! A value as rules of derivatives see it: elementwise operations become lines.

use std::ops::{Add, Div, Mul, Neg, Rem, Sub};

use wengert_ops::op::{Binary, Unary};
use wengert_ops::real::Real;
use wengert_ops::shape::Shape;

use crate::functions;
use crate::pairs;
use crate::val::Val;

impl<'w> Real for Val<'w> {
    fn like(self, constant: f64) -> Self {
        self.writer.splat(constant, &Shape::scalar())
    }

    fn unary(self, op: Unary) -> Self {
        functions::unary(op, self)
    }

    fn binary(self, op: Binary, other: Self) -> Self {
        let (x, y) = aligned(self, other);
        pairs::binary(op, x, y)
    }

    fn largest(self) -> Self {
        self.like(self.writer.largest)
    }
}

/// Both repeated to the shape of their combination.
pub(crate) fn aligned<'w>(x: Val<'w>, y: Val<'w>) -> (Val<'w>, Val<'w>) {
    let shape = x.shape().broadcast(&y.shape()).expect("the shapes were checked when recorded");
    (x.spread(&shape), y.spread(&shape))
}

macro_rules! operators {
    ($($trait:ident, $method:ident, $op:ident;)*) => {$(
        impl<'w> $trait for Val<'w> {
            type Output = Val<'w>;
            fn $method(self, other: Val<'w>) -> Val<'w> {
                self.binary(Binary::$op, other)
            }
        }
        impl<'w> $trait<f64> for Val<'w> {
            type Output = Val<'w>;
            fn $method(self, other: f64) -> Val<'w> {
                self.binary(Binary::$op, self.all(other))
            }
        }
        impl<'w> $trait<Val<'w>> for f64 {
            type Output = Val<'w>;
            fn $method(self, other: Val<'w>) -> Val<'w> {
                other.all(self).binary(Binary::$op, other)
            }
        }
    )*};
}
operators! {
    Add, add, Add;
    Sub, sub, Sub;
    Mul, mul, Mul;
    Div, div, Div;
    Rem, rem, Rem;
}

impl<'w> Neg for Val<'w> {
    type Output = Val<'w>;
    fn neg(self) -> Val<'w> {
        self.unary(Unary::Neg)
    }
}
