"""Writes values and derivatives of implicit functions.

    pip install mpmath==1.3.0
    python3 make.py > points.csv

A row is: problem, the parameters, the objective, its gradient, its Hessian row by row. A root is found with 60 digits; derivatives
are mpmath's differences of the objective as a function of the parameters, of which 20 digits and more are right: no formula of a
derivative is used.
"""

from mpmath import mp, mpf

mp.dps = 60


def kepler(p):
    mean, e = p
    return mp.findroot(lambda x: x - e * mp.sin(x) - mean, mean)


def system(p):
    a, b = p
    x, y = mp.findroot(lambda x, y: [x * x + y * y - a, mp.exp(x) + y - b], (mpf(1), mpf(-1)))
    return x * y + mp.sin(x)


def fixed_point(p):
    a, b = p
    return mp.findroot(lambda x: mp.cos(a * x) + b - x, mpf("0.5"))


def layer(p):
    b1, b2, w = p
    f = lambda x, y: [mp.tanh(mpf("0.5") * x + w * y + b1) - x, mp.tanh(mpf("0.25") * y - x / 2 + b2) - y]
    x, y = mp.findroot(f, (mpf("0.1"), mpf("0.1")))
    return x * x + 3 * y


PROBLEMS = {
    kepler: [("1", "0.5"), ("2.5", "0.9375"), ("0.125", "0.25")],
    system: [("4", "1"), ("4.5", "0.75"), ("3.25", "1.25")],
    fixed_point: [("1", "0"), ("1.5", "0.25"), ("-0.75", "0.5")],
    layer: [("0.25", "-0.5", "0.75"), ("0.5", "0.125", "-0.375"), ("-1", "0.5", "0.25")],
}


def derivative(f, p, orders):
    return mp.diff(lambda *p: f(p), tuple(p), tuple(orders))


for problem, points in PROBLEMS.items():
    for point in points:
        p = [mpf(x) for x in point]
        n = len(p)
        unit = lambda *places: [sum(1 for place in places if place == i) for i in range(n)]
        numbers = list(point) + [problem(p)]
        numbers += [derivative(problem, p, unit(i)) for i in range(n)]
        numbers += [derivative(problem, p, unit(i, j)) for i in range(n) for j in range(n)]
        print(",".join([problem.__name__] + [x if isinstance(x, str) else mp.nstr(x, 20) for x in numbers]))
