//! The modified Bessel functions of order 0 and 1, times e^(−|x|), and their derivatives.
//!
//! By the power series, whose terms are all of one sign, or for large operands by Hankel's series
//! (NIST, Digital Library of Mathematical Functions, 10.25.2 and 10.40.1), each differentiated term
//! by term: so nothing cancels where a difference of both functions would lose its digits.

use super::DoubleDouble;
use super::constants::PI;
use super::exponential::exp;
use super::special::sqrt;

/// From here on Hankel's series is used; its smallest term there is about e^(−84).
const LARGE: f64 = 42.0;

fn one() -> DoubleDouble {
    1.0.into()
}

/// The k-th derivative of `e^(−|x|) I_ν(x)`, of a whole k from 0 to 64, else NaN. At 0, where an odd
/// one jumps, the middle: 0.
pub(super) fn derivative(nu: u32, x: DoubleDouble, k: DoubleDouble) -> DoubleDouble {
    let order = k.hi;
    let whole = order == order.floor() && k.lo == 0.0 && (0.0..=64.0).contains(&order);
    if !whole || x.is_nan() {
        return f64::NAN.into();
    }
    let k = order as u32;
    // The function of order 1 is odd, and every derivative exchanges odd and even.
    let odd = (k + nu) % 2 == 1;
    if x.hi == 0.0 && odd {
        return x.scaled(if k == 0 { 0.5 } else { 0.0 });
    }
    let size = x.magnitude();
    let value = if size.hi < LARGE { series(nu, size, k) } else { hankel(nu, size, k) };
    if x.hi < 0.0 && odd { value.negated() } else { value }
}

/// `Σ (−1)^(k − j) C(k, j) e^(−x) I_ν⁽ʲ⁾(x)`
fn series(nu: u32, x: DoubleDouble, k: u32) -> DoubleDouble {
    let (mut sum, mut choose) = (DoubleDouble::from(0.0), one());
    for j in 0..=k {
        let term = choose.times(power_series(nu, x, j));
        sum = if (k - j) % 2 == 1 { sum.minus(term) } else { sum.plus(term) };
        choose = choose.times_f64(f64::from(k - j)).divided(f64::from(j + 1).into());
    }
    exp(x.negated()).times(sum)
}

/// The j-th derivative of `I_ν(x) = Σ (x/2)^(2m + ν)/(m! (m + ν)!)`.
fn power_series(nu: u32, x: DoubleDouble, j: u32) -> DoubleDouble {
    let mut m = j.saturating_sub(nu).div_ceil(2);
    let exponent = 2 * m + nu;
    // (2m + ν) ⋯ (2m + ν − j + 1) x^(2m + ν − j) / (2^(2m + ν) m! (m + ν)!)
    let mut term = one();
    for i in 0..j {
        term = term.times_f64(f64::from(exponent - i));
    }
    for i in 1..=m {
        term = term.divided(f64::from(i).into());
    }
    for i in 1..=m + nu {
        term = term.divided(f64::from(i).into());
    }
    term = term.shifted(-(exponent as i32));
    for _ in 0..exponent - j {
        term = term.times(x);
    }
    let square = x.square().scaled(0.25);
    let mut sum = term;
    while term.hi > sum.hi * 1e-34 {
        let e = f64::from(2 * m + nu);
        m += 1;
        let ratio = (e + 2.0) * (e + 1.0);
        let by = (e + 2.0 - f64::from(j)) * (e + 1.0 - f64::from(j));
        term = term.times(square).divided((f64::from(m) * f64::from(m + nu)).into());
        if j > 0 {
            term = term.times_f64(ratio).divided(by.into());
        }
        sum = sum.plus(term);
    }
    sum
}

/// `(2πx)^(−1/2) Σ aₘ(ν) (−x)^(−m)`, each term differentiated k times.
fn hankel(nu: u32, x: DoubleDouble, k: u32) -> DoubleDouble {
    if x.hi.is_infinite() {
        return 0.0.into();
    }
    let by = one().divided(x);
    let four = f64::from(4 * nu * nu);
    let (mut sum, mut term) = (DoubleDouble::from(0.0), one());
    let mut m = 0.0;
    loop {
        // (−1/2 − m) (−3/2 − m) ⋯
        let part = (0..k).fold(term, |part, i| part.times_f64(-0.5 - m - f64::from(i)));
        sum = sum.plus(part);
        m += 1.0;
        let odd = 2.0 * m - 1.0;
        term = term.times_f64(odd * odd - four).times(by).divided((8.0 * m).into());
        if part.hi.abs() < sum.hi.abs() * 1e-34 || m > 2.0 * x.hi {
            break;
        }
    }
    let root = sqrt(x).times(sqrt(PI.scaled(2.0)));
    (0..k).fold(sum.divided(root), |value, _| value.times(by))
}
