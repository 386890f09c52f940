//! Functions of two numbers of one shape.

use std::f64::consts::LN_2;

use wengert_ops::op::Binary;
use wengert_ops::real::Real;

use crate::special;
use crate::val::Val;

pub(crate) fn binary<'w>(op: Binary, x: Val<'w>, y: Val<'w>) -> Val<'w> {
    if let Some(number) = folded(op, x, y) {
        return x.all(number);
    }
    match op {
        Binary::Add => x.op2("stablehlo.add", y),
        Binary::Sub => x.op2("stablehlo.subtract", y),
        Binary::Mul => x.op2("stablehlo.multiply", y),
        Binary::Div => x.op2("stablehlo.divide", y),
        Binary::Rem => x.op2("stablehlo.remainder", y),
        Binary::Powi => match y.splat() {
            Some(1.0) => x,
            Some(2.0) => x * x,
            _ => power(x, y),
        },
        Binary::Powf => power(x, y),
        Binary::Atan2 => x.op2("stablehlo.atan2", y),
        Binary::Hypot => hypot(x, y),
        Binary::Min => x.op2("stablehlo.minimum", y),
        Binary::Max => x.op2("stablehlo.maximum", y),
        Binary::Gt => indicator("GT", x, y),
        Binary::Ge => indicator("GE", x, y),
        Binary::Eq => indicator("EQ", x, y),
        Binary::MulNoNan => mul_no_nan(x, y),
        Binary::MulNoNanEither => y
            .compare("EQ", y.all(0.0))
            .choose(x.compare("EQ", x.all(0.0)).choose(x, y), mul_no_nan(x, y)),
        Binary::SigmoidSlope => {
            let e = (-x).exp();
            let sum = 1.0 + e;
            y.compare("LE", y.all(0.75)).choose(y * (1.0 - y), e / (sum * sum))
        }
        Binary::TanhSlope => {
            let e = (-2.0 * x.abs()).exp();
            let sum = 1.0 + e;
            let near = (1.0 - y) * (1.0 + y);
            y.abs().compare("LE", y.all(0.5)).choose(near, 4.0 * e / (sum * sum))
        }
        Binary::HypotSlope => {
            let origin = is_zero(x).and(is_zero(y));
            let scaled = larger(x, y);
            let (a, b) = (x / scaled, y / scaled);
            origin.choose(x, a / (a * a + b * b).sqrt())
        }
        Binary::OverSquares => {
            // By a factor: XLA makes one of two divisions, whose product may overflow.
            let most = x.all(x.writer.largest * 0.0625);
            let scale = 1.0 / larger(x, y).min(most);
            let (a, b) = (x * scale, y * scale);
            a / (a * a + b * b) * scale
        }
        Binary::PowSlope => {
            let small = y * power(x, y) / x;
            let usual = y * power(x, y - 1.0);
            is_zero(y).choose(y, below(0.5, x, y).choose(small, usual))
        }
        Binary::PowCurve => {
            let factor = y * (y - 1.0);
            let small = factor * power(x, y) / x / x;
            let usual = factor * power(x, y - 2.0);
            is_zero(factor).choose(factor, below(1.0, x, y).choose(small, usual))
        }
        Binary::PowLn => mul_no_nan(power(x, y), x.ln()),
        Binary::LogAddExp => {
            let (large, small) = (x.max(y), x.min(y));
            let sum = large + (small - large).exp().ln_1p();
            // Of infinities too, which have no difference.
            x.compare("EQ", y).choose(x + LN_2, sum)
        }
        Binary::XLogY => {
            let none = is_zero(x).and(y.compare("EQ", y));
            none.choose(x.all(0.0), x * y.ln())
        }
        Binary::DifferenceSigmoid => difference_sigmoid(x, y),
        Binary::NormPpfSlope => special::ppf_slope(x, y),
        Binary::Polygamma => match y.splat() {
            Some(0.0) => x.digamma(),
            _ => y.chlo2("polygamma", x),
        },
        Binary::I0eDerivative => special::i0e_derivative(x, y),
        Binary::I1eDerivative => special::i1e_derivative(x, y),
    }
}

/// The result for two constants: IEEE says which it is.
fn folded(op: Binary, x: Val<'_>, y: Val<'_>) -> Option<f64> {
    let (a, b) = (x.splat()?, y.splat()?);
    let arithmetic = matches!(op, Binary::Add | Binary::Sub | Binary::Mul | Binary::Div);
    arithmetic.then(|| match x.writer.number {
        "f32" => f64::from((a as f32).binary(op, b as f32)),
        _ => a.binary(op, b),
    })
}

fn power<'w>(x: Val<'w>, y: Val<'w>) -> Val<'w> {
    x.op2("stablehlo.power", y)
}

fn is_zero<'w>(x: Val<'w>) -> Val<'w> {
    x.compare("EQ", x.all(0.0))
}

/// The larger of two sizes.
fn larger<'w>(x: Val<'w>, y: Val<'w>) -> Val<'w> {
    x.abs().max(y.abs())
}

/// Where y is below a bound and may be the exponent of a quotient by x.
fn below<'w>(bound: f64, x: Val<'w>, y: Val<'w>) -> Val<'w> {
    let finite = x.abs().compare("LE", x.all(x.writer.largest));
    y.compare("LT", y.all(bound)).and(x.compare("NE", x.all(0.0))).and(finite)
}

/// Without overflow of the squares.
fn hypot<'w>(x: Val<'w>, y: Val<'w>) -> Val<'w> {
    let (large, small) = (larger(x, y), x.abs().min(y.abs()));
    let ratio = small / large;
    // At the origin, and where one is infinite, the ratio is no number.
    let plain = is_zero(large).or(large.compare("GT", large.all(large.writer.largest)));
    plain.choose(large, large * (1.0 + ratio * ratio).sqrt())
}

fn mul_no_nan<'w>(x: Val<'w>, y: Val<'w>) -> Val<'w> {
    match x.splat() {
        Some(number) if number != 0.0 => x * y,
        _ => is_zero(x).choose(x, x * y),
    }
}

/// 1 or 0, and NaN where either is NaN.
fn indicator<'w>(direction: &str, x: Val<'w>, y: Val<'w>) -> Val<'w> {
    let outcome = x.compare(direction, y).choose(x.all(1.0), x.all(0.0));
    let unsure = |x: Val<'w>| x.splat().is_none().then(|| x.compare("NE", x));
    let no_number = match (unsure(x), unsure(y)) {
        (Some(one), Some(other)) => one.or(other),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => return outcome,
    };
    no_number.choose(x.all(f64::NAN), outcome)
}

/// The sigmoid of `x − y`, and what the rounding of that took away: D. E. Knuth, *The art of computer
/// programming*, volume 2, 4.2.2.
fn difference_sigmoid<'w>(x: Val<'w>, y: Val<'w>) -> Val<'w> {
    let d = x - y;
    let e = (-d.abs()).exp();
    let (near, far) = (1.0 / (1.0 + e), e / (1.0 + e));
    let positive = d.compare("GT", d.all(0.0));
    let (v, rest) = (positive.choose(near, far), positive.choose(far, near));
    let back = d - x;
    let low = (x - (d - back)) - (y + back);
    let finite = d.abs().compare("LE", d.all(d.writer.largest));
    finite.choose(v * (1.0 + rest * low), v)
}
