//! Every elementwise op against a closed form written with the standard library: value, first and
//! second derivatives, in both precisions. The matches are exhaustive, so an op without a closed
//! form does not compile.
//!
//! The forms are not those of the rule table: `tan` has 1/cos², not 1 + tan².

use wengert::op::{Binary, Unary};
use wengert::{Scalar, Tape, Var};

/// Value, first and second derivative of a unary op, and the points to look at.
type One = (fn(f64) -> f64, fn(f64) -> f64, fn(f64) -> f64, &'static [f64]);

const ALL: &[f64] = &[-3.7, -1.0, -0.4, 0.3, 0.9, 2.2];
const INSIDE: &[f64] = &[-0.9, -0.5, 0.1, 0.7];
const NEAR_0: &[f64] = &[-1.0, -0.4, 0.3, 0.9, 2.2];
const ABOVE: &[f64] = &[0.1, 0.5, 1.0, 3.0, 40.0];

fn zero(_: f64) -> f64 {
    0.0
}

/// The series of A&S 7.1.6, whose terms are all of one sign.
fn erf(x: f64) -> f64 {
    let (mut term, mut sum) = (x, x);
    for n in 1..200 {
        term *= 2.0 * x * x / f64::from(2 * n + 1);
        sum += term;
    }
    std::f64::consts::FRAC_2_SQRT_PI * (-x * x).exp() * sum
}

fn gauss(x: f64) -> f64 {
    std::f64::consts::FRAC_2_SQRT_PI * (-x * x).exp()
}

fn density(x: f64) -> f64 {
    (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt()
}

fn normal(x: f64) -> f64 {
    0.5 + 0.5 * erf(x / 2.0_f64.sqrt())
}

/// By Newton's steps.
fn quantile(p: f64) -> f64 {
    (0..60).fold(0.0, |z, _| z - (normal(z) - p) / density(z))
}

fn logistic_slope(x: f64) -> f64 {
    0.25 / (x / 2.0).cosh().powi(2)
}

fn unary(op: Unary) -> One {
    const LN_2: f64 = std::f64::consts::LN_2;
    const LN_10: f64 = std::f64::consts::LN_10;
    match op {
        Unary::Neg => (|x| -x, |_| -1.0, zero, ALL),
        Unary::Recip => (|x| 1.0 / x, |x| -1.0 / (x * x), |x| 2.0 / (x * x * x), ALL),
        Unary::Sqrt => (f64::sqrt, |x| 0.5 * x.powf(-0.5), |x| -0.25 * x.powf(-1.5), ABOVE),
        Unary::Cbrt => (
            f64::cbrt,
            |x| x.abs().powf(-2.0 / 3.0) / 3.0,
            |x| -x.cbrt() * 2.0 / 9.0 / (x * x),
            ALL,
        ),
        Unary::Exp => (f64::exp, f64::exp, f64::exp, ALL),
        Unary::Exp2 => (f64::exp2, |x| LN_2 * x.exp2(), |x| LN_2 * LN_2 * x.exp2(), ALL),
        Unary::ExpM1 => (f64::exp_m1, f64::exp, f64::exp, ALL),
        Unary::Ln => (f64::ln, |x| 1.0 / x, |x| -1.0 / (x * x), ABOVE),
        Unary::Ln1p => (f64::ln_1p, |x| 1.0 / (1.0 + x), |x| -1.0 / (1.0 + x).powi(2), ABOVE),
        Unary::Log2 => (f64::log2, |x| 1.0 / LN_2 / x, |x| -1.0 / LN_2 / (x * x), ABOVE),
        Unary::Log10 => (f64::log10, |x| 1.0 / LN_10 / x, |x| -1.0 / LN_10 / (x * x), ABOVE),
        Unary::Sin => (f64::sin, f64::cos, |x| -x.sin(), ALL),
        Unary::Cos => (f64::cos, |x| -x.sin(), |x| -x.cos(), ALL),
        Unary::Tan => {
            (f64::tan, |x| 1.0 / x.cos().powi(2), |x| 2.0 * x.sin() / x.cos().powi(3), ALL)
        }
        Unary::Asin => {
            (f64::asin, |x| 1.0 / x.asin().cos(), |x| x / (1.0 - x * x).powf(1.5), INSIDE)
        }
        Unary::Acos => {
            (f64::acos, |x| -1.0 / x.acos().sin(), |x| -x / (1.0 - x * x).powf(1.5), INSIDE)
        }
        Unary::Atan => {
            (f64::atan, |x| x.atan().cos().powi(2), |x| -2.0 * x / (1.0 + x * x).powi(2), ALL)
        }
        Unary::Sinh => (f64::sinh, f64::cosh, f64::sinh, ALL),
        Unary::Cosh => (f64::cosh, f64::sinh, f64::cosh, ALL),
        Unary::Tanh => {
            (f64::tanh, |x| 1.0 / x.cosh().powi(2), |x| -2.0 * x.sinh() / x.cosh().powi(3), ALL)
        }
        Unary::Asinh => {
            (f64::asinh, |x| 1.0 / (x * x + 1.0).sqrt(), |x| -x / (x * x + 1.0).powf(1.5), ALL)
        }
        Unary::Acosh => (
            f64::acosh,
            |x| 1.0 / (x * x - 1.0).sqrt(),
            |x| -x / (x * x - 1.0).powf(1.5),
            &[1.2, 2.0, 40.0],
        ),
        Unary::Atanh => {
            (f64::atanh, |x| x.atanh().cosh().powi(2), |x| 2.0 * x / (1.0 - x * x).powi(2), INSIDE)
        }
        Unary::Abs => (f64::abs, f64::signum, zero, ALL),
        Unary::Signum => (f64::signum, zero, zero, ALL),
        Unary::Floor => (f64::floor, zero, zero, ALL),
        Unary::Ceil => (f64::ceil, zero, zero, ALL),
        Unary::Round => (f64::round, zero, zero, ALL),
        Unary::Trunc => (f64::trunc, zero, zero, ALL),
        Unary::Sigmoid => (
            |x| 0.5 + 0.5 * (x / 2.0).tanh(),
            logistic_slope,
            |x| -logistic_slope(x) * (x / 2.0).tanh(),
            ALL,
        ),
        Unary::Softplus => {
            (|x| (1.0 + x.exp()).ln(), |x| x.exp() / (1.0 + x.exp()), logistic_slope, ALL)
        }
        Unary::Relu => (|x| x.max(0.0), |x| if x > 0.0 { 1.0 } else { 0.0 }, zero, ALL),
        Unary::Erf => (erf, gauss, |x| -2.0 * x * gauss(x), ALL),
        Unary::Gaussian => (
            |x| (-x * x).exp(),
            |x| -2.0 * x * (-x * x).exp(),
            |x| (4.0 * x * x - 2.0) * (-x * x).exp(),
            ALL,
        ),
        Unary::LogSigmoid => {
            (|x| -(1.0 + (-x).exp()).ln(), |x| 1.0 / (1.0 + x.exp()), |x| -logistic_slope(x), ALL)
        }
        Unary::Log1mExp => (
            |x| (1.0 - (-x).exp()).ln(),
            |x| 1.0 / (x.exp() - 1.0),
            |x| -x.exp() / (x.exp() - 1.0).powi(2),
            &[0.5, 1.0, 3.0],
        ),
        Unary::Erfc => (|x| 1.0 - erf(x), |x| -gauss(x), |x| 2.0 * x * gauss(x), ALL),
        Unary::NormPdf => (density, |x| -x * density(x), |x| (x * x - 1.0) * density(x), ALL),
        Unary::NormCdf => (normal, density, |x| -x * density(x), ALL),
        Unary::NormLogCdf => (
            |x| normal(x).ln(),
            |x| density(x) / normal(x),
            |x| -density(x) / normal(x) * (x + density(x) / normal(x)),
            NEAR_0,
        ),
        Unary::NormLogCdfSlope => (
            |x| density(x) / normal(x),
            |x| -density(x) / normal(x) * (x + density(x) / normal(x)),
            |x| {
                let v = density(x) / normal(x);
                v * ((x + v) * (x + 2.0 * v) - 1.0)
            },
            NEAR_0,
        ),
        Unary::NormLogCdfExcess => (
            |x| x + density(x) / normal(x),
            |x| 1.0 - density(x) / normal(x) * (x + density(x) / normal(x)),
            |x| {
                let v = density(x) / normal(x);
                v * ((x + v) * (x + 2.0 * v) - 1.0)
            },
            &[0.3, 0.9, 2.2],
        ),
        // Of Φ at an ordinary number, and so not at exactly that number: A&S, table 26.5.
        Unary::NormPpf => (
            quantile,
            |x| 1.0 / density(quantile(x)),
            |x| quantile(x) / density(quantile(x)).powi(2),
            &[0.1, 0.3, 0.5, 0.8],
        ),
        Unary::OneMinusSquare => (|x| 1.0 - x * x, |x| -2.0 * x, |_| -2.0, ALL),
    }
}

/// Value, first derivatives (x, y), second derivatives (xx, xy, yy) of a binary op at a point, and
/// the points.
type Two = (fn(f64, f64) -> [f64; 6], &'static [(f64, f64)]);

const PLANE: &[(f64, f64)] = &[(0.5, 2.0), (-1.5, 0.7), (2.5, -3.0), (-0.3, -0.8), (7.0, 1.25)];

fn binary(op: Binary) -> Two {
    match op {
        Binary::Add => (|x, y| [x + y, 1.0, 1.0, 0.0, 0.0, 0.0], PLANE),
        Binary::Sub => (|x, y| [x - y, 1.0, -1.0, 0.0, 0.0, 0.0], PLANE),
        Binary::Mul | Binary::MulNoNan | Binary::MulNoNanEither => {
            (|x, y| [x * y, y, x, 0.0, 1.0, 0.0], PLANE)
        }
        Binary::Div => (
            |x, y| [x / y, 1.0 / y, -x / (y * y), 0.0, -1.0 / (y * y), 2.0 * x / (y * y * y)],
            PLANE,
        ),
        Binary::Rem => (|x, y| [x % y, 1.0, -((x - x % y) / y).round(), 0.0, 0.0, 0.0], PLANE),
        Binary::Powi => (
            |x, n| {
                let power = |less: i32| x.powi(n as i32 - less);
                [power(0), n * power(1), 0.0, n * (n - 1.0) * power(2), 0.0, 0.0]
            },
            &[
                (1.5, 3.0),
                (-1.5, 3.0),
                (-0.8, -2.0),
                (2.0, 0.0),
                (-2.0, 1.0),
                (3.0, 2.0),
                (1.1, 17.0),
            ],
        ),
        Binary::Powf => (
            |x, y| {
                let (v, l) = ((y * x.ln()).exp(), x.ln());
                [v, v * y / x, v * l, v * y * (y - 1.0) / (x * x), v / x * (1.0 + y * l), v * l * l]
            },
            &[(0.5, 2.0), (2.0, 0.5), (1.5, -2.25), (3.0, 1.0), (1.0, 4.0)],
        ),
        Binary::Atan2 => (
            |x, y| {
                let r = x * x + y * y;
                let (xy, d) = (2.0 * x * y / (r * r), (x * x - y * y) / (r * r));
                [x.atan2(y), y / r, -x / r, -xy, d, xy]
            },
            PLANE,
        ),
        Binary::Hypot => (
            |x, y| {
                let h = (x * x + y * y).sqrt();
                let h3 = h * h * h;
                [h, x / h, y / h, y * y / h3, -x * y / h3, x * x / h3]
            },
            PLANE,
        ),
        // Of a point on the curve: what is declared is the derivative along it.
        Binary::SigmoidSlope => (
            |x, _| {
                [logistic_slope(x), -logistic_slope(x) * (x / 2.0).tanh(), 0.0, f64::NAN, 0.0, 0.0]
            },
            &[],
        ),
        Binary::TanhSlope => (
            |x, _| {
                [x.cosh().powi(-2), -2.0 * x.tanh() * x.cosh().powi(-2), 0.0, f64::NAN, 0.0, 0.0]
            },
            &[],
        ),
        Binary::HypotSlope => (
            |x, y| {
                let h = (x * x + y * y).sqrt();
                let (h3, h5) = (h.powi(3), h.powi(5));
                [
                    x / h,
                    y * y / h3,
                    -x * y / h3,
                    -3.0 * x * y * y / h5,
                    y * (2.0 * x * x - y * y) / h5,
                    x * (2.0 * y * y - x * x) / h5,
                ]
            },
            PLANE,
        ),
        Binary::OverSquares => (
            |x, y| {
                let r = x * x + y * y;
                let xx = 2.0 * x * (x * x - 3.0 * y * y) / r.powi(3);
                let xy = 2.0 * y * (3.0 * x * x - y * y) / r.powi(3);
                [x / r, (y * y - x * x) / (r * r), -2.0 * x * y / (r * r), xx, xy, -xx]
            },
            PLANE,
        ),
        Binary::PowSlope => (
            |x, y| {
                let (v, l) = (x.powf(y - 3.0), x.ln());
                let xx = y * (y - 1.0) * (y - 2.0) * v;
                let xy = (2.0 * y - 1.0 + y * (y - 1.0) * l) * v * x;
                [
                    y * v * x * x,
                    y * (y - 1.0) * v * x,
                    (1.0 + y * l) * v * x * x,
                    xx,
                    xy,
                    (2.0 + y * l) * l * v * x * x,
                ]
            },
            &[(0.5, 2.0), (2.0, 0.5), (1.5, -2.25), (3.0, 1.0), (1.0, 4.0)],
        ),
        Binary::PowCurve => (
            |x, y| {
                let (v, l, f) = (x.powf(y - 4.0), x.ln(), y * (y - 1.0));
                let (d, dd) = (2.0 * y - 1.0 + f * l, (2.0 + (4.0 * y - 2.0) * l + f * l * l));
                let xy = ((2.0 * y - 1.0) * (y - 2.0) + f + f * (y - 2.0) * l) * v * x;
                [
                    f * v * x * x,
                    f * (y - 2.0) * v * x,
                    d * v * x * x,
                    f * (y - 2.0) * (y - 3.0) * v,
                    xy,
                    dd * v * x * x,
                ]
            },
            &[(0.5, 2.5), (2.0, 0.5), (1.5, -2.25), (3.0, 1.0), (1.0, 4.0)],
        ),
        Binary::LogAddExp => (
            |x, y| {
                let (a, b) = (x.exp(), y.exp());
                let (p, q) = (a / (a + b), b / (a + b));
                [(a + b).ln(), p, q, p * q, -p * q, p * q]
            },
            PLANE,
        ),
        Binary::XLogY => (
            |x, y| [x * y.ln(), y.ln(), x / y, 0.0, 1.0 / y, -x / (y * y)],
            &[(0.5, 2.0), (-1.5, 0.7), (7.0, 1.25)],
        ),
        Binary::DifferenceSigmoid => (
            |x, y| {
                let (a, b) = (x.exp(), y.exp());
                let (p, q) = (a / (a + b), b / (a + b));
                let (d, dd) = (p * q, p * q * (q - p));
                [p, d, -d, dd, -dd, dd]
            },
            PLANE,
        ),
        // Of a point on the curve.
        Binary::NormPpfSlope => (|_, _| [f64::NAN; 6], &[]),
        Binary::PowLn => (
            |x, y| {
                let (v, l) = (x.powf(y - 2.0), x.ln());
                let xx = (2.0 * y - 1.0 + y * (y - 1.0) * l) * v;
                [
                    v * x * x * l,
                    (1.0 + y * l) * v * x,
                    v * x * x * l * l,
                    xx,
                    (2.0 + y * l) * l * v * x,
                    v * x * x * l.powi(3),
                ]
            },
            &[(0.5, 2.0), (2.0, 0.5), (1.5, -2.25), (3.0, 1.0), (1.0, 4.0)],
        ),
        Binary::Min => (
            |x, y| if x < y { [x, 1.0, 0.0, 0.0, 0.0, 0.0] } else { [y, 0.0, 1.0, 0.0, 0.0, 0.0] },
            PLANE,
        ),
        Binary::Max => (
            |x, y| if x > y { [x, 1.0, 0.0, 0.0, 0.0, 0.0] } else { [y, 0.0, 1.0, 0.0, 0.0, 0.0] },
            PLANE,
        ),
        Binary::Gt => (|x, y| [f64::from(x > y), 0.0, 0.0, 0.0, 0.0, 0.0], PLANE),
        Binary::Ge => (|x, y| [f64::from(x >= y), 0.0, 0.0, 0.0, 0.0, 0.0], PLANE),
        Binary::Eq => (|x, y| [f64::from(x == y), 0.0, 0.0, 0.0, 0.0, 0.0], PLANE),
    }
}

/// Evaluates an op at a point in every way there is; `exact` is the value, the gradient and the
/// Hessian by rows.
#[track_caller]
fn check<S: Scalar>(
    name: &str,
    at: &[f64],
    record: impl for<'t> Fn(&[Var<'t, S>]) -> Var<'t, S>,
    exact: (f64, &[f64], &[f64]),
    tolerance: f64,
) {
    let tape = Tape::<S>::default();
    let vars: Vec<Var<'_, S>> = at.iter().map(|&x| tape.input(S::from_f64(x))).collect();
    let y = record(&vars);
    let near = |what: &str, found: S, exact: f64| {
        let off = (found.to_f64() - exact).abs();
        assert!(
            off <= tolerance * exact.abs().max(1.0),
            "{name} at {at:?}: {what} {found:?}, exact {exact}"
        );
    };
    near("value", y.value(), exact.0);
    let swept = y.backward();
    let recorded = y.record_gradient(&vars).unwrap();
    for (i, &x) in vars.iter().enumerate() {
        near("reverse", swept.wrt(x), exact.1[i]);
        near("forward", tape.tangents(&[(x, &[S::from_f64(1.0)])]).unwrap().value(y), exact.1[i]);
        near("recorded", recorded[i].map_or(S::from_f64(0.0), Var::value), exact.1[i]);
        let hessian_row = tape.hvp(y, &[(x, &[S::from_f64(1.0)])], &vars).unwrap();
        let again = recorded[i].map(Var::backward);
        for (j, &other) in vars.iter().enumerate() {
            let exact = exact.2[i * vars.len() + j];
            near("forward over reverse", hessian_row[j][0], exact);
            near(
                "recorded twice",
                again.as_ref().map_or(S::from_f64(0.0), |again| again.wrt(other)),
                exact,
            );
        }
    }
}

fn every_op<S: Scalar>(tolerance: f64) {
    // What the scalar makes of a decimal is the point.
    let rounded = |x: f64| S::from_f64(x).to_f64();
    for &op in Unary::ALL {
        let (value, first, second, points) = unary(op);
        for &x in points {
            let x = rounded(x);
            let exact = (value(x), &[first(x)][..], &[second(x)][..]);
            let size = 1.0 + first(x).abs() + second(x).abs();
            check::<S>(op.name(), &[x], |v| v[0].try_unary(op).unwrap(), exact, tolerance * size);
        }
    }
    for &op in Binary::ALL {
        let (form, points) = binary(op);
        for &(x, y) in points {
            let (x, y) = (rounded(x), rounded(y));
            let [value, dx, dy, xx, xy, yy] = form(x, y);
            let exact = (value, &[dx, dy][..], &[xx, xy, xy, yy][..]);
            let size = 1.0 + [dx, dy, xx, xy, yy].iter().map(|d| d.abs()).sum::<f64>();
            check::<S>(
                op.name(),
                &[x, y],
                |v| v[0].try_binary(op, v[1]).unwrap(),
                exact,
                tolerance * size,
            );
        }
    }
}

#[test]
fn in_double_precision() {
    every_op::<f64>(4.0 * f64::EPSILON);
}

#[test]
fn in_single_precision() {
    every_op::<f32>(4.0 * f64::from(f32::EPSILON));
}

/// The methods of `Var` that are made of ops, and the operators with numbers on either side.
#[test]
fn functions_made_of_ops_and_operators_with_numbers() {
    type Case = (&'static str, fn(Var<'_>) -> Var<'_>, fn(f64) -> [f64; 3]);
    let cases: &[Case] = &[
        ("square", |x| x.square(), |x| [x * x, 2.0 * x, 2.0]),
        (
            "clamp",
            |x| x.clamp(-1.1, 1.5),
            |x| [x.clamp(-1.1, 1.5), if x > -1.1 && x < 1.5 { 1.0 } else { 0.0 }, 0.0],
        ),
        (
            "log",
            |x| x.abs().log(3.0),
            |x| [x.abs().log(3.0), 1.0 / (x * 3.0_f64.ln()), -1.0 / (x * x * 3.0_f64.ln())],
        ),
        ("mul_add", |x| x.mul_add(x, 2.0), |x| [x * x + 2.0, 2.0 * x, 2.0]),
        (
            "sin_cos",
            |x| x.sin_cos().0 * x.sin_cos().1,
            |x| [(2.0 * x).sin() / 2.0, (2.0 * x).cos(), -2.0 * (2.0 * x).sin()],
        ),
        ("fract", |x| x.fract(), |x| [x.fract(), 1.0, 0.0]),
        ("to_radians", |x| x.to_radians(), |x| [x.to_radians(), 1.0_f64.to_radians(), 0.0]),
        ("to_degrees", |x| x.to_degrees(), |x| [x.to_degrees(), 1.0_f64.to_degrees(), 0.0]),
        ("3 - x", |x| 3.0 - x, |x| [3.0 - x, -1.0, 0.0]),
        ("3 / x", |x| 3.0 / x, |x| [3.0 / x, -3.0 / (x * x), 6.0 / (x * x * x)]),
        ("3 % x", |x| 3.0 % x, |x| [3.0 % x, -(3.0 / x).trunc(), 0.0]),
        ("x / 3", |x| x / 3.0, |x| [x / 3.0, 1.0 / 3.0, 0.0]),
        (
            "x += x * 2",
            |x| {
                let mut y = x;
                y += x * 2.0;
                y -= 1.0;
                y *= x;
                y /= 4.0;
                y
            },
            |x| [(3.0 * x - 1.0) * x / 4.0, (6.0 * x - 1.0) / 4.0, 1.5],
        ),
        (
            "sum, product",
            |x| [x, x * x].iter().sum::<Var<'_>>() * [x, x].into_iter().product::<Var<'_>>(),
            |x| [x.powi(3) + x.powi(4), 3.0 * x * x + 4.0 * x.powi(3), 6.0 * x + 12.0 * x * x],
        ),
    ];
    for &(name, f, exact) in cases {
        for &x in ALL {
            let [value, first, second] = exact(x);
            let size = 1.0 + first.abs() + second.abs();
            check::<f64>(
                name,
                &[x],
                |v| f(v[0]),
                (value, &[first], &[second]),
                4.0 * f64::EPSILON * size,
            );
        }
    }
}
