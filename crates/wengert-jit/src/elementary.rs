//! The elementary functions of fast numerics as instructions, for processors that multiply and add
//! in one of them: no call, after which nothing would be left in a register.
//!
//! The formulas are those of `wengert_kernels::elementary`, with the same coefficients; the terms of
//! polynomials are grouped so that fewer of them wait for each other. A sigmoid and its slope are
//! one formula of its own. `tests/formulas.rs` holds all of them to the bounds.

use cranelift_codegen::ir::Value;
use cranelift_codegen::ir::condcodes::FloatCC;
use wengert_ops::op::Unary;
use wengert_program::Float;

use crate::wide::Wide;

/// A function of one number, which must be one of these.
pub(crate) fn unary<S: Float>(w: &mut Wide<'_, '_>, op: Unary, x: Value) -> Value {
    match op {
        Unary::ExpM1 => exp_m1::<S>(w, x),
        Unary::Tanh => tanh::<S>(w, x),
        _ => unreachable!("{op:?} is a call"),
    }
}

/// The slope of the hyperbolic tangent at x.
pub(crate) fn tanh_slope<S: Float>(w: &mut Wide<'_, '_>, x: Value) -> Value {
    // tanh x = 2 sigmoid 2x − 1
    let twice = w.add(x, x);
    let [smaller, larger] = halves::<S>(w, twice);
    let product = w.mul(smaller, larger);
    let four = w.c(4.0);
    w.mul(product, four)
}

/// `head + factor Σ cᵢ xⁱ`, by groups of four terms.
fn sum<S: Float>(
    w: &mut Wide<'_, '_>,
    c: &[S],
    [x, square]: [Value; 2],
    head: Value,
    factor: Value,
) -> Value {
    let mut groups = Vec::new();
    for group in c.chunks(4) {
        let mut pairs = Vec::new();
        for pair in group.chunks(2) {
            let second = pair.get(1).map(|c| w.c(c.to_f64()));
            let first = w.c(pair[0].to_f64());
            pairs.push(second.map_or(first, |second| w.fma(x, second, first)));
        }
        groups.push(match pairs[..] {
            [low, high] => w.fma(high, square, low),
            _ => pairs[0],
        });
    }
    let near = w.fma(factor, groups[0], head);
    let Some((&last, rest)) = groups[1..].split_last() else { return near };
    let fourth = w.mul(square, square);
    let mut far = last;
    for &group in rest.iter().rev() {
        far = w.fma(far, fourth, group);
    }
    let factor = w.mul(factor, fourth);
    w.fma(factor, far, near)
}

/// What added to a number of small size leaves its integer, biased, in the low bits.
fn biased<S: Float>(w: &Wide<'_, '_>) -> f64 {
    S::MAGIC.to_f64() + f64::from(w.bias())
}

/// x = n ln 2 + r + tail: n as an integer, 2ⁿ where that is a number, r, and the tail.
fn reduce<S: Float>(w: &mut Wide<'_, '_>, x: Value) -> [Value; 4] {
    let (log2_e, magic) = (w.c(S::LOG2_E.to_f64()), biased::<S>(w));
    let magic = w.c(magic);
    let shifted = w.fma(x, log2_e, magic);
    let n = w.sub(shifted, magic);
    let (high, low) = (w.c(S::LN2_HI.to_f64()), w.c(S::LN2_LO.to_f64()));
    let above = w.less(n, high, x);
    let r = w.less(n, low, above);
    let rest = w.sub(above, r);
    let tail = w.less(n, low, rest);
    let mantissa = w.mantissa();
    let power = w.shift_left(shifted, mantissa);
    [n, power, r, tail]
}

/// `eʳ − 1`, `head` in the place of the r that is added.
fn exponential<S: Float>(w: &mut Wide<'_, '_>, r: Value, head: Value) -> Value {
    let square = w.mul(r, r);
    sum::<S>(w, S::EXP, [r, square], head, square)
}

fn exp_m1<S: Float>(w: &mut Wide<'_, '_>, given: Value) -> Value {
    let x = w.at_most(given, S::EXP_MAX.to_f64());
    let x = w.at_least(x, S::EXP_M1_MIN.to_f64());
    let [_, power, r, tail] = reduce::<S>(w, x);
    // Half of everything, because 2ⁿ overflows before eˣ does.
    let one = w.exponent(1);
    let (power, half) = (w.sub_bits(power, one), w.c(0.5));
    let (whole, part) = (w.sub(power, half), w.mul(power, r));
    let sum = w.add(whole, part);
    let error = w.sub(whole, sum);
    let error = w.add(error, part);
    let rest = exponential::<S>(w, r, tail);
    let rest = w.fma(power, rest, error);
    let half = w.add(sum, rest);
    let y = w.add(half, half);
    is_tiny_or::<S>(w, given, y)
}

/// x where the function is x to the last bit: −0, and subnormal numbers.
fn is_tiny_or<S: Float>(w: &mut Wide<'_, '_>, x: Value, y: Value) -> Value {
    let (size, tiny) = (w.negative_magnitude(x), w.c(-S::TINY.to_f64()));
    let is_tiny = w.compare(FloatCC::GreaterThan, size, tiny);
    w.choose(is_tiny, x, y)
}

/// `e/(1 + e)` with e = e^−|x|, and what it lacks to 1: the sigmoid of −|x| and of |x|.
///
/// e = 2⁻ᵐ eʳ, and the quotient is that of eʳ and 2ᵐ + eʳ. What the rounding of this sum lost is
/// found while the division runs, for which 1/(1 + e) to within some percent is enough.
pub(crate) fn halves<S: Float>(w: &mut Wide<'_, '_>, x: Value) -> [Value; 2] {
    let size = w.negative_magnitude(x);
    let size = w.at_least(size, S::EXP_MIN.to_f64());
    let (log2_e, magic) = (w.c(-S::LOG2_E.to_f64()), biased::<S>(w));
    let magic = w.c(magic);
    let shifted = w.fma(size, log2_e, magic);
    let m = w.sub(shifted, magic);
    let high = w.c(S::LN2_HI.to_f64());
    let r = w.fma(m, high, size);
    let low = w.c(S::LN2_LO.to_f64());
    let r = w.fma(m, low, r);
    // Where 2ᵐ is near its end, or beyond, both sides are so much smaller.
    let (limit, by) = if w.mantissa() == 52 { (-690.0, 64) } else { (-80.0, 40) };
    let limit = w.c(limit);
    let is_far = w.compare(FloatCC::LessThan, size, limit);
    let by = w.exponent(by);
    let by = w.and(is_far, by);
    let mantissa = w.mantissa();
    let power = w.shift_left(shifted, mantissa);
    let power = w.sub_bits(power, by);
    let one = w.c(1.0);
    let unit = w.sub_bits(one, by);
    let twice = w.exponent(2 * w.bias());
    let inverse = w.sub_bits(twice, power);
    let rest = exponential::<S>(w, r, r);
    let top = w.fma(rest, unit, unit);
    let bottom = w.add(power, top);
    let lost = w.sub(power, bottom);
    let lost = w.add(lost, top);
    let e = w.mul(top, inverse);
    let lost = w.mul(lost, inverse);
    let factor = w.c(0.45);
    let slope = w.c(-0.95);
    let slope = w.fma(e, factor, slope);
    let one = w.c(1.0);
    let slope = w.fma(e, slope, one);
    let lost = w.mul(lost, slope);
    let quotient = w.div(top, bottom);
    let smaller = w.less(quotient, lost, quotient);
    let one = w.c(1.0);
    [smaller, w.sub(one, smaller)]
}

/// The sigmoid of x, of its halves.
pub(crate) fn sigmoid(w: &mut Wide<'_, '_>, x: Value, [smaller, larger]: [Value; 2]) -> Value {
    let zero = w.c(0.0);
    let below = w.compare(FloatCC::LessThan, x, zero);
    w.choose(below, smaller, larger)
}

/// `t/(t + 2)` with t = e^2|x| − 1 and the sign of x.
fn tanh<S: Float>(w: &mut Wide<'_, '_>, x: Value) -> Value {
    let size = w.negative_magnitude(x);
    let size = w.at_least(size, -S::TANH_MAX.to_f64());
    let twice = w.add(size, size);
    let zero = w.c(0.0);
    let twice = w.sub(zero, twice);
    let [_, power, r, tail] = reduce::<S>(w, twice);
    let (one, two) = (w.c(1.0), w.c(2.0));
    let (whole, part) = (w.sub(power, one), w.mul(power, r));
    let sum = w.add(whole, part);
    let error = w.sub(whole, sum);
    let error = w.add(error, part);
    let rest = exponential::<S>(w, r, tail);
    let lower = w.fma(power, rest, error);
    let t = w.add(sum, lower);
    let t_error = w.sub(sum, t);
    let t_error = w.add(t_error, lower);
    // Knuth's TwoSum.
    let below = w.add(t, two);
    let of_two = w.sub(below, t);
    let of_t = w.sub(below, of_two);
    let (lost, other) = (w.sub(t, of_t), w.sub(two, of_two));
    let lost = w.add(lost, other);
    let below_error = w.add(lost, t_error);
    let inverse = w.div(one, below);
    let quotient = w.mul(t, inverse);
    let left = w.less(quotient, below, t);
    let more = w.less(quotient, below_error, t_error);
    let left = w.add(left, more);
    let y = w.fma(left, inverse, quotient);
    w.with_sign_of(y, x)
}
