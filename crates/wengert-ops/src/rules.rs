//! The derivative rules of the elementwise ops, each written once.
//!
//! A rule states a **local partial**: the derivative of a node's value by one operand, from the
//! operands and the value. Numbers read the table in the reverse sweep, [`Dual`](crate::dual::Dual)
//! numbers in forward mode, `Var` when a gradient is recorded as more nodes, and a formula writer
//! when it is explained.

use crate::op::{Binary, Unary};
use crate::real::{Constant, Real};

/// A local partial. The cases that are known without numbers are kept apart, so that no reader
/// multiplies by one and a structural zero is told from a computed one.
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
    /// A number that depends on the operands, in two factors: their product may over- or underflow
    /// where the contribution, multiplied by one after the other, does not. Where the second is 0
    /// nothing is passed on.
    Product(R, R),
    /// The slope of a choice (of a maximum, an absolute value, a distance at its kink), which is 0
    /// where the operand is not chosen. A zero is no limit of anything here, so it passes nothing
    /// on, not even of an infinite adjoint.
    Choice(R),
}

impl<R: Real> Partial<R> {
    /// The contribution `g · partial` of this edge to its operand's adjoint, or to the node's
    /// tangent; nothing for a structural zero.
    ///
    /// A zero `g` gives zero even if the partial is infinite: see [`Real::mul_no_nan`].
    #[inline(always)]
    pub fn times(self, g: R) -> Option<R> {
        match self {
            Partial::Zero => None,
            Partial::One => Some(g),
            Partial::MinusOne => Some(-g),
            Partial::Of(p) => Some(g.mul_no_nan(p)),
            Partial::Product(p, q) => Some(g.mul_no_nan(p).mul_no_nan_either(q)),
            Partial::Choice(p) => Some(g.mul_no_nan_either(p)),
        }
    }

    /// The partial as a number like `neighbour`.
    #[inline(always)]
    pub fn value(self, neighbour: R) -> R {
        match self {
            Partial::Zero => neighbour.like(0.0),
            Partial::One => neighbour.like(1.0),
            Partial::MinusOne => neighbour.like(-1.0),
            Partial::Of(p) | Partial::Choice(p) => p,
            Partial::Product(p, q) => q.mul_no_nan(p),
        }
    }
}

use Partial::{Choice, MinusOne, Of, One, Product, Zero};

/// `∂v/∂x` of `v = op(x)`.
///
/// Where a formula would lose digits, itself or differentiated once more, its function is an
/// operation of its own: a rule is right to a few ulps, and so is its derivative.
#[inline(always)]
pub fn unary<R: Real>(op: Unary, x: R, v: R) -> Partial<R> {
    let c = |constant| x.like(constant);
    match op {
        Unary::Neg => MinusOne,
        Unary::Recip => Product(-v, v),
        Unary::Sqrt => Of(c(0.5) / v),
        Unary::Cbrt => Of((c(3.0) * (v * v)).recip()),
        Unary::Exp => Of(v),
        Unary::Exp2 => Of(v * x.constant(Constant::Ln2)),
        // Not v + 1, which loses every digit where v is near -1.
        Unary::ExpM1 => Of(x.exp()),
        Unary::Ln => Of(x.recip()),
        Unary::Ln1p => Of((c(1.0) + x).recip()),
        // Not 1/(x ln 2), whose product overflows for large x.
        Unary::Log2 => Of(x.constant(Constant::Log2E) / x),
        Unary::Log10 => Of(x.constant(Constant::Log10E) / x),
        Unary::Sin => Of(x.cos()),
        Unary::Cos => Of(-x.sin()),
        Unary::Tan => Of(c(1.0) + v * v),
        Unary::Asin => Of(x.one_minus_square().sqrt().recip()),
        Unary::Acos => Of(-x.one_minus_square().sqrt().recip()),
        // x² may overflow where 1/(1 + x²) is a number yet.
        Unary::Atan => Of(c(1.0).over_squares(x)),
        Unary::Sinh => Of(x.cosh()),
        Unary::Cosh => Of(x.sinh()),
        Unary::Tanh => Of(x.tanh_slope(v)),
        // hypot does not overflow where x² would.
        Unary::Asinh => Of(x.hypot(c(1.0)).recip()),
        Unary::Acosh => Of(((x - c(1.0)).sqrt() * (x + c(1.0)).sqrt()).recip()),
        Unary::Atanh => Of(x.one_minus_square().recip()),
        Unary::Abs => Choice(x.signum()),
        Unary::Signum | Unary::Floor | Unary::Ceil | Unary::Round | Unary::Trunc => Zero,
        Unary::Sigmoid => Of(x.sigmoid_slope(v)),
        Unary::Softplus => Of(x.sigmoid()),
        Unary::Relu => Choice(x.indicator_gt(c(0.0))),
        Unary::Erf => Of(x.constant(Constant::TwoOverSqrtPi) * x.gaussian()),
        // mul_no_nan: it goes to 0 where x is infinite.
        Unary::Gaussian => Of(c(-2.0) * v.mul_no_nan(x)),
        Unary::OneMinusSquare => Of(c(-2.0) * x),
        Unary::LogSigmoid => Of((-x).sigmoid()),
        // Not 1/(eˣ − 1), which overflows where e⁻ˣ is a number yet.
        Unary::Log1mExp => Of((-x).exp() / -(-x).exp_m1()),
        Unary::Erfc => Of(-(x.constant(Constant::TwoOverSqrtPi) * x.gaussian())),
        // mul_no_nan: it goes to 0 where x is infinite.
        Unary::NormPdf => Of(-v.mul_no_nan(x)),
        Unary::NormCdf => Of(x.norm_pdf()),
        Unary::NormLogCdf => Of(x.norm_log_cdf_slope()),
        Unary::NormLogCdfSlope => Of(-v.mul_no_nan(x.norm_log_cdf_excess())),
        Unary::NormLogCdfExcess => Of(c(1.0) - x.norm_log_cdf_slope().mul_no_nan(v)),
        Unary::NormPpf => Of(x.norm_ppf_slope(v)),
    }
}

/// `∂v/∂x` of `v = op(x, y)`: the partial by the first operand.
#[inline(always)]
pub fn first<R: Real>(op: Binary, x: R, y: R, v: R) -> Partial<R> {
    match op {
        Binary::Add | Binary::Sub | Binary::Rem => One,
        Binary::Mul | Binary::MulNoNan => Of(y),
        Binary::MulNoNanEither => Choice(y),
        Binary::Div => Of(y.recip()),
        // mul_no_nan: the derivative of x⁰ is 0, at x = 0 too.
        Binary::Powi => Of(y.mul_no_nan(x.binary(Binary::Powi, y - y.like(1.0)))),
        Binary::Powf => Of(x.pow_slope(y)),
        Binary::PowSlope => Of(x.pow_curve(y)),
        Binary::PowCurve => Of(y.mul_no_nan(x.pow_curve(y - y.like(1.0)))),
        Binary::PowLn => Of(slope_of_pow_slope(x, y, x.pow_slope(y))),
        Binary::Atan2 => Of(y.over_squares(x)),
        Binary::Hypot => Choice(x.hypot_slope(y)),
        Binary::HypotSlope => {
            let other = y.hypot_slope(x);
            Of(other * other / x.hypot(y))
        }
        // y² − x² as a product, which loses nothing near x = ±y.
        Binary::OverSquares => {
            let h = x.hypot(y);
            Of((y - x) / h / h * ((y + x) / h / h))
        }
        Binary::SigmoidSlope => Of(-(v * (x * x.like(0.5)).tanh())),
        Binary::TanhSlope => Of(x.like(-2.0) * (v * x.tanh())),
        Binary::LogAddExp => Of(x.difference_sigmoid(y)),
        Binary::XLogY => Of(y.ln()),
        Binary::DifferenceSigmoid => Of(v * y.difference_sigmoid(x)),
        Binary::NormPpfSlope => Of(y * v * v),
        Binary::Min => Choice((y.indicator_gt(x) + y.indicator_ge(x)) * x.like(0.5)),
        Binary::Max => Choice((x.indicator_gt(y) + x.indicator_ge(y)) * x.like(0.5)),
        Binary::Gt | Binary::Ge | Binary::Eq => Zero,
    }
}

/// `∂v/∂y` of `v = op(x, y)`: the partial by the second operand.
#[inline(always)]
pub fn second<R: Real>(op: Binary, x: R, y: R, v: R) -> Partial<R> {
    match op {
        Binary::Add => One,
        Binary::Sub => MinusOne,
        Binary::Mul => Of(x),
        // Where x is 0 the value is 0 whatever y is.
        Binary::MulNoNan | Binary::MulNoNanEither => Choice(x),
        // In this order it overflows only where the derivative by x does.
        Binary::Div => Product(y.recip(), -v),
        // The integer that the value was made with; x/y, rounded, may be the next one.
        Binary::Rem => Of(-((x - v) / y).round()),
        // The exponent is an integer: there is no derivative by it. And a slope's second operand is
        // known from its first.
        Binary::Powi | Binary::SigmoidSlope | Binary::TanhSlope | Binary::NormPpfSlope => Zero,
        Binary::LogAddExp => Of(y.difference_sigmoid(x)),
        // x/y, and 0 where both are 0.
        Binary::XLogY => {
            let zero = x.like(0.0);
            Of(x / (y + x.indicator_eq(zero) * y.indicator_eq(zero)))
        }
        Binary::DifferenceSigmoid => Of(-(v * y.difference_sigmoid(x))),
        Binary::Powf => Of(x.pow_ln(y)),
        Binary::PowSlope => Of(slope_of_pow_slope(x, y, v)),
        // Of y (y − 1) xʸ⁻², whose first two factors have a slope of 2y − 1.
        Binary::PowCurve => {
            let two = y.like(2.0);
            Of((two * y - y.like(1.0)) * x.powf(y - two) + v.mul_no_nan(x.ln()))
        }
        // mul_no_nan: x^y (ln x)² goes to 0 with x, though ln x does not.
        Binary::PowLn => Of(v.mul_no_nan(x.ln())),
        Binary::Atan2 => Of(-x.over_squares(y)),
        Binary::Hypot => Choice(y.hypot_slope(x)),
        Binary::HypotSlope => Of(-(v * y.hypot_slope(x) / x.hypot(y))),
        Binary::OverSquares => Of(x.like(-2.0) * (v * y.over_squares(x))),
        Binary::Min => Choice((x.indicator_gt(y) + x.indicator_ge(y)) * x.like(0.5)),
        Binary::Max => Choice((y.indicator_gt(x) + y.indicator_ge(x)) * x.like(0.5)),
        Binary::Gt | Binary::Ge | Binary::Eq => Zero,
    }
}

/// `∂²xʸ/∂x∂y = xʸ⁻¹ + slope · ln x`, the slope `y xʸ⁻¹` by x being known. xʸ⁻¹ is the y-th part of
/// that, or for small y, by which nothing should be divided, xʸ/x; not a power of y − 1, which may
/// be rounded.
#[inline(always)]
fn slope_of_pow_slope<R: Real>(x: R, y: R, slope: R) -> R {
    let small = y.like(0.5).indicator_gt(y);
    let large = y.like(1.0) - small;
    small.mul_no_nan(x.powf(y) / x)
        + large.mul_no_nan(slope / (y + small))
        + slope.mul_no_nan(x.ln())
}
