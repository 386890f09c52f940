//! The functions that a text brings along: what the operations of a tape compute where the
//! standard library has nothing of the kind, or something else.
//!
//! Each is the formula of `wengert_ops`, number for number: tests hold the texts to it.

/// A helper by its operation's name, for a type of number: what stands before it in words, and its
/// text. `None` if there is none.
pub(crate) fn text(name: &str, number: &str) -> Option<String> {
    let all = if number == "f32" { SINGLE } else { DOUBLE };
    let (_, text) = all.iter().chain(BOTH).find(|(known, _)| *known == name)?;
    Some(text.trim_start_matches('\n').replace("f__", number))
}

/// Other helpers that a helper calls.
pub(crate) fn calls(name: &str) -> &'static [&'static str] {
    match name {
        "hypot_slope" | "over_squares" => &["scaled"],
        _ => &[],
    }
}

/// Whether a helper needs functions of the platform, and so is not written where the caller names a
/// module of functions.
pub(crate) fn is_elementary(name: &str) -> bool {
    matches!(
        name,
        "sigmoid"
            | "softplus"
            | "gaussian"
            | "sigmoid_slope"
            | "tanh_slope"
            | "hypot_slope"
            | "over_squares"
            | "pow_slope"
            | "pow_curve"
            | "pow_ln"
    )
}

const BOTH: &[(&str, &str)] = &[
    (
        "square",
        "
/// x²
fn square(x: f__) -> f__ {
    x * x
}",
    ),
    (
        "signum",
        "
/// The sign of x; x itself where x is 0 or NaN.
fn signum(x: f__) -> f__ {
    if x > 0.0 { 1.0 } else if x < 0.0 { -1.0 } else { x }
}",
    ),
    (
        "relu",
        "
/// max(x, 0), and NaN where x is NaN.
fn relu(x: f__) -> f__ {
    if x <= 0.0 { 0.0 } else { x }
}",
    ),
    (
        "one_minus_square",
        "
/// 1 - x²
fn one_minus_square(x: f__) -> f__ {
    (1.0 - x) * (1.0 + x)
}",
    ),
    (
        "min",
        "
/// The smaller, and NaN where either is NaN.
fn min(x: f__, y: f__) -> f__ {
    if x < y { x } else if y <= x { y } else { x + y }
}",
    ),
    (
        "max",
        "
/// The larger, and NaN where either is NaN.
fn max(x: f__, y: f__) -> f__ {
    if x > y { x } else if y >= x { y } else { x + y }
}",
    ),
    (
        "indicator_gt",
        "
/// 1 if x > y, else 0, and NaN where either is NaN.
fn indicator_gt(x: f__, y: f__) -> f__ {
    if x > y { 1.0 } else if x <= y { 0.0 } else { x + y }
}",
    ),
    (
        "indicator_ge",
        "
/// 1 if x >= y, else 0, and NaN where either is NaN.
fn indicator_ge(x: f__, y: f__) -> f__ {
    if x >= y { 1.0 } else if x < y { 0.0 } else { x + y }
}",
    ),
    (
        "indicator_eq",
        "
/// 1 if x = y, else 0, and NaN where either is NaN.
fn indicator_eq(x: f__, y: f__) -> f__ {
    if x == y { 1.0 } else if x < y || x > y { 0.0 } else { x + y }
}",
    ),
    (
        "mul_no_nan",
        "
/// The chain rule's product: a zero adjoint passes nothing on, not even times an infinity.
#[inline(always)]
fn mul_no_nan(adjoint: f__, partial: f__) -> f__ {
    if adjoint == 0.0 { adjoint } else { adjoint * partial }
}",
    ),
    (
        "mul_no_nan_either",
        "
/// The chain rule's product where the partial is that of a choice: what was not chosen passes
/// nothing on.
#[inline(always)]
fn mul_no_nan_either(adjoint: f__, partial: f__) -> f__ {
    if adjoint == 0.0 {
        adjoint
    } else if partial == 0.0 {
        partial
    } else {
        adjoint * partial
    }
}",
    ),
    (
        "sum_of",
        "
/// The sum, in eight lanes: the program leaves its order open.
#[inline(always)]
fn sum_of(x: &[f__]) -> f__ {
    let (chunks, rest) = x.as_chunks::<8>();
    let mut lanes = [-0.0; 8];
    for x in chunks {
        for i in 0..8 {
            lanes[i] += x[i];
        }
    }
    let [a, b, c, d, e, f, g, h] = lanes;
    rest.iter().fold(((a + e) + (c + g)) + ((b + f) + (d + h)), |sum, x| sum + x)
}",
    ),
    (
        "dot",
        "
/// The sum of products, in eight lanes: the program leaves its order open.
#[inline(always)]
fn dot(x: &[f__], y: &[f__]) -> f__ {
    let ((xs, x), (ys, y)) = (x.as_chunks::<8>(), y.as_chunks::<8>());
    let mut lanes = [-0.0; 8];
    for (x, y) in xs.iter().zip(ys) {
        for i in 0..8 {
            lanes[i] += x[i] * y[i];
        }
    }
    let [a, b, c, d, e, f, g, h] = lanes;
    let sum = ((a + e) + (c + g)) + ((b + f) + (d + h));
    x.iter().zip(y).fold(sum, |sum, (x, y)| sum + x * y)
}",
    ),
    (
        "powi",
        "
/// xⁿ for an integer n.
fn powi(x: f__, n: f__) -> f__ {
    if n == 2.0 { x * x } else if n == 1.0 { x } else { x.powf(n) }
}",
    ),
    (
        "powi_of_module",
        "
/// xⁿ for an integer n.
fn powi(x: f__, n: f__) -> f__ {
    if n == 2.0 { x * x } else if n == 1.0 { x } else { powf(x, n) }
}",
    ),
    (
        "sigmoid_slope",
        "
/// The slope of the sigmoid at x, where it is y.
fn sigmoid_slope(x: f__, y: f__) -> f__ {
    // y (1 - y) while the rounding of y does not show in 1 - y.
    if y <= 0.75 {
        return y * (1.0 - y);
    }
    let e = (-x).exp();
    let sum = 1.0 + e;
    e / (sum * sum)
}",
    ),
    (
        "tanh_slope",
        "
/// The slope of tanh at x, where it is y.
fn tanh_slope(x: f__, y: f__) -> f__ {
    if y.abs() <= 0.5 {
        return (1.0 - y) * (1.0 + y);
    }
    let e = (-2.0 * x.abs()).exp();
    let sum = 1.0 + e;
    4.0 * e / (sum * sum)
}",
    ),
    (
        "softplus",
        "
/// ln(1 + eˣ)
fn softplus(x: f__) -> f__ {
    (if x > 0.0 { x } else { 0.0 }) + (-x.abs()).exp().ln_1p()
}",
    ),
    (
        "hypot_slope",
        "
/// x/√(x² + y²), and 0 at the origin.
fn hypot_slope(x: f__, y: f__) -> f__ {
    if x == 0.0 && y == 0.0 {
        return x;
    }
    let (x, h, _) = scaled(x, y);
    x / h
}",
    ),
    (
        "over_squares",
        "
/// x/(x² + y²)
fn over_squares(x: f__, y: f__) -> f__ {
    let (x, h, scale) = scaled(x, y);
    x / h / h * scale
}",
    ),
];

const DOUBLE: &[(&str, &str)] = &[
    (
        "sigmoid",
        "
/// 1/(1 + e⁻ˣ)
fn sigmoid(x: f64) -> f64 {
    // Where e⁻ˣ overflows, it is eˣ to the last bit.
    if x < -709.0 { x.exp() } else { 1.0 / (1.0 + (-x).exp()) }
}",
    ),
    (
        "gaussian",
        "
/// e^(-x²): x = a + b, where a has so few bits that a² is exact, and x² = a² + b (x + a).
fn gaussian(x: f64) -> f64 {
    if x.abs() > 30.0 {
        return 0.0;
    }
    let a = f64::from_bits(x.to_bits() & !((1 << 27) - 1));
    (-(a * a)).exp() * ((a - x) * (x + a)).exp()
}",
    ),
    (
        "scaled",
        "
/// A point scaled so that its distance from the origin is a normal number: x, the distance, the
/// scale.
fn scaled(x: f64, y: f64) -> (f64, f64, f64) {
    const UP: f64 = 2.582249878086909e120;
    let h = x.hypot(y);
    if h < UP.recip() {
        return (x * UP, (x * UP).hypot(y * UP), UP);
    }
    if h == f64::INFINITY && x.is_finite() && y.is_finite() {
        return (x * 0.25, (x * 0.25).hypot(y * 0.25), 0.25);
    }
    (x, h, 1.0)
}",
    ),
    (
        "pow_slope",
        "
/// y xʸ⁻¹. Below 1/2, y - 1 is rounded, and that counts ln x times in a power.
fn pow_slope(x: f64, y: f64) -> f64 {
    if y == 0.0 {
        y
    } else if y < 0.5 && x != 0.0 && x.is_finite() {
        y * x.powf(y) / x
    } else {
        y * x.powf(y - 1.0)
    }
}",
    ),
    (
        "pow_curve",
        "
/// y (y - 1) xʸ⁻²
fn pow_curve(x: f64, y: f64) -> f64 {
    let factor = y * (y - 1.0);
    if factor == 0.0 {
        factor
    } else if y < 1.0 && x != 0.0 && x.is_finite() {
        factor * x.powf(y) / x / x
    } else {
        factor * x.powf(y - 2.0)
    }
}",
    ),
    (
        "pow_ln",
        "
/// xʸ ln x, and 0 where xʸ is 0.
fn pow_ln(x: f64, y: f64) -> f64 {
    let power = x.powf(y);
    if power == 0.0 { power } else { power * x.ln() }
}",
    ),
];

const SINGLE: &[(&str, &str)] = &[
    (
        "sigmoid",
        "
/// 1/(1 + e⁻ˣ)
fn sigmoid(x: f32) -> f32 {
    // Where e⁻ˣ overflows, it is eˣ to the last bit.
    if x < -88.0 { x.exp() } else { 1.0 / (1.0 + (-x).exp()) }
}",
    ),
    (
        "gaussian",
        "
/// e^(-x²), of a square that is not rounded.
fn gaussian(x: f32) -> f32 {
    let x = f64::from(x);
    (-(x * x)).exp() as f32
}",
    ),
    (
        "scaled",
        "
/// A point scaled so that its distance from the origin is a normal number: x, the distance, the
/// scale.
fn scaled(x: f32, y: f32) -> (f32, f32, f32) {
    const UP: f32 = 1.267_650_6e30;
    let h = x.hypot(y);
    if h < UP.recip() {
        return (x * UP, (x * UP).hypot(y * UP), UP);
    }
    if h == f32::INFINITY && x.is_finite() && y.is_finite() {
        return (x * 0.25, (x * 0.25).hypot(y * 0.25), 0.25);
    }
    (x, h, 1.0)
}",
    ),
    (
        "pow_slope",
        "
/// y xʸ⁻¹, by way of f64. Below 1/2, y - 1 is rounded, and that counts ln x times in a power.
fn pow_slope(x: f32, y: f32) -> f32 {
    let (x, y) = (f64::from(x), f64::from(y));
    let slope = if y == 0.0 {
        y
    } else if y < 0.5 && x != 0.0 && x.is_finite() {
        y * x.powf(y) / x
    } else {
        y * x.powf(y - 1.0)
    };
    slope as f32
}",
    ),
    (
        "pow_curve",
        "
/// y (y - 1) xʸ⁻², by way of f64.
fn pow_curve(x: f32, y: f32) -> f32 {
    let (x, y) = (f64::from(x), f64::from(y));
    let factor = y * (y - 1.0);
    let curve = if factor == 0.0 {
        factor
    } else if y < 1.0 && x != 0.0 && x.is_finite() {
        factor * x.powf(y) / x / x
    } else {
        factor * x.powf(y - 2.0)
    };
    curve as f32
}",
    ),
    (
        "pow_ln",
        "
/// xʸ ln x, by way of f64, and 0 where xʸ is 0.
fn pow_ln(x: f32, y: f32) -> f32 {
    let (x, y) = (f64::from(x), f64::from(y));
    let power = x.powf(y);
    (if power == 0.0 { power } else { power * x.ln() }) as f32
}",
    ),
];
