//! The exact results that tests compare with: double-double arithmetic, about 100 bits, by series
//! that share nothing with the vector forms.
//!
//! T. J. Dekker, A floating-point technique for extending the available precision (1971).

use std::f64::consts::{FRAC_2_PI, LN_2};
use std::ops::{Add, Div, Mul, Neg, Sub};

use crate::op::Unary;

/// The unevaluated sum of two numbers, the second a rounding error of the first.
#[derive(Clone, Copy, Debug)]
pub(super) struct DoubleDouble(f64, f64);

use DoubleDouble as Dd;

fn two_sum(a: f64, b: f64) -> Dd {
    let sum = a + b;
    let of_b = sum - a;
    Dd(sum, (a - (sum - of_b)) + (b - of_b))
}

fn two_product(a: f64, b: f64) -> Dd {
    let product = a * b;
    Dd(product, a.mul_add(b, -product))
}

impl From<f64> for Dd {
    fn from(x: f64) -> Self {
        Dd(x, 0.0)
    }
}

impl Add for Dd {
    type Output = Dd;
    fn add(self, other: Dd) -> Dd {
        let (high, low) = (two_sum(self.0, other.0), two_sum(self.1, other.1));
        let sum = two_sum(high.0, high.1 + low.0);
        two_sum(sum.0, sum.1 + low.1)
    }
}

impl Neg for Dd {
    type Output = Dd;
    fn neg(self) -> Dd {
        Dd(-self.0, -self.1)
    }
}

impl Sub for Dd {
    type Output = Dd;
    fn sub(self, other: Dd) -> Dd {
        self + -other
    }
}

impl Mul for Dd {
    type Output = Dd;
    fn mul(self, other: Dd) -> Dd {
        let product = two_product(self.0, other.0);
        two_sum(product.0, product.1 + (self.0 * other.1 + self.1 * other.0))
    }
}

impl Div for Dd {
    type Output = Dd;
    fn div(self, other: Dd) -> Dd {
        let first = self.0 / other.0;
        let left = self - Dd::from(first) * other;
        let second = left.0 / other.0;
        let left = left - Dd::from(second) * other;
        two_sum(first, second) + Dd::from(left.0 / other.0)
    }
}

impl Dd {
    fn times_power(self, n: i32) -> Dd {
        let power = 2.0_f64.powi(n);
        Dd(self.0 * power, self.1 * power)
    }
}

const LN2: Dd = Dd(LN_2, 2.3190468138462996e-17);
const LN2_REST: f64 = 5.707708438416212e-34;
const LN10: Dd = Dd(std::f64::consts::LN_10, -2.1707562233822494e-16);
const PIO2: [f64; 4] = [
    std::f64::consts::FRAC_PI_2,
    6.123233995736766e-17,
    -1.4973849048591698e-33,
    5.562271104316826e-50,
];

/// `e^r − 1` for a small r, by Taylor's series at r/512 and doubling.
fn exp_m1_near_zero(r: Dd) -> Dd {
    let r = r.times_power(-9);
    let mut sum = Dd::from(0.0);
    for i in (1..=11).rev() {
        sum = (r + r * sum) / Dd::from(f64::from(i));
    }
    for _ in 0..9 {
        sum = sum * (sum + Dd::from(2.0));
    }
    sum
}

/// `(k, r)` with x = k ln 2 + r.
fn reduce(x: Dd) -> (i32, Dd) {
    let k = (x.0 / LN_2).round();
    let product = two_product(k, LN2.0) + two_product(k, LN2.1) + Dd::from(k * LN2_REST);
    (k as i32, x - product)
}

fn exp_m1(x: Dd) -> Dd {
    let (k, r) = reduce(x);
    let near = exp_m1_near_zero(r);
    if k == 0 { near } else { (near + Dd::from(1.0)).times_power(k) - Dd::from(1.0) }
}

/// `ln(1 + x)` for |x| < 1: a step of Halley's method from the double's logarithm.
fn ln_1p_near_zero(x: Dd) -> Dd {
    let y = Dd::from(x.0.ln_1p());
    let e = exp_m1(y);
    y + Dd::from(2.0) * (x - e) / (Dd::from(2.0) + x + e)
}

fn ln(x: Dd) -> Dd {
    let k = x.0.log2().round() as i32;
    // In two steps, because 2^-k may be too large.
    let scaled = x.times_power(-k / 2).times_power(-(k - k / 2));
    Dd::from(f64::from(k)) * LN2
        + Dd::from(f64::from(k) * LN2_REST)
        + ln_1p_near_zero(scaled - Dd::from(1.0))
}

fn ln_1p(x: Dd) -> Dd {
    if x.0.abs() < 0.4 { ln_1p_near_zero(x) } else { ln(x + Dd::from(1.0)) }
}

/// `(sin x, cos x)` for |x| below 2²⁰.
fn sin_cos(x: f64) -> (Dd, Dd) {
    let n = (x * FRAC_2_PI).round();
    let r = PIO2.iter().fold(Dd::from(x), |r, &part| r - two_product(n, part));
    let z = r * r;
    let (mut sin, mut cos) = (Dd::from(0.0), Dd::from(0.0));
    for i in (1..=14).rev() {
        let i = f64::from(i);
        sin = (z - z * sin) / Dd::from((2.0 * i) * (2.0 * i + 1.0));
        cos = (z - z * cos) / Dd::from((2.0 * i - 1.0) * (2.0 * i));
    }
    let (sin, cos) = (r - r * sin, Dd::from(1.0) - cos);
    match n.rem_euclid(4.0) as u8 {
        0 => (sin, cos),
        1 => (cos, -sin),
        2 => (-sin, -cos),
        _ => (-cos, sin),
    }
}

/// An exact result, `number · 2^power`: of a size that a double may not have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Exact {
    number: DoubleDouble,
    power: i32,
}

impl From<Dd> for Exact {
    fn from(number: Dd) -> Self {
        Exact { number, power: 0 }
    }
}

fn exp(x: Dd) -> Exact {
    let (power, r) = reduce(x);
    Exact { number: exp_m1_near_zero(r) + Dd::from(1.0), power }
}

/// `op` of a finite number where the result is a number that is not 0; sines up to 2²⁰.
pub(super) fn exact(op: Unary, x: f64) -> Exact {
    let one = Dd::from(1.0);
    let number = Dd::from(x);
    match op {
        // All of them are x (1 + O(x)); the products of smaller numbers would lose their low parts.
        Unary::ExpM1 | Unary::Ln1p | Unary::Sin | Unary::Tanh if x.abs() < 1e-100 => {
            Exact { number: number.times_power(600), power: -600 }
        }
        Unary::Exp => exp(number),
        Unary::Exp2 => {
            let n = x.round();
            let Exact { number, power } = exp(Dd::from(x - n) * LN2);
            Exact { number, power: power + n as i32 }
        }
        Unary::ExpM1 if x > 100.0 => exp(number),
        Unary::ExpM1 => exp_m1(number).into(),
        Unary::Ln => ln(number).into(),
        Unary::Log2 => (ln(number) / LN2).into(),
        Unary::Log10 => (ln(number) / LN10).into(),
        Unary::Ln1p => ln_1p(number).into(),
        Unary::Sin => sin_cos(x).0.into(),
        Unary::Cos => sin_cos(x).1.into(),
        Unary::Tanh => {
            let e = exp_m1(Dd::from(2.0 * x.clamp(-40.0, 40.0)));
            (e / (e + Dd::from(2.0))).into()
        }
        Unary::Sigmoid => {
            let e = exp(-Dd::from(x.abs()));
            let sum = one + e.number.times_power(e.power.max(-200));
            if x < 0.0 {
                Exact { number: e.number / sum, power: e.power }
            } else {
                (one / sum).into()
            }
        }
        Unary::Softplus => {
            let e = exp(-Dd::from(x.abs()));
            if x < -100.0 {
                return e;
            }
            let rest = ln_1p(e.number.times_power(e.power.max(-300)));
            (rest + Dd::from(x.max(0.0))).into()
        }
        _ => unreachable!("no reference for {op:?}"),
    }
}

impl Exact {
    /// How far `found` is, in units of the last place that a double of the exact result's size has.
    pub(super) fn ulps_from(self, found: f64) -> f64 {
        let size = self.number.0.abs().log2().floor() as i32 + self.power;
        if found.is_infinite() {
            let largest = Dd::from(2.0) - Dd::from(2.0_f64.powi(-53));
            let rounds_to_infinity =
                found > 0.0 && (self.number.times_power(self.power - 1023) - largest).0 >= 0.0;
            return if rounds_to_infinity { 0.0 } else { f64::INFINITY };
        }
        let ulp = size.clamp(-1022, 1023) - 52;
        // Both numbers in units of 2^power, in two steps because 2^-power may be too large.
        let found =
            found * 2.0_f64.powi(-self.power / 2) * 2.0_f64.powi(-(self.power - self.power / 2));
        let off = (Dd::from(found) - self.number).0.abs();
        off * 2.0_f64.powi((self.power - ulp) / 2)
            * 2.0_f64.powi((self.power - ulp) - (self.power - ulp) / 2)
    }
}
