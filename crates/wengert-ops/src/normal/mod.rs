//! The normal distribution and the complementary error function: right to an ulp or two, also where
//! they are small. These are not correctly rounded.
//!
//! What decays is taken off exactly, as `e^(−x²)` or `e^(−x²/2)` of a square in two parts; what
//! remains is a polynomial (`fits`). φ is the density, Φ the distribution.

mod fits;

pub use fits::{ERFCX, EXCESS, MILLS};

use crate::rounded;
use crate::rounded::exponential::exp_of_pair;
use crate::rounded::pair::{Pair, ordered_sum, product, sum};

/// 1/√(2π)
const DENSITY_AT_0: Pair = Pair { hi: 0.398_942_280_401_432_7, lo: -2.492_327_202_777_73e-17 };
/// √(2π)
const INVERSE_DENSITY: f64 = 2.506_628_274_631_000_7;

/// `x 2ᵏ`
fn scaled(x: f64, k: i64) -> f64 {
    let half = k >> 1;
    x * libm::ldexp(1.0, half as i32) * libm::ldexp(1.0, (k - half) as i32)
}

fn rounded_and_scaled(x: Pair, k: i64) -> f64 {
    scaled(x.hi + x.lo, k)
}

/// The polynomial at `(x − k)/(x + k)`, its constant kept apart.
fn fit(coefficients: &[f64; 28], k: f64, x: f64) -> Pair {
    let t = if x > 1e300 { 1.0 } else { (x - k) / (x + k) };
    let rest = coefficients[1..].iter().rev().fold(0.0, |sum, c| sum * t + c);
    ordered_sum(coefficients[0], t * rest)
}

/// `Φ(−x) e^(x²/2)`, x ≥ 0.
fn mills(x: f64) -> Pair {
    fit(&MILLS, 5.0, x).over(sum(1.0, 2.0 * x))
}

/// `e^(−x²/2)`, |x| < 40, times a power of two.
fn bell(x: f64) -> (Pair, i64) {
    exp_of_pair(product(x, x).scaled(-0.5))
}

/// `Φ(−x)`, 0 ≤ x < 40, times a power of two.
fn tail(x: f64) -> (Pair, i64) {
    let (e, k) = bell(x);
    (e.times(mills(x)), k)
}

/// `1 − erf x`
pub(crate) fn erfc(x: f64) -> f64 {
    if x.is_nan() || x < 0.5 {
        return 1.0 - rounded::f64::erf(x);
    }
    if x > 27.5 {
        return 0.0;
    }
    let (e, k) = exp_of_pair(product(x, x).negated());
    rounded_and_scaled(e.times(fit(&ERFCX, 3.75, x).over(sum(1.0, 2.0 * x))), k)
}

/// `φ(x) = e^(−x²/2)/√(2π)`
pub(crate) fn pdf(x: f64) -> f64 {
    if x.abs() > 39.0 {
        return 0.0;
    }
    if x.is_nan() {
        return x;
    }
    let (e, k) = bell(x);
    rounded_and_scaled(e.times(DENSITY_AT_0), k)
}

/// `Φ(−x)` for x from about 0.7 on.
fn upper(x: f64) -> f64 {
    if x > 39.0 {
        return 0.0;
    }
    let (v, k) = tail(x);
    rounded_and_scaled(v, k)
}

/// `Φ(x) − 1/2`, near 0.
fn from_the_middle(x: f64) -> f64 {
    0.5 * rounded::f64::erf(x * std::f64::consts::FRAC_1_SQRT_2)
}

/// `Φ(x)`
pub(crate) fn cdf(x: f64) -> f64 {
    if x < -0.7 {
        upper(-x)
    } else if x > 0.7 {
        1.0 - upper(x)
    } else {
        0.5 + from_the_middle(x)
    }
}

/// `ln Φ(x)`
pub(crate) fn log_cdf(x: f64) -> f64 {
    if x < -1e150 {
        return -0.5 * x * x;
    }
    if x < -0.7 {
        let square = product(x, x).scaled(-0.5);
        let mills = mills(-x);
        return square.hi + (square.lo + rounded::f64::ln(mills.hi + mills.lo));
    }
    if x < 0.0 {
        return rounded::f64::ln(cdf(x));
    }
    rounded::f64::ln_1p(-cdf(-x))
}

/// `φ(x)/Φ(x)`, the slope of that.
pub(crate) fn log_cdf_slope(x: f64) -> f64 {
    if x < -1e150 {
        return -x;
    }
    if x < 0.0 {
        let v = DENSITY_AT_0.over(mills(-x));
        return v.hi + v.lo;
    }
    pdf(x) / cdf(x)
}

/// `x + φ(x)/Φ(x)`
pub(crate) fn log_cdf_excess(x: f64) -> f64 {
    if x < 0.0 {
        let v = fit(&EXCESS, 3.75, -x);
        return (v.hi + v.lo) / (1.0 - x);
    }
    x + log_cdf_slope(x)
}

/// `Φ⁻¹(p)`: by Halley's steps from M. Abramowitz, I. A. Stegun, *Handbook of mathematical
/// functions*, 26.2.23, which is off by less than 4.5e-4.
pub(crate) fn ppf(p: f64) -> f64 {
    if !(p > 0.0 && p < 1.0) {
        return if p == 0.0 {
            f64::NEG_INFINITY
        } else if p == 1.0 {
            f64::INFINITY
        } else {
            f64::NAN
        };
    }
    let small = if p <= 0.5 { p } else { 1.0 - p };
    let t = (-2.0 * rounded::f64::ln(small)).sqrt();
    let mut z = (2.515_517 + t * (0.802_853 + t * 0.010_328))
        / (1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308)))
        - t;
    let middle = small > 0.25;
    for _ in 0..3 {
        // (Φ(z) − p)/φ(z)
        let off = if middle {
            (from_the_middle(z) - (small - 0.5)) / pdf(z)
        } else {
            let (v, k) = tail(-z);
            let mills = mills(-z);
            let ratio = scaled(small, -k) / v.hi;
            (1.0 - ratio) * INVERSE_DENSITY * (mills.hi + mills.lo)
        };
        z -= off / (1.0 + 0.5 * z * off);
    }
    if p <= 0.5 { z } else { -z }
}

/// `1/φ(z)`, the slope of that at p, where it is z.
pub(crate) fn ppf_slope(p: f64, z: f64) -> f64 {
    let small = if p <= 0.5 { p } else { 1.0 - p };
    if small == 0.0 {
        return f64::INFINITY;
    }
    let v = mills(z.abs()).over(DENSITY_AT_0);
    (v.hi + v.lo) / small
}
