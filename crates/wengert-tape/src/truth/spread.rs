//! What errors of its operands can do to a function's result.
//!
//! By the mean value theorem a result moves by at most the operand's error times the largest slope
//! within reach. The slopes here grow toward the ends of an interval, except where said; so the
//! ends are looked at, and the point itself. Where a pole, a jump or the end of a domain is within
//! reach, the answer is infinite, or the height of the jump.

use wengert_ops::double_double::DoubleDouble;

use crate::op::{Binary, Unary};
use crate::rules;
use wengert_ops::real::{Real, Scalar};

/// `max |op(t) − op(x)|` for t within r of x; v is `op(x)`.
pub(super) fn unary(op: Unary, x: DoubleDouble, v: DoubleDouble, r: f64) -> f64 {
    if r == 0.0 {
        return 0.0;
    }
    let (x, v) = (x.to_f64(), v.to_f64());
    if !v.is_finite() || r.is_nan() {
        return f64::INFINITY;
    }
    // No narrower than the error, however short it is.
    let (low, high) = ((x - r).next_down(), (x + r).next_up());
    let largest = match op {
        Unary::Sin | Unary::Cos => 2.0,
        Unary::Sigmoid | Unary::Gaussian => 1.0,
        Unary::Tanh | Unary::Erf | Unary::Erfc => 2.0,
        Unary::NormPdf | Unary::NormCdf => 1.0,
        Unary::Atan => 4.0,
        _ => f64::INFINITY,
    };
    let spread = match op {
        Unary::Neg | Unary::Abs | Unary::Relu => r,
        Unary::Signum | Unary::Floor | Unary::Ceil | Unary::Round | Unary::Trunc => {
            (low.unary(op) - v).abs().max((high.unary(op) - v).abs())
        }
        Unary::Recip if r < x.abs() => r / x.abs() / (x.abs() - r),
        Unary::Recip => f64::INFINITY,
        // The largest slope may lie inside.
        Unary::Sin | Unary::Cos | Unary::Gaussian | Unary::NormPdf if r > 0.1 => r,
        // Outside the domain within reach.
        Unary::Log1mExp if r >= x => f64::INFINITY,
        Unary::NormPpf if low <= 0.0 || high >= 1.0 => f64::INFINITY,
        Unary::Tan if r > 0.1 => f64::INFINITY,
        _ => {
            let zero = if low < 0.0 && high > 0.0 { 0.0 } else { x };
            let slope =
                [low, x, high, zero].into_iter().map(|t| slope(op, t)).fold(0.0, largest_of);
            slope * r
        }
    };
    if spread.is_nan() { largest } else { spread.min(largest) }
}

fn slope(op: Unary, t: f64) -> f64 {
    let v = t.unary(op);
    // Outside the domain.
    if v.is_nan() { f64::INFINITY } else { rules::unary(op, t, v).value(t).abs() }
}

/// The larger; NaN counts as infinite.
fn largest_of(a: f64, b: f64) -> f64 {
    if b.is_nan() { f64::INFINITY } else { a.max(b) }
}

/// As [`unary`], for two operands, each with its error.
pub(super) fn binary(
    op: Binary,
    x: (DoubleDouble, f64),
    y: (DoubleDouble, f64),
    v: DoubleDouble,
) -> f64 {
    let ((wide_x, rx), (wide_y, ry)) = (x, y);
    if rx == 0.0 && ry == 0.0 {
        // The only function whose centre is not nearly exact.
        return if op == Binary::Rem && wide_x.low() != 0.0 {
            1e-30 * wide_x.to_f64().abs()
        } else {
            0.0
        };
    }
    if !v.is_finite() {
        return f64::INFINITY;
    }
    let (x, y) = (wide_x.to_f64(), wide_y.to_f64());
    // A product in which an error of 0 is nothing, whatever it is multiplied by.
    let part = |r: f64, slope: f64| if r == 0.0 { 0.0 } else { r * slope };
    let spread = match op {
        Binary::Add | Binary::Sub => rx + ry,
        Binary::Mul | Binary::MulNoNan | Binary::MulNoNanEither => {
            part(rx, y.abs()) + part(ry, x.abs()) + part(rx, ry)
        }
        Binary::Div if ry < y.abs() => (rx + part(ry, v.to_f64().abs())) / (y.abs() - ry),
        Binary::Div => f64::INFINITY,
        Binary::Rem => remainder((x, rx), (y, ry)),
        Binary::Powi => {
            let crosses = x.abs() <= rx && y < 0.0;
            let slopes =
                [x - rx, x, x + rx].map(|t| rules::first(op, t, y, t.binary(op, y)).value(t).abs());
            if crosses { f64::INFINITY } else { rx * slopes.into_iter().fold(0.0, largest_of) }
        }
        Binary::Powf | Binary::PowSlope | Binary::PowCurve | Binary::PowLn => {
            let (mut along_x, mut along_y) = (0.0, 0.0);
            for (x, y) in
                [(x, y), (x - rx, y - ry), (x - rx, y + ry), (x + rx, y - ry), (x + rx, y + ry)]
            {
                let v = x.binary(op, y);
                if v.is_nan() {
                    return f64::INFINITY;
                }
                along_x = largest_of(along_x, rules::first(op, x, y, v).value(x).abs());
                along_y = largest_of(along_y, rules::second(op, x, y, v).value(x).abs());
            }
            part(rx, along_x) + part(ry, along_y)
        }
        Binary::Atan2 => {
            let left = libm::hypot(x, y) - rx - ry;
            let at_the_cut = y < ry && x.abs() <= rx && rx > 0.0;
            if left <= 0.0 || at_the_cut {
                return 7.0;
            }
            (part(rx, y.abs() + ry) + part(ry, x.abs() + rx)) / left / left
        }
        // The slopes of both are at most those of 1/h and 1/h², h being the distance from the
        // origin.
        Binary::HypotSlope | Binary::OverSquares => {
            let left = libm::hypot(x, y) - rx - ry;
            match op {
                Binary::HypotSlope if left <= 0.0 => 2.0,
                Binary::HypotSlope => f64::min((rx + ry) / left, 2.0),
                _ if left <= 0.0 => f64::INFINITY,
                _ => (rx + ry) / left / left,
            }
        }
        Binary::LogAddExp => rx.max(ry),
        Binary::XLogY if ry >= y => f64::INFINITY,
        Binary::XLogY => {
            let log = (y - ry).ln().abs().max((y + ry).ln().abs());
            part(rx, log) + part(ry, (x.abs() + rx) / (y - ry))
        }
        Binary::DifferenceSigmoid => {
            let (d, r) = (x - y, rx + ry);
            let slope = |t: f64| t.sigmoid_slope(t.sigmoid());
            if r > 0.1 {
                r.min(1.0)
            } else {
                r * slope(d - r).max(slope(d + r)).max(slope(d)) * 1.1
            }
        }
        // 1/φ(y), from x and y: of both operands' errors.
        Binary::NormPpfSlope if rx >= x || rx >= 1.0 - x => f64::INFINITY,
        Binary::NormPpfSlope => {
            let least = (x - rx).min(1.0 - x - rx);
            v.to_f64() * (rx / least + ry)
        }
        // Computed from the value where that loses nothing, else from x.
        Binary::SigmoidSlope => slope_of_value(op, (x, rx), (y, ry), 0.75),
        Binary::TanhSlope => slope_of_value(op, (x, rx), (y.abs(), ry), 0.5),
        Binary::Hypot => rx + ry,
        Binary::Min | Binary::Max => rx.max(ry),
        Binary::Gt | Binary::Ge | Binary::Eq => {
            let apart = (wide_x - wide_y).to_f64().abs() > rx + ry;
            if apart { 0.0 } else { 1.0 }
        }
    };
    if spread.is_nan() { f64::INFINITY } else { spread }
}

/// The slope of sigmoid or tanh at x, which is computed from their value y up to a limit, and from
/// x above it.
fn slope_of_value(op: Binary, (x, rx): (f64, f64), (y, ry): (f64, f64), limit: f64) -> f64 {
    let by_value = match op {
        Binary::SigmoidSlope => (1.0 - 2.0 * y).abs() + ry,
        _ => 2.0 * y + ry,
    };
    let at = |t: f64| {
        let y = if op == Binary::SigmoidSlope { t.sigmoid() } else { t.tanh() };
        rules::first(op, t, y, t.binary(op, y)).value(t).abs()
    };
    let by_x =
        if rx > 0.1 { 1.0 } else { [x - rx, x, x + rx].map(at).into_iter().fold(0.0, largest_of) };
    let part = |applies: bool, r: f64, slope: f64| if applies && r > 0.0 { r * slope } else { 0.0 };
    part(y - ry <= limit, ry, by_value) + part(y + ry > limit, rx, by_x)
}

/// A remainder moves with its operands as long as their quotient's whole part does not change.
fn remainder((x, rx): (f64, f64), (y, ry): (f64, f64)) -> f64 {
    if ry >= y.abs() {
        return f64::INFINITY;
    }
    let quotient = x / y;
    let off = (rx + quotient.abs() * ry) / (y.abs() - ry) + quotient.abs() * f64::EPSILON;
    let (least, most) = ((quotient - off).trunc(), (quotient + off).trunc());
    if least == most { rx + quotient.abs() * ry } else { y.abs() + ry + rx }
}
