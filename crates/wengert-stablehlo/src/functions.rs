//! Functions of one number: StableHLO's, CHLO's, or composed of those as their formula says.

use std::f64::consts::{LN_2, LOG2_E};

use wengert_ops::op::Unary;
use wengert_ops::real::Real;

use crate::special;
use crate::val::Val;

/// 1/ln 10.
const LOG10_E: f64 = std::f64::consts::LOG10_E;

pub(crate) fn unary<'w>(op: Unary, x: Val<'w>) -> Val<'w> {
    match op {
        Unary::Neg => match x.splat() {
            Some(number) => x.all(-number),
            None => x.op("stablehlo.negate"),
        },
        Unary::Recip => x.all(1.0).op2("stablehlo.divide", x),
        Unary::Sqrt => x.op("stablehlo.sqrt"),
        Unary::Cbrt => x.op("stablehlo.cbrt"),
        Unary::Exp => x.op("stablehlo.exponential"),
        // e to the power of x ln 2 would lose digits for large x.
        Unary::Exp2 => x.all(2.0).op2("stablehlo.power", x),
        Unary::ExpM1 => x.op("stablehlo.exponential_minus_one"),
        Unary::Ln => x.op("stablehlo.log"),
        Unary::Ln1p => x.op("stablehlo.log_plus_one"),
        Unary::Log2 => x.ln() * LOG2_E,
        Unary::Log10 => x.ln() * LOG10_E,
        Unary::Sin => x.op("stablehlo.sine"),
        Unary::Cos => x.op("stablehlo.cosine"),
        Unary::Tan => x.op("stablehlo.tan"),
        Unary::Asin => x.chlo("asin"),
        Unary::Acos => x.chlo("acos"),
        Unary::Atan => x.chlo("atan"),
        Unary::Sinh => x.chlo("sinh"),
        Unary::Cosh => x.chlo("cosh"),
        Unary::Tanh => x.op("stablehlo.tanh"),
        Unary::Asinh => x.chlo("asinh"),
        Unary::Acosh => x.chlo("acosh"),
        Unary::Atanh => x.chlo("atanh"),
        Unary::Abs => x.op("stablehlo.abs"),
        Unary::Signum => x.op("stablehlo.sign"),
        Unary::Floor => x.op("stablehlo.floor"),
        Unary::Ceil => x.op("stablehlo.ceil"),
        Unary::Round => x.op("stablehlo.round_nearest_afz"),
        Unary::Trunc => {
            x.compare("LT", x.all(0.0)).choose(x.op("stablehlo.ceil"), x.op("stablehlo.floor"))
        }
        Unary::Sigmoid => x.op("stablehlo.logistic"),
        Unary::Softplus => x.relu() + ln_1p_exp_of_minus_size(x),
        Unary::Relu => x.op2("stablehlo.maximum", x.all(0.0)),
        Unary::Erf => x.chlo("erf"),
        Unary::Gaussian => (-(x * x)).exp(),
        Unary::OneMinusSquare => (1.0 - x) * (1.0 + x),
        Unary::LogSigmoid => x.op2("stablehlo.minimum", x.all(0.0)) - ln_1p_exp_of_minus_size(x),
        Unary::Log1mExp => {
            let near = (-(-x).exp_m1()).ln();
            x.compare("LT", x.all(LN_2)).choose(near, (-(-x).exp()).ln_1p())
        }
        Unary::Erfc => x.chlo("erfc"),
        Unary::NormPdf => special::pdf(x),
        Unary::NormCdf => special::cdf(x),
        Unary::NormLogCdf => special::log_cdf(x),
        Unary::NormLogCdfSlope => special::log_cdf_slope(x),
        Unary::NormLogCdfExcess => special::log_cdf_excess(x),
        Unary::NormPpf => special::ppf(x),
        Unary::Lgamma => x.chlo("lgamma"),
        Unary::Digamma => x.chlo("digamma"),
        Unary::I0e => special::i0e(x),
        Unary::I1e => x.chlo("bessel_i1e"),
    }
}

/// `ln(1 + e^−|x|)`
fn ln_1p_exp_of_minus_size<'w>(x: Val<'w>) -> Val<'w> {
    (-x.abs()).exp().ln_1p()
}
