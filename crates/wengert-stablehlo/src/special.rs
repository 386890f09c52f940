//! Functions that neither StableHLO nor CHLO has: the normal distribution, by the polynomials of
//! `wengert-ops`, and the modified Bessel function of order 0.

use std::f64::consts::FRAC_1_SQRT_2;

use wengert_ops::normal::{EXCESS, MILLS};
use wengert_ops::real::Real;

use crate::val::Val;

/// 1/√(2π)
const DENSITY_AT_0: f64 = 0.398_942_280_401_432_7;
/// √(2π)
const INVERSE_DENSITY: f64 = 2.506_628_274_631_000_7;

/// The polynomial at `(x − k)/(x + k)`.
fn fit<'w>(coefficients: &[f64; 28], k: f64, x: Val<'w>) -> Val<'w> {
    let t = x.compare("GT", x.all(1e300)).choose(x.all(1.0), (x - k) / (x + k));
    let (last, others) = coefficients.split_last().expect("there are 28");
    others.iter().rev().fold(x.all(*last), |sum, &c| sum * t + c)
}

/// `Φ(−x) e^(x²/2)`, x ≥ 0.
fn mills<'w>(x: Val<'w>) -> Val<'w> {
    fit(&MILLS, 5.0, x) / (1.0 + 2.0 * x)
}

fn bell<'w>(x: Val<'w>) -> Val<'w> {
    (-0.5 * (x * x)).exp()
}

fn from_the_middle<'w>(x: Val<'w>) -> Val<'w> {
    0.5 * (x * FRAC_1_SQRT_2).erf()
}

/// `Φ(−x)`, x ≥ 0.
fn lower<'w>(x: Val<'w>) -> Val<'w> {
    let tail = bell(x) * mills(x);
    x.compare("GT", x.all(0.7)).choose(tail, 0.5 - from_the_middle(x))
}

fn is_negative<'w>(x: Val<'w>) -> Val<'w> {
    x.compare("LT", x.all(0.0))
}

/// `φ(x)`
pub(crate) fn pdf<'w>(x: Val<'w>) -> Val<'w> {
    bell(x) * DENSITY_AT_0
}

/// `Φ(x)`
pub(crate) fn cdf<'w>(x: Val<'w>) -> Val<'w> {
    let low = lower(x.abs());
    is_negative(x).choose(low, 1.0 - low)
}

/// `ln Φ(x)`
pub(crate) fn log_cdf<'w>(x: Val<'w>) -> Val<'w> {
    let size = x.abs();
    let low = lower(size);
    let tail = (-0.5 * x) * x + mills(size).ln();
    let middle = is_negative(x).choose(low.ln(), (-low).ln_1p());
    x.compare("LT", x.all(-0.7)).choose(tail, middle)
}

/// `φ(x)/Φ(x)`
pub(crate) fn log_cdf_slope<'w>(x: Val<'w>) -> Val<'w> {
    let size = x.abs();
    let usual = is_negative(x).choose(DENSITY_AT_0 / mills(size), pdf(x) / (1.0 - lower(size)));
    x.compare("LT", x.all(-1e150)).choose(-x, usual)
}

/// `x + φ(x)/Φ(x)`
pub(crate) fn log_cdf_excess<'w>(x: Val<'w>) -> Val<'w> {
    let size = x.abs();
    is_negative(x).choose(fit(&EXCESS, 3.75, size) / (1.0 + size), x + log_cdf_slope(x))
}

/// `Φ⁻¹(p)`: by Halley's steps from M. Abramowitz, I. A. Stegun, *Handbook of mathematical
/// functions*, 26.2.23, as `wengert-ops` has it.
pub(crate) fn ppf<'w>(p: Val<'w>) -> Val<'w> {
    let at_most_half = p.compare("LE", p.all(0.5));
    let small = at_most_half.choose(p, 1.0 - p);
    let t = (-2.0 * small.ln()).sqrt();
    let mut z = (2.515_517 + t * (0.802_853 + t * 0.010_328))
        / (1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308)))
        - t;
    let middle = small.compare("GT", small.all(0.25));
    for _ in 0..3 {
        // (Φ(z) − p)/φ(z)
        let near = (from_the_middle(z) - (small - 0.5)) / pdf(z);
        let mills = mills(z.abs());
        let far = (1.0 - small / (bell(z) * mills)) * INVERSE_DENSITY * mills;
        let off = middle.choose(near, far);
        z = z - off / (1.0 + 0.5 * z * off);
    }
    let inside = at_most_half.choose(z, -z);
    let at = |number: f64| p.compare("EQ", p.all(number));
    let ends = at(1.0).choose(p.all(f64::INFINITY), p.all(f64::NAN));
    let ends = at(0.0).choose(p.all(f64::NEG_INFINITY), ends);
    let is_inside = p.compare("GT", p.all(0.0)).and(p.compare("LT", p.all(1.0)));
    is_inside.choose(inside, ends)
}

/// `1/φ(z)`, the slope of that at p, where it is z.
pub(crate) fn ppf_slope<'w>(p: Val<'w>, z: Val<'w>) -> Val<'w> {
    let small = p.compare("LE", p.all(0.5)).choose(p, 1.0 - p);
    let slope = mills(z.abs()) * INVERSE_DENSITY / small;
    small.compare("EQ", small.all(0.0)).choose(small.all(f64::INFINITY), slope)
}

/// Clenshaw's sum of a Chebyshev series, of which the constant is last, in t, which is twice the
/// variable.
fn chebyshev<'w>(t: Val<'w>, coefficients: &[f64]) -> Val<'w> {
    let (mut b0, mut b1, mut b2) = (t.all(0.0), t.all(0.0), t.all(0.0));
    for &c in coefficients {
        (b2, b1) = (b1, b0);
        b0 = t * b1 - b2 + c;
    }
    0.5 * (b0 - b2)
}

/// `e^(−|x|) I₀(x)`: the Chebyshev series of S. L. Moshier's Cephes, as JAX has them.
pub(crate) fn i0e<'w>(x: Val<'w>) -> Val<'w> {
    let x = x.abs();
    let near = chebyshev(0.5 * x - 2.0, &NEAR);
    let far = chebyshev(32.0 / x - 2.0, &FAR) / x.sqrt();
    x.compare("LE", x.all(8.0)).choose(near, far)
}

/// The derivative of order y of that.
pub(crate) fn i0e_derivative<'w>(x: Val<'w>, y: Val<'w>) -> Val<'w> {
    match y.splat() {
        Some(0.0) => x.i0e(),
        Some(1.0) => x.i1e() - x.signum() * x.i0e(),
        _ => {
            x.writer.refuse("i0e_derivative", BESSEL);
            x
        }
    }
}

/// The derivative of order y of `e^(−|x|) I₁(x)`.
pub(crate) fn i1e_derivative<'w>(x: Val<'w>, y: Val<'w>) -> Val<'w> {
    match y.splat() {
        Some(0.0) => x.i1e(),
        Some(1.0) => {
            let slope = x.i0e() - x.i1e() * (x.signum() + 1.0 / x);
            x.compare("EQ", x.all(0.0)).choose(x.all(0.5), slope)
        }
        _ => {
            x.writer.refuse("i1e_derivative", BESSEL);
            x
        }
    }
}

const BESSEL: &str = "only the function and its first derivative are written, of a constant order";

/// Chebyshev coefficients of e⁻ˣ I₀(x) in x/2 − 2, 0 ≤ x ≤ 8, the constant last.
const NEAR: [f64; 30] = [
    -4.4153416464793395e-18,
    3.3307945188222384e-17,
    -2.431279846547955e-16,
    1.715391285555133e-15,
    -1.1685332877993451e-14,
    7.676185498604936e-14,
    -4.856446783111929e-13,
    2.95505266312964e-12,
    -1.726826291441556e-11,
    9.675809035373237e-11,
    -5.189795601635263e-10,
    2.6598237246823866e-09,
    -1.300025009986248e-08,
    6.046995022541919e-08,
    -2.670793853940612e-07,
    1.1173875391201037e-06,
    -4.4167383584587505e-06,
    1.6448448070728896e-05,
    -5.754195010082104e-05,
    0.00018850288509584165,
    -0.0005763755745385824,
    0.0016394756169413357,
    -0.004324309995050576,
    0.010546460394594998,
    -0.02373741480589947,
    0.04930528423967071,
    -0.09490109704804764,
    0.17162090152220877,
    -0.3046826723431984,
    0.6767952744094761,
];

/// Those of √x e⁻ˣ I₀(x) in 32/x − 2, x > 8.
const FAR: [f64; 25] = [
    -7.233180487874754e-18,
    -4.830504485944182e-18,
    4.46562142029676e-17,
    3.461222867697461e-17,
    -2.8276239805165836e-16,
    -3.425485619677219e-16,
    1.7725601330565263e-15,
    3.8116806693526224e-15,
    -9.554846698828307e-15,
    -4.150569347287222e-14,
    1.54008621752141e-14,
    3.8527783827421426e-13,
    7.180124451383666e-13,
    -1.7941785315068062e-12,
    -1.3215811840447713e-11,
    -3.1499165279632416e-11,
    1.1889147107846439e-11,
    4.94060238822497e-10,
    3.3962320257083865e-09,
    2.266668990498178e-08,
    2.0489185894690638e-07,
    2.8913705208347567e-06,
    6.889758346916825e-05,
    0.0033691164782556943,
    0.8044904110141088,
];
