"""Writes the tables of the gamma function, and points of the special functions.

    pip install mpmath==1.3.0
    python3 make.py tables > ../../../wengert-ops/src/double_double/gamma_tables.rs
    python3 make.py > points.csv

A row of points.csv is: type, op, x, y, value, dx, dxx; y is the order, `-` of functions of one number. Derivatives are by x, from
formulas of handbooks (NIST, Digital Library of Mathematical Functions, 5.15 and 10.29), with so many digits that 50 are right.
"""

import struct
import sys

import mpmath
from mpmath import mp, mpf

mp.dps = 120


def pair(x):
    hi = float(x)
    return f"DoubleDouble {{ hi: {hi!r}, lo: {float(x - mpf(hi))!r} }}"


def table(doc, name, numbers):
    print(f"\n/// {doc}")
    print(f"pub(super) const {name}: [DoubleDouble; {len(numbers)}] = [")
    for number in numbers:
        print(f"    {pair(number)},")
    print("];")


def tables():
    print("//! Numbers that the gamma function is made of. Written by `special/make.py tables` in the tests of")
    print("//! `wengert`.")
    print("\nuse super::DoubleDouble;")
    print("\n/// ln √(2π).")
    print(f"pub(super) const LN_ROOT_TAU: DoubleDouble =\n    {pair(mpmath.log(2 * mp.pi) / 2)};")
    print("/// ln π.")
    print(f"pub(super) const LN_PI: DoubleDouble =\n    {pair(mpmath.log(mp.pi))};")
    table(
        "The Taylor series of ln Γ at 2, from the first power on: 1 − γ, and (−1)ᵏ (ζ(k) − 1)/k.",
        "AT_2",
        [1 - mp.euler] + [(-1) ** k * (mpmath.zeta(k) - 1) / k for k in range(2, 58)],
    )
    table("The Bernoulli numbers B₂, B₄, ...", "BERNOULLI", [mpmath.bernoulli(2 * k) for k in range(1, 18)])
    root = mpmath.findroot(mpmath.digamma, mpf("1.4616321449683623"))
    parts = []
    rest = root
    for _ in range(3):
        parts.append(float(rest))
        rest -= parts[-1]
    print("\n/// The positive zero of the digamma function, in three parts.")
    print("pub(super) const ZERO: [f64; 3] =\n    [" + ", ".join(map(repr, parts)) + "];")
    table(
        "The Taylor series of the digamma function there, from the first power on.",
        "AT_ZERO",
        [mpmath.polygamma(k, root) / mpmath.factorial(k) for k in range(1, 18)],
    )


def rounded(kind, x):
    if kind == "f64":
        return float(x)
    return struct.unpack("f", struct.pack("f", x))[0] if abs(x) < 3e38 else float("inf")


POSITIVE = [
    5e-324, 1e-310, 2.3e-308, 1e-100, 1e-20, 1e-8, 1e-3, 0.1, 0.25, 0.49999, 0.5, 0.75, 0.999999, 1.0, 1.0000000000000002, 1.000001,
    1.25, 1.4, 1.46, 1.4616321449683623, 1.4616321449683625, 1.47, 1.5, 1.75, 1.9999999, 2.0, 2.0000001, 2.5, 3.0, 3.7, 6.0, 10.25,
    23.5, 24.0, 24.5, 40.0, 100.0, 171.0, 1000.5, 1e5, 1e8, 1e15, 1e30, 1e100, 1e300,
]
NEGATIVE = [-1e-300, -1e-10, -0.1, -0.25, -0.5, -0.75, -0.9999, -1.0001, -1.5, -2.25, -3.75, -10.5, -20.3, -100.25, -1000.75]
BESSEL = [
    5e-324, 1e-300, 1e-20, 1e-8, 1e-3, 0.1, 0.5, 1.0, 2.0, 3.75, 7.75, 8.0, 12.0, 20.0, 30.5, 41.9, 42.0, 42.1, 50.0, 100.0, 700.0,
    1e4, 1e6, 1e10, 1e20, 1e100, 1e300,
]


def bessel(nu, x, k):
    """The k-th derivative of e^(−|x|) I_nu(x), x not 0."""
    a = abs(mpf(x))
    with mpmath.workdps(120 + 3 * max(0, int(mpmath.log10(a)) * k if a > 1 else 0)):
        if a > 1e4:
            # As DLMF 10.40.1, term by term.
            total, term, j = mpf(0), 1 / mpmath.sqrt(2 * mp.pi * a), 0
            while j < 60:
                part = term
                for i in range(k):
                    part *= (-mpf(1) / 2 - j - i) / a
                total += part
                j += 1
                term *= -(4 * nu**2 - (2 * j - 1) ** 2) / (8 * j * a)
        else:
            # Derivatives of I_nu are halves of sums of its neighbours.
            def derivative(order, at):
                if order == 0:
                    return mpmath.besseli(at, a)
                return (derivative(order - 1, abs(at - 1)) + derivative(order - 1, at + 1)) / 2

            total = mpmath.exp(-a) * sum((-1) ** (k - j) * mpmath.binomial(k, j) * derivative(j, nu) for j in range(k + 1))
        return total * (-1) ** (k + nu if x < 0 else 0)


def gamma_rows(kind):
    for x in POSITIVE + NEGATIVE:
        x = rounded(kind, x)
        if x == 0 or x - x != 0:
            continue
        with mpmath.workdps(450):
            t = mpf(x)
            yield ("lgamma", x, "-", mpmath.log(abs(mpmath.gamma(t))) if abs(t) < 1e4 else mpmath.loggamma(t), mpmath.digamma(t), mpmath.polygamma(1, t))
            yield ("digamma", x, "-", mpmath.digamma(t), mpmath.polygamma(1, t), mpmath.polygamma(2, t))
            for n in (1, 2, 5):
                if n < 3 or x > 0:
                    yield ("polygamma", x, n, *(mpmath.polygamma(n + i, t) for i in range(3)))


def bessel_rows(kind):
    for size in BESSEL:
        for sign in (1, -1):
            x = rounded(kind, sign * size)
            if x == 0 or x - x != 0:
                continue
            for nu, op in ((0, "i0e"), (1, "i1e")):
                f = [bessel(nu, x, k) for k in range(5)]
                yield (op, x, "-", *f[:3])
                for k in (1, 2):
                    yield (op + "_derivative", x, k, *f[k : k + 3])


def points():
    print("# made by make.py; type,op,x,y,value,dx,dxx")
    for kind in ("f64", "f32"):
        for op, x, y, *numbers in [*gamma_rows(kind), *bessel_rows(kind)]:
            print(",".join([kind, op, repr(x), str(y), *(repr(float(number)) for number in numbers)]))


tables() if sys.argv[1:] == ["tables"] else points()
