//! The quick way to the error function and the distance.

use super::pair::{Pair, nearest, ordered_sum, product, sum};
use super::tables::ERRORS;

/// By Taylor's series at the nearest sixteenth c: of `e^(−2ct − t²)`, whose integral from 0 to h
/// remains, the coefficients follow from `(n + 1) a' = −2c a − 2 a₋₁`.
pub(super) fn erf(x: f64) -> Option<f64> {
    let size = x.abs();
    if size > 5.93 {
        return Some(f64::copysign(1.0, x));
    }
    if size < 1e-200 {
        return (size == 0.0).then_some(x);
    }
    let i = (size * 16.0 + 0.5) as usize;
    let c = i as f64 * 0.0625;
    let h = size - c;
    let (at, at_rest, slope, slope_rest) = ERRORS[i];
    let (mut before, mut a) = (1.0, -2.0 * c);
    let mut power = h * h;
    let mut rest = 0.0;
    for share in INVERSES.iter().skip(1) {
        rest += a * power * share;
        power *= h;
        (before, a) = (a, (-2.0 * c * a - 2.0 * before) * share);
    }
    let first = product(slope, h);
    let high = ordered_sum(at, first.hi);
    let high = if i == 0 { Pair::of(first.hi) } else { high };
    let low = high.lo + (at_rest + first.lo + slope_rest * h + slope * rest);
    let v = ordered_sum(high.hi, low);
    let error = v.hi * 3e-20 + (slope * h * h).abs() * (0.6 * h.abs() + c) * 1.4e-15;
    nearest(v, error).map(|v| v.copysign(x))
}

/// 1/(n + 1)
const INVERSES: [f64; 15] = {
    let mut inverses = [0.0; 15];
    let mut n = 0;
    while n < 15 {
        inverses[n] = 1.0 / (n as f64 + 1.0);
        n += 1;
    }
    inverses
};

/// Of finite numbers, neither of them 0.
pub(super) fn hypot(x: f64, y: f64) -> Option<f64> {
    let (x, y) = (x.abs(), y.abs());
    let (large, small) = if x > y { (x, y) } else { (y, x) };
    if small < large * 1e-18 {
        return Some(large);
    }
    // By powers of two.
    let by = if large > 1e150 {
        1.0 / SCALE
    } else if large < 1e-120 {
        SCALE
    } else {
        1.0
    };
    let (a, b) = (large * by, small * by);
    let (a, b) = (product(a, a), product(b, b));
    let high = sum(a.hi, b.hi);
    let h = Pair { hi: high.hi, lo: high.lo + (a.lo + b.lo) }.root();
    let v = nearest(h, h.hi * 1e-29)? / by;
    // A subnormal number has fewer digits than were looked at.
    (v >= f64::MIN_POSITIVE * 4.0).then_some(v)
}

/// 2⁶⁰⁰
const SCALE: f64 = f64::from_bits((1023 + 600) << 52);
