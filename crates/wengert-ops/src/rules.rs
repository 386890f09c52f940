//! The derivative rules of the elementwise ops, each written once.
//!
//! A rule states a **local partial**: the derivative of a node's value by one operand, from the operands and the value.
//! Numbers read the table in the reverse sweep, [`Dual`](crate::Dual) numbers in forward mode, [`Var`](crate::Var) when
//! a gradient is recorded as more nodes, and a formula writer when it is explained.

use crate::op::{Binary, Unary};
use crate::real::{Constant, Real};

/// A local partial. The cases that are known without numbers are kept apart, so that no reader multiplies by one
/// and a structural zero is told from a computed one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Partial<R> {
    /// Zero wherever the derivative exists: the operand's choice is piecewise constant.
    Zero,
    /// One.
    One,
    /// Minus one.
    MinusOne,
    /// A number that depends on the operands.
    Of(R),
}

impl<R: Real> Partial<R> {
    /// The contribution `g · partial` of this edge to its operand's adjoint, or to the node's tangent; nothing for a structural zero.
    ///
    /// A zero `g` gives zero even if the partial is infinite: see [`Real::chain`].
    #[inline(always)]
    pub fn times(self, g: R) -> Option<R> {
        match self {
            Partial::Zero => None,
            Partial::One => Some(g),
            Partial::MinusOne => Some(-g),
            Partial::Of(p) => Some(g.chain(p)),
        }
    }

    /// The partial as a number like `neighbour`.
    #[inline(always)]
    pub fn value(self, neighbour: R) -> R {
        match self {
            Partial::Zero => neighbour.like(0.0),
            Partial::One => neighbour.like(1.0),
            Partial::MinusOne => neighbour.like(-1.0),
            Partial::Of(p) => p,
        }
    }
}

use Partial::{MinusOne, Of, One, Zero};

/// `∂v/∂x` of `v = op(x)`.
#[inline(always)]
pub fn unary<R: Real>(op: Unary, x: R, v: R) -> Partial<R> {
    let c = |constant| x.like(constant);
    match op {
        Unary::Neg => MinusOne,
        Unary::Recip => Of(-(v * v)),
        Unary::Sqrt => Of(c(0.5) / v),
        Unary::Cbrt => Of((c(3.0) * (v * v)).recip()),
        Unary::Exp => Of(v),
        Unary::Exp2 => Of(v * x.constant(Constant::Ln2)),
        // Not v + 1, which loses every digit where v is near -1.
        Unary::ExpM1 => Of(x.exp()),
        Unary::Ln => Of(x.recip()),
        Unary::Ln1p => Of((c(1.0) + x).recip()),
        Unary::Log2 => Of((x * x.constant(Constant::Ln2)).recip()),
        Unary::Log10 => Of((x * x.constant(Constant::Ln10)).recip()),
        Unary::Sin => Of(x.cos()),
        Unary::Cos => Of(-x.sin()),
        Unary::Tan => Of(c(1.0) + v * v),
        // (1 - x)(1 + x) keeps the digits near 1 that 1 - x² loses.
        Unary::Asin => Of(((c(1.0) - x) * (c(1.0) + x)).sqrt().recip()),
        Unary::Acos => Of(-(((c(1.0) - x) * (c(1.0) + x)).sqrt().recip())),
        Unary::Atan => Of((c(1.0) + x * x).recip()),
        Unary::Sinh => Of(x.cosh()),
        Unary::Cosh => Of(x.sinh()),
        Unary::Tanh => Of((c(1.0) - v) * (c(1.0) + v)),
        // hypot does not overflow where x² would.
        Unary::Asinh => Of(x.hypot(c(1.0)).recip()),
        Unary::Acosh => Of(((x - c(1.0)).sqrt() * (x + c(1.0)).sqrt()).recip()),
        Unary::Atanh => Of(((c(1.0) - x) * (c(1.0) + x)).recip()),
        Unary::Abs => Of(x.signum()),
        Unary::Signum | Unary::Floor | Unary::Ceil | Unary::Round | Unary::Trunc => Zero,
        Unary::Sigmoid => Of(v * (c(1.0) - v)),
        Unary::Softplus => Of(x.sigmoid()),
        Unary::Relu => Of(x.indicator_gt(c(0.0))),
        Unary::Erf => Of(x.constant(Constant::TwoOverSqrtPi) * (-(x * x)).exp()),
    }
}

/// `∂v/∂x` of `v = op(x, y)`: the partial by the first operand.
#[inline(always)]
pub fn first<R: Real>(op: Binary, x: R, y: R, v: R) -> Partial<R> {
    match op {
        Binary::Add | Binary::Sub | Binary::Rem => One,
        Binary::Mul | Binary::Chain => Of(y),
        Binary::Div => Of(y.recip()),
        // chain: the derivative of x⁰ is 0, at x = 0 too.
        Binary::Powi => Of(y.chain(x.binary(Binary::Powi, y - y.like(1.0)))),
        Binary::Powf => Of(y.chain(x.powf(y - y.like(1.0)))),
        // Divided twice by the hypotenuse, so that x² + y² can neither overflow nor vanish.
        Binary::Atan2 => {
            let h = x.hypot(y);
            Of(y / h / h)
        }
        // At the origin 0/1. Not x times 1/v, which overflows where v is subnormal.
        Binary::Hypot => Of(x / (v + v.indicator_eq(x.like(0.0)))),
        Binary::Min => Of((y.indicator_gt(x) + y.indicator_ge(x)) * x.like(0.5)),
        Binary::Max => Of((x.indicator_gt(y) + x.indicator_ge(y)) * x.like(0.5)),
        Binary::Gt | Binary::Ge | Binary::Eq => Zero,
    }
}

/// `∂v/∂y` of `v = op(x, y)`: the partial by the second operand.
#[inline(always)]
pub fn second<R: Real>(op: Binary, x: R, y: R, v: R) -> Partial<R> {
    match op {
        Binary::Add => One,
        Binary::Sub => MinusOne,
        Binary::Mul | Binary::Chain => Of(x),
        Binary::Div => Of(-(v / y)),
        Binary::Rem => Of(-((x / y).trunc())),
        // The exponent is an integer: there is no derivative by it.
        Binary::Powi => Zero,
        // chain: x^y ln x goes to 0 with x, though ln x does not.
        Binary::Powf => Of(v.chain(x.ln())),
        Binary::Atan2 => {
            let h = x.hypot(y);
            Of(-(x / h / h))
        }
        Binary::Hypot => Of(y / (v + v.indicator_eq(x.like(0.0)))),
        Binary::Min => Of((x.indicator_gt(y) + x.indicator_ge(y)) * x.like(0.5)),
        Binary::Max => Of((y.indicator_gt(x) + y.indicator_ge(x)) * x.like(0.5)),
        Binary::Gt | Binary::Ge | Binary::Eq => Zero,
    }
}
