"""The log-likelihood of a Kalman filter and its gradient, in 50 digits.

    python3 tests/oracle/kalman.py > tests/oracle/kalman.txt

A body with a position and a velocity, both of which are observed with noise: x' = F x + w, y = x + v, w of covariance
q [[1/3, 1/2], [1/2, 1]], v of covariance diag(r, s), the first state of mean 0 and covariance 10 I. The parameters are ln q, ln r,
ln s. The recursions are Kalman's (A. C. Harvey, "Forecasting, structural time series models and the Kalman filter", 1989, 3.2.3 and
3.4.5). The gradient is by central differences with steps of 1e-25. Needs mpmath alone.
"""

import mpmath as mp

mp.mp.dps = 80
T = 20
F = mp.matrix([[1, 1], [0, 1]])


def noise(state=2024):
    while True:
        total = 0.0
        for _ in range(12):
            state = (1103515245 * state + 12345) % 2**31
            total += state / 2**31
        yield total - 6.0


draws = noise()
position, velocity, rows = 0.0, 0.5, []
for _ in range(T):
    position, velocity = position + velocity, velocity + 0.3 * next(draws)
    rows.append((f"{position + 0.8 * next(draws):.4f}", f"{velocity + 0.4 * next(draws):.4f}"))


def likelihood(theta):
    q, r, s = (mp.exp(t) for t in theta)
    Q = q * mp.matrix([[mp.mpf(1) / 3, mp.mpf(1) / 2], [mp.mpf(1) / 2, 1]])
    R = mp.diag([r, s])
    x, P, total = mp.matrix([0, 0]), 10 * mp.eye(2), mp.mpf(0)
    for row in rows:
        x, P = F * x, F * P * F.T + Q
        e = mp.matrix([mp.mpf(y) for y in row]) - x
        S = P + R
        inverse = S**-1
        total -= ((e.T * inverse * e)[0] + mp.log(mp.det(S)) + 2 * mp.log(2 * mp.pi)) / 2
        K = P * inverse
        x, P = x + K * e, P - K * P
    return total


def gradient(theta):
    h = mp.mpf(10) ** -25
    slopes = []
    for i in range(3):
        up, down = list(theta), list(theta)
        up[i] += h
        down[i] -= h
        slopes.append((likelihood(up) - likelihood(down)) / (2 * h))
    return slopes


theta = [mp.mpf("-2"), mp.mpf("-0.5"), mp.mpf("-1.5")]
print("position", *(row[0] for row in rows))
print("velocity", *(row[1] for row in rows))
print("value", mp.nstr(likelihood(theta), 20))
print("gradient", *(mp.nstr(slope, 20) for slope in gradient(theta)))
