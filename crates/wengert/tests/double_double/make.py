"""Writes what `DoubleDouble` is made of and checked against, computed with mpmath.

    python3 make.py constants > ../../../wengert-ops/src/double_double/constants.rs
    python3 make.py points > functions.csv

A row of functions.csv is: op, x, its low part, y, its low part (both empty for one operand), the value and its
low part. A number is the sum of its two parts; a value's parts are the doubles nearest to the exact result and to
what remains of it.
"""

import random
import sys

import mpmath
from mpmath import mp, mpf

mp.dps = 60


def parts(x):
    """The double nearest to x, and the one nearest to the rest."""
    high = float(x)
    return high, float(x - mpf(high)) if mpmath.isfinite(x) and high not in (float("inf"), float("-inf")) else 0.0


def constants():
    print("//! Numbers that the functions are made of. Written by `double_double/make.py constants` in the tests of `wengert`.\n")
    print('#![allow(clippy::approx_constant, reason = "each is the nearest number and what it leaves")]\n')
    print("use super::DoubleDouble;\n")

    def single(name, what, x):
        high, low = parts(x)
        print(f"/// {what}.\npub(super) const {name}: DoubleDouble = DoubleDouble {{ hi: {high!r}, lo: {low!r} }};")

    single("PI", "π", mp.pi)
    single("FRAC_PI_2", "π/2", mp.pi / 2)
    single("LN_2", "ln 2", mpmath.log(2))
    single("LN_10", "ln 10", mpmath.log(10))
    single("LOG2_E", "1/ln 2", 1 / mpmath.log(2))
    single("LOG10_E", "1/ln 10", 1 / mpmath.log(10))
    single("FRAC_2_SQRT_PI", "2/√π", 2 / mpmath.sqrt(mp.pi))
    # Products with whole numbers of 11 bits are exact for the first two parts.
    ln2, split = mpmath.log(2), []
    for bits in (40, 82):
        part = mpf(int((ln2 - sum(split)) * 2**bits)) / 2**bits
        split.append(part)
    split.append(ln2 - sum(split))
    print("/// ln 2 in three parts, of which the first two have at most 42 bits.")
    print(f"pub(super) const LN_2_PARTS: [f64; 3] = [{', '.join(repr(float(p)) for p in split)}];")
    print("/// 1/n! for n from 0.")
    print("pub(super) const INVERSE_FACTORIALS: [DoubleDouble; 29] = [")
    for n in range(29):
        high, low = parts(1 / mpmath.factorial(n))
        print(f"    DoubleDouble {{ hi: {high!r}, lo: {low!r} }},")
    print("];")
    mp.dps = 600
    bits = int(mpmath.floor(2 / mp.pi * mpf(2) ** (64 * 22)))
    mp.dps = 60
    words = [(bits >> (64 * (21 - i))) & (2**64 - 1) for i in range(22)]
    print("/// The binary digits of 2/π after the point, 64 in a word.")
    print("pub(super) const TWO_OVER_PI: [u64; 22] = [")
    for word in words:
        print(f"    {word:#018x},")
    print("];")


def cbrt(x):
    return mpmath.sign(x) * mpmath.cbrt(abs(x))


def softplus(x):
    return max(x, mpf(0)) + mpmath.log1p(mpmath.exp(-abs(x)))


def sigmoid(x):
    return 1 / (1 + mpmath.exp(-x)) if x >= 0 else mpmath.exp(x) / (1 + mpmath.exp(x))


def fraction(t):
    """1/(t + 2/(t + 3/(t + ...)))"""
    f = t
    for n in range(int(4000 / t**2) + 60, 1, -1):
        f = t + n / f
    return 1 / f


def excess(x):
    """x + φ(x)/Φ(x)"""
    return fraction(-x) if x < -4 else x + mpmath.npdf(x) / cdf(x)


def cdf(x):
    return mpmath.erfc(-x / mpmath.sqrt(2)) / 2


def log_cdf(x):
    return mpmath.log(cdf(x)) if x < 0 else mpmath.log1p(-cdf(-x))


def quantile(p):
    """Newton's steps, from the double."""
    small = min(p, 1 - p)
    z = mpf(0)
    for _ in range(200):
        step = (log_cdf(z) - mpmath.log(small)) * cdf(z) / mpmath.npdf(z)
        z -= step
        if abs(step) < mpf(10) ** -55 * max(abs(z), mpf(10) ** -20):
            break
    return z if p < mpf(1) / 2 else -z


ANY, POSITIVE, UNIT = "any", "positive", "unit"
UNARY = {
    "recip": (lambda x: 1 / x, ANY, 1e150),
    "sqrt": (mpmath.sqrt, POSITIVE, 1e150),
    "cbrt": (cbrt, ANY, 1e150),
    "exp": (mpmath.exp, ANY, 650),
    "exp2": (lambda x: mpf(2) ** x, ANY, 950),
    "exp_m1": (mpmath.expm1, ANY, 650),
    "ln": (mpmath.log, POSITIVE, 1e150),
    "ln_1p": (mpmath.log1p, POSITIVE, 1e150),
    "log2": (lambda x: mpmath.log(x) / mpmath.log(2), POSITIVE, 1e150),
    "log10": (mpmath.log10, POSITIVE, 1e150),
    "sin": (mpmath.sin, ANY, 1e22),
    "cos": (mpmath.cos, ANY, 1e22),
    "tan": (mpmath.tan, ANY, 1e22),
    "asin": (mpmath.asin, UNIT, 1),
    "acos": (mpmath.acos, UNIT, 1),
    "atan": (mpmath.atan, ANY, 1e30),
    "sinh": (mpmath.sinh, ANY, 650),
    "cosh": (mpmath.cosh, ANY, 650),
    "tanh": (mpmath.tanh, ANY, 60),
    "asinh": (mpmath.asinh, ANY, 1e200),
    "acosh": (mpmath.acosh, "above one", 1e200),
    "atanh": (mpmath.atanh, UNIT, 1),
    "abs": (abs, ANY, 1e9),
    "floor": (mpmath.floor, ANY, 1e17),
    "ceil": (mpmath.ceil, ANY, 1e17),
    "trunc": (lambda x: mpmath.sign(x) * mpmath.floor(abs(x)), ANY, 1e17),
    "round": (lambda x: mpmath.sign(x) * mpmath.floor(abs(x) + mpf(1) / 2), ANY, 1e17),
    "sigmoid": (sigmoid, ANY, 650),
    "softplus": (softplus, ANY, 650),
    "erf": (mpmath.erf, ANY, 12),
    "gaussian": (lambda x: mpmath.exp(-x * x), ANY, 24),
    "log_sigmoid": (lambda x: -softplus(-x), ANY, 650),
    "log1mexp": (lambda x: mpmath.log(-mpmath.expm1(-x)) if x < 1 else mpmath.log1p(-mpmath.exp(-x)), POSITIVE, 600),
    "erfc": (mpmath.erfc, ANY, 24),
    "norm_pdf": (mpmath.npdf, ANY, 35),
    "norm_cdf": (cdf, ANY, 35),
    "norm_log_cdf": (log_cdf, ANY, 60),
    "norm_log_cdf_slope": (lambda x: mpmath.npdf(x) / cdf(x), ANY, 35),
    "norm_log_cdf_excess": (excess, ANY, 35),
    "norm_ppf": (quantile, "probability", 1),
    "one_minus_square": (lambda x: (1 - x) * (1 + x), ANY, 1e100),
}
BINARY = {
    "add": (lambda x, y: x + y, ANY, ANY, 1e9),
    "mul": (lambda x, y: x * y, ANY, ANY, 1e9),
    "div": (lambda x, y: x / y, ANY, ANY, 1e9),
    "powf": (lambda x, y: x**y, POSITIVE, ANY, 20),
    "atan2": (mpmath.atan2, ANY, ANY, 1e9),
    "hypot": (mpmath.hypot, ANY, ANY, 1e150),
    "sigmoid_slope": (lambda x, y: sigmoid(x) * sigmoid(-x), ANY, ANY, 600),
    "tanh_slope": (lambda x, y: mpmath.sech(x) ** 2, ANY, ANY, 300),
    "hypot_slope": (lambda x, y: x / mpmath.hypot(x, y), ANY, ANY, 1e100),
    "over_squares": (lambda x, y: x / (x * x + y * y), ANY, ANY, 1e100),
    "logaddexp": (lambda x, y: mpmath.log(mpmath.exp(x) + mpmath.exp(y)), ANY, ANY, 600),
    "xlogy": (lambda x, y: x * mpmath.log(y), ANY, POSITIVE, 1e100),
    "difference_sigmoid": (lambda x, y: sigmoid(x - y), ANY, ANY, 300),
    "pow_slope": (lambda x, y: y * x ** (y - 1), POSITIVE, ANY, 12),
    "pow_curve": (lambda x, y: y * (y - 1) * x ** (y - 2), POSITIVE, ANY, 12),
    "pow_ln": (lambda x, y: x**y * mpmath.log(x), POSITIVE, ANY, 12),
}
# Where reductions and formulas meet, and where cancellation is worst. 6381956970095103 2^797 is the double nearest
# to a multiple of π/2.
HARD = [0.3465, 0.3467, 0.5, 0.7071, 1.0, 1.5707963267948966, 3.141592653589793, 100.5, 1e-20, 1e-160]
HUGE = [float(6381956970095103 * mpf(2) ** 797), 1e300]


def draw(rng, kind, largest):
    if kind == UNIT:
        x = rng.choice([rng.uniform(-1, 1), 1 - 10 ** rng.uniform(-15, -1), 10 ** rng.uniform(-15, -1)])
        return x if abs(x) < 1 else 0.5
    if kind == "probability":
        return rng.choice([rng.uniform(0, 1), 10 ** rng.uniform(-250, -1), 1 - 10 ** rng.uniform(-15, -1)])
    x = 10 ** rng.uniform(-20, float(mpmath.log10(largest)))
    if kind == "above one":
        return 1 + x
    if kind == POSITIVE:
        return rng.choice([x, 1 + rng.uniform(-0.4, 0.5), 1 + 10 ** rng.uniform(-14, -2)])
    return rng.choice([-1, 1]) * rng.choice([x, min(x, 10 ** rng.uniform(-2, 2))])


def points():
    rng = random.Random(7)
    print("# made by make.py; op,x,x_low,y,y_low,value,value_low")

    def both(x):
        return x, x * 2.0**-54 * rng.uniform(-1, 1)

    def row(name, f, *operands):
        exact = [mpf(high) + mpf(low) for high, low in operands]
        fields = [repr(n) for pair in operands for n in pair] + [""] * (4 - 2 * len(operands))
        print(",".join([name, *fields, *(repr(n) for n in parts(f(*exact)))]))

    for name, (f, kind, largest) in UNARY.items():
        # A low part below 1 would leave the domain.
        near = (lambda x: (x, x * 2.0**-54 * rng.uniform(0, 1))) if kind == "above one" else both
        for x in [draw(rng, kind, largest) for _ in range(14)]:
            row(name, f, near(x))
        for x in HARD:
            x = x if kind not in (UNIT, "probability") or x < 1 else 1 / (1 + x)
            x = x + 1 if kind == "above one" else x
            if x <= largest:
                row(name, f, near(x))
                row(name, f, (x, 0.0))
        if name in ("sin", "cos", "tan"):
            for x in HUGE:
                row(name, f, both(x))
                row(name, f, (x, 0.0))
    for name, (f, kind_x, kind_y, largest) in BINARY.items():
        for _ in range(24):
            row(name, f, both(draw(rng, kind_x, largest)), both(draw(rng, kind_y, largest)))


{"constants": constants, "points": points}[sys.argv[1]]()
