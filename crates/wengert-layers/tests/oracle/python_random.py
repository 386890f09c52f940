"""Draws of Python's random() for several integer seeds, as `seed index value`, to check our generator against.

Usage: python3 python_random.py > python_random.txt

The seeds are the edges of CPython's seeding (no word, one word, two words of 32 bits, the largest of each); the
indices are the first draws, and those around 312, where the generator renews its 624 words. `repr` of a float reads
back as the same float. Needs CPython's standard library only.
"""

from random import random, seed

SEEDS = [0, 1, 42, 2**32 - 1, 2**32, 2**40 + 7, 2**64 - 1]
INDICES = [0, 1, 2, 3, 4, 310, 311, 312, 313, 1000]

for n in SEEDS:
    seed(n)
    draws = [random() for _ in range(max(INDICES) + 1)]
    for i in INDICES:
        print(n, i, repr(draws[i]))
