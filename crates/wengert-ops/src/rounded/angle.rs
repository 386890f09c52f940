//! The quick way to the inverse trigonometric functions: the angle of a point, by a table of the
//! arctangents of i/64.

use super::pair::{Pair, nearest, ordered_sum, polynomial, sum};
use super::tables::{ANGLES, FRAC_PI_2, PI};

/// The relative error of [`of`].
const ERROR: f64 = 2e-20; // 2⁻⁶⁵·⁴

/// The angle of the point (across, up), neither of them negative and not both 0.
#[inline(always)]
fn of(up: Pair, across: Pair) -> Pair {
    let steep = up.hi > across.hi;
    let (small, large) = if steep { (across, up) } else { (up, across) };
    // Rounded to a whole number by the cast; any number near it would do.
    let i = (small.hi / large.hi * 64.0 + 0.5) as usize;
    let c = i as f64 * (1.0 / 64.0);
    // The tangent of the angle from arctan c on.
    let rest = small.minus(large.times_short(c)).over(large.plus(small.times_short(c)));
    let x = rest.hi;
    let square = x * x;
    let cube = x
        * square
        * polynomial(square, [-1.0 / 3.0, 1.0 / 5.0, -1.0 / 7.0, 1.0 / 9.0, -1.0 / 11.0]);
    let (first, second) = ANGLES[i];
    let high = ordered_sum(first, x);
    let angle = ordered_sum(high.hi, high.lo + (second + rest.lo + cube));
    if steep { FRAC_PI_2.minus(angle) } else { angle }
}

#[inline(always)]
fn signed(v: Pair, sign: f64) -> Option<f64> {
    nearest(v, v.hi * ERROR).map(|v| v.copysign(sign))
}

pub(super) fn atan(x: f64) -> Option<f64> {
    let size = x.abs();
    if size < 1e-9 {
        return Some(x);
    }
    if size > 1e20 {
        return Some(f64::copysign(FRAC_PI_2.hi, x));
    }
    if size.is_nan() {
        return Some(x);
    }
    signed(of(Pair::of(size), Pair::of(1.0)), x)
}

/// `√(1 − x²)`
#[inline(always)]
fn other_side(size: f64) -> Pair {
    sum(1.0, size).times(sum(1.0, -size)).root()
}

pub(super) fn asin(x: f64) -> Option<f64> {
    let size = x.abs();
    if size < 1e-9 {
        return Some(x);
    }
    if size.is_nan() || size > 1.0 {
        return Some(f64::NAN);
    }
    signed(of(Pair::of(size), other_side(size)), x)
}

pub(super) fn acos(x: f64) -> Option<f64> {
    let size = x.abs();
    if size.is_nan() || size >= 1.0 {
        return Some(if x == 1.0 {
            0.0
        } else if x == -1.0 {
            PI.hi
        } else {
            f64::NAN
        });
    }
    let angle = of(other_side(size), Pair::of(size));
    signed(if x < 0.0 { PI.minus(angle) } else { angle }, 1.0)
}

/// The angle of the point (across, up), both finite and neither 0.
pub(super) fn atan2(up: f64, across: f64) -> Option<f64> {
    let (y, x) = (up.abs(), across.abs());
    // Scaled so that neither products nor quotients leave the normal numbers.
    let by = if x.max(y) > 1e150 {
        1e-150_f64
    } else if x.max(y) < 1e-150 {
        1e150
    } else {
        1.0
    };
    let by = f64::from_bits(by.to_bits() & 0xFFF0_0000_0000_0000);
    let (y, x) = (y * by, x * by);
    if y < x * 1e-100 || x < y * 1e-100 {
        return None;
    }
    let angle = of(Pair::of(y), Pair::of(x));
    signed(if across < 0.0 { PI.minus(angle) } else { angle }, up)
}
