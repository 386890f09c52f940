//! The elementary functions in 512 bits: what decides where the quick way and 32 digits do not.
//!
//! A result is right to some 480 bits, which is far more than any operand is known to need: of the
//! functions of one number, the hardest doubles need about 120 (V. Lefèvre, J.-M. Muller, *Worst
//! cases for correct rounding of the elementary functions in double precision*, 2001; A. Sibidanov,
//! P. Zimmermann, S. Glondu, *The CORE-MATH project*, 2022).

use super::big::Big;
use super::tables::{BIG_FRAC_2_SQRT_PI, BIG_LN_2, BIG_LN_10, BIG_PI};
use crate::double_double::DoubleDouble;
use crate::op::{Binary, Unary};

/// Terms below this part of the sum are left out.
const LAST: i32 = -520;

/// `f(x)` for a finite x inside the function's domain.
pub(super) fn unary(op: Unary, x: f64) -> Big {
    let (one, b) = (Big::one(), Big::from(x));
    match op {
        Unary::Exp => exp(b),
        Unary::Exp2 => exp(b.times(BIG_LN_2)),
        Unary::ExpM1 => exp_m1(b),
        Unary::Ln => ln(b),
        Unary::Ln1p => ln(one.plus(b)),
        Unary::Log2 => ln(b).over(BIG_LN_2),
        Unary::Log10 => ln(b).over(BIG_LN_10),
        Unary::Sin => sin_cos(x).0,
        Unary::Cos => sin_cos(x).1,
        Unary::Tan => {
            let (sin, cos) = sin_cos(x);
            sin.over(cos)
        }
        Unary::Asin => angle(b, other_side(b)),
        Unary::Acos => angle(other_side(b), b),
        Unary::Atan => angle(b, one),
        Unary::Sinh => {
            let s = exp_m1(b.magnitude());
            signed(s.plus(s.over(s.plus(one))).scaled(-1), x)
        }
        Unary::Cosh => {
            let e = exp(b);
            e.plus(one.over(e)).scaled(-1)
        }
        Unary::Tanh => {
            let s = exp_m1(b.magnitude().scaled(1));
            signed(s.over(s.plus(one.scaled(1))), x)
        }
        Unary::Asinh => {
            let size = b.magnitude();
            signed(ln(size.plus(size.square().plus(one).root())), x)
        }
        Unary::Acosh => ln(b.plus(b.square().minus(one).root())),
        Unary::Atanh => ln(one.plus(b).over(one.minus(b))).scaled(-1),
        Unary::Erf => erf(b),
        _ => unreachable!("{op:?} has another way"),
    }
}

/// `f(x, y)` for finite numbers inside the function's domain, neither of them 0.
pub(super) fn binary(op: Binary, x: f64, y: f64) -> Big {
    let (a, b) = (Big::from(x), Big::from(y));
    match op {
        Binary::Powf => exp(b.times(ln(a))),
        Binary::Atan2 => angle(a, b),
        Binary::Hypot => a.square().plus(b.square()).root(),
        _ => unreachable!("{op:?} has another way"),
    }
}

fn signed(x: Big, sign: f64) -> Big {
    if sign < 0.0 { x.negated() } else { x }
}

/// `sum + first + first f(1) + first f(1) f(2) + ...`
fn series(first: Big, next: impl Fn(Big, u64) -> Big) -> Big {
    let (mut sum, mut term) = (first, first);
    for n in 1.. {
        term = next(term, n);
        if term.is_zero() || term.exponent < sum.exponent + LAST {
            break;
        }
        sum = sum.plus(term);
    }
    sum
}

/// `eʳ − 1` for small r: the series at `r / 2¹⁶`, and `e²ˢ − 1 = s (2 + s)` sixteen times over.
fn small_exp_m1(r: Big) -> Big {
    if r.is_zero() {
        return r;
    }
    let r = r.scaled(-16);
    let mut s = series(r, |term, n| term.times(r).divided_by(n + 1));
    for _ in 0..16 {
        s = s.times(s.plus(Big::one().scaled(1)));
    }
    s
}

/// The whole number nearest to `x / ln 2`, and what x is more.
fn reduced(x: Big) -> (i32, Big) {
    let k = libm::rint(x.near() / std::f64::consts::LN_2);
    (k as i32, x.minus(BIG_LN_2.times(Big::from(k))))
}

pub(super) fn exp(x: Big) -> Big {
    let (k, r) = reduced(x);
    small_exp_m1(r).plus(Big::one()).scaled(k)
}

fn exp_m1(x: Big) -> Big {
    if x.exponent < -1 { small_exp_m1(x) } else { exp(x).minus(Big::one()) }
}

/// From the double y, `y + 2 (m − eʸ) / (m + eʸ)` has three times as many digits.
pub(super) fn ln(x: Big) -> Big {
    let mut k = x.exponent;
    let mut m = x.scaled(-k);
    if m.near() < 0.7 {
        (m, k) = (m.scaled(1), k - 1);
    }
    let mut y = Big::from(libm::log(m.near()));
    // Near 1 the double has lost digits, and a fourth step makes up for it.
    for _ in 0..4 {
        let e = exp(y);
        y = y.plus(m.minus(e).over(m.plus(e)).scaled(1));
    }
    y.plus(BIG_LN_2.times(Big::from(f64::from(k))))
}

/// Sine and cosine of a number up to about 2.
fn small_sin_cos(r: Big) -> (Big, Big) {
    let square = r.square().negated();
    let sin = series(r, |term, n| term.times(square).divided_by(2 * n * (2 * n + 1)));
    let cos = series(Big::one(), |term, n| term.times(square).divided_by(2 * n * (2 * n - 1)));
    (sin, cos)
}

fn sin_cos(x: f64) -> (Big, Big) {
    let (quadrant, words, negative) = DoubleDouble::quarter_turns(x);
    let turn = words.iter().enumerate().fold(Big::ZERO, |sum, (i, &word)| {
        let at = -64 * i as i32;
        let (high, low) = ((word >> 32) as f64, (word & 0xFFFF_FFFF) as f64);
        sum.plus(Big::from(high).scaled(at + 32)).plus(Big::from(low).scaled(at))
    });
    let rest = if x.abs() < 0.7 { Big::from(x) } else { turn.times(BIG_PI).scaled(-1) };
    let rest = if negative && x.abs() >= 0.7 { rest.negated() } else { rest };
    let (sin, cos) = small_sin_cos(rest);
    match quadrant {
        0 => (sin, cos),
        1 => (cos, sin.negated()),
        2 => (sin.negated(), cos.negated()),
        _ => (cos.negated(), sin),
    }
}

/// `√(1 − x²)`
fn other_side(x: Big) -> Big {
    Big::one().plus(x).times(Big::one().minus(x)).root()
}

/// The angle of the point (across, up): the double y, and the small angle between.
fn angle(up: Big, across: Big) -> Big {
    let up_first = up.exponent - across.exponent;
    if up_first < -400 && !across.negative {
        // An angle is a little less than its tangent, which may be the middle of two numbers.
        let tangent = up.over(across);
        return tangent.minus(tangent.scaled(-440));
    }
    let by = up.exponent.max(across.exponent);
    let (up, across) = (up.scaled(-by), across.scaled(-by));
    let y = libm::atan2(up.near(), across.near());
    let (sin, cos) = wide_sin_cos(y);
    let tangent =
        up.times(cos).minus(across.times(sin)).over(across.times(cos).plus(up.times(sin)));
    if tangent.is_zero() {
        return Big::from(y);
    }
    let square = tangent.square().negated();
    // The series Σ tⁿ/n, of which a term is not the last one times something whole.
    let (mut sum, mut power) = (tangent, tangent);
    for n in 1_u64.. {
        power = power.times(square);
        if power.exponent < sum.exponent + LAST || power.is_zero() {
            break;
        }
        sum = sum.plus(power.divided_by(2 * n + 1));
    }
    Big::from(y).plus(sum)
}

/// Of a double between −π and π.
fn wide_sin_cos(y: f64) -> (Big, Big) {
    let (sin, cos) = small_sin_cos(Big::from(y).scaled(-1));
    let two = |x: Big| x.scaled(1);
    (two(sin.times(cos)), Big::one().minus(two(sin.square())))
}

/// `2/√π e^(−x²) Σ 2ⁿ x²ⁿ⁺¹ / (1 · 3 ⋯ (2n + 1))`
fn erf(x: Big) -> Big {
    let twice_square = x.square().scaled(1);
    let sum = series(x, |term, n| term.times(twice_square).divided_by(2 * n + 1));
    BIG_FRAC_2_SQRT_PI.times(exp(x.square().negated())).times(sum)
}
