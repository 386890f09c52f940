"""The log marginal likelihood of a Gaussian process, its gradient and its maximum, in 50 digits.

    python3 tests/oracle/gaussian_process.py > tests/oracle/gaussian_process.txt

The kernel is s^2 exp(-(x - x')^2 / (2 l^2)), with noise of variance e^2, and the parameters are
ln l, ln s, ln e: Rasmussen and Williams, "Gaussian Processes for Machine Learning" (2006),
equations 2.30 and 5.9. The observations are a sine with noise from a linear congruential generator,
rounded to four digits. Needs mpmath alone.
"""

import mpmath as mp

mp.mp.dps = 50
N = 24


def noise(state=12345):
    """Sums of twelve uniform numbers less 6: nearly normal."""
    while True:
        total = 0.0
        for _ in range(12):
            state = (1103515245 * state + 12345) % 2**31
            total += state / 2**31
        yield total - 6.0


draws = noise()
xs = [f"{0.25 * i + 0.1 * next(draws):.4f}" for i in range(N)]
ys = [f"{float(1.5 * mp.sin(mp.mpf(x) * 1.3) + 0.3 * next(draws)):.4f}" for x in xs]
X = [mp.mpf(x) for x in xs]
Y = mp.matrix([mp.mpf(y) for y in ys])


def parts(theta):
    l, s, e = (mp.exp(t) for t in theta)
    rbf = mp.matrix(N, N)
    by_l = mp.matrix(N, N)
    for i in range(N):
        for j in range(N):
            d = (X[i] - X[j]) ** 2 / l**2
            rbf[i, j] = s**2 * mp.exp(-d / 2)
            by_l[i, j] = rbf[i, j] * d
    return rbf + e**2 * mp.eye(N), [by_l, 2 * rbf, 2 * e**2 * mp.eye(N)]


def value(theta):
    k, _ = parts(theta)
    factor = mp.cholesky(k)
    alpha = mp.lu_solve(k, Y)
    logdet = 2 * sum(mp.log(factor[i, i]) for i in range(N))
    return -((Y.T * alpha)[0] + logdet + N * mp.log(2 * mp.pi)) / 2


def gradient(theta):
    k, slopes = parts(theta)
    inverse = k**-1
    alpha = inverse * Y
    w = alpha * alpha.T - inverse
    return [sum(w[i, j] * d[j, i] for i in range(N) for j in range(N)) / 2 for d in slopes]


start = [mp.mpf(0)] * 3
best = mp.findroot(lambda *t: gradient(t), [mp.mpf(t) for t in ("0.1", "0.3", "-1.2")])


def line(name, numbers):
    print(name, *(mp.nstr(mp.mpf(number), 20) for number in numbers))


print("x", *xs)
print("y", *ys)
line("start_value", [value(start)])
line("start_gradient", gradient(start))
line("best", best)
line("best_value", [value(list(best))])
