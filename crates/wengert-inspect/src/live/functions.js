// The functions of the operations, number for number as the engine has them. A browser's exp, ln and tanh may be off in the
// last digits, and differ from one to the next, so these are computed here: to about 90 binary digits, as the sum of two numbers,
// and then rounded. A test holds them to the engine, bit for bit.

const f = (() => {
  const SPLIT = 134217729; // 2²⁷ + 1
  const STEPS_IN_LN_2 = 1.4426950408889634;
  // ln 2 in three parts, of which the first has so few digits that its multiples are exact.
  const [LN_2_HIGH, LN_2_LOW, LN_2_REST] = [0.6931471803691238, 1.9082149292705877e-10, 1.1612227229362532e-26];

  /* Pairs: a number as the sum of two. */

  function sum(a, b) {
    const s = a + b, t = s - a;
    return [s, (a - (s - t)) + (b - t)];
  }

  function product(a, b) {
    const p = a * b, c = SPLIT * a, d = SPLIT * b;
    const high = c - (c - a), low = a - high, other = d - (d - b), rest = b - other;
    return [p, ((high * other - p) + high * rest + low * other) + low * rest];
  }

  function plus(x, y) {
    const [s, e] = sum(x[0], y[0]), [t, g] = sum(x[1], y[1]), [u, h] = sum(s, e + t);
    return sum(u, h + g);
  }

  function times(x, y) {
    const [p, e] = product(x[0], y[0]);
    return sum(p, e + (x[0] * y[1] + x[1] * y[0]));
  }

  function over(x, y) {
    const q = x[0] / y[0], [p, e] = product(q, y[0]);
    const rest = (((x[0] - p) - e) + x[1]) - q * y[1];
    return sum(q, rest / y[0]);
  }

  const bits = new DataView(new ArrayBuffer(8));

  /** 2ᵏ, of a normal number. */
  function powerOfTwo(k) {
    bits.setInt32(0, (k + 1023) << 20);
    bits.setInt32(4, 0);
    return bits.getFloat64(0);
  }

  const scaled = (x, k) => x * powerOfTwo(k >> 1) * powerOfTwo(k - (k >> 1));

  /** `eˣ = 2ᵏ (1 + E)`: E, and k; |x| up to 750. */
  function grown(x) {
    const k = Math.abs(x) < 0.35 ? 0 : Math.round(x * STEPS_IN_LN_2);
    let r = [x, 0];
    if (k !== 0) {
      const [high, low] = product(k, LN_2_LOW);
      r = plus([x - k * LN_2_HIGH, 0], [-high, -(low + k * LN_2_REST)]);
    }
    // The series, of r/256, and then squares: (1 + E)² = 1 + 2E + E².
    const s = [r[0] / 256, r[1] / 256], x0 = s[0];
    const rest = x0 * (1 / 120 + x0 * (1 / 720 + x0 * (1 / 5040 + x0 * (1 / 40320 + x0 / 362880))));
    let sums = plus([0.041666666666666664, 2.3129646346357427e-18], [rest, 0]);
    sums = plus([0.16666666666666666, 9.25185853854297e-18], times(s, sums));
    sums = plus([0.5, 0], times(s, sums));
    let grown = plus(s, times(times(s, s), sums));
    for (let i = 0; i < 8; i++) grown = plus([2 * grown[0], 2 * grown[1]], times(grown, grown));
    return [grown, k];
  }

  function exp(x) {
    if (Number.isNaN(x)) return x;
    if (x > 710) return Infinity;
    if (x < -746) return 0;
    const [grew, k] = grown(x), v = plus([1, 0], grew);
    if (k >= -1021) return scaled(v[0], k);
    // Below the normal numbers the last digit stands in the same place for all.
    const large = powerOfTwo(-1022 - k), [high, low] = sum(large, v[0]);
    return ((high + (low + v[1])) - large) * powerOfTwo(k + 200) * powerOfTwo(-200);
  }

  /** `eˣ − 1`, as a pair. */
  function lessOne(x) {
    const [grew, k] = grown(x);
    if (k === 0) return grew;
    const v = plus([1, 0], grew);
    return plus([scaled(v[0], k), scaled(v[1], k)], [-1, 0]);
  }

  function exp_m1(x) {
    if (Number.isNaN(x) || Math.abs(x) < 1e-20) return x;
    if (x > 709) return exp(x);
    return x < -50 ? -1 : lessOne(x)[0];
  }

  function tanh(x) {
    const size = Math.abs(x);
    if (Number.isNaN(x) || size < 1e-9) return x;
    if (size > 22) return Math.sign(x);
    const grew = lessOne(2 * size);
    return Math.sign(x) * over(grew, plus(grew, [2, 0]))[0];
  }

  /** ln x of a pair, near which `near` is: `near + ln(x e^(−near))`. */
  function corrected(x, less, near) {
    const [grew, k] = grown(-near);
    let t;
    if (k === 0) {
      t = plus(less, times(x, grew));
    } else {
      const wide = [scaled(x[0], k), scaled(x[1], k)];
      t = plus(times(wide, plus([1, 0], grew)), [-1, 0]);
    }
    return sum(near, t[0] + (t[1] - t[0] * t[0] / 2))[0];
  }

  function ln(x) {
    const near = Math.log(x);
    return Number.isFinite(near) && near !== 0 ? corrected([x, 0], [x - 1, 0], near) : near;
  }

  function ln_1p(x) {
    if (Number.isNaN(x) || Math.abs(x) < 1e-20) return x;
    const near = Math.log1p(x);
    return Number.isFinite(near) ? corrected(sum(1, x), [x, 0], near) : near;
  }

  /** xⁿ for a whole n. */
  function powi(x, n) {
    if (n === 2) return x * x;
    if (n === 1) return x;
    let power = [1, 0], square = [x, 0];
    for (let rest = Math.abs(n); rest > 0; rest = Math.floor(rest / 2)) {
      if (rest % 2 === 1) power = times(power, square);
      square = times(square, square);
    }
    const size = Math.abs(power[0]);
    if (!(size > 1e-250 && size < 1e250)) return Math.pow(x, n);
    return n < 0 ? over([1, 0], power)[0] : power[0];
  }

  // Where e⁻ˣ overflows, it is eˣ to the last bit.
  const sigmoid = (x) => (x < -709 ? exp(x) : 1 / (1 + exp(-x)));
  const softplus = (x) => (x > 0 ? x : 0) + ln_1p(exp(-Math.abs(x)));
  const log_sigmoid = (x) => (x < 0 ? x : 0) - ln_1p(exp(-Math.abs(x)));
  const signum = (x) => (x > 0 ? 1 : x < 0 ? -1 : x);
  const relu = (x) => (x <= 0 ? 0 : x);
  const one_minus_square = (x) => (1 - x) * (1 + x);
  const round = (x) => Math.sign(x) * (Math.abs(x) < 4503599627370496 ? Math.floor(Math.abs(x)) + (Math.abs(x) % 1 >= 0.5 ? 1 : 0) : Math.abs(x));

  // NaN where either is.
  const min = (x, y) => (x < y ? x : y <= x ? y : x + y);
  const max = (x, y) => (x > y ? x : y >= x ? y : x + y);
  const indicator_gt = (x, y) => (x > y ? 1 : x <= y ? 0 : x + y);
  const indicator_ge = (x, y) => (x >= y ? 1 : x < y ? 0 : x + y);
  const indicator_eq = (x, y) => (x === y ? 1 : x < y || x > y ? 0 : x + y);

  // The chain rule's products: a zero adjoint passes nothing on, and of a choice what was not chosen.
  const mul_no_nan = (x, y) => (x === 0 ? x : x * y);
  const mul_no_nan_either = (x, y) => (x === 0 ? x : y === 0 ? y : x * y);

  // Slopes at x, where the function is y: as on paper while the rounding of y does not show.
  function sigmoid_slope(x, y) {
    if (y <= 0.75) return y * (1 - y);
    const e = exp(-x), one_more = 1 + e;
    return e / (one_more * one_more);
  }

  function tanh_slope(x, y) {
    if (Math.abs(y) <= 0.5) return (1 - y) * (1 + y);
    const e = exp(-2 * Math.abs(x)), one_more = 1 + e;
    return 4 * e / (one_more * one_more);
  }

  return { exp, exp_m1, tanh, ln, ln_1p, powi, sigmoid, softplus, log_sigmoid, signum, relu, one_minus_square, round, min, max,
    indicator_gt, indicator_ge, indicator_eq, mul_no_nan, mul_no_nan_either, sigmoid_slope, tanh_slope };
})();
