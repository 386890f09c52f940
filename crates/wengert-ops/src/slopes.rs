//! The functions that derivative rules need beside the elementary ones: slopes that a formula over
//! those would round away.
//!
//! Each is right to a few ulps wherever it is a number.

use crate::rounded;

macro_rules! slopes {
    ($t:ident, hypot: $hypot:ident,
     gaussian: $gaussian:expr, up: $up:literal) => {
        pub(crate) mod $t {
            /// `e^(−x²)`
            pub(crate) fn gaussian(x: $t) -> $t {
                $gaussian(x)
            }

            /// `ln(1 − e⁻ˣ)`: M. Mächler, *Accurately computing log(1 − exp(−|a|))*, 2012.
            pub(crate) fn log1mexp(x: $t) -> $t {
                if x < std::$t::consts::LN_2 {
                    super::rounded::$t::ln(-super::rounded::$t::exp_m1(-x))
                } else {
                    super::rounded::$t::ln_1p(-super::rounded::$t::exp(-x))
                }
            }

            /// `ln(eˣ + eʸ)`
            pub(crate) fn log_add_exp(x: $t, y: $t) -> $t {
                if x == y {
                    // Of infinities too, which have no difference.
                    return x + std::$t::consts::LN_2;
                }
                let (large, small) = if x > y { (x, y) } else { (y, x) };
                large + super::rounded::$t::ln_1p(super::rounded::$t::exp(small - large))
            }

            /// The sigmoid of `x − y`, of which no part is rounded away.
            pub(crate) fn difference_sigmoid(x: $t, y: $t) -> $t {
                let d = x - y;
                let e = super::rounded::$t::exp(-d.abs());
                let (near, far) = (1.0 / (1.0 + e), e / (1.0 + e));
                let (v, rest) = if d > 0.0 { (near, far) } else { (far, near) };
                if !d.is_finite() {
                    return if d.is_nan() { d } else { v };
                }
                // What is left of the difference: D. E. Knuth, *The art of computer programming*,
                // volume 2, 4.2.2.
                let back = d - x;
                let low = (x - (d - back)) - (y + back);
                v * (1.0 + rest * low)
            }

            /// The slope of the sigmoid at x, where it is y.
            #[inline]
            pub(crate) fn sigmoid(x: $t, y: $t) -> $t {
                // y (1 - y) while the rounding of y does not show in 1 - y.
                if y <= 0.75 {
                    return y * (1.0 - y);
                }
                let e = super::rounded::$t::exp(-x);
                let sum = 1.0 + e;
                e / (sum * sum)
            }

            /// The slope of tanh at x, where it is y.
            #[inline]
            pub(crate) fn tanh(x: $t, y: $t) -> $t {
                if y.abs() <= 0.5 {
                    return (1.0 - y) * (1.0 + y);
                }
                let e = super::rounded::$t::exp(-2.0 * x.abs());
                let sum = 1.0 + e;
                4.0 * e / (sum * sum)
            }

            /// Of a point, the point scaled so that its distance from the origin is a normal
            /// number, that distance, and the scale.
            #[inline(always)]
            fn scaled(x: $t, y: $t) -> ($t, $t, $t) {
                const UP: $t = $up;
                let h = super::rounded::$hypot(x, y);
                if h < UP.recip() {
                    return (x * UP, super::rounded::$hypot(x * UP, y * UP), UP);
                }
                if h == $t::INFINITY && x.is_finite() && y.is_finite() {
                    return (x * 0.25, super::rounded::$hypot(x * 0.25, y * 0.25), 0.25);
                }
                (x, h, 1.0)
            }

            /// `x/√(x² + y²)`, and 0 at the origin.
            pub(crate) fn hypot(x: $t, y: $t) -> $t {
                if x == 0.0 && y == 0.0 {
                    return x;
                }
                let (x, h, _) = scaled(x, y);
                x / h
            }

            /// `x/(x² + y²)`
            pub(crate) fn over_squares(x: $t, y: $t) -> $t {
                let (x, h, scale) = scaled(x, y);
                x / h / h * scale
            }

            /// `y xʸ⁻¹`
            pub(crate) fn pow(x: $t, y: $t) -> $t {
                super::pow_slope(f64::from(x), f64::from(y)) as $t
            }

            /// `y (y − 1) xʸ⁻²`
            pub(crate) fn pow_curve(x: $t, y: $t) -> $t {
                super::pow_curve(f64::from(x), f64::from(y)) as $t
            }

            /// `xʸ ln x`
            pub(crate) fn pow_ln(x: $t, y: $t) -> $t {
                super::pow_ln(f64::from(x), f64::from(y)) as $t
            }
        }
    };
}

slopes!(f64, hypot: hypot, gaussian: super::in_halves, up: 2.582249878086909e120);
slopes!(f32, hypot: hypot_f32, gaussian: super::in_double, up: 1.267_650_6e30);

/// `e^(−x²)` of an `f64`: x = a + b, where a has so few bits that a² is exact, and x² = a² + b (x +
/// a).
fn in_halves(x: f64) -> f64 {
    const LOW: u64 = (1 << 27) - 1;
    if x.abs() > 30.0 {
        return 0.0;
    }
    let a = f64::from_bits(x.to_bits() & !LOW);
    rounded::f64::exp(-(a * a)) * rounded::f64::exp((a - x) * (x + a))
}

/// `e^(−x²)` of an `f32`, whose square is an `f64`.
fn in_double(x: f32) -> f32 {
    let x = f64::from(x);
    rounded::f64::exp(-(x * x)) as f32
}

// The powers of both types are computed in f64. Below 1/2, y - 1 is rounded, and that counts ln x
// times in a power.

fn pow_slope(x: f64, y: f64) -> f64 {
    if y == 0.0 {
        return y;
    }
    if y < 0.5 && x != 0.0 && x.is_finite() {
        y * rounded::pow(x, y) / x
    } else {
        y * rounded::pow(x, y - 1.0)
    }
}

fn pow_curve(x: f64, y: f64) -> f64 {
    let factor = y * (y - 1.0);
    if factor == 0.0 {
        return factor;
    }
    if y < 1.0 && x != 0.0 && x.is_finite() {
        factor * rounded::pow(x, y) / x / x
    } else {
        factor * rounded::pow(x, y - 2.0)
    }
}

fn pow_ln(x: f64, y: f64) -> f64 {
    let power = rounded::pow(x, y);
    if power == 0.0 { power } else { power * rounded::f64::ln(x) }
}
