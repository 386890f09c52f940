//! Pairs of `f64` for the quick way: an unevaluated sum, with as few corrections as the quick way
//! needs. [`DoubleDouble`](crate::double_double::DoubleDouble) is the careful one.
//!
//! No fused multiply-add: the product's rest is computed from halves. So the bits, and the time,
//! are those of every processor.

/// `hi + lo`, where lo is at most an ulp or so of hi: a normal pair; or larger, where it is said.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    pub(crate) hi: f64,
    pub(crate) lo: f64,
}

/// The first 26 bits. What x is more has 27.
#[inline(always)]
pub(crate) fn head(x: f64) -> f64 {
    f64::from_bits(x.to_bits() & !0x7ff_ffff)
}

/// `a + b` exactly, where a is the larger, or 0.
#[inline(always)]
pub(crate) fn ordered_sum(a: f64, b: f64) -> Pair {
    let hi = a + b;
    Pair { hi, lo: b - (hi - a) }
}

/// `a + b` exactly.
#[inline(always)]
pub(crate) fn sum(a: f64, b: f64) -> Pair {
    let hi = a + b;
    let from_b = hi - a;
    Pair { hi, lo: (a - (hi - from_b)) + (b - from_b) }
}

/// `a b`, but for 2⁻¹⁰⁵ of it.
#[inline(always)]
pub(crate) fn product(a: f64, b: f64) -> Pair {
    let hi = a * b;
    let (a1, b1) = (head(a), head(b));
    let (a2, b2) = (a - a1, b - b1);
    Pair { hi, lo: ((a1 * b1 - hi) + a1 * b2 + a2 * b1) + a2 * b2 }
}

impl Pair {
    #[inline(always)]
    pub(crate) fn of(hi: f64) -> Self {
        Pair { hi, lo: 0.0 }
    }

    #[inline(always)]
    pub(crate) fn negated(self) -> Self {
        Pair { hi: -self.hi, lo: -self.lo }
    }

    /// The same number, with as much of it in the first part as that holds.
    #[inline(always)]
    pub(crate) fn normal(self) -> Self {
        ordered_sum(self.hi, self.lo)
    }

    #[inline(always)]
    pub(crate) fn plus(self, other: Self) -> Self {
        let high = sum(self.hi, other.hi);
        ordered_sum(high.hi, high.lo + (self.lo + other.lo))
    }

    #[inline(always)]
    pub(crate) fn minus(self, other: Self) -> Self {
        self.plus(other.negated())
    }

    #[inline(always)]
    pub(crate) fn times(self, other: Self) -> Self {
        let high = product(self.hi, other.hi);
        ordered_sum(high.hi, high.lo + (self.hi * other.lo + self.lo * other.hi))
    }

    /// Times a number of few bits.
    #[inline(always)]
    pub(crate) fn times_short(self, c: f64) -> Self {
        let a = head(self.hi);
        let hi = self.hi * c;
        Pair { hi, lo: (a * c - hi) + ((self.hi - a) * c + self.lo * c) }
    }

    /// Times a power of two.
    #[inline(always)]
    pub(crate) fn scaled(self, by: f64) -> Self {
        Pair { hi: self.hi * by, lo: self.lo * by }
    }

    #[inline(always)]
    pub(crate) fn over(self, by: Self) -> Self {
        let inverse = 1.0 / by.hi;
        let first = self.hi * inverse;
        let high = product(first, by.hi);
        let rest = (self.hi - high.hi) - high.lo + self.lo - first * by.lo;
        ordered_sum(first, rest * inverse)
    }

    /// 0 of 0.
    #[inline(always)]
    pub(crate) fn root(self) -> Self {
        if self.hi == 0.0 {
            return self;
        }
        let first = self.hi.sqrt();
        let square = product(first, first);
        let rest = (self.hi - square.hi) - square.lo + self.lo;
        ordered_sum(first, rest / (2.0 * first))
    }
}

/// The double nearest to a number that is within `error` of the pair, if that says which.
#[inline(always)]
pub(crate) fn nearest(x: Pair, error: f64) -> Option<f64> {
    #[cfg(test)]
    LAST.set(Some((x, error)));
    let (low, high) = (x.hi + (x.lo - error), x.hi + (x.lo + error));
    (low == high).then_some(low)
}

/// `Σ coefficients[i] xⁱ`
#[inline(always)]
pub(crate) fn polynomial<const N: usize>(x: f64, coefficients: [f64; N]) -> f64 {
    let mut sum = coefficients[N - 1];
    for i in (0..N - 1).rev() {
        sum = sum * x + coefficients[i];
    }
    sum
}

#[cfg(test)]
thread_local! {
    /// What was asked last, for tests to look at.
    pub(crate) static LAST: std::cell::Cell<Option<(Pair, f64)>> =
        const { std::cell::Cell::new(None) };
}
