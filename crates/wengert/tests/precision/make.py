"""Writes functions.csv: values and derivatives of every smooth op at chosen points, computed with 60 digits by mpmath.

    python3 make.py > functions.csv

A row is: op, x, y (empty for one operand), value, first derivatives (by x, by y), second derivatives (xx, xy, yy). Numbers are the doubles
nearest to the exact results. Derivatives are mpmath's own, by its high-precision differences where it has no better way, so
nothing here depends on a rule of the crate.
"""

import mpmath
from mpmath import mp, mpf

mp.dps = 60

WIDE = [-30.5, -4.0, -1.0, -0.3, -1e-3, -1e-9, 1e-300, 1e-9, 1e-3, 0.1, 0.7, 1.0, 2.5, 10.0, 30.5]
POSITIVE = [1e-300, 1e-12, 0.001, 0.3, 0.999999, 1.0, 1.000001, 2.0, 9.75, 1e6, 1e150]
UNIT = [-0.999999, -0.9, -0.5, -1e-8, 1e-12, 0.1, 0.5, 0.75, 0.999999]

UNARY = {
    "recip": (lambda x: 1 / x, [-1e150, -3.0, -1e-5, 1e-5, 0.1, 7.0, 1e150]),
    "sqrt": (mpmath.sqrt, POSITIVE),
    "cbrt": (lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x)), [-27.5, -1.0, -1e-6, 1e-6, 0.1, 1.0, 1e30]),
    "exp": (mpmath.exp, WIDE + [-700.0, 700.0]),
    "exp2": (lambda x: mpf(2) ** x, WIDE + [-1000.5, 1000.5]),
    "exp_m1": (mpmath.expm1, WIDE),
    "ln": (mpmath.log, POSITIVE),
    "ln_1p": (mpmath.log1p, [-0.999999, -0.5, -1e-9, 1e-12, 1e-3, 0.5, 3.0, 1e10]),
    "log2": (lambda x: mpmath.log(x) / mpmath.log(2), POSITIVE),
    "log10": (mpmath.log10, POSITIVE),
    "sin": (mpmath.sin, WIDE + [1e6]),
    "cos": (mpmath.cos, WIDE + [1e6]),
    "tan": (mpmath.tan, WIDE + [1.57]),
    "asin": (mpmath.asin, UNIT),
    "acos": (mpmath.acos, UNIT),
    "atan": (mpmath.atan, WIDE + [1e8]),
    "sinh": (mpmath.sinh, WIDE),
    "cosh": (mpmath.cosh, WIDE),
    "tanh": (mpmath.tanh, [-4.0, -1.0, -1e-9, 1e-12, 0.3, 1.0, 4.0]),
    "asinh": (mpmath.asinh, WIDE + [1e100, -1e100]),
    "acosh": (mpmath.acosh, [1.000001, 1.5, 10.0, 1e8, 1e200]),
    "atanh": (mpmath.atanh, UNIT),
    "sigmoid": (lambda x: 1 / (1 + mpmath.exp(-x)), [-700.0, -30.0, -2.0, -1e-9, 1e-9, 0.5, 2.0, 4.0]),
    "softplus": (lambda x: mpmath.log1p(mpmath.exp(x)), [-700.0, -30.0, -2.0, -1e-9, 0.5, 2.0, 4.0, 40.0]),
    "erf": (mpmath.erf, [-3.0, -0.5, -1e-9, 1e-12, 0.1, 1.0, 2.0, 5.0]),
}

PLANE = [(3.0, 4.0), (-1e-3, 2.0), (0.5, -0.25), (-2.0, -1e-4), (1e150, 1e149), (1e-150, -3e-150)]
BINARY = {
    "div": (lambda x, y: x / y, [(1.0, 3.0), (-2.5, 0.1), (7.0, -1e5)]),
    "powf": (lambda x, y: x**y, [(2.0, 0.5), (0.3, -2.7), (10.0, 3.0), (1e-5, 0.1), (1.0, 40.0), (0.999, 700.0)]),
    "atan2": (mpmath.atan2, PLANE),
    "hypot": (mpmath.hypot, PLANE),
}


def number(x):
    return repr(float(x))


def derivatives(f, point):
    """Central differences at a step of 1e-60 of the point, with digits enough for what cancels: exact to a double's last bit."""
    orders = [(1,), (2,)] if len(point) == 1 else [(1, 0), (0, 1), (2, 0), (1, 1), (0, 2)]
    with mpmath.workdps(1000):
        exact = [mpf(x) for x in point]
        steps = [mpf(10) ** -60 * abs(x) for x in exact]

        def difference(order, at):
            for axis, n in enumerate(order):
                if n > 0:
                    less = tuple(m - (axis == i) for i, m in enumerate(order))
                    up, down = [[x + sign * h if axis == i else x for i, (x, h) in enumerate(zip(at, steps))] for sign in (1, -1)]
                    return (difference(less, up) - difference(less, down)) / (2 * steps[axis])
            return f(*at)

        return [difference(order, exact) for order in orders]


print("# made by make.py; op,x,y,value,dx,dy,dxx,dxy,dyy")
for op, (f, points) in UNARY.items():
    for x in points:
        d, dd = derivatives(f, [x])
        print(",".join([op, number(x), "", number(f(mpf(x))), number(d), "", number(dd), "", ""]))
for op, (f, points) in BINARY.items():
    for point in points:
        ds = derivatives(f, list(point))
        print(",".join([op, *map(number, point), number(f(*map(mpf, point))), *map(number, ds)]))
