//! How far two numbers are apart, and how far they may be.

use std::fmt;

/// The number of floating-point numbers from `a` to `b`, in either direction: 0 for equal ones,
/// `−0` and `0` among them, 1 for neighbours. `None` if either is NaN; an infinity is the neighbour
/// of the largest finite number.
///
/// # Examples
///
/// ```
/// use wengert_inspect::ulps;
/// assert_eq!(ulps(1.0, 1.0_f64.next_up()), Some(1));
/// assert_eq!(ulps(-0.0, 0.0), Some(0));
/// assert_eq!(ulps(0.0, f64::NAN), None);
/// ```
#[must_use]
pub fn ulps(a: f64, b: f64) -> Option<u64> {
    if a.is_nan() || b.is_nan() {
        return None;
    }
    // Floating-point numbers of one sign are in the order of their bits; those below zero count
    // backwards.
    let position = |x: f64| {
        let bits = (x.to_bits() & (u64::MAX >> 1)) as i64;
        if x.is_sign_negative() { -bits } else { bits }
    };
    Some(position(a).abs_diff(position(b)))
}

/// The relative difference `|a − b| / |b|`: 0 for equal numbers, infinite where only b is zero or
/// only one is finite, NaN if either is NaN.
#[must_use]
pub fn relative(a: f64, b: f64) -> f64 {
    if a == b {
        return 0.0;
    }
    if a.is_infinite() || b.is_infinite() {
        return if a.is_nan() || b.is_nan() { f64::NAN } else { f64::INFINITY };
    }
    (a - b).abs() / b.abs()
}

/// How far a number may be from a reference: `|a − b| ≤ atol + rtol |b|`, b being the reference.
///
/// It displays as `rtol=1e-9 atol=1e-15`, which is how a text states the tolerance that it is
/// compared with.
///
/// # Examples
///
/// ```
/// use wengert_inspect::Tolerance;
/// let tick = Tolerance::relative(1e-13);
/// assert!(tick.accepts(1.0 + 1e-14, 1.0));
/// assert!(!tick.accepts(1e-20, 0.0)); // near zero only an absolute tolerance helps
/// assert_eq!(Tolerance::default().to_string(), "rtol=1e-9 atol=1e-15");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerance {
    rtol: f64,
    atol: f64,
}

impl Default for Tolerance {
    /// For texts of ten digits: relative 1e-9, and absolute 1e-15 for values that cancel to nearly
    /// nothing.
    fn default() -> Self {
        Tolerance { rtol: 1e-9, atol: 1e-15 }
    }
}

impl Tolerance {
    /// `|a − b| ≤ rtol |b|`.
    #[must_use]
    pub fn relative(rtol: f64) -> Self {
        Tolerance { rtol, atol: 0.0 }
    }

    /// With an absolute part beside the relative one.
    #[must_use]
    pub fn absolute(mut self, atol: f64) -> Self {
        self.atol = atol;
        self
    }

    /// The relative part.
    #[must_use]
    pub fn rtol(self) -> f64 {
        self.rtol
    }

    /// The absolute part.
    #[must_use]
    pub fn atol(self) -> f64 {
        self.atol
    }

    /// Whether `a` is close enough to the reference `b`. An infinity is close to itself only, NaN
    /// to nothing.
    #[must_use]
    pub fn accepts(self, a: f64, b: f64) -> bool {
        // The bound is infinite where b is.
        a == b
            || (a.is_finite() && b.is_finite() && (a - b).abs() <= self.atol + self.rtol * b.abs())
    }

    /// As [`accepts`](Tolerance::accepts), for numbers that were rounded to so many significant
    /// digits, once each: a unit in the last digit more, which near a power of ten is as much as
    /// the usual tolerance, but never more than the relative tolerance itself.
    ///
    /// ```
    /// use wengert_inspect::Tolerance;
    /// assert!(Tolerance::default().accepts_rounded(1.000000001, 1.0, 10));
    /// assert!(!Tolerance::default().accepts_rounded(1.00000001, 1.0, 10));
    /// ```
    #[must_use]
    pub fn accepts_rounded(self, a: f64, b: f64, significant: usize) -> bool {
        if self.accepts(a, b) {
            return true;
        }
        let unit = 10_f64.powf(b.abs().log10().floor() - (significant as f64 - 1.0));
        let rounding = unit.min(self.rtol * b.abs());
        b != 0.0 && self.accepts(a, b + rounding.copysign(a - b))
    }

    /// The tolerance that a text states as `rtol=… atol=…` among other words, if it does.
    ///
    /// ```
    /// use wengert_inspect::Tolerance;
    /// let stated = Tolerance::stated_in("# 10 digits, compared with rtol=1e-6 atol=0");
    /// assert_eq!(stated, Some(Tolerance::relative(1e-6)));
    /// assert_eq!(Tolerance::stated_in("no tolerance"), None);
    /// ```
    #[must_use]
    pub fn stated_in(text: &str) -> Option<Self> {
        let number = |key: &str| {
            let word = text.split_whitespace().find_map(|word| word.strip_prefix(key))?;
            word.parse::<f64>().ok().filter(|x| *x >= 0.0)
        };
        Some(Tolerance { rtol: number("rtol=")?, atol: number("atol=")? })
    }
}

impl fmt::Display for Tolerance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = |x: f64| if x == 0.0 { "0".to_owned() } else { format!("{x:e}") };
        write!(f, "rtol={} atol={}", plain(self.rtol), plain(self.atol))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ulps_count_across_zero_and_to_infinity() {
        let tiny = f64::from_bits(1);
        assert_eq!(ulps(-tiny, tiny), Some(2));
        assert_eq!(ulps(f64::MAX, f64::INFINITY), Some(1));
        assert_eq!(ulps(1.0, 1.0), Some(0));
        assert_eq!(ulps(f64::NEG_INFINITY, f64::INFINITY), Some(2 * f64::INFINITY.to_bits()));
    }

    #[test]
    fn relative_differences_at_the_edges() {
        assert_eq!(relative(0.0, -0.0), 0.0);
        assert_eq!(relative(f64::INFINITY, f64::INFINITY), 0.0);
        assert_eq!(relative(1.0, 0.0), f64::INFINITY);
        assert_eq!(relative(1.0, f64::INFINITY), f64::INFINITY);
        assert!(relative(f64::NAN, 1.0).is_nan() && relative(f64::INFINITY, f64::NAN).is_nan());
        assert_eq!(relative(1.5, -1.0), 2.5);
    }

    #[test]
    fn no_tolerance_takes_in_what_is_not_a_number_or_not_finite() {
        let wide = Tolerance::relative(1.0).absolute(f64::MAX);
        assert!(!wide.accepts(f64::NAN, f64::NAN));
        assert!(!wide.accepts(1.0, f64::INFINITY) && !wide.accepts(f64::INFINITY, 1.0));
        assert!(!wide.accepts(f64::NEG_INFINITY, f64::INFINITY));
        assert!(wide.accepts(f64::INFINITY, f64::INFINITY));
    }

    #[test]
    fn a_tolerance_reads_what_it_writes() {
        for tolerance in [
            Tolerance::default(),
            Tolerance::relative(1e-13),
            Tolerance::relative(0.0).absolute(0.5),
        ] {
            assert_eq!(Tolerance::stated_in(&tolerance.to_string()), Some(tolerance));
        }
    }
}
