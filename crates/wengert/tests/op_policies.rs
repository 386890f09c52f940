//! Every elementwise op at special points: zeros of both signs, infinities, NaN, kinks, subnormals,
//! the edges of domains. What is declared on the op table is written out here; the matches are
//! exhaustive.

use wengert::op::{Binary, Unary};
use wengert::{Tape, Var};

const INF: f64 = f64::INFINITY;
const NAN: f64 = f64::NAN;
/// The smallest number above 0.
const TINY: f64 = 5e-324;
const HALF_PI: f64 = std::f64::consts::FRAC_PI_2;
const PI: f64 = std::f64::consts::PI;
/// 1/√(2π)
const PEAK: f64 = 0.398_942_280_401_432_7;
const LN_2: f64 = std::f64::consts::LN_2;

/// (x, value, derivative)
type One = &'static [(f64, f64, f64)];

fn unary(op: Unary) -> One {
    match op {
        Unary::Neg => {
            &[(0.0, -0.0, -1.0), (-0.0, 0.0, -1.0), (INF, -INF, -1.0), (TINY, -TINY, -1.0)]
        }
        Unary::Recip => &[
            (0.0, INF, -INF),
            (-0.0, -INF, -INF),
            (INF, 0.0, -0.0),
            (-INF, -0.0, -0.0),
            (TINY, INF, -INF),
        ],
        // At −0 the root is −0 by IEEE 754, and the slope −∞ with it.
        Unary::Sqrt => &[
            (0.0, 0.0, INF),
            (-0.0, -0.0, -INF),
            (INF, INF, 0.0),
            (-1.0, NAN, NAN),
            (-TINY, NAN, NAN),
        ],
        Unary::Cbrt => &[(0.0, 0.0, INF), (-0.0, -0.0, INF), (INF, INF, 0.0), (-INF, -INF, 0.0)],
        Unary::Exp => &[
            (0.0, 1.0, 1.0),
            (INF, INF, INF),
            (-INF, 0.0, 0.0),
            (710.0, INF, INF),
            (-745.0, TINY, TINY),
        ],
        Unary::Exp2 => &[
            (0.0, 1.0, LN_2),
            (INF, INF, INF),
            (-INF, 0.0, 0.0),
            (1024.0, INF, INF),
            (-1074.0, TINY, TINY),
        ],
        Unary::ExpM1 => &[
            (0.0, 0.0, 1.0),
            (-0.0, -0.0, 1.0),
            (INF, INF, INF),
            (-INF, -1.0, 0.0),
            (TINY, TINY, 1.0),
        ],
        Unary::Ln => &[
            (0.0, -INF, INF),
            (-0.0, -INF, -INF),
            (INF, INF, 0.0),
            (-2.0, NAN, -0.5),
            (1.0, 0.0, 1.0),
        ],
        Unary::Ln1p => &[
            (0.0, 0.0, 1.0),
            (-0.0, -0.0, 1.0),
            (-1.0, -INF, INF),
            (-3.0, NAN, -0.5),
            (INF, INF, 0.0),
        ],
        Unary::Log2 | Unary::Log10 => &[(0.0, -INF, INF), (-0.0, -INF, -INF), (INF, INF, 0.0)],
        Unary::Sin => &[
            (0.0, 0.0, 1.0),
            (-0.0, -0.0, 1.0),
            (INF, NAN, NAN),
            (-INF, NAN, NAN),
            (TINY, TINY, 1.0),
        ],
        Unary::Cos => &[(0.0, 1.0, 0.0), (INF, NAN, NAN), (-INF, NAN, NAN), (TINY, 1.0, -TINY)],
        Unary::Tan => &[(0.0, 0.0, 1.0), (-0.0, -0.0, 1.0), (INF, NAN, NAN), (TINY, TINY, 1.0)],
        Unary::Asin => {
            &[(1.0, HALF_PI, INF), (-1.0, -HALF_PI, INF), (-0.0, -0.0, 1.0), (1.5, NAN, NAN)]
        }
        Unary::Acos => {
            &[(1.0, 0.0, -INF), (-1.0, PI, -INF), (0.0, HALF_PI, -1.0), (-1.5, NAN, NAN)]
        }
        Unary::Atan => {
            &[(INF, HALF_PI, 0.0), (-INF, -HALF_PI, 0.0), (-0.0, -0.0, 1.0), (1e200, HALF_PI, 0.0)]
        }
        Unary::Sinh => &[
            (0.0, 0.0, 1.0),
            (-0.0, -0.0, 1.0),
            (INF, INF, INF),
            (-INF, -INF, INF),
            (800.0, INF, INF),
        ],
        Unary::Cosh => &[(0.0, 1.0, 0.0), (INF, INF, INF), (-INF, INF, -INF), (800.0, INF, INF)],
        Unary::Tanh => &[
            (0.0, 0.0, 1.0),
            (-0.0, -0.0, 1.0),
            (INF, 1.0, 0.0),
            (-INF, -1.0, 0.0),
            (800.0, 1.0, 0.0),
        ],
        Unary::Asinh => &[(0.0, 0.0, 1.0), (-0.0, -0.0, 1.0), (INF, INF, 0.0), (-INF, -INF, 0.0)],
        Unary::Acosh => &[(1.0, 0.0, INF), (0.5, NAN, NAN), (INF, INF, 0.0)],
        Unary::Atanh => &[(1.0, INF, INF), (-1.0, -INF, INF), (-0.0, -0.0, 1.0)],
        Unary::Abs => &[
            (0.0, 0.0, 0.0),
            (-0.0, 0.0, 0.0),
            (INF, INF, 1.0),
            (-INF, INF, -1.0),
            (-TINY, TINY, -1.0),
        ],
        Unary::Signum => &[(0.0, 0.0, 0.0), (-0.0, -0.0, 0.0), (INF, 1.0, 0.0), (-TINY, -1.0, 0.0)],
        Unary::Floor => &[
            (2.0, 2.0, 0.0),
            (-0.0, -0.0, 0.0),
            (-0.5, -1.0, 0.0),
            (INF, INF, 0.0),
            (TINY, 0.0, 0.0),
        ],
        Unary::Ceil => &[
            (2.0, 2.0, 0.0),
            (-0.0, -0.0, 0.0),
            (-0.5, -0.0, 0.0),
            (-INF, -INF, 0.0),
            (TINY, 1.0, 0.0),
        ],
        Unary::Round => &[
            (0.5, 1.0, 0.0),
            (-0.5, -1.0, 0.0),
            (2.5, 3.0, 0.0),
            (-0.0, -0.0, 0.0),
            (INF, INF, 0.0),
        ],
        Unary::Trunc => &[(0.5, 0.0, 0.0), (-0.5, -0.0, 0.0), (-2.0, -2.0, 0.0), (INF, INF, 0.0)],
        Unary::Sigmoid => &[
            (0.0, 0.5, 0.25),
            (-0.0, 0.5, 0.25),
            (INF, 1.0, 0.0),
            (-INF, 0.0, 0.0),
            (800.0, 1.0, 0.0),
            (-745.0, TINY, TINY),
        ],
        Unary::Softplus => &[
            (0.0, LN_2, 0.5),
            (INF, INF, 1.0),
            (-INF, 0.0, 0.0),
            (800.0, 800.0, 1.0),
            (-745.0, TINY, TINY),
        ],
        Unary::Relu => &[
            (0.0, 0.0, 0.0),
            (-0.0, 0.0, 0.0),
            (INF, INF, 1.0),
            (-INF, 0.0, 0.0),
            (TINY, TINY, 1.0),
        ],
        Unary::Erf => {
            &[(0.0, 0.0, std::f64::consts::FRAC_2_SQRT_PI), (INF, 1.0, 0.0), (-INF, -1.0, 0.0)]
        }
        Unary::Gaussian => {
            &[(0.0, 1.0, 0.0), (INF, 0.0, 0.0), (-INF, 0.0, 0.0), (TINY, 1.0, -2.0 * TINY)]
        }
        Unary::LogSigmoid => &[
            (0.0, -LN_2, 0.5),
            (INF, 0.0, 0.0),
            (-INF, -INF, 1.0),
            (-800.0, -800.0, 1.0),
            (745.0, -TINY, TINY),
        ],
        Unary::Log1mExp => &[
            (0.0, -INF, INF),
            (INF, -0.0, 0.0),
            (LN_2, -LN_2, 1.0),
            (-1.0, NAN, 1.0 / (1.0 / std::f64::consts::E - 1.0)),
            (745.0, -TINY, TINY),
        ],
        Unary::Erfc => {
            &[(0.0, 1.0, -std::f64::consts::FRAC_2_SQRT_PI), (INF, 0.0, 0.0), (-INF, 2.0, 0.0)]
        }
        Unary::NormPdf => {
            &[(0.0, PEAK, 0.0), (INF, 0.0, 0.0), (-INF, 0.0, 0.0), (TINY, PEAK, -TINY * PEAK)]
        }
        Unary::NormCdf => &[
            (0.0, 0.5, PEAK),
            (INF, 1.0, 0.0),
            (-INF, 0.0, 0.0),
            (9.0, 1.0, 1.0279773571668915e-18),
        ],
        Unary::NormLogCdf => &[
            (0.0, -LN_2, 2.0 * PEAK),
            (INF, -0.0, 0.0),
            (-INF, -INF, INF),
            (-40.0, -804.6084420137538, 40.02496884720726),
        ],
        Unary::NormLogCdfSlope => {
            &[(0.0, 2.0 * PEAK, -4.0 * PEAK * PEAK), (INF, 0.0, 0.0), (-INF, INF, NAN)]
        }
        Unary::NormLogCdfExcess => &[(0.0, 2.0 * PEAK, 1.0 - 4.0 * PEAK * PEAK), (INF, INF, 1.0)],
        Unary::NormPpf => &[
            (0.5, 0.0, 1.0 / PEAK),
            (0.0, -INF, INF),
            (1.0, INF, INF),
            (-0.1, NAN, NAN),
            (1.1, NAN, NAN),
        ],
        Unary::OneMinusSquare => {
            &[(1.0, 0.0, -2.0), (-1.0, 0.0, 2.0), (0.0, 1.0, 0.0), (INF, -INF, -INF)]
        }
    }
}

/// Whether the derivative is 0 whatever the operand, NaN included.
fn is_piecewise_constant(op: Unary) -> bool {
    matches!(op, Unary::Signum | Unary::Floor | Unary::Ceil | Unary::Round | Unary::Trunc)
}

/// (x, y, value, derivative by x, derivative by y)
type Two = &'static [(f64, f64, f64, f64, f64)];

fn binary(op: Binary) -> Two {
    match op {
        Binary::Add => {
            &[(0.0, -0.0, 0.0, 1.0, 1.0), (-0.0, -0.0, -0.0, 1.0, 1.0), (INF, -INF, NAN, 1.0, 1.0)]
        }
        Binary::Sub => {
            &[(0.0, 0.0, 0.0, 1.0, -1.0), (INF, INF, NAN, 1.0, -1.0), (TINY, TINY, 0.0, 1.0, -1.0)]
        }
        Binary::Mul => {
            &[(0.0, INF, NAN, INF, 0.0), (-0.0, 2.0, -0.0, 2.0, -0.0), (TINY, 0.5, 0.0, 0.5, TINY)]
        }
        Binary::Div => &[
            (1.0, 0.0, INF, INF, -INF),
            (1.0, -0.0, -INF, -INF, -INF),
            (0.0, 0.0, NAN, INF, NAN),
            (1.0, INF, 0.0, 0.0, -0.0),
            (0.0, 2.0, 0.0, 0.5, -0.0),
        ],
        Binary::Rem => &[
            (5.5, 2.0, 1.5, 1.0, -2.0),
            (-5.5, 2.0, -1.5, 1.0, 2.0),
            (-0.0, 2.0, -0.0, 1.0, 0.0),
            (3.0, INF, 3.0, 1.0, 0.0),
            (4.0, 2.0, 0.0, 1.0, -2.0),
            (1.0, 0.0, NAN, 1.0, NAN),
        ],
        // There is no derivative by an integer.
        Binary::Powi => &[
            (0.0, 0.0, 1.0, 0.0, 0.0),
            (0.0, 1.0, 0.0, 1.0, 0.0),
            (0.0, 2.0, 0.0, 0.0, 0.0),
            (-0.0, 3.0, -0.0, 0.0, 0.0),
            (0.0, -1.0, INF, -INF, 0.0),
            (-2.0, 3.0, -8.0, 12.0, 0.0),
            (INF, 2.0, INF, INF, 0.0),
            (INF, -1.0, 0.0, -0.0, 0.0),
            // As in IEEE 754: the zeroth power is constant.
            (NAN, 0.0, 1.0, 0.0, 0.0),
        ],
        Binary::Powf => &[
            (0.0, 0.5, 0.0, INF, 0.0),
            (0.0, 1.0, 0.0, 1.0, 0.0),
            (0.0, 2.0, 0.0, 0.0, 0.0),
            // y jumps from 0ʸ = 1 to 0 here.
            (0.0, 0.0, 1.0, 0.0, -INF),
            (0.0, -1.0, INF, -INF, -INF),
            // An integer power of a negative number is fine; it has no derivative by the power.
            (-2.0, 3.0, -8.0, 12.0, NAN),
            (-2.0, 0.5, NAN, NAN, NAN),
            (1.0, 0.0, 1.0, 0.0, 0.0),
            (INF, 1.0, INF, 1.0, INF),
        ],
        Binary::Atan2 => &[
            (0.0, 0.0, 0.0, NAN, NAN),
            (0.0, -1.0, PI, -1.0, -0.0),
            (-0.0, -1.0, -PI, -1.0, 0.0),
            (1.0, 0.0, HALF_PI, 0.0, -1.0),
            (3e200, 4e200, 0.643_501_108_793_284_4, 4.0 / 25e200, -3.0 / 25e200),
        ],
        Binary::Hypot => &[
            (0.0, 0.0, 0.0, 0.0, 0.0),
            (-0.0, 0.0, 0.0, 0.0, 0.0),
            (3e200, 4e200, 5e200, 0.6, 0.8),
            (-3e-200, 4e-200, 5e-200, -0.6, 0.8),
            (TINY, 0.0, TINY, 1.0, 0.0),
            (0.0, -TINY, TINY, 0.0, -1.0),
        ],
        Binary::Min => &[
            (1.0, 1.0, 1.0, 0.5, 0.5),
            (0.0, -0.0, -0.0, 0.5, 0.5),
            (-INF, 1.0, -INF, 1.0, 0.0),
            (TINY, 0.0, 0.0, 0.0, 1.0),
        ],
        Binary::Max => &[
            (1.0, 1.0, 1.0, 0.5, 0.5),
            (INF, INF, INF, 0.5, 0.5),
            (-INF, 1.0, 1.0, 0.0, 1.0),
            (TINY, 0.0, TINY, 1.0, 0.0),
        ],
        Binary::Gt => {
            &[(1.0, 1.0, 0.0, 0.0, 0.0), (0.0, -0.0, 0.0, 0.0, 0.0), (INF, 1.0, 1.0, 0.0, 0.0)]
        }
        Binary::Ge => {
            &[(1.0, 1.0, 1.0, 0.0, 0.0), (-0.0, 0.0, 1.0, 0.0, 0.0), (-INF, 1.0, 0.0, 0.0, 0.0)]
        }
        Binary::Eq => {
            &[(1.0, 1.0, 1.0, 0.0, 0.0), (-0.0, 0.0, 1.0, 0.0, 0.0), (INF, INF, 1.0, 0.0, 0.0)]
        }
        Binary::MulNoNan => &[
            (0.0, INF, 0.0, INF, 0.0),
            (0.0, NAN, 0.0, NAN, 0.0),
            (-0.0, 2.0, -0.0, 2.0, 0.0),
            (INF, 0.0, NAN, 0.0, INF),
        ],
        Binary::MulNoNanEither => &[
            (0.0, INF, 0.0, INF, 0.0),
            (0.0, NAN, 0.0, NAN, 0.0),
            (INF, 0.0, 0.0, 0.0, INF),
            (NAN, 0.0, 0.0, 0.0, NAN),
            (INF, 0.5, INF, 0.5, INF),
        ],
        Binary::SigmoidSlope => {
            &[(0.0, 0.5, 0.25, 0.0, 0.0), (INF, 1.0, 0.0, 0.0, 0.0), (-INF, 0.0, 0.0, 0.0, 0.0)]
        }
        Binary::TanhSlope => {
            &[(0.0, 0.0, 1.0, 0.0, 0.0), (INF, 1.0, 0.0, 0.0, 0.0), (-INF, -1.0, 0.0, 0.0, 0.0)]
        }
        Binary::HypotSlope => {
            &[(0.0, 0.0, 0.0, NAN, NAN), (3e200, 4e200, 0.6, 0.64 / 5e200, -0.48 / 5e200)]
        }
        Binary::OverSquares => &[(0.0, 0.0, NAN, NAN, NAN), (0.0, 2.0, 0.0, 0.25, 0.0)],
        Binary::PowSlope => {
            &[(0.0, 2.0, 0.0, 2.0, 0.0), (0.0, 1.0, 1.0, 0.0, -INF), (0.0, 0.5, INF, -INF, NAN)]
        }
        Binary::PowCurve => {
            &[(0.0, 2.0, 2.0, 0.0, -INF), (0.0, 3.0, 0.0, 6.0, 0.0), (0.0, 1.0, 0.0, 0.0, INF)]
        }
        Binary::LogAddExp => &[
            (0.0, 0.0, LN_2, 0.5, 0.5),
            (INF, INF, INF, NAN, NAN),
            (-INF, -INF, -INF, NAN, NAN),
            (-INF, 1.0, 1.0, 0.0, 1.0),
            (1e300, -1e300, 1e300, 1.0, 0.0),
        ],
        // A number that is not there costs nothing, and has the logarithm's slope.
        Binary::XLogY => &[
            (0.0, 0.0, 0.0, -INF, 0.0),
            (0.0, -1.0, 0.0, NAN, 0.0),
            (0.0, INF, 0.0, INF, 0.0),
            (2.0, 0.0, -INF, -INF, INF),
            (2.0, 1.0, 0.0, 0.0, 2.0),
        ],
        Binary::DifferenceSigmoid => &[
            (0.0, 0.0, 0.5, 0.25, -0.25),
            (INF, 0.0, 1.0, 0.0, 0.0),
            (-INF, 0.0, 0.0, 0.0, 0.0),
            (INF, INF, NAN, NAN, NAN),
        ],
        Binary::NormPpfSlope => &[(0.5, 0.0, 1.0 / PEAK, 0.0, 0.0), (0.0, -INF, INF, -INF, 0.0)],
        Binary::PowLn => {
            &[(0.0, 2.0, 0.0, 0.0, 0.0), (0.0, 1.0, 0.0, -INF, 0.0), (0.0, 0.0, -INF, INF, INF)]
        }
    }
}

/// Equal bit for bit, any NaN being any other.
fn same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

/// Equal within an ulp or so, either zero being the other: a derivative's zero has no sign to speak
/// of.
fn near(a: f64, b: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= 4.0 * f64::EPSILON * b.abs()
}

/// Looks at value and derivatives in every way there is: scalar nodes, tensors, the sweep, duals,
/// recorded.
#[track_caller]
fn check(
    name: &str,
    at: &[f64],
    record: impl for<'t> Fn(&[Var<'t>]) -> Var<'t>,
    value: f64,
    derivatives: &[f64],
) {
    let tape = Tape::new();
    let vars: Vec<Var<'_>> = at.iter().map(|&x| tape.input(x)).collect();
    let y = record(&vars);
    assert!(
        same(y.value(), value) || (value != 0.0 && near(y.value(), value)),
        "{name}({at:?}) = {y}, not {value}"
    );
    let swept = y.backward();
    let recorded = y.record_gradient(&vars).unwrap();
    for (i, (&x, &exact)) in vars.iter().zip(derivatives).enumerate() {
        let forward = tape.tangents(&[(x, &[1.0])]).unwrap().value(y);
        let reverse = swept.wrt(x);
        assert!(near(reverse, exact), "{name} at {at:?}: derivative {i} is {reverse}, not {exact}");
        assert!(near(forward, exact), "{name} at {at:?}: tangent {i} is {forward}, not {exact}");
        let recorded = recorded[i].map_or(0.0, Var::value);
        assert!(
            near(recorded, exact),
            "{name} at {at:?}: recorded derivative {i} is {recorded}, not {exact}"
        );
    }
    let runs: Vec<Var<'_>> = at.iter().map(|&x| tape.input([x, x, x])).collect();
    let run = record(&runs);
    assert!(
        run.values().iter().all(|&v| same(v, y.value())),
        "{name} at {at:?}: a run has {run}, a number {y}"
    );
    let swept_run = run.backward_with(&[1.0; 3]).unwrap();
    for (&x, &run) in vars.iter().zip(&runs) {
        assert!(
            swept_run.values_wrt(run).iter().all(|&d| near(d, swept.wrt(x))),
            "{name} at {at:?} differs in a run"
        );
    }
}

#[test]
fn unary_ops_at_special_points() {
    for &op in Unary::ALL {
        for &(x, value, derivative) in unary(op) {
            check(op.name(), &[x], |v| v[0].try_unary(op).unwrap(), value, &[derivative]);
        }
        // A NaN is never turned into a number.
        let derivative = if op == Unary::Neg {
            -1.0
        } else if is_piecewise_constant(op) {
            0.0
        } else {
            NAN
        };
        check(op.name(), &[NAN], |v| v[0].try_unary(op).unwrap(), NAN, &[derivative]);
    }
}

#[test]
fn binary_ops_at_special_points() {
    for &op in Binary::ALL {
        for &(x, y, value, dx, dy) in binary(op) {
            check(op.name(), &[x, y], |v| v[0].try_binary(op, v[1]).unwrap(), value, &[dx, dy]);
        }
        // Exceptions are IEEE 754's powers, and the chain rule's zero.
        let slope = matches!(op, Binary::SigmoidSlope | Binary::TanhSlope);
        let slope = slope || op == Binary::NormPpfSlope;
        let known = slope
            || matches!(
                op,
                Binary::Powi
                    | Binary::Powf
                    | Binary::PowSlope
                    | Binary::PowCurve
                    | Binary::MulNoNan
                    | Binary::MulNoNanEither
            );
        for (x, y) in [(NAN, 2.5), (2.5, NAN), (NAN, NAN)].into_iter().filter(|_| !known) {
            let tape = Tape::new();
            let z = tape.input(x).try_binary(op, tape.input(y)).unwrap();
            assert!(z.value().is_nan(), "{op:?} of {x} and {y} is {z}");
        }
    }
}

/// `hypot(∞, 1)` and its like: the derivatives are those of real numbers; at infinity they are NaN
/// or a limit, never a wrong finite slope.
#[test]
fn infinite_operands_give_no_wrong_slopes() {
    // Of a slope the second operand is known from the first.
    let slopes = [Binary::SigmoidSlope, Binary::TanhSlope, Binary::NormPpfSlope];
    for &op in Binary::ALL.iter().filter(|op| !slopes.contains(op)) {
        for (x, y) in [(INF, 1.0), (1.0, INF), (-INF, 1.0), (1.0, -INF), (INF, INF)] {
            let tape = Tape::new();
            let (a, b) = (tape.input(x), tape.input(y));
            let z = a.try_binary(op, b).unwrap();
            let gradients = z.backward();
            for (var, slope) in [(a, gradients.wrt(a)), (b, gradients.wrt(b))] {
                let known: &[f64] = match op {
                    Binary::Mul | Binary::MulNoNan | Binary::MulNoNanEither => &[x, y],
                    // The sign of x, and how often y went into it.
                    Binary::Rem => &[1.0, 0.0],
                    _ => &[0.0, 0.5, 1.0, -1.0],
                };
                let plausible = slope.is_nan() || slope.is_infinite() || known.contains(&slope);
                assert!(plausible, "{op:?}({x}, {y}): derivative by {var:?} is {slope}");
            }
        }
    }
}

#[test]
fn a_zero_adjoint_passes_nothing_on() {
    let tape = Tape::new();
    let x = tape.input(0.0);
    // 0 · d√x/dx, which is 0 · ∞.
    let y = x.sqrt() * 0.0;
    assert_eq!(y.backward().wrt(x), 0.0);
    assert_eq!(y.record_gradient(&[x]).unwrap()[0].unwrap().value(), 0.0);
    let infinite = x.ln();
    assert_eq!(tape.tangents(&[(x, &[0.0])]).unwrap().value(infinite), 0.0);
}

#[test]
fn the_branch_not_selected_does_no_harm() {
    let tape = Tape::new();
    let x = tape.input([0.0, 4.0]);
    // √x has an infinite slope at 0, ln x a value too; where they are not chosen nothing of it may
    // be seen.
    let y = x.indicator_gt(1.0).select(x.sqrt() + x.ln(), x * 3.0).sum();
    assert_eq!(y.value(), 2.0 + 4.0_f64.ln());
    let expected = [3.0, 0.25 + 0.25];
    assert_eq!(y.backward().values_wrt(x), expected);
    assert_eq!(y.record_gradient(&[x]).unwrap()[0].unwrap().values(), expected);
    for i in 0..2 {
        let direction = [f64::from(i == 0), f64::from(i == 1)];
        assert_eq!(tape.tangents(&[(x, &direction)]).unwrap().value(y), expected[i as usize]);
    }
    tape.replay(&[(x, &[9.0, 0.0])]).unwrap();
    assert_eq!(y.value(), 3.0 + 9.0_f64.ln());
    assert_eq!(y.backward().values_wrt(x), [1.0 / 6.0 + 1.0 / 9.0, 3.0]);
}
