//! The normal distribution: near the middle by the error function, in the tails by Laplace's
//! continued fraction (M. Abramowitz, I. A. Stegun, *Handbook of mathematical functions*, 26.2.14).

use super::DoubleDouble;
use super::constants::FRAC_2_SQRT_PI;
use super::exponential::{exp, ln, ln_1p};
use super::special::{erf, sqrt};

/// From here on the fraction is used.
const TAIL: f64 = 1.5;

fn half() -> DoubleDouble {
    0.5.into()
}

fn root_of_half() -> DoubleDouble {
    sqrt(half())
}

/// `1/√(2π)`
fn density_at_0() -> DoubleDouble {
    FRAC_2_SQRT_PI.times(root_of_half()).scaled(0.5)
}

/// `1/(t + 2/(t + 3/(t + ...)))`, t from 1.5 on: what `φ(t)/Φ(−t)` is more than t.
fn excess(t: DoubleDouble) -> DoubleDouble {
    let mut f = t;
    // With n terms the error is about e^(−2t √n).
    let terms = 1600.0 / (t.hi * t.hi) + 12.0;
    for n in (2..terms as u64).rev() {
        f = t.plus(DoubleDouble::from(n as f64).divided(f));
    }
    DoubleDouble::from(1.0).divided(f)
}

/// `Φ(−t)`, t from 1.5 on.
fn upper(t: DoubleDouble) -> DoubleDouble {
    if t.hi > 50.0 {
        return 0.0.into();
    }
    pdf(t).divided(t.plus(excess(t)))
}

pub(super) fn pdf(x: DoubleDouble) -> DoubleDouble {
    exp(x.square().scaled(-0.5)).times(density_at_0())
}

/// `Φ(x) − 1/2`
fn from_the_middle(x: DoubleDouble) -> DoubleDouble {
    erf(x.times(root_of_half())).scaled(0.5)
}

pub(super) fn cdf(x: DoubleDouble) -> DoubleDouble {
    if x.hi < -TAIL {
        upper(x.negated())
    } else if x.hi > TAIL {
        DoubleDouble::from(1.0).minus(upper(x))
    } else {
        half().plus(from_the_middle(x))
    }
}

pub(super) fn erfc(x: DoubleDouble) -> DoubleDouble {
    if x.hi > 1.0 {
        // 2 Φ(−x√2), the square not being taken of a product.
        let t = x.times(root_of_half().scaled(2.0));
        if t.hi > 50.0 {
            return 0.0.into();
        }
        let density = exp(x.square().negated()).times(density_at_0());
        return density.divided(t.plus(excess(t))).scaled(2.0);
    }
    DoubleDouble::from(1.0).minus(erf(x))
}

pub(super) fn log_cdf(x: DoubleDouble) -> DoubleDouble {
    if x.hi < -TAIL {
        let t = x.negated();
        let slope = if t.hi > 1e30 { t } else { t.plus(excess(t)) };
        return x.square().scaled(-0.5).minus(ln(slope.divided(density_at_0())));
    }
    if x.hi < 0.0 { ln(cdf(x)) } else { ln_1p(cdf(x.negated()).negated()) }
}

pub(super) fn log_cdf_slope(x: DoubleDouble) -> DoubleDouble {
    if x.hi < -1e30 {
        return x.negated();
    }
    if x.hi < -TAIL {
        let t = x.negated();
        return t.plus(excess(t));
    }
    pdf(x).divided(cdf(x))
}

pub(super) fn log_cdf_excess(x: DoubleDouble) -> DoubleDouble {
    if x.hi < -1e30 {
        return DoubleDouble::from(-1.0).divided(x);
    }
    if x.hi < -TAIL { excess(x.negated()) } else { x.plus(log_cdf_slope(x)) }
}

/// Halley's steps, as in `f64`, of which each has three times the digits of the one before.
pub(super) fn ppf(p: DoubleDouble) -> DoubleDouble {
    if !(p.hi > 0.0 && p < 1.0.into()) {
        let end = if p.hi == 0.0 {
            f64::NEG_INFINITY
        } else if p == 1.0.into() {
            f64::INFINITY
        } else {
            f64::NAN
        };
        return end.into();
    }
    let small = smaller(p);
    let t = (-2.0 * libm::log(small.hi)).sqrt();
    let start = (2.515_517 + t * (0.802_853 + t * 0.010_328))
        / (1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308)))
        - t;
    let mut z = DoubleDouble::from(start);
    for _ in 0..4 {
        let off = if small.hi > 0.1 {
            from_the_middle(z).minus(small.minus(half())).divided(pdf(z))
        } else {
            let v = cdf(z);
            v.minus(small).divided(v).divided(log_cdf_slope(z))
        };
        let bend = z.times(off).scaled(0.5).plus(1.0.into());
        z = z.minus(off.divided(bend));
    }
    if p.hi <= 0.5 { z } else { z.negated() }
}

/// The distance from the nearer end.
fn smaller(p: DoubleDouble) -> DoubleDouble {
    if p.hi <= 0.5 { p } else { DoubleDouble::from(1.0).minus(p) }
}

pub(super) fn ppf_slope(p: DoubleDouble, z: DoubleDouble) -> DoubleDouble {
    let small = smaller(p);
    if small.hi == 0.0 {
        return f64::INFINITY.into();
    }
    let slope = log_cdf_slope(z.magnitude().negated());
    DoubleDouble::from(1.0).divided(slope.times(small))
}
