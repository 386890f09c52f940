//! One formatter for every number that people review.

use std::fmt;

/// The significant digits of a number in texts that are compared: `exp` differs between platforms
/// in the last bit, which changes 15 digits often and ten digits hardly ever.
pub const SIGNIFICANT: usize = 10;

/// A number in ten significant digits, or as many as asked for; zeros at the end are left out.
///
/// Plain notation from 1e-5 up to 1e9, scientific outside. Every number has one text: `-0` differs
/// from `0`, every NaN is `NaN`, the infinities are `inf` and `-inf`. Width and alignment of the
/// format apply.
///
/// # Examples
///
/// ```
/// use wengert_inspect::Digits;
/// assert_eq!(Digits::new(-0.14813473120687762).to_string(), "-0.1481347312");
/// assert_eq!(Digits::new(1.0 / 3.0).significant(12).to_string(), "0.333333333333");
/// assert_eq!(Digits::new(6.02214076e23).to_string(), "6.02214076e23");
/// assert_eq!(Digits::new(-0.0).to_string(), "-0");
/// assert_eq!(format!("{:>8}|", Digits::new(0.5)), "     0.5|");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Digits {
    number: f64,
    significant: usize,
}

impl Digits {
    /// A number in [`SIGNIFICANT`] digits.
    #[must_use]
    pub fn new(number: f64) -> Self {
        Digits { number, significant: SIGNIFICANT }
    }

    /// In another number of significant digits; 0 counts as 1. From 17 on the text tells every
    /// `f64` from its neighbours.
    #[must_use]
    pub fn significant(mut self, digits: usize) -> Self {
        self.significant = digits.max(1);
        self
    }

    fn text(self) -> String {
        let x = self.number;
        if x.is_nan() {
            return "NaN".to_owned();
        }
        if x.is_infinite() || x == 0.0 {
            return x.to_string();
        }
        let decimals = self.significant - 1;
        // Rounded once, so that 9.99999999999 takes the exponent of 10.
        let scientific = format!("{x:.decimals$e}");
        let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
        let power: i32 = exponent.parse().unwrap_or(0);
        if (-5..9).contains(&power) {
            let places = (decimals as i32 - power).max(0) as usize;
            return without_zeros(&format!("{x:.places$}")).to_owned();
        }
        format!("{}e{exponent}", without_zeros(mantissa))
    }
}

/// `0.500` as `0.5`, `2.000` as `2`.
fn without_zeros(decimal: &str) -> &str {
    if decimal.contains('.') {
        decimal.trim_end_matches('0').trim_end_matches('.')
    } else {
        decimal
    }
}

impl fmt::Display for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(number: f64, expect: &str) {
        assert_eq!(Digits::new(number).to_string(), expect);
    }

    #[test]
    fn special_numbers_have_one_text_each() {
        check(0.0, "0");
        check(-0.0, "-0");
        check(f64::NAN, "NaN");
        check(-f64::NAN, "NaN");
        check(f64::INFINITY, "inf");
        check(f64::NEG_INFINITY, "-inf");
        check(f64::from_bits(1), "4.940656458e-324");
        check(-f64::MIN_POSITIVE / 2.0, "-1.112536929e-308");
        check(f64::MAX, "1.797693135e308");
    }

    #[test]
    fn ten_digits_wherever_the_point_is() {
        check(1.0, "1");
        check(0.1 + 0.2, "0.3");
        check(0.6629970129852887, "0.662997013");
        check(-0.002711797799238243, "-0.002711797799");
        check(123456789.12345, "123456789.1");
        check(999999999.96, "1e9");
        check(9.99999999996, "10");
        check(0.00001, "0.00001");
        check(0.000009999999999, "9.999999999e-6");
        check(0.00000999999999999, "0.00001");
        check(1234567890.0, "1.23456789e9");
        check(-2e-7, "-2e-7");
    }

    #[test]
    fn a_neighbour_has_the_same_text() {
        check(1.0_f64.next_up(), "1");
        check(1.0_f64.next_down(), "1");
    }

    #[test]
    fn seventeen_digits_are_exact() {
        for x in [0.1, 1.0 / 3.0, 5e-324, 1.7976931348623157e308, -123456.789e-30] {
            assert_eq!(Digits::new(x).significant(17).to_string().parse::<f64>(), Ok(x));
        }
    }
}
