"""The Brusselator with diffusion on a line of cells at t = 10, in 40 digits.

    python3 crates/wengert-solvers/tests/oracle/brusselator.py > crates/wengert-solvers/tests/oracle/brusselator.txt

E. Hairer and G. Wanner, "Solving Ordinary Differential Equations II", 2nd edition, IV.1 (1.6): u' = 1 + u^2 v - 4 u + a u_xx,
v' = 3 u - u^2 v + a v_xx, a = 1/50, u = 1 and v = 3 at both ends, u = 1 + sin(2 pi x) and v = 3 at t = 0. By the method of
Taylor: the right sides are polynomials, so all coefficients of a step follow from each other exactly. The order and the step leave an
error far below the digits that are printed; halving the step changes none of them. Needs mpmath alone.
"""

import mpmath as mp

mp.mp.dps = 40
CELLS, ORDER, STEP, END = 20, 30, mp.mpf(1) / 40, 10


def step(u, v, h):
    m = len(u)
    scale = mp.mpf(1) / 50 * (m + 1) ** 2
    u, v = [[x] for x in u], [[x] for x in v]
    squares = [[] for _ in range(m)]

    def around(w, i, k, end):
        at_end = end if k == 0 else 0
        left = w[i - 1][k] if i else at_end
        right = w[i + 1][k] if i + 1 < m else at_end
        return scale * (left - 2 * w[i][k] + right)

    for k in range(ORDER):
        new = []
        for i in range(m):
            squares[i].append(mp.fdot(u[i], u[i][::-1]))
            meeting = mp.fdot(squares[i], v[i][::-1])
            first = (1 if k == 0 else 0) + meeting - 4 * u[i][k] + around(u, i, k, 1)
            second = 3 * u[i][k] - meeting + around(v, i, k, 3)
            new.append((first / (k + 1), second / (k + 1)))
        for i, (a, b) in enumerate(new):
            u[i].append(a)
            v[i].append(b)
    at = lambda series: mp.polyval(series[::-1], h)
    return [at(s) for s in u], [at(s) for s in v]


x = [mp.mpf(i + 1) / (CELLS + 1) for i in range(CELLS)]
u, v = [1 + mp.sin(2 * mp.pi * x) for x in x], [mp.mpf(3)] * CELLS
for _ in range(int(END / STEP)):
    u, v = step(u, v, STEP)
for value in u + v:
    print(mp.nstr(value, 17))
