//! Numbers of 512 bits, for the few operands that the quick ways cannot decide.
//!
//! Written to be read: every operation is the one from school, and Newton's steps for quotient and
//! root. Each result is short of the exact one by a few units of the last of 512 bits.

use std::cmp::Ordering;

const WORDS: usize = 8;

/// `± 0.words · 2^exponent`, the first bit set; or 0, whose words are 0.
#[derive(Clone, Copy, Debug)]
pub(super) struct Big {
    pub(super) negative: bool,
    pub(super) exponent: i32,
    /// The first is the most significant.
    pub(super) words: [u64; WORDS],
}

/// What a type of numbers can hold: digits, and the exponent of the smallest number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Format {
    pub(super) digits: i32,
    pub(super) least: i32,
}

pub(super) const DOUBLE: Format = Format { digits: 53, least: -1074 };
pub(super) const SINGLE: Format = Format { digits: 24, least: -149 };

/// So many bits are taken to be right, at least.
const SURE: usize = 450;

impl Big {
    pub(super) const ZERO: Big = Big { negative: false, exponent: 0, words: [0; WORDS] };

    pub(super) fn one() -> Self {
        Big::from(1.0)
    }

    pub(super) fn is_zero(&self) -> bool {
        self.words[0] == 0
    }

    pub(super) fn negated(mut self) -> Self {
        self.negative = !self.negative;
        self
    }

    pub(super) fn magnitude(mut self) -> Self {
        self.negative = false;
        self
    }

    /// Times 2ⁿ.
    pub(super) fn scaled(mut self, n: i32) -> Self {
        self.exponent += n;
        self
    }

    /// Near it, if a double can be.
    pub(super) fn near(&self) -> f64 {
        let size = libm::ldexp(self.words[0] as f64, self.exponent - 64);
        if self.negative { -size } else { size }
    }

    /// With its first bit where it belongs, and one more bit in front of the words.
    fn normal(negative: bool, mut exponent: i32, over: bool, mut words: [u64; WORDS]) -> Self {
        if over {
            words = right(words, 1);
            words[0] |= 1 << 63;
            exponent += 1;
        } else {
            let Some(first) = words.iter().position(|&word| word != 0) else { return Big::ZERO };
            let by = 64 * first as u32 + words[first].leading_zeros();
            words = left(words, by);
            exponent -= by as i32;
        }
        Big { negative, exponent, words }
    }

    pub(super) fn plus(self, other: Self) -> Self {
        if self.is_zero() || other.is_zero() {
            return if self.is_zero() { other } else { self };
        }
        let order = self.exponent.cmp(&other.exponent).then(self.words.cmp(&other.words));
        let (large, small) = if order == Ordering::Less { (other, self) } else { (self, other) };
        let shifted = right(small.words, (large.exponent - small.exponent) as u32);
        let (mut words, mut carry) = ([0; WORDS], false);
        for i in (0..WORDS).rev() {
            let (a, b) = (large.words[i], shifted[i]);
            let carried = u64::from(carry);
            let ((part, over), alike) = if large.negative == small.negative {
                (a.overflowing_add(b), true)
            } else {
                (a.overflowing_sub(b), false)
            };
            let (word, again) =
                if alike { part.overflowing_add(carried) } else { part.overflowing_sub(carried) };
            (words[i], carry) = (word, over || again);
        }
        Big::normal(large.negative, large.exponent, carry, words)
    }

    pub(super) fn minus(self, other: Self) -> Self {
        self.plus(other.negated())
    }

    pub(super) fn times(self, other: Self) -> Self {
        let mut all = [0_u64; 2 * WORDS];
        for i in (0..WORDS).rev() {
            let mut carry = 0;
            for j in (0..WORDS).rev() {
                let term = u128::from(self.words[i]) * u128::from(other.words[j])
                    + u128::from(all[i + j + 1])
                    + carry;
                all[i + j + 1] = term as u64;
                carry = term >> 64;
            }
            all[i] = carry as u64;
        }
        let mut exponent = self.exponent + other.exponent;
        if all[0] >> 63 == 0 {
            for i in 0..WORDS {
                all[i] = all[i] << 1 | all[i + 1] >> 63;
            }
            exponent -= 1;
        }
        let mut words = [0; WORDS];
        words.copy_from_slice(&all[..WORDS]);
        if words[0] == 0 {
            return Big::ZERO;
        }
        Big { negative: self.negative != other.negative, exponent, words }
    }

    pub(super) fn square(self) -> Self {
        self.times(self)
    }

    /// A quotient by a small whole number.
    pub(super) fn divided_by(self, by: u64) -> Self {
        let (mut words, mut rest) = ([0; WORDS], 0_u128);
        for (word, from) in words.iter_mut().zip(self.words) {
            let digits = rest << 64 | u128::from(from);
            *word = (digits / u128::from(by)) as u64;
            rest = digits % u128::from(by);
        }
        Big::normal(self.negative, self.exponent, false, words)
    }

    /// Of the inverse r of b, `r + r (1 − b r)` has twice as many digits.
    pub(super) fn over(self, by: Self) -> Self {
        let (b, exponent) = (Big { exponent: 0, negative: false, ..by }, by.exponent);
        let mut inverse = Big::from(1.0 / b.near());
        for _ in 0..4 {
            let rest = Big::one().minus(b.times(inverse));
            inverse = inverse.plus(inverse.times(rest));
        }
        let quotient = self.times(inverse).scaled(-exponent);
        if by.negative { quotient.negated() } else { quotient }
    }

    /// Of the inverse root r of b, `r + r (1 − b r²) / 2` has twice as many digits.
    pub(super) fn root(self) -> Self {
        if self.is_zero() {
            return self;
        }
        let odd = self.exponent & 1;
        let b = Big { exponent: odd, ..self };
        let mut inverse = Big::from(1.0 / b.near().sqrt());
        for _ in 0..4 {
            let rest = Big::one().minus(b.times(inverse.square()));
            inverse = inverse.plus(inverse.times(rest).scaled(-1));
        }
        b.times(inverse).scaled((self.exponent - odd) / 2)
    }

    /// The number of a format that is nearest, of two the even one.
    ///
    /// What is within 2⁻⁴⁵⁰ of the middle of two numbers is the middle: results that are no
    /// fractions of whole numbers do not come so close to one.
    pub(super) fn rounded(&self, format: Format) -> f64 {
        let digits = format.digits.min(self.exponent - format.least);
        if self.is_zero() || digits < 0 {
            return if self.negative { -0.0 } else { 0.0 };
        }
        let digits = digits as usize;
        let bit = |i: usize| self.words[i / 64] >> (63 - i % 64) & 1;
        let whole = if digits == 0 { 0 } else { self.words[0] >> (64 - digits) };
        let half = bit(digits);
        let middle = (digits + 1..SURE).all(|i| bit(i) != half);
        let up = if middle { whole & 1 == 1 } else { half == 1 };
        let size = libm::ldexp((whole + u64::from(up)) as f64, self.exponent - digits as i32);
        if self.negative { -size } else { size }
    }
}

impl From<f64> for Big {
    fn from(x: f64) -> Self {
        let (fraction, exponent) = libm::frexp(x.abs());
        let mut words = [0; WORDS];
        words[0] = (fraction * 9_007_199_254_740_992.0) as u64;
        Big::normal(x < 0.0, exponent + 11, false, words)
    }
}

fn right(words: [u64; WORDS], by: u32) -> [u64; WORDS] {
    let (whole, bits) = (by as usize / 64, by % 64);
    let word = |i: usize| i.checked_sub(whole).map_or(0, |i| words[i]);
    std::array::from_fn(|i| {
        let above = if i == 0 || bits == 0 { 0 } else { word(i - 1) << (64 - bits) };
        word(i) >> bits | above
    })
}

fn left(words: [u64; WORDS], by: u32) -> [u64; WORDS] {
    let (whole, bits) = (by as usize / 64, by % 64);
    let word = |i: usize| words.get(i + whole).copied().unwrap_or(0);
    std::array::from_fn(|i| {
        let below = if bits == 0 { 0 } else { word(i + 1) >> (64 - bits) };
        word(i) << bits | below
    })
}
