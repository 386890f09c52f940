//! Decimal digits.

use std::fmt;

use super::DoubleDouble;

/// The decimal digits of |x| to so many places after the first, and the exponent of ten.
fn digits(x: DoubleDouble, places: usize) -> (Vec<u8>, i32) {
    let mut x = x.magnitude();
    let mut exponent = libm::floor(libm::log10(x.hi)) as i32;
    x = scaled_by_ten(x, -exponent);
    let ten = DoubleDouble::from(10.0);
    if x >= ten {
        (x, exponent) = (x.divided(ten), exponent + 1);
    } else if x < 1.0.into() {
        (x, exponent) = (x.times(ten), exponent - 1);
    }
    let mut digits = Vec::with_capacity(places + 2);
    // One more, to round by.
    for _ in 0..places + 2 {
        let digit = libm::floor(x.hi.min(9.5)).max(0.0);
        let digit = if DoubleDouble::from(digit) > x { digit - 1.0 } else { digit };
        digits.push(digit.max(0.0) as u8);
        x = x.minus(digit.max(0.0).into()).times(ten);
    }
    let up = digits.pop().is_some_and(|digit| digit >= 5);
    if up {
        let kept = digits.iter().rposition(|&digit| digit != 9);
        match kept {
            Some(last) => {
                digits[last] += 1;
                digits[last + 1..].fill(0);
            }
            None => {
                digits.fill(0);
                digits[0] = 1;
                exponent += 1;
            }
        }
    }
    (digits, exponent)
}

fn scaled_by_ten(mut x: DoubleDouble, mut n: i32) -> DoubleDouble {
    // In steps, so that no power is itself out of range.
    while n != 0 {
        let step = n.clamp(-20, 20);
        let power = (0..step.abs()).fold(DoubleDouble::from(1.0), |power, _| power.times_f64(10.0));
        x = if step > 0 { x.times(power) } else { x.divided(power) };
        n -= step;
    }
    x
}

/// 31 digits after the first unless a precision is given: `{:.20e}`.
impl fmt::LowerExp for DoubleDouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.hi.is_finite() || self.hi == 0.0 {
            return fmt::LowerExp::fmt(&self.hi, f);
        }
        let (digits, exponent) = digits(*self, f.precision().unwrap_or(31));
        let sign = if self.hi < 0.0 { "-" } else { "" };
        let mut text = format!("{sign}{}", digits[0]);
        if digits.len() > 1 {
            text.push('.');
            text.extend(digits[1..].iter().map(|digit| char::from(b'0' + digit)));
        }
        f.pad_integral(true, "", &format!("{text}e{exponent}"))
    }
}

/// As [`LowerExp`](fmt::LowerExp).
impl fmt::Display for DoubleDouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::LowerExp::fmt(self, f)
    }
}
