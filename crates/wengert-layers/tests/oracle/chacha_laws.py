"""The first and last weight that each law draws for a 4-3 layer from seed 7, worked out without Rust.

Usage: python3 chacha_laws.py > chacha_laws.txt

From the definitions: rand_core's seed_from_u64 (PCG32 fills the key), ChaCha with 8 rounds (Bernstein 2008), 53 bits
a number, Box and Muller, Glorot and He. Needs CPython's standard library only. `math.log` and `math.cos` are the
platform's, so the last digit of the normal laws may depend on where this runs.
"""

import math
import struct

M32, M64 = 2**32 - 1, 2**64 - 1


def rotl(x, n):
    return (x << n | x >> (32 - n)) & M32


def key_from_u64(state):
    """seed_from_u64: eight outputs of PCG-XSH-RR 64/32."""
    words = []
    for _ in range(8):
        state = (state * 6364136223846793005 + 11634580027462260723) & M64
        x = (((state >> 18) ^ state) >> 27) & M32
        words.append(rotl(x, -(state >> 59) % 32))
    return words


def chacha8_block(key, counter):
    start = list(struct.unpack("<4I", b"expand 32-byte k")) + key + [counter & M32, counter >> 32, 0, 0]
    s = list(start)

    def quarter(a, b, c, d):
        for x, y, z, n in [(a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)]:
            s[x] = (s[x] + s[y]) & M32
            s[z] = rotl(s[z] ^ s[x], n)

    for _ in range(4):
        for i in range(4):
            quarter(i, 4 + i, 8 + i, 12 + i)
        for i in range(4):
            quarter(i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
    return [(a + b) & M32 for a, b in zip(s, start)]


def units(seed):
    """Numbers in [0, 1): 64 bits of the stream, the low word first, of which the upper 53 count."""
    key, counter = key_from_u64(seed), 0
    while True:
        block = chacha8_block(key, counter)
        for low, high in zip(block[::2], block[1::2]):
            yield ((high << 32 | low) >> 11) / 2**53
        counter += 1


def uniform(lo, hi):
    return lambda u: lo + (hi - lo) * next(u)


def normal(deviation):
    return lambda u: deviation * (math.sqrt(-2 * math.log(1 - next(u))) * math.cos(2 * math.pi * next(u)))


FAN_IN, FAN_OUT = 4, 3
glorot, he = math.sqrt(6 / (FAN_IN + FAN_OUT)), math.sqrt(6 / FAN_IN)
for name, law, draws in [
    ("uniform", uniform(-1, 1), FAN_OUT * (FAN_IN + 1) - 1),  # the last weight, before the last bias
    ("glorot_uniform", uniform(-glorot, glorot), FAN_OUT * FAN_IN),
    ("glorot_normal", normal(math.sqrt(2 / (FAN_IN + FAN_OUT))), FAN_OUT * FAN_IN),
    ("he_uniform", uniform(-he, he), FAN_OUT * FAN_IN),
    ("he_normal", normal(math.sqrt(2 / FAN_IN)), FAN_OUT * FAN_IN),
]:
    u = units(7)
    drawn = [law(u) for _ in range(draws)]
    print(name, repr(drawn[0]), repr(drawn[-1]))
