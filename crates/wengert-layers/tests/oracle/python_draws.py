"""Draws of Python's shuffle, gauss and choices, to check our generator against.

Usage: python3 python_draws.py > python_draws.txt

Lines: `shuffle seed order`, `gauss seed index value` (mean 1.5, deviation 0.08), `choices places`
(seed 7, the weights 1/1 to 1/27). `repr` of a float reads back as the same float. Needs CPython's
standard library only.
"""

import random

for n, length in [(0, 2), (1, 10), (42, 33), (42, 257), (2**32, 64), (2**64 - 1, 100)]:
    random.seed(n)
    order = list(range(length))
    random.shuffle(order)
    print("shuffle", n, *order)
for n in [0, 42, 2**40 + 7]:
    random.seed(n)
    for i in range(200):
        print("gauss", n, i, repr(random.gauss(1.5, 0.08)))
random.seed(7)
print("choices", *random.choices(range(27), weights=[1 / i for i in range(1, 28)], k=200))
