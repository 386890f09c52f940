//! Angles modulo π/2, for every finite number.
//!
//! M. Payne, R. Hanek, *Radian reduction for trigonometric functions*, SIGNUM Newsletter 18 (1983):
//! of the product with 2/π only the digits around the point are computed. Here 4 words of 64 bits
//! after the point: a number of 107 bits comes within about 2⁻¹¹⁵ of a multiple of π/2, and the
//! words left then hold the whole rest.

use super::DoubleDouble;
use super::constants::{FRAC_PI_2, TWO_OVER_PI};

/// The words of `x · 2/π` modulo 2⁶⁴: the whole part, and some after the point.
type Fixed<const WORDS: usize> = [u64; WORDS];

/// The multiple of π/2 nearest to x, modulo 4, and what x is more.
pub(super) fn modulo_half_pi(x: DoubleDouble) -> (u64, DoubleDouble) {
    if x.hi.abs() < 0.785 {
        return (0, x);
    }
    let (quadrant, fraction, negative) = nearest::<5>(add(product(x.hi), product(x.lo)));
    let rest = number(&fraction[1..]).times(FRAC_PI_2);
    (quadrant, if negative { rest.negated() } else { rest })
}

impl DoubleDouble {
    /// The multiple of π/2 nearest to x, modulo 4, and what x is more.
    pub(crate) fn modulo_half_pi(self) -> (u64, DoubleDouble) {
        modulo_half_pi(self)
    }

    /// The multiple of π/2 nearest to x, modulo 4, and what x is more, as a part of π/2: the words
    /// after the point (the first is 0), and whether it is negative.
    pub(crate) fn quarter_turns(x: f64) -> (u64, [u64; 9], bool) {
        let (quadrant, mut fraction, negative) = nearest::<9>(product(x));
        fraction[0] = 0;
        (quadrant, fraction, negative)
    }
}

/// Rounded to the nearest: the fraction is then between −1/2 and 1/2, here without its sign.
fn nearest<const WORDS: usize>(sum: Fixed<WORDS>) -> (u64, Fixed<WORDS>, bool) {
    let up = sum[1] >> 63;
    let quadrant = sum[0].wrapping_add(up) & 3;
    (quadrant, if up == 1 { negate(sum) } else { sum }, up == 1)
}

/// `x · 2/π`, as far as it counts.
fn product<const WORDS: usize>(x: f64) -> Fixed<WORDS> {
    let (fraction, exponent) = libm::frexp(x.abs());
    if fraction == 0.0 {
        return [0; WORDS];
    }
    // |x| = whole · 2^shift.
    let (whole, shift) = ((fraction * 9_007_199_254_740_992.0) as u64, exponent - 53);
    let mut words = [0; WORDS];
    // Word w of the result stands for 2^(−64 w). Digit n of 2/π, from 1, stands for 2^(shift − n).
    // So word w takes the digits up to shift + 64 w; one word more than the result for what
    // carries.
    let mut carry: u128 = 0;
    for w in (0..=WORDS).rev() {
        let term = u128::from(whole) * u128::from(digits(shift + 64 * w as i32)) + carry;
        carry = term >> 64;
        if w < WORDS {
            words[w] = term as u64;
        }
    }
    if x < 0.0 { negate(words) } else { words }
}

/// The 64 binary digits of 2/π that end with the given one after the point.
fn digits(last: i32) -> u64 {
    let word = |index: i32| match usize::try_from(index) {
        Ok(index) => TWO_OVER_PI.get(index).copied().unwrap_or(0),
        Err(_) => 0,
    };
    let (index, offset) = ((last - 1).div_euclid(64), (last - 1).rem_euclid(64) as u32 + 1);
    if offset == 64 {
        word(index)
    } else {
        word(index) >> (64 - offset) | word(index - 1) << offset
    }
}

fn add<const WORDS: usize>(a: Fixed<WORDS>, b: Fixed<WORDS>) -> Fixed<WORDS> {
    let (mut sum, mut carry) = ([0; WORDS], false);
    for i in (0..WORDS).rev() {
        let (first, over) = a[i].overflowing_add(b[i]);
        let (second, again) = first.overflowing_add(u64::from(carry));
        (sum[i], carry) = (second, over || again);
    }
    sum
}

fn negate<const WORDS: usize>(a: Fixed<WORDS>) -> Fixed<WORDS> {
    let mut one = [0; WORDS];
    one[WORDS - 1] = 1;
    add(a.map(|word| !word), one)
}

/// The words after the point as a number.
fn number(words: &[u64]) -> DoubleDouble {
    let mut sum = DoubleDouble::from(0.0);
    // The smallest first. Halves of words are exact.
    for (i, &word) in words.iter().enumerate().rev() {
        let at = -64 * (i as i32 + 1);
        let (high, low) = ((word >> 32) as f64, (word & 0xFFFF_FFFF) as f64);
        sum = sum.plus(libm::ldexp(low, at).into()).plus(libm::ldexp(high, at + 32).into());
    }
    sum
}
