"""Writes points.csv, structural.csv and second.csv: values and derivatives at the hard points of every operation.

    pip install mpmath==1.3.0
    python3 make.py > points.csv
    python3 make.py structural > structural.csv
    python3 make.py second > second.csv

Hard points are zeros of both signs, the smallest and the largest numbers of either type, the numbers next to kinks, ties,
poles and the ends of domains, where results underflow or saturate, and ordinary numbers between. Derivatives are closed
forms, from handbooks and not from the crate's rules, computed with so many digits that 50 are right; at ordinary points they
are compared here with mpmath's numerical derivatives.

A row of points.csv is: type, op, x, y, value, dx, dy, dxx, dxy, dyy. Numbers are the doubles nearest to the exact results. `-` says
that the derivative is no number, or that the operation has no such operand. A row of structural.csv is: type, function of a
vector, its elements, value, gradient (elements by spaces). A row of second.csv is: type, function, its elements, Hessian (row
after row). Of a function that is linear, or linear piece by piece, it is the Hessian of the function of the elements' squares.
"""

import struct
import sys

import mpmath
from mpmath import mp, mpf

DIGITS = 800  # 50 and those that 1 - tanh(350)^2 and its like cancel
mp.dps = DIGITS

ln, exp, sqrt, cosh, sinh, tanh = mpmath.log, mpmath.exp, mpmath.sqrt, mpmath.cosh, mpmath.sinh, mpmath.tanh
HALF = mpf(1) / 2


def cbrt(x):
    return mpmath.sign(x) * mpmath.cbrt(abs(x))


def sign(x):
    return mpf((x > 0) - (x < 0))


def sech2(x):
    e = exp(-2 * abs(x))
    return 4 * e / (1 + e) ** 2


def sigmoid(x):
    return 1 / (1 + exp(-x))


def logistic(x):
    e = exp(-abs(x))
    return e / (1 + e) ** 2


def where(domain, f):
    return lambda x: f(x) if domain(x) else None


nonzero = lambda x: x != 0
positive = lambda x: x > 0
inside = lambda x: abs(x) < 1
above = lambda x: x > 1
zero = lambda x: mpf(0)
GAUSS = 2 / sqrt(mp.pi)
LN2, LN10 = ln(2), ln(10)

# op: value, first, second derivative. None: no number there.
UNARY = {
    "neg": (lambda x: -x, lambda x: mpf(-1), zero),
    "recip": (where(nonzero, lambda x: 1 / x), where(nonzero, lambda x: -1 / x**2), where(nonzero, lambda x: 2 / x**3)),
    "sqrt": (
        where(lambda x: x >= 0, sqrt),
        where(positive, lambda x: 1 / (2 * sqrt(x))),
        where(positive, lambda x: -1 / (4 * x * sqrt(x))),
    ),
    "cbrt": (cbrt, where(nonzero, lambda x: 1 / (3 * cbrt(x) ** 2)), where(nonzero, lambda x: -2 / (9 * x * cbrt(x) ** 2))),
    "exp": (exp, exp, exp),
    "exp2": (lambda x: mpf(2) ** x, lambda x: mpf(2) ** x * LN2, lambda x: mpf(2) ** x * LN2**2),
    "exp_m1": (mpmath.expm1, exp, exp),
    "ln": (where(positive, ln), where(positive, lambda x: 1 / x), where(positive, lambda x: -1 / x**2)),
    "ln_1p": (
        where(lambda x: x > -1, mpmath.log1p),
        where(lambda x: x > -1, lambda x: 1 / (1 + x)),
        where(lambda x: x > -1, lambda x: -1 / (1 + x) ** 2),
    ),
    "log2": (
        where(positive, lambda x: ln(x) / LN2),
        where(positive, lambda x: 1 / (x * LN2)),
        where(positive, lambda x: -1 / (x**2 * LN2)),
    ),
    "log10": (
        where(positive, lambda x: ln(x) / LN10),
        where(positive, lambda x: 1 / (x * LN10)),
        where(positive, lambda x: -1 / (x**2 * LN10)),
    ),
    "sin": (mpmath.sin, mpmath.cos, lambda x: -mpmath.sin(x)),
    "cos": (mpmath.cos, lambda x: -mpmath.sin(x), lambda x: -mpmath.cos(x)),
    "tan": (mpmath.tan, lambda x: mpmath.sec(x) ** 2, lambda x: 2 * mpmath.tan(x) * mpmath.sec(x) ** 2),
    "asin": (
        where(lambda x: abs(x) <= 1, mpmath.asin),
        where(inside, lambda x: 1 / sqrt(1 - x**2)),
        where(inside, lambda x: x / sqrt(1 - x**2) ** 3),
    ),
    "acos": (
        where(lambda x: abs(x) <= 1, mpmath.acos),
        where(inside, lambda x: -1 / sqrt(1 - x**2)),
        where(inside, lambda x: -x / sqrt(1 - x**2) ** 3),
    ),
    "atan": (mpmath.atan, lambda x: 1 / (1 + x**2), lambda x: -2 * x / (1 + x**2) ** 2),
    "sinh": (sinh, cosh, sinh),
    "cosh": (cosh, sinh, cosh),
    "tanh": (tanh, sech2, lambda x: -2 * tanh(x) * sech2(x)),
    "asinh": (mpmath.asinh, lambda x: 1 / sqrt(x**2 + 1), lambda x: -x / sqrt(x**2 + 1) ** 3),
    "acosh": (
        where(lambda x: x >= 1, mpmath.acosh),
        where(above, lambda x: 1 / sqrt(x**2 - 1)),
        where(above, lambda x: -x / sqrt(x**2 - 1) ** 3),
    ),
    "atanh": (where(inside, mpmath.atanh), where(inside, lambda x: 1 / (1 - x**2)), where(inside, lambda x: 2 * x / (1 - x**2) ** 2)),
    # At a kink what is declared: the middle of the slopes on both sides, or 0.
    "abs": (abs, sign, zero),
    "signum": (sign, zero, zero),
    "floor": (mpmath.floor, zero, zero),
    "ceil": (mpmath.ceil, zero, zero),
    "round": (lambda x: sign(x) * mpmath.floor(abs(x) + HALF), zero, zero),
    "trunc": (lambda x: sign(x) * mpmath.floor(abs(x)), zero, zero),
    "sigmoid": (sigmoid, logistic, lambda x: -logistic(x) * tanh(x / 2)),
    "softplus": (lambda x: mpmath.log1p(exp(x)) if x < 0 else x + mpmath.log1p(exp(-x)), sigmoid, logistic),
    "relu": (lambda x: max(x, mpf(0)), lambda x: mpf(x > 0), zero),
    "erf": (mpmath.erf, lambda x: GAUSS * exp(-(x**2)), lambda x: -2 * x * GAUSS * exp(-(x**2))),
    "gaussian": (lambda x: exp(-(x**2)), lambda x: -2 * x * exp(-(x**2)), lambda x: (4 * x**2 - 2) * exp(-(x**2))),
    "one_minus_square": (lambda x: 1 - x**2, lambda x: -2 * x, lambda x: mpf(-2)),
}


def softplus(x):
    return mpmath.log1p(exp(x)) if x < 0 else x + mpmath.log1p(exp(-x))


ROOT2, DENSITY = sqrt(mpf(2)), 1 / sqrt(2 * mp.pi)


def fraction(t):
    """1/(t + 2/(t + 3/(t + ...))), by 60 digits and more: with n terms e^(-2 t sqrt(2 n)) is left."""
    f = t
    for n in range(int(9000 / min(t, mpf(10) ** 9) ** 2) + 60, 1, -1):
        f = t + n / f
    return 1 / f


def pdf(x):
    return DENSITY * exp(-(x**2) / 2)


def cdf(x):
    if abs(x) < 20:
        return mpmath.erfc(-x / ROOT2) / 2
    upper = pdf(x) / (abs(x) + fraction(abs(x)))
    return upper if x < 0 else 1 - upper


def erfc(x):
    return mpmath.erfc(x) if abs(x) < 20 else 2 * cdf(-x * ROOT2)


def slope(x):
    """Of ln cdf."""
    return -x + fraction(-x) if x < -20 else pdf(x) / cdf(x)


def excess(x):
    return fraction(-x) if x < -20 else x + pdf(x) / cdf(x)


def log_cdf(x):
    if x < -20:
        return -(x**2) / 2 + ln(DENSITY / slope(x))
    return mpmath.log1p(-cdf(-x)) if x > 0 else ln(cdf(x))


def quantile(p):
    """Newton's steps in the logarithm of the smaller side, where they converge from anywhere near."""
    small = min(p, 1 - p)
    if small == HALF:
        return mpf(0)
    with mp.workdps(60):
        target = ln(small)
        z = -sqrt(max(-2 * target - ln(2 * mp.pi) - ln(max(-2 * target, mpf(1))), mpf(0)))
        for _ in range(60):
            step = (log_cdf(z) - target) / slope(z)
            z -= step
            if abs(step) < mpf(10) ** -45 * abs(z):
                break
    # As many digits as the others.
    for _ in range(5 if small > mpf(10) ** -40 else 0):
        z -= (cdf(z) - small) / pdf(z)
    return z if p < HALF else -z


one = lambda x: mpf(1)
probability = lambda x: 0 < x < 1
UNARY |= {
    "log_sigmoid": (lambda x: -softplus(-x), lambda x: sigmoid(-x), lambda x: -logistic(x)),
    "log1mexp": (
        where(positive, lambda x: ln(-mpmath.expm1(-x)) if x < 1 else mpmath.log1p(-exp(-x))),
        where(positive, lambda x: exp(-x) / -mpmath.expm1(-x)),
        where(positive, lambda x: -exp(-x) / mpmath.expm1(-x) ** 2),
    ),
    "erfc": (erfc, lambda x: -GAUSS * exp(-(x**2)), lambda x: 2 * x * GAUSS * exp(-(x**2))),
    "norm_pdf": (pdf, lambda x: -x * pdf(x), lambda x: (x**2 - 1) * pdf(x)),
    "norm_cdf": (cdf, pdf, lambda x: -x * pdf(x)),
    "norm_log_cdf": (log_cdf, slope, lambda x: -slope(x) * excess(x)),
    "norm_ppf": (
        where(probability, quantile),
        where(probability, lambda p: 1 / pdf(quantile(p))),
        where(probability, lambda p: quantile(p) / pdf(quantile(p)) ** 2),
    ),
}


def power(x, y):
    if x == 0:
        return mpf(1) if y == 0 else (mpf(0) if y > 0 else None)
    if x < 0 and y != int(y):
        return None
    return mpf(x) ** (int(y) if y == int(y) and abs(y) < 2**40 else y)


def times(a, b):
    return None if b is None else mpf(0) if a == 0 else a * b


def powers(x, y):
    """Of x^y with a variable y."""
    v = power(x, y)
    if x > 0:
        l = ln(x)
        return (v, y * v / x, v * l, y * (y - 1) * v / x**2, v / x * (1 + y * l), v * l**2)
    dx, dxx = times(y, power(x, y - 1)), times(y * (y - 1), power(x, y - 2))
    # Where x is 0, the limits.
    dy = mpf(0) if x == 0 and y > 0 else None
    dxy = mpf(0) if x == 0 and y > 1 else None
    return (v, dx, dy, dxx, dxy, dy)


def integer_powers(x, n):
    return (power(x, n), times(n, power(x, n - 1)), mpf(0), times(n * (n - 1), power(x, n - 2)), mpf(0), mpf(0))


def quotient(x, y):
    return (x / y, 1 / y, -x / y**2, mpf(0), -1 / y**2, 2 * x / y**3) if y != 0 else (None,) * 6


def remainder(x, y):
    n = sign(x) * sign(y) * mpmath.floor(abs(x) / abs(y))
    return (x - n * y, mpf(1), -n, mpf(0), mpf(0), mpf(0))


def angle(x, y):
    r = x**2 + y**2
    if r == 0:
        return (None,) * 6
    # The sign of a zero, which says where the angle jumps, is not known here.
    return (mpmath.atan2(x, y) if x != 0 else None, y / r, -x / r, -2 * x * y / r**2, (x - y) * (x + y) / r**2, 2 * x * y / r**2)


def distance(x, y):
    h = sqrt(x**2 + y**2)
    if h == 0:
        return (h, mpf(0), mpf(0), None, None, None)
    return (h, x / h, y / h, y**2 / h**3, -x * y / h**3, x**2 / h**3)


def extreme(larger):
    def f(x, y):
        first = HALF if x == y else mpf((x > y) == larger)
        return (max(x, y) if larger else min(x, y), first, 1 - first, mpf(0), mpf(0), mpf(0))

    return f


def log_add_exp(x, y):
    d = x - y
    p, q = sigmoid(d), sigmoid(-d)
    return (max(x, y) + mpmath.log1p(exp(-abs(d))), p, q, p * q, -p * q, p * q)


def xlogy(x, y):
    if y <= 0:
        return (mpf(0), None, mpf(0), None, None, None) if x == 0 else (None,) * 6
    return (x * ln(y), ln(y), x / y, mpf(0), 1 / y, -x / y**2)


BINARY = {
    "logaddexp": log_add_exp,
    "xlogy": xlogy,
    "add": lambda x, y: (x + y, mpf(1), mpf(1), mpf(0), mpf(0), mpf(0)),
    "sub": lambda x, y: (x - y, mpf(1), mpf(-1), mpf(0), mpf(0), mpf(0)),
    "mul": lambda x, y: (x * y, y, x, mpf(0), mpf(1), mpf(0)),
    "mul_no_nan": lambda x, y: (x * y, y, x, mpf(0), mpf(1), mpf(0)),
    "mul_no_nan_either": lambda x, y: (x * y, y, x, mpf(0), mpf(1), mpf(0)),
    "div": quotient,
    "rem": remainder,
    "powi": integer_powers,
    "powf": powers,
    "atan2": angle,
    "hypot": distance,
    "min": extreme(False),
    "max": extreme(True),
    "indicator_gt": lambda x, y: (mpf(x > y),) + (mpf(0),) * 5,
    "indicator_ge": lambda x, y: (mpf(x >= y),) + (mpf(0),) * 5,
    "indicator_eq": lambda x, y: (mpf(x == y),) + (mpf(0),) * 5,
}

TYPES = {
    "f64": dict(digits=53, least=5e-324, normal=2.2250738585072014e-308, most=1.7976931348623157e308, eps=2.0**-52),
    "f32": dict(digits=24, least=2.0**-149, normal=2.0**-126, most=(2 - 2.0**-23) * 2.0**127, eps=2.0**-23),
}


def rounded(kind, x):
    if kind == "f64":
        return float(x)
    try:
        return struct.unpack("f", struct.pack("f", x))[0]
    except OverflowError:
        return float("inf")


def numbers(kind):
    """Magnitudes that are hard for something."""
    t = TYPES[kind]
    least, normal, most, eps = t["least"], t["normal"], t["most"], t["eps"]
    near_one = [1 - eps / 2, 1 - 3 * eps, 1 + eps, 1 + 8 * eps]
    extremes = [least, 3 * least, normal / 1024, normal, 1.7 * normal, normal**0.5, most**0.5, 1.01 * most**0.5]
    extremes += [most**0.25, most**0.75, normal**0.75, most / 4, most]
    plain = [1e-30, 1e-20, 1e-9, eps, 1e-4, 0.01, 0.1, 0.25, 0.3, 0.49, 0.5, 0.51, 0.6, 0.7, 0.75, 0.8, 0.9, 0.99, 1.0, 1.01]
    plain += [1.1, 1.3, 1.5, 1.57, 2.0, 2.5, 3.0, 4.0, 5.0, 5.5, 7.0, 8.3, 9.1, 10.0, 12.0, 13.0, 16.5, 17.0, 18.7, 20.0, 26.0]
    plain += [27.0, 30.0, 36.0, 40.0, 44.0, 60.0, 80.0, 87.0, 88.0, 89.0, 100.0, 103.0, 127.5, 149.0, 1e3, 1e6, 1e10, 1e30]
    if kind == "f64":
        plain += [1e-300, 1e-160, 350.0, 372.0, 500.0, 700.0, 708.0, 709.5, 710.0, 740.0, 745.0, 1023.5, 1074.0, 1e100, 1e160, 1e300]
    found = sorted({rounded(kind, x) for x in near_one + extremes + plain})
    return [x for x in found if 0 < x < float("inf")]


def pairs(kind):
    t = TYPES[kind]
    least, normal, most, eps = t["least"], t["normal"], t["most"], t["eps"]
    some = [0.0, 64 * normal, normal**0.5, 1e-9, 0.3, 1.0, 1 + eps, 3.0, 1e9, most**0.5, most / 64]
    return [(a, b) for a in some for b in some]


def point_lists(kind):
    t = TYPES[kind]
    least, normal, most, eps = t["least"], t["normal"], t["most"], t["eps"]
    signed = [(s * a, z * b) for a, b in pairs(kind) for s, z in [(1, 1), (-1, 1), (1, -1)]]
    bases = [least, normal, 1e-20, 1e-5, 0.1, 0.5, 1 - eps / 2, 1.0, 1 + eps, 2.0, 3.0, 10.0, 1e9, 1e20, most**0.9]
    small = [-3.0, -2.5, -2.0, -1.0, -0.5, -0.3, -1e-9, 1e-9, 0.1, 0.3, 0.49, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 7.0, 40.0]
    powf = [(x, y) for x in bases for y in small] + [(0.0, y) for y in small if y > 0]
    powf += [(x, y) for x in (-2.0, -0.1) for y in (-3.0, -2.0, 1.0, 2.0, 3.0)]
    integers = [-100, -7, -3, -2, -1, 0, 1, 2, 3, 4, 7, 31, 100, 1000]
    powi = [(s * x, float(n)) for x in bases + [0.0] for n in integers for s in (1, -1)]
    rems = [(1.0, 0.1), (-1.0, 0.1), (1.0, 0.3), (6.0, 2.0), (5.5, -2.0), (1e9, 0.1), (0.3, 0.1), (0.9, 0.3), (7.0, 1e-3)]
    rems += [(0.0, 2.0), (1.0, 3.0), (1e15, 7.0), (2.0, 1 - eps / 2), (normal, least), (most / 4, 1e30), (0.1, 0.1)]
    few = [(a, b) for a in (0.0, -0.0, least, -0.3, 1.0, 1 + eps, most / 64) for b in (0.0, normal, 0.3, 1.0, -most / 64)]
    lists = {name: few for name in BINARY if name not in ("div", "atan2", "hypot")}
    return lists | {
        "powf": powf,
        "powi": powi,
        "rem": rems,
        None: signed,
    }


def written(kind, x):
    """The nearest double; for f32, of which there are fewer, close enough."""
    if x is None:
        return "-"
    mp.dps = 50
    text = repr(float(x))
    mp.dps = DIGITS
    return text


def check():
    """The closed forms against mpmath's derivatives at ordinary points."""
    mp.dps = 60
    for name, (f, d, dd) in UNARY.items():
        for x in [mpf("0.37"), mpf("-0.62"), mpf("1.7"), mpf("-2.3")]:
            if f(x) is None or d(x) is None:
                continue
            for order, form in [(1, d), (2, dd)]:
                exact = mpmath.diff(f, x, order)
                assert abs(form(x) - exact) < mpf(10) ** -20 * (1 + abs(exact)), (name, x, order)
    for name, f in BINARY.items():
        for x, y in [("0.37", "1.9"), ("2.6", "0.45")]:
            x, y = mpf(x), mpf(y)
            if name == "powi":
                y = mpf(3)
            for i, by in enumerate([(1, 0), (0, 1), (2, 0), (1, 1), (0, 2)]):
                if name == "powi" and by[1]:
                    continue
                exact = mpmath.diff(lambda a, b: f(a, b)[0], (x, y), by)
                assert abs(f(x, y)[i + 1] - exact) < mpf(10) ** -15 * (1 + abs(exact)), (name, x, y, by)
    mp.dps = DIGITS


def main():
    check()
    print("# made by make.py; type,op,x,y,value,dx,dy,dxx,dxy,dyy")
    for kind in TYPES:
        found = numbers(kind)
        for name, forms in UNARY.items():
            steps = name in ("abs", "signum", "floor", "ceil", "round", "trunc", "relu", "neg", "one_minus_square")
            near_1 = [rounded(kind, 1 - x) for x in (1e-15, 1e-12, 1e-7, 1e-5, 1e-3, 0.02)] if name == "norm_ppf" else []
            for x in [0.0, -0.0] + [z * x for x in (found[::6] if steps else found) for z in (1, -1)] + near_1:
                value, first, second = (form(mpf(x)) for form in forms)
                # A slope where there is no value is no hard point; and the adjoint of e^(-x^2), -2x, has to be a number.
                if value is None or name in ("gaussian", "norm_pdf") and abs(x) > TYPES[kind]["most"] / 2:
                    continue
                cells = [kind, name, repr(x), "-"] + [written(kind, n) for n in (value, first)] + ["-", written(kind, second), "-", "-"]
                print(",".join(cells))
        lists = point_lists(kind)
        for name, f in BINARY.items():
            seen = set()
            for x, y in lists.get(name, lists[None]):
                x, y = rounded(kind, x), rounded(kind, y)
                if (repr(x), repr(y)) in seen:
                    continue
                seen.add((repr(x), repr(y)))
                exact = f(mpf(x), mpf(y)) if not (name == "rem" and y == 0) else (None,) * 6
                if all(number is None for number in exact):
                    continue
                print(",".join([kind, name, repr(x), repr(y)] + [written(kind, n) for n in exact]))
    sys.stdout.flush()


def lse(xs):
    top = max(xs)
    if mpmath.isinf(top):
        ties = [mpf(x == top) for x in xs]
        return top, [tie / sum(ties) for tie in ties]
    powers = [exp(x - top) if not mpmath.isinf(x) else mpf(0) for x in xs]
    return top + ln(sum(powers)), [power / sum(powers) for power in powers]


def log_softmax(xs):
    value, p = lse(xs)
    return xs[0] - value, [mpf(i == 0) - p[i] for i in range(len(xs))]


def softmax(xs):
    _, p = lse(xs)
    return p[0], [p[0] * (mpf(i == 0) - p[i]) for i in range(len(xs))]


def chosen(xs, best):
    ties = [mpf(x == best) for x in xs]
    return best, [tie / sum(ties) for tie in ties]


def norm_l2(xs):
    h = sqrt(sum(x**2 for x in xs))
    return h, [x / h if h else mpf(0) for x in xs]


def norm_max(xs):
    best, shares = chosen([abs(x) for x in xs], max(abs(x) for x in xs))
    return best, [share * sign(x) for share, x in zip(shares, xs)]


def product(xs):
    return mpmath.fprod(xs), [mpmath.fprod(x for j, x in enumerate(xs) if j != i) for i in range(len(xs))]


def cumprod(xs):
    """The sum of the running products."""
    n = len(xs)
    value = sum(mpmath.fprod(xs[: i + 1]) for i in range(n))
    return value, [sum(mpmath.fprod(x for k, x in enumerate(xs[: i + 1]) if k != j) for i in range(j, n)) for j in range(n)]


def variance(xs):
    """Of a sample."""
    n, mean = len(xs), sum(xs) / len(xs)
    return sum((x - mean) ** 2 for x in xs) / (n - 1), [2 * (x - mean) / (n - 1) for x in xs]


def deviation(xs):
    value, slopes = variance(xs)
    return sqrt(value), [slope / (2 * sqrt(value)) if value else mpf(0) for slope in slopes]


VECTORS = {
    "sum": lambda xs: (sum(xs), [mpf(1)] * len(xs)),
    "mean": lambda xs: (sum(xs) / len(xs), [mpf(1) / len(xs)] * len(xs)),
    "product": product,
    "max": lambda xs: chosen(xs, max(xs)),
    "min": lambda xs: chosen(xs, min(xs)),
    "log_sum_exp": lse,
    "log_softmax": log_softmax,
    "softmax": softmax,
    "norm_l1": lambda xs: (sum(abs(x) for x in xs), [sign(x) for x in xs]),
    "norm_l2": norm_l2,
    "norm_max": norm_max,
    "dot": lambda xs: (sum(x**2 for x in xs), [2 * x for x in xs]),
    "cumprod": cumprod,
    "var": variance,
    "std": deviation,
    "affine": lambda xs: (xs[0] + sum(x**2 for x in xs), [2 * x + (i == 0) for i, x in enumerate(xs)]),
    "matmul": lambda xs: (sum(xs) * xs[0], [sum(xs) * (i == 0) + xs[0] for i in range(len(xs))]),
    "concat": lambda xs: (2 * sum(xs), [mpf(2)] * len(xs)),
    "stack": lambda xs: (3 * xs[0], [mpf(3 * (i == 0)) for i in range(len(xs))]),
    "gather": lambda xs: (2 * xs[0] + xs[-1], [mpf(2 * (i == 0) + (i == len(xs) - 1)) for i in range(len(xs))]),
    "scatter_add": lambda xs: (sum(xs), [mpf(1)] * len(xs)),
    "select": lambda xs: (sum(x if x > 0 else -3 * x for x in xs), [mpf(1 if x > 0 else -3) for x in xs]),
    "cumsum": lambda xs: (sum((len(xs) - i) * x for i, x in enumerate(xs)), [mpf(len(xs) - i) for i in range(len(xs))]),
}


def vectors_of(kind):
    t = TYPES[kind]
    least, normal, most, eps = t["least"], t["normal"], t["most"], t["eps"]
    big = 1 / eps
    vectors = [[0.0, 0.0], [1.0, 1.0], [1.0, -1.0, 1.0], [3 * most**0.9, 4 * most**0.9], [least, 0.0], [0.1] * 5]
    vectors += [[-3 * normal**0.9, 4 * normal**0.9], [3 * least, 4 * least], [big * 8, big * 8], [big * 8, big * 8 + 16]]
    vectors += [[-big * 8, -big * 8, -big * 8], [0.0, 30.0], [1.0, 1 + eps], [-40.0, 40.0, 0.0], [1000.0, 999.0], [-1000.0, 0.0]]
    vectors += [[2.0, 0.0, -3.0, 0.0, 5.0], [1e6 + 0.25, 1e6 + 1.5, 1e6 - 0.75], [1 / 3] * 7]
    vectors += [[0.5, -2.0, 3.0, 1e-9], [most / 8, -most / 8, 1.0], [float("inf"), 0.0], [float("-inf"), 0.0, 1.0]]
    return [[rounded(kind, x) for x in vector] for vector in vectors]


def structural():
    print("# made by make.py; type,function,elements,value,gradient")
    for kind in TYPES:
        for vector in vectors_of(kind):
            for name, f in VECTORS.items():
                # With infinite numbers, what has a limit.
                if any(abs(x) == float("inf") for x in vector) and not (
                    name in ("max", "min", "log_sum_exp") or name in ("softmax", "log_softmax") and vector[0] < 0 and name == "softmax"
                ):
                    continue
                value, gradient = f([mpf(x) for x in vector])
                cells = [kind, name, " ".join(map(repr, vector)), written(kind, value), " ".join(written(kind, d) for d in gradient)]
                print(",".join(cells))


def matrix(n, entry):
    return [[entry(i, j) for j in range(n)] for i in range(n)]


def same(i, j):
    return mpf(i == j)


def lse_second(xs):
    _, p = lse(xs)
    return matrix(len(xs), lambda i, j: p[i] * (same(i, j) - p[j]))


def softmax_second(xs):
    _, p = lse(xs)
    first = lambda i: same(0, i) - p[i]
    return matrix(len(xs), lambda i, j: p[0] * (first(i) * first(j) - p[i] * (same(i, j) - p[j])))


def norm_second(xs):
    h = sqrt(sum(x**2 for x in xs))
    return matrix(len(xs), lambda i, j: (same(i, j) - xs[i] * xs[j] / h**2) / h) if h else None


def without(xs, *places):
    return mpmath.fprod(x for k, x in enumerate(xs) if k not in places)


def product_second(xs):
    return matrix(len(xs), lambda i, j: without(xs, i, j) if i != j else mpf(0))


def cumprod_second(xs):
    n = len(xs)
    upto = lambda i, j: sum(without(xs[: k + 1], i, j) for k in range(max(i, j), n))
    return matrix(n, lambda i, j: upto(i, j) if i != j else mpf(0))


def variance_second(xs):
    n = len(xs)
    return matrix(n, lambda i, j: 2 * (same(i, j) - mpf(1) / n) / (n - 1))


def deviation_second(xs):
    (value, slopes), second = variance(xs), variance_second(xs)
    if not value:
        return None
    s = sqrt(value)
    return matrix(len(xs), lambda i, j: second[i][j] / (2 * s) - slopes[i] * slopes[j] / (4 * s**3))


def twice(xs):
    return matrix(len(xs), lambda i, j: 2 * same(i, j))


# Not named here: of the squares, since the function itself has none.
SECOND = {
    "product": product_second,
    "log_sum_exp": lse_second,
    "log_softmax": lambda xs: [[-x for x in row] for row in lse_second(xs)],
    "softmax": softmax_second,
    "norm_l2": norm_second,
    "dot": twice,
    "cumprod": cumprod_second,
    "var": variance_second,
    "std": deviation_second,
    "affine": twice,
    "matmul": lambda xs: matrix(len(xs), lambda i, j: same(0, i) + same(0, j)),
}


def second_of(name, xs):
    """Of a function that is linear around the squares, with what each of them is multiplied by."""
    if name in SECOND:
        return SECOND[name](xs)
    _, slopes = VECTORS[name]([x**2 for x in xs])
    if name in ("norm_l1", "norm_max", "select"):
        # 0 is a kink of these, and no square is below it: what is declared there.
        declared = {"norm_l1": 0, "norm_max": 0, "select": -3}[name]
        slopes = [slope if x else mpf(declared) for slope, x in zip(slopes, xs)]
    return matrix(len(xs), lambda i, j: 2 * slopes[i] * same(i, j))


def curved(name):
    """The function whose Hessian a row gives."""
    f = VECTORS[name]
    return (lambda xs: f(xs)[0]) if name in SECOND else (lambda xs: f([x**2 for x in xs])[0])


def check_second():
    mp.dps = 60
    at = [mpf("0.37"), mpf("-1.3"), mpf("0.8")]
    for name in VECTORS:
        f, found = curved(name), second_of(name, at)
        for i in range(3):
            for j in range(3):
                orders = tuple((k == i) + (k == j) for k in range(3))
                exact = mpmath.diff(lambda *xs: f(list(xs)), tuple(at), orders)
                assert abs(found[i][j] - exact) < mpf(10) ** -15 * (1 + abs(exact)), (name, i, j)
    mp.dps = DIGITS


def second():
    check_second()
    print("# made by make.py; type,function,elements,hessian")
    for kind, t in TYPES.items():
        for vector in vectors_of(kind):
            if any(abs(x) == float("inf") for x in vector) or len(vector) > 5:
                continue
            for name in VECTORS:
                # Where squares are numbers of the type, and lose no digits.
                if name not in SECOND and any(x and not t["normal"] <= x**2 <= t["most"] for x in map(mpf, vector)):
                    continue
                rows = second_of(name, [mpf(x) for x in vector])
                if rows is None:
                    continue
                cells = [kind, name, " ".join(map(repr, vector)), " ".join(written(kind, x) for row in rows for x in row)]
                print(",".join(cells))


if __name__ == "__main__":
    {"structural": structural, "second": second}.get("".join(sys.argv[1:]), main)()
