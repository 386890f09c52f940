//! The quick way to logarithms and inverse hyperbolic functions.
//!
//! `x = m 2ᵉ` and `ln x = e ln 2 − ln c + ln(1 + r)` with `r = m c − 1`, where c is a short number
//! from a table, so that r is exact in two parts. After P. T. P. Tang, *Table-driven implementation
//! of the logarithm function in IEEE floating-point arithmetic*, ACM TOMS 16 (1990).

use super::pair::{Pair, head, nearest, ordered_sum, polynomial, product, sum};
use super::tables::{LN_2, LN_2_PARTS, LOG2_E, LOG10_E, LOGARITHMS};

/// The first number of the table's pieces, and the exponent's bits.
const FIRST: u64 = 0x3FE6_0000_0000_0000;
const EXPONENT: u64 = 0xFFF0_0000_0000_0000;

/// `ln x` for a positive pair whose first part is normal, and what it may be off.
#[inline(always)]
pub(super) fn of(x: Pair) -> (Pair, f64) {
    let bits = x.hi.to_bits();
    let above = bits.wrapping_sub(FIRST);
    let (c, first, second) = LOGARITHMS[(above >> 45 & 127) as usize];
    let exponent = ((above as i64) >> 52) as f64;
    let m = f64::from_bits(bits.wrapping_sub(above & EXPONENT));
    let a = head(m);
    let mut r = ordered_sum(a * c - 1.0, (m - a) * c);
    if x.lo != 0.0 {
        // The second part, times the same power of two.
        let low = x.lo * c * (m / x.hi);
        r = sum(r.hi, r.lo + low);
    }
    let (ln_2, ln_2_rest) = LN_2_PARTS;
    let whole = exponent * ln_2 + first;

    let x = r.hi;
    let square = x * x;
    let fourth = square * square;
    let series = (-0.5 + x * (1.0 / 3.0))
        + square * (-1.0 / 4.0 + x * (1.0 / 5.0))
        + fourth
            * ((-1.0 / 6.0 + x * (1.0 / 7.0))
                + square * (-1.0 / 8.0 + x * (1.0 / 9.0))
                + fourth * (-1.0 / 10.0 + x * (1.0 / 11.0)));
    let low = second + exponent * ln_2_rest + ((r.lo - x * r.lo) + square * series);
    // Where `whole` is not 0, it is larger than x: the pieces next to 1 have a c of 1.
    let high = ordered_sum(whole, x);
    let log = ordered_sum(high.hi, high.lo + low);
    (log, square * 5e-16 + log.hi.abs() * 8e-22 + if whole == 0.0 { 0.0 } else { 2e-22 })
}

/// A positive finite number as a normal one, and what its logarithm is less.
#[inline(always)]
fn normal(x: f64) -> (f64, f64) {
    if x < f64::MIN_POSITIVE { (x * 18_014_398_509_481_984.0, 54.0) } else { (x, 0.0) }
}

/// What logarithms are outside the positive finite numbers.
#[inline(always)]
fn outside(x: f64) -> Option<f64> {
    if x > 0.0 {
        return (x == f64::INFINITY).then_some(x);
    }
    Some(if x == 0.0 { f64::NEG_INFINITY } else { f64::NAN })
}

pub(super) fn ln(x: f64) -> Option<f64> {
    if let Some(v) = outside(x) {
        return Some(v);
    }
    if x == 1.0 {
        return Some(0.0);
    }
    let (x, less) = normal(x);
    let (mut log, error) = of(Pair::of(x));
    if less != 0.0 {
        log = log.minus(LN_2.times(Pair::of(less)));
    }
    nearest(log, error)
}

/// The logarithm in the base whose natural one has this inverse.
#[inline(always)]
fn in_base(x: f64, inverse: Pair, less: fn(f64) -> Pair) -> Option<f64> {
    if let Some(v) = outside(x) {
        return Some(v);
    }
    if x == 1.0 {
        return Some(0.0);
    }
    let (x, twos) = normal(x);
    let (log, error) = of(Pair::of(x));
    let mut log = log.times(inverse);
    if twos != 0.0 {
        log = log.minus(less(twos));
    }
    nearest(log, error * (1.5 * inverse.hi))
}

pub(super) fn log2(x: f64) -> Option<f64> {
    in_base(x, LOG2_E, Pair::of)
}

pub(super) fn log10(x: f64) -> Option<f64> {
    in_base(x, LOG10_E, |twos| LN_2.times(LOG10_E).times(Pair::of(twos)))
}

pub(super) fn ln_1p(x: f64) -> Option<f64> {
    if !(x > -1.0 && x < 1e300) {
        return if x == -1.0 { Some(f64::NEG_INFINITY) } else { ln(x) };
    }
    if x.abs() < 1e-20 {
        return Some(x);
    }
    let (log, error) = of(sum(1.0, x));
    nearest(log, error)
}

pub(super) fn asinh(x: f64) -> Option<f64> {
    let size = x.abs();
    if size.is_nan() || size == f64::INFINITY {
        return Some(x);
    }
    let (v, error) = if size < 0.0625 {
        let square = x * x;
        let series = polynomial(
            square,
            [
                1.0 / 6.0,
                -3.0 / 40.0,
                15.0 / 336.0,
                -105.0 / 3456.0,
                945.0 / 42_240.0,
                -10_395.0 / 599_040.0,
                135_135.0 / 9_676_800.0,
            ],
        );
        (ordered_sum(size, -(size * square * series)), size * square * 3e-16)
    } else if size > 1e10 {
        // √(x² + 1) + x is 2x + 1/(2x) and less.
        let (log, error) = of(Pair::of(size));
        (log.plus(LN_2).plus(Pair::of(0.25 / size / size)), error)
    } else {
        let root = product(size, size).plus(Pair::of(1.0)).root();
        of(root.plus(Pair::of(size)))
    };
    nearest(v, error).map(|v| v.copysign(x))
}

pub(super) fn acosh(x: f64) -> Option<f64> {
    if !(x > 1.0 && x < f64::INFINITY) {
        return Some(if x == 1.0 {
            0.0
        } else if x == f64::INFINITY {
            x
        } else {
            f64::NAN
        });
    }
    let (v, error) = if x > 1e10 {
        let (log, error) = of(Pair::of(x));
        (log.plus(LN_2).minus(Pair::of(0.25 / x / x)), error)
    } else {
        let d = x - 1.0;
        let root = sum(d, 2.0).times(Pair::of(d)).root();
        of(Pair::of(1.0).plus(root.plus(Pair::of(d))))
    };
    nearest(v, error)
}

pub(super) fn atanh(x: f64) -> Option<f64> {
    let size = x.abs();
    if size.is_nan() || size >= 1.0 {
        return Some(if size == 1.0 { x * f64::INFINITY } else { f64::NAN });
    }
    let (v, error) = if size < 0.0625 {
        let square = x * x;
        let series = polynomial(
            square,
            [
                1.0 / 3.0,
                1.0 / 5.0,
                1.0 / 7.0,
                1.0 / 9.0,
                1.0 / 11.0,
                1.0 / 13.0,
                1.0 / 15.0,
                1.0 / 17.0,
            ],
        );
        (ordered_sum(size, size * square * series), 2.0 * size * square * 3e-16)
    } else {
        let (log, error) = of(sum(1.0, size).over(sum(1.0, -size)));
        (log.scaled(0.5), 0.5 * error)
    };
    nearest(v, error).map(|v| v.copysign(x))
}
