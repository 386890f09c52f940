"""Prints the polynomials of src/elementary: near-minimax (Chebyshev) fits computed with 60 digits by mpmath.

    python3 polynomials.py

Each polynomial: name, the largest error of the fit before its coefficients are rounded, and the coefficients, lowest power first. Then the
constants in parts, the first part first. A number is written with the fewest digits that give the nearest f64, or f32 where the name says so;
the sines of f32 are computed in f64.
"""

import struct

import mpmath
from mpmath import mp, mpf

mp.dps = 60


def nearest_f32(x):
    return struct.unpack("f", struct.pack("f", x))[0]


def number(x, name):
    if not name.endswith("f32") or name[:3] in ("SIN", "COS", "PIO"):
        return repr(float(x))
    digits = (f"{float(x):.{n}g}" for n in range(1, 18))
    return next(text for text in digits if nearest_f32(float(text)) == nearest_f32(float(x)))


def series(f, power):
    """f(x)/x^power by its Taylor series: what direct evaluation near 0 would cancel."""
    return lambda x: sum(f(i + power) * x**i for i in range(60))


HALF_LN2 = mpmath.log(2) / 2 * mpf("1.0001")
S_MAX = ((mpmath.sqrt(2) - 1) / (mpmath.sqrt(2) + 1) * mpf("1.0001")) ** 2
QUARTER_PI = (mpmath.pi / 4 * mpf("1.0001")) ** 2

# (e^r - 1 - r) / r^2 on |r| <= ln 2 / 2
exp = series(lambda i: 1 / mpmath.factorial(i), 2)
# (ln((1 + s) / (1 - s)) / s - 2) / z, z = s^2, on s <= (sqrt 2 - 1) / (sqrt 2 + 1)
ln = series(lambda i: mpf(2) / (2 * i + 1), 1)
# (sin(x) / x - 1) / z and (cos(x) - 1 + z / 2) / z^2, z = x^2, on |x| <= pi / 4
sin = series(lambda i: mpf(-1) ** i / mpmath.factorial(2 * i + 1), 1)
cos = series(lambda i: mpf(-1) ** i / mpmath.factorial(2 * i), 2)

for name, f, interval, n in [
    ("EXP f64", exp, [-HALF_LN2, HALF_LN2], 10),
    ("EXP f32", exp, [-HALF_LN2, HALF_LN2], 5),
    ("LN f64", ln, [0, S_MAX], 7),
    ("LN f32", ln, [0, S_MAX], 4),
    ("SIN f64", sin, [0, QUARTER_PI], 6),
    ("SIN f32", sin, [0, QUARTER_PI], 4),
    ("COS f64", cos, [0, QUARTER_PI], 6),
    ("COS f32", cos, [0, QUARTER_PI], 4),
]:
    poly, error = mpmath.chebyfit(f, interval, n, error=True)
    print(name, mpmath.nstr(error, 3))
    for c in reversed(poly):
        print("   ", number(c, name))

with mpmath.workdps(120):
    for name, x, bits in [
        ("PIO2", mpmath.pi / 2, [33, 33, 33, 53]),
        ("PIO2 of f32", mpmath.pi / 2, [33, 53]),
        ("LN2 f64", mpmath.log(2), [42, 53]),
        ("LN2 f32", mpmath.log(2), [15, 24]),
        ("LOG10_2 f64", mpmath.log(2) / mpmath.log(10), [42, 53]),
        ("LOG10_2 f32", mpmath.log(2) / mpmath.log(10), [15, 24]),
        ("LOG2_E f64", 1 / mpmath.log(2), [26, 53]),
        ("LOG2_E f32", 1 / mpmath.log(2), [12, 24]),
        ("LOG10_E f64", 1 / mpmath.log(10), [26, 53]),
        ("LOG10_E f32", 1 / mpmath.log(10), [12, 24]),
    ]:
        parts = []
        for b in bits:
            if x == 0:
                break
            exponent = mpmath.floor(mpmath.log(abs(x), 2))
            scale = mpf(2) ** (b - 1 - exponent)
            part = mpmath.nint(x * scale) / scale
            parts.append(number(part, name))
            x -= part
        print(name, *parts)
