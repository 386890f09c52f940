"""Writes Taylor coefficients.

    pip install mpmath==1.3.0
    python3 make.py > points.csv

A row is: a function, the point x, and the coefficients of f(x + t) of orders 0 to 10, by mpmath's taylor with so many digits that 20
are right. Names are those of the operations, or of formulas that the test writes too.
"""

from mpmath import mp, mpf

mp.dps = 80
ORDER = 10


def norm_cdf(x):
    return mp.erfc(-x / mp.sqrt(2)) / 2


FUNCTIONS = {
    "recip": (lambda x: 1 / x, ["1.5", "-0.75"]),
    "sqrt": (mp.sqrt, ["2", "0.5"]),
    "cbrt": (mp.cbrt, ["2"]),
    "exp": (mp.exp, ["0.5", "-3"]),
    "exp2": (lambda x: mpf(2) ** x, ["0.5"]),
    "exp_m1": (mp.expm1, ["0.25"]),
    "ln": (mp.log, ["1.5"]),
    "ln_1p": (mp.log1p, ["0.5"]),
    "log2": (lambda x: mp.log(x, 2), ["3"]),
    "log10": (mp.log10, ["3"]),
    "sin": (mp.sin, ["0.5", "3"]),
    "cos": (mp.cos, ["0.5"]),
    "tan": (mp.tan, ["0.5"]),
    "asin": (mp.asin, ["0.25"]),
    "acos": (mp.acos, ["0.25"]),
    "atan": (mp.atan, ["0.5", "-2"]),
    "sinh": (mp.sinh, ["0.5"]),
    "cosh": (mp.cosh, ["0.5"]),
    "tanh": (mp.tanh, ["0.5", "-1"]),
    "asinh": (mp.asinh, ["0.5"]),
    "acosh": (mp.acosh, ["3"]),
    "atanh": (mp.atanh, ["0.25"]),
    "sigmoid": (lambda x: 1 / (1 + mp.exp(-x)), ["0.5"]),
    "softplus": (lambda x: mp.log(1 + mp.exp(x)), ["0.5"]),
    "erf": (mp.erf, ["0.5"]),
    "erfc": (mp.erfc, ["1.5"]),
    "gaussian": (lambda x: mp.exp(-x * x), ["0.75"]),
    "log_sigmoid": (lambda x: -mp.log(1 + mp.exp(-x)), ["-0.5"]),
    "log1mexp": (lambda x: mp.log(1 - mp.exp(-x)), ["1"]),
    "norm_pdf": (lambda x: mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi), ["0.5"]),
    "norm_cdf": (norm_cdf, ["-0.5"]),
    "norm_log_cdf": (lambda x: mp.log(norm_cdf(x)), ["-1"]),
    "norm_ppf": (lambda x: mp.sqrt(2) * mp.erfinv(2 * x - 1), ["0.375"]),
    "lgamma": (mp.loggamma, ["2.5"]),
    "digamma": (mp.digamma, ["2.5"]),
    "i0e": (lambda x: mp.exp(-x) * mp.besseli(0, x), ["1.5"]),
    "i1e": (lambda x: mp.exp(-x) * mp.besseli(1, x), ["1.5"]),
    # Formulas.
    "power": (lambda x: x ** mpf("2.5"), ["1.5"]),
    "tower": (lambda x: x**x, ["1.5"]),
    "cubed": (lambda x: (1 + x) ** 3, ["0.5"]),
    "angle": (lambda x: mp.atan2(mp.sin(x), 2 + x), ["0.5"]),
    "hypotenuse": (lambda x: mp.sqrt(x * x + mp.exp(2 * x)), ["0.5"]),
    "quotient": (lambda x: mp.sin(x) / (1 + mp.exp(x)), ["0.5"]),
    "nested": (lambda x: mp.exp(mp.sin(mp.sqrt(1 + x * x))), ["0.5"]),
    "determinant": (lambda x: mp.log(abs((2 + x) * (3 + x * x) - mp.sin(x) * mp.exp(x))), ["0.5"]),
    "entry": (lambda x: ((3 + x * x) - 2 * mp.sin(x)) / ((2 + x) * (3 + x * x) - mp.sin(x) * mp.exp(x)), ["0.5"]),
    "factor": (lambda x: mp.sqrt(3 + mp.cos(x) - mp.sin(x) ** 2 / (2 + x)), ["0.5"]),
    "kepler": (lambda x: mp.findroot(lambda e: e - x / 2 * mp.sin(e) - 1, 1), ["0.75"]),
    "logistic": (lambda x: (lambda f: f(f(f(f(mpf("0.3"))))))(lambda y: x * y * (1 - y)), ["1.5"]),
    "sums": (lambda x: mp.log(mp.exp(x) + mp.exp(2 * x) + mp.exp(-x)), ["0.5"]),
}

for name, (f, points) in FUNCTIONS.items():
    for x in points:
        coefficients = mp.taylor(f, mpf(x), ORDER)
        print(",".join([name, x] + [mp.nstr(mp.re(c), 20) for c in coefficients]))
