"""Writes the tables of the correctly rounded functions, and right values to hold them against, computed with mpmath.

    pip install mpmath==1.3.0
    python3 make.py tables > ../../../wengert-ops/src/rounded/tables.rs
    python3 make.py points > points.csv
    python3 make.py fits > ../../../wengert-ops/src/normal/fits.rs
"""

import random
import struct
import sys

import mpmath
from mpmath import mp, mpf

mp.prec = 300


def cut(x, bits):
    """x with its first bits."""
    if x == 0:
        return mpf(0)
    m, e = mpmath.frexp(x)
    return mpmath.ldexp(mpf(int(m * mpf(2) ** bits)), e - bits)


def parts(x, *bits):
    """x as a sum of numbers of so many bits each, and the double nearest to the rest."""
    found = []
    for b in bits:
        found.append(cut(x, b))
        x -= found[-1]
    return [float(p) for p in found] + [float(x)]


def pair(x):
    high = mpf(float(x))
    return [float(high), float(x - high)]


def text(numbers):
    return ", ".join(repr(n) for n in numbers)


def array(name, what, kind, rows):
    print(f"\n/// {what}.\npub(super) static {name}: [{kind}; {len(rows)}] = [")
    for row in rows:
        print(f"    ({text(row)})," if len(row) > 1 else f"    {row[0]},")
    print("];")


def constant(name, what, kind, numbers, brackets="[]"):
    inner = text(numbers)
    value = inner if kind == "f64" else f"{brackets[0]}{inner}{brackets[1]}"
    print(f"\n/// {what}.\npub(super) const {name}: {kind} = {value};")


def as_pair(name, what, x):
    high, low = pair(x)
    print(f"\n/// {what}.\npub(super) const {name}: Pair = Pair {{ hi: {high!r}, lo: {low!r} }};")


def words(name, what, x):
    """The mantissa in 512 bits, the first of them set."""
    m, e = mpmath.frexp(x)
    whole = int(mpmath.floor(m * mpf(2) ** 512))
    digits = ",\n        ".join(hex((whole >> (64 * (7 - i))) & (2**64 - 1)) for i in range(8))
    print(f"\n/// {what}.\npub(super) const {name}: Big = Big {{\n    negative: false,\n    exponent: {e},\n    words: [\n        {digits},\n    ],\n}};")


def tables():
    print("//! The tables of the kernels. Written by `rounded/make.py tables` in the tests of `wengert`.\n")
    print("#![allow(")
    print("    clippy::approx_constant,")
    print("    clippy::unreadable_literal,")
    print('    reason = "each is the nearest number and what it leaves"\n)]\n')
    print("use super::big::Big;\nuse super::pair::Pair;")
    ln2, pi = mpmath.log(2), mp.pi
    constant("STEPS_IN_LN_2", "128/ln 2", "f64", [float(128 / ln2)])
    constant("SMALL_STEPS_IN_LN_2", "4096/ln 2", "f64", [float(4096 / ln2)])
    constant("LN_2_SMALL_STEP", "ln 2 / 4096, of which the product of the first part with numbers of 23 bits is exact", "[f64; 2]", parts(ln2 / 4096, 30))
    constant("LN_2_STEP", "ln 2 / 128, of which the products of the first two parts with numbers of 18 bits are exact", "[f64; 3]", parts(ln2 / 128, 35, 35))
    constant("LN_2_PARTS", "ln 2; the first part is a multiple of 2⁻⁴²", "(f64, f64)", [float(mpf(int(ln2 * 2**42)) / 2**42), float(ln2 - mpf(int(ln2 * 2**42)) / 2**42)], "()")
    constant("STEPS_IN_PI", "256/π", "f64", [float(256 / pi)])
    constant("PI_STEP", "π/256, of which the products of the first two parts with numbers of 27 bits are exact", "[f64; 3]", parts(pi / 256, 26, 26))
    for name, what, x in [
        ("LN_2", "ln 2", ln2), ("LOG2_E", "1/ln 2", 1 / ln2), ("LOG10_E", "1/ln 10", 1 / mpmath.log(10)),
        ("PI", "π", pi), ("FRAC_PI_2", "π/2", pi / 2),
    ]:
        as_pair(name, what, x)
    array("POWERS", "2^(i/128): the first 26 bits, and the rest", "(f64, f64)", [parts(mpf(2) ** (mpf(i) / 128), 26) for i in range(128)])
    array("SMALL_POWERS", "2^(i/4096): the first 26 bits, and the rest", "(f64, f64)", [parts(mpf(2) ** (mpf(i) / 4096), 26) for i in range(32)])
    rows = []
    for i in range(128):
        low, high = (struct.unpack("d", struct.pack("Q", 0x3FE6000000000000 + ((i + k) << 45)))[0] for k in (0, 1))
        c = mpf(1) if i in (79, 80) else mpmath.nint(512 * 2 / (mpf(low) + mpf(high))) / 512
        log = -mpmath.log(c)
        first = mpmath.nint(log * 2**42) / 2**42
        rows.append([float(c), float(first), float(log - first)])
    array("LOGARITHMS", "A number c of 10 bits near the inverse of the numbers of a piece of [0.6875, 1.375); −ln c as a multiple of 2⁻⁴², and the rest", "(f64, f64, f64)", rows)
    array("SINES", "sin(i π/256): the first 26 bits, and the rest", "(f64, f64)", [parts(mpmath.sin(pi * i / 256), 26) for i in range(129)])
    array("ANGLES", "arctan(i/64)", "(f64, f64)", [pair(mpmath.atan(mpf(i) / 64)) for i in range(65)])
    rows = []
    for i in range(96):
        c = mpf(i) / 16
        rows.append(pair(mpmath.erf(c)) + pair(2 / mpmath.sqrt(pi) * mpmath.exp(-c * c)))
    array("ERRORS", "erf(i/16), and its slope", "(f64, f64, f64, f64)", rows)
    mp.prec = 700
    words("BIG_LN_2", "ln 2", mpmath.log(2))
    words("BIG_LN_10", "ln 10", mpmath.log(10))
    words("BIG_PI", "π", +mp.pi)
    words("BIG_FRAC_2_SQRT_PI", "2/√π", 2 / mpmath.sqrt(mp.pi))


# Operands whose results are nearest to the middle of two doubles, of all doubles in some range: V. Lefèvre, J.-M. Muller, *Worst
# cases for correct rounding of the elementary functions in double precision* (2001, 2003).
HARDEST = {
    "exp": """-0x1.E8BDBFCD9144Ep3 -0x1.71E0B869B5E79p2 -0x1.02393D5976769p1 -0x1.2A9CAD9998262p0 -0x1.CC37EF7DE7501p0
        -0x1.22E24FA3D5CF9p-1 -0x1.DC2B5DF1F7D3Dp-1 -0x1.290EA09E36479p-3 -0x1.A2FEFEFD580DFp-13 -0x1.ED318EFB627EAp-27
        -0x1.4BD46601AE1EFp-31 -0x1.1000000000242p-42 -0x1.0000000000001p-51 0x1.FFFFFFFFFFFFFp-53 0x1.FFFFFFFFFFFE0p-48
        0x1.7FFE7FFEE0024p-32 0x1.80017FFEDFFDCp-32 0x1.9E9CBBFD6080Bp-31 0x1.D7A7D893609E5p-26 0x1.BA07D73250DE7p-14
        0x1.D77FD13D27FFFp-11 0x1.6A4D1AF9CC989p-8 0x1.ACCFBE46B4EF0p-1 0x1.ACA7AE8DA5A7Bp0 0x1.D6336A88077AAp0
        0x2.85DC78FB8928Cp0 0x1.76E7E5D7B6EACp3 0x1.A8EAD058BC6B8p3 0x1.1D5C2DAEBE367p4 0x1.C44CE0D716A1Ap4""",
    "ln": """0x1.0000000000001p0 0x2.0012ECB039C9Cp0 0x6.46A37FD503FDCp0 0x7.78DFECC7F57Fp0 0x9.588CCF24BB9C8p0
        0xA.AF87550D97E4p0 0xC.76F2496CB039p0 0x11.1867637CBD03p0 0x13.D9D7D597A9DDp0 0x17.F3825778AAAFp0 0x1AC.50B409C8AEEp0
        0x1.DE7CD6751029Ap16""",
    "sin": """0x1.E0000000001C2p-20 0x1.598BAE9E632F6p-7 0x1.9283586503FEp-5 0x1.D7BDCD778049Fp-5 0x1.A202B3FB84788p-4
        0x1.D037CB27EE6DFp-3 0x1.D5064E6FE82C5p-3 0x1.FE767739D0F6Dp-2 0x1.D98C4C612718Dp-1 0x1.921FB54442D18p-0
        0x1.6756745770A51p+1""",
    "asin": """0x1.DFFFFFFFFF02Ep-20 0x1.DFFFFFFFFC0B8p-19 0x1.9259E3708BD3Ap-5 0x1.D77B117F230D6p-5 0x1.A1490C8C06BA7p-4
        0x1.9697CB602C582p-3 0x1.D0EF799001BA9p-3 0x1.E9950730C4696p-2 0x1.1ED06D50F7E88p-1 0x1.D5B05A89D3E77p-1
        0x1.E264357EA0E29p-1""",
    "cos": """0x1.8000000000009p-23 0x1.8000000000024p-22 0x1.2000000000F30p-18 0x1.06B505550E6B2p-9 0x1.97CCD3D2C438Fp-6
        0x1.549EC0C0C5AFAp-5 0x1.16E534EE36580p-4 0x1.EFEEF61D39AC2p-3 0x1.FEB1F7920E248p-2 0x1.7CB7648526F99p-1
        0x1.C65A170474549p-1 0x1.6B8A6273D7C21p+0""",
    "acos": "0x1.FD737BE914578p-11 0x1.4182199998587p-1 0x1.E45A1C93651ECp-1 0x1.F10FC61E2C78Fp-1",
    "tan": """0x1.DFFFFFFFFFF1Fp-22 0x1.67FFFFFFFA114p-18 0x1.50486B2F87014p-5 0x1.52C39EF070CADp-4 0x1.A33F32AC5CEB5p-3
        0x1.D696BFA988DB9p-2 0x1.46AC372243536p-1 0x0.A3561B9121A9Bp+0""",
    "atan": """0x1.E000000000546p-21 0x1.22E8D75E2BC7Fp-11 0x1.0FC9F1FABE658p-5 0x1.1BBE9C255698Dp-5 0x1.8DDD25AB90CA1p-5
        0x1.5389E6DF41979p-4 0x1.A933FE176B375p-3 0x1.0F6E5D9960397p-2 0x1.7BA49F739829Fp-1 0x0.BDD24FB9CC14F8p+0""",
    "exp2": "0x1.16A76EC41B516p-1 0x1.3E34FA6AB969Ep-1 0x1.4A63FF1D53F53p-1 0x1.B32A6C92D1185p-1 0x1.25DD9EEDAC79Ap+0",
    "sinh": """0x1.DFFFFFFFFFE3Ep-20 0x1.DFFFFFFFFE3E0p-18 0x1.135E31FDD05D3p-5 0x1.0DC68D5E8F959p-3 0x1.616CC75D49226p-2
        0x1.3FFC12B81CBC2p+0 0x2.FE008C44BACA2p+0 0x1.C089FCF166171p+4 0x1.E07E71BFCF06Fp+5 0x1.54CD1FEA7663Ap+7
        0x1.D6479EBA7C971p+8""",
    "cosh": """0x1.17D8A9F206217p-6 0x1.BF0305E2C6C37p-3 0x1.03923F2B47C07p-1 0x1.A6031CD5F93BAp-1 0x1.104B648F113A1p+0
        0x1.EA5F2F2E4B0C5p+1""",
}

FUNCTIONS = {
    "exp": (mpmath.exp, -745.2, 709.7),
    "exp2": (lambda x: mpf(2) ** x, -1075.0, 1023.9),
    "exp_m1": (mpmath.expm1, -30.0, 709.7),
    "ln": (mpmath.log, 0.0, 10.0),
    "ln_1p": (mpmath.log1p, -0.999, 10.0),
    "log2": (lambda x: mpmath.log(x) / mpmath.log(2), 0.0, 10.0),
    "log10": (lambda x: mpmath.log(x) / mpmath.log(10), 0.0, 10.0),
    "sin": (mpmath.sin, -100.0, 100.0),
    "cos": (mpmath.cos, -100.0, 100.0),
    "tan": (mpmath.tan, -100.0, 100.0),
    "asin": (mpmath.asin, -1.0, 1.0),
    "acos": (mpmath.acos, -1.0, 1.0),
    "atan": (mpmath.atan, -10.0, 10.0),
    "sinh": (mpmath.sinh, -710.0, 710.0),
    "cosh": (mpmath.cosh, -710.0, 710.0),
    "tanh": (mpmath.tanh, -20.0, 20.0),
    "asinh": (mpmath.asinh, -20.0, 20.0),
    "acosh": (mpmath.acosh, 1.0, 20.0),
    "atanh": (mpmath.atanh, -1.0, 1.0),
    "cbrt": (lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x)), -10.0, 10.0),
    "erf": (mpmath.erf, -6.0, 6.0),
}
TWO = {
    "powf": (lambda x, y: x**y, (0.0, 10.0), (-50.0, 50.0)),
    "atan2": (mpmath.atan2, (-10.0, 10.0), (-10.0, 10.0)),
    "hypot": (mpmath.hypot, (-10.0, 10.0), (-10.0, 10.0)),
}
FORMATS = {"f64": (53, -1074, 2.0**-1022), "f32": (24, -149, 2.0**-126)}


def nearest(x, kind):
    """The number of a type that is nearest to x, of two the even one. Not `float(x)`, which rounds a subnormal number twice."""
    digits, least, _ = FORMATS[kind]
    if x == 0:
        return 0.0
    _, e = mpmath.frexp(x)
    unit = max(int(e) - digits, least)
    whole = int(mpmath.nint(mpmath.ldexp(x, -unit)))  # mpmath's nint takes the even one
    value = mpmath.ldexp(mpf(whole), unit)
    if abs(value) >= mpf(2) ** (1024 if kind == "f64" else 128):
        return float("inf") if value > 0 else float("-inf")
    return float(value)


def operand(x, kind):
    try:
        return x if kind == "f64" else struct.unpack("f", struct.pack("f", x))[0]
    except OverflowError:
        return float("inf")


def near_middles(name, f, low, high, count):
    """Operands whose results are near the middle of two doubles: of many near 0, where operands are denser than results or
    results bend little, those that come nearest."""
    found = []
    for _ in range(count):
        x = random.uniform(0.5, 1.0) * 2.0 ** random.randint(-32, -3)
        x = operand(x, "f64")
        if not low <= x <= high or f(mpf(x)) == 0:
            continue
        y = f(mpf(x))
        e = int(mpmath.frexp(y)[1])
        middle = mpmath.ldexp(mpmath.floor(mpmath.ldexp(y, 53 - e)) + mpf(1) / 2, e - 53)
        slope = (f(mpf(x) * (1 + mpf(2) ** -60)) - y) / (mpf(x) * mpf(2) ** -60)
        if slope == 0:
            continue
        x = float(mpf(x) + (middle - y) / slope)
        off = abs(f(mpf(x)) - middle) / abs(middle)
        found.append((off, x))
    found.sort()
    return [x for _, x in found[:6]]


def points():
    random.seed(1)
    print("# made by make.py points; type,op,x,y,value")
    for name, (f, low, high) in FUNCTIONS.items():
        mp.prec = 250
        hard = [float.fromhex(x) for x in HARDEST.get(name, "").split()]
        if name not in ("ln", "log2", "log10", "acosh"):
            hard += near_middles(name, f, low, high, 400)
        for kind, (_, _, normal) in FORMATS.items():
            xs = list(hard) if kind == "f64" else [operand(x, kind) for x in hard[:6]]
            xs += [operand(random.uniform(low, high), kind) for _ in range(60)]
            xs += [operand(s * random.uniform(0.5, 1) * 2.0 ** random.uniform(-40, 0), kind) for _ in range(20) for s in (1, -1)]
            if name in ("sin", "cos", "tan", "atan", "ln", "log2", "log10", "cbrt", "asinh"):
                xs += [operand(2.0 ** random.uniform(1, 1020 if kind == "f64" else 126), kind) for _ in range(20)]
            if name in ("ln", "log2", "log10", "cbrt", "sinh", "erf", "exp_m1", "atan"):
                xs += [operand(normal * 2.0 ** random.uniform(-20, 5), kind) for _ in range(10)]
            mp.prec = 1500 if name in ("sin", "cos", "tan") else 600
            for x in sorted(set(xs)):
                if name in ("asin", "acos", "atanh") and abs(x) >= 1 or name in ("ln", "log2", "log10") and x <= 0:
                    continue
                if name == "acosh" and x < 1 or name == "ln_1p" and x <= -1 or name in ("exp", "exp2", "exp_m1", "sinh", "cosh") and abs(x) > 1e4:
                    continue
                print(f"{kind},{name},{x!r},-,{nearest(f(mpf(x)), kind)!r}")
    mp.prec = 600
    for name, (f, (lx, hx), (ly, hy)) in TWO.items():
        for kind, (_, _, normal) in FORMATS.items():
            xs = [(random.uniform(lx, hx), random.uniform(ly, hy)) for _ in range(120)]
            scale = 2.0**300 if kind == "f64" else 2.0**60
            xs += [(a * 2.0 ** random.uniform(-30, 30), b * 2.0 ** random.uniform(-8, 8)) for a, b in xs[:60]]
            if name == "powf":
                # Exact, and in the middle of two numbers.
                xs += [(134217729.0, 2.0), (94906267.0, 2.0), (262143.0, 3.0), (3.0, 34.0), (9.0, 0.5), (2.0, -1074.5), (0.1, 308.5), (5.0, 23.0)]
                xs += [(4097.0, 2.0), (16777215.0, 2.0), (257.0, 3.0), (1 + 2.0**-30, 2.0**25), (0.5, 149.5), (1e-310, 0.5), (1e-310, -0.99)]
            else:
                xs += [(a * scale, b * scale) for a, b in xs[:20]] + [(a / scale, b / scale) for a, b in xs[:20]]
                xs += [(a * normal, b * normal) for a, b in xs[:20]] + [(3.0, 4.0), (2.0**53 - 1, 2.0**26.5), (134217727.0, 134217729.0)]
                xs += [(-1e-300, 1e300), (1e-320, 3.0), (1.0, -1e300), (3 * 5e-324, 2.0), (5e-324, 5e-324)]
            for x, y in xs:
                x, y = operand(x, kind), operand(y, kind)
                if x == 0 or y == 0 or float("inf") in (abs(x), abs(y)):
                    continue
                exact = f(mpf(x), mpf(y))
                if not mpmath.isfinite(exact):
                    raise ValueError((kind, name, x, y))
                if name == "atan2" and y > 0 and abs(x / y) < 1e-100:
                    # An angle is less than its tangent, by less than the digits here.
                    exact = mpf(x) / mpf(y) * (1 - mpf(2) ** -400)
                value = nearest(exact, kind)
                if name == "atan2" and value == 0:
                    value = -0.0 if x < 0 else 0.0
                print(f"{kind},{name},{x!r},{y!r},{value!r}")


def mills(t):
    """Φ(−t) e^(t²/2), with Φ the normal distribution."""
    if t < 20:
        return mpmath.erfc(t / mpmath.sqrt(2)) * mpmath.exp(t * t / 2) / 2
    return 1 / (mpmath.sqrt(2 * mp.pi) * (t + fraction(t)))


def fraction(t):
    """1/(t + 2/(t + 3/(t + ...)))"""
    f = t
    for n in range(int(9000 / t**2) + 60, 1, -1):
        f = t + n / f
    return 1 / f


def fits():
    """Polynomials in (x − k)/(x + k), which takes all x ≥ 0 to [−1, 1), for functions that hardly change after a factor that
    takes off their decay (after M. M. Shepherd, J. G. Laframboise, *Chebyshev approximation of (1 + 2x) exp(x²) erfc x in
    0 ≤ x < ∞*, Math. Comp. 36, 1981)."""
    mp.prec = 250
    print("//! Polynomials for the normal distribution. Written by `rounded/make.py fits` in the tests of `wengert`.\n")
    print("#![allow(clippy::unreadable_literal, reason = \"each is the nearest number\")]")
    root = mpmath.sqrt(2)
    excess = lambda t: fraction(t) if t > 2 else 1 / (mpmath.sqrt(2 * mp.pi) * mills(t)) - t
    for name, what, k, f, limit in [
        ("ERFCX", "`(1 + 2x) e^(x²) erfc x` in `(x − 3.75)/(x + 3.75)`", 3.75, lambda x: (1 + 2 * x) * 2 * mills(x * root), 2 / mpmath.sqrt(mp.pi)),
        ("MILLS", "`(1 + 2x) e^(x²/2) Φ(−x)` in `(x − 5)/(x + 5)`", 5, lambda x: (1 + 2 * x) * mills(x), 2 / mpmath.sqrt(2 * mp.pi)),
        ("EXCESS", "`(1 + x) (φ(x)/Φ(−x) − x)` in `(x − 3.75)/(x + 3.75)`", 3.75, lambda x: (1 + x) * excess(x), mpf(1)),
    ]:
        inside = lambda s: limit if s >= 1 else f(k * (1 + s) / (1 - s))
        coefficients, error = mpmath.chebyfit(inside, [-1, 1], 28, error=True)
        print(f"\n/// {what}: from the constant on; off by less than {mpmath.nstr(error * 1.1, 2)}.")
        print(f"pub const {name}: [f64; 28] = [")
        for c in reversed(coefficients):
            print(f"    {float(c)!r},")
        print("];")


if __name__ == "__main__":
    {"tables": tables, "points": points, "fits": fits}[sys.argv[1]]()
