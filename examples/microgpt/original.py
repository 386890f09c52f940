"""The teaching program microgpt in plain Python: the losses and the names that the example compares
with, and the time of a step.

Usage: python3 original.py STEPS [names.txt]

Prints `step loss seconds` for each step; after 1,000 steps it draws the 20 names. Written from
the program's public description (A. Karpathy, February 2026): a scalar tape, a transformer of
4,192 weights, Adam. The order of every sum and of every contribution to an adjoint is the
original's, so its 17 digits are. Needs CPython's standard library only.
"""

import math
import random
import sys
import time
from pathlib import Path


class Value:
    __slots__ = ("data", "grad", "children", "slopes")

    def __init__(self, data, children=(), slopes=()):
        self.data, self.grad, self.children, self.slopes = data, 0, children, slopes

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, (self, other), (1, 1))

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, n):
        return Value(self.data**n, (self,), (n * self.data ** (n - 1),))

    def log(self):
        return Value(math.log(self.data), (self,), (1 / self.data,))

    def exp(self):
        return Value(math.exp(self.data), (self,), (math.exp(self.data),))

    def relu(self):
        return Value(max(0, self.data), (self,), (float(self.data > 0),))

    def __neg__(self):
        return self * -1

    def __radd__(self, other):
        return self + other

    def __sub__(self, other):
        return self + (-other)

    def __rmul__(self, other):
        return self * other

    def __truediv__(self, other):
        return self * other**-1

    def backward(self):
        order, seen = [], set()

        def visit(v):
            if v not in seen:
                seen.add(v)
                for child in v.children:
                    visit(child)
                order.append(v)

        visit(self)
        self.grad = 1
        for v in reversed(order):
            for child, slope in zip(v.children, v.slopes):
                child.grad += slope * v.grad


EMBED, HEADS, BLOCK = 16, 4, 16
HEAD = EMBED // HEADS


def linear(x, w):
    return [sum(wi * xi for wi, xi in zip(row, x)) for row in w]


def softmax(logits):
    largest = max(v.data for v in logits)
    exps = [(v - largest).exp() for v in logits]
    total = sum(exps)
    return [e / total for e in exps]


def rmsnorm(x):
    ms = sum(xi * xi for xi in x) / len(x)
    scale = (ms + 1e-5) ** -0.5
    return [xi * scale for xi in x]


def gpt(weights, token, position, keys, values):
    x = [t + p for t, p in zip(weights["wte"][token], weights["wpe"][position])]
    x = rmsnorm(x)
    residual = x
    x = rmsnorm(x)
    q, k, v = (linear(x, weights["attn_w" + name]) for name in "qkv")
    keys.append(k)
    values.append(v)
    attended = []
    for h in range(0, EMBED, HEAD):
        q_h = q[h : h + HEAD]
        k_h = [k[h : h + HEAD] for k in keys]
        v_h = [v[h : h + HEAD] for v in values]
        scores = [sum(q_h[j] * k_h[t][j] for j in range(HEAD)) / HEAD**0.5 for t in range(len(k_h))]
        shares = softmax(scores)
        attended += [sum(shares[t] * v_h[t][j] for t in range(len(v_h))) for j in range(HEAD)]
    x = linear(attended, weights["attn_wo"])
    x = [a + b for a, b in zip(x, residual)]
    residual = x
    x = linear(rmsnorm(x), weights["mlp_fc1"])
    x = linear([xi.relu() for xi in x], weights["mlp_fc2"])
    x = [a + b for a, b in zip(x, residual)]
    return linear(x, weights["lm_head"])


def main():
    steps = int(sys.argv[1])
    path = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(__file__).parent / "names.txt"
    random.seed(42)
    names = [line.strip() for line in path.read_text().strip().split("\n") if line.strip()]
    random.shuffle(names)
    letters = sorted(set("".join(names)))
    mark = len(letters)

    def matrix(rows, columns):
        return [[Value(random.gauss(0, 0.08)) for _ in range(columns)] for _ in range(rows)]

    weights = {"wte": matrix(mark + 1, EMBED), "wpe": matrix(BLOCK, EMBED)}
    weights["lm_head"] = matrix(mark + 1, EMBED)
    for name in ("attn_wq", "attn_wk", "attn_wv", "attn_wo"):
        weights[name] = matrix(EMBED, EMBED)
    weights["mlp_fc1"] = matrix(4 * EMBED, EMBED)
    weights["mlp_fc2"] = matrix(EMBED, 4 * EMBED)
    params = [p for block in weights.values() for row in block for p in row]
    rate, beta1, beta2, epsilon = 0.01, 0.85, 0.99, 1e-8
    m, v = [0.0] * len(params), [0.0] * len(params)

    for step in range(steps):
        started = time.perf_counter()
        name = names[step % len(names)]
        tokens = [mark] + [letters.index(c) for c in name] + [mark]
        n = min(BLOCK, len(tokens) - 1)
        keys, values, losses = [], [], []
        for position in range(n):
            shares = softmax(gpt(weights, tokens[position], position, keys, values))
            losses.append(-shares[tokens[position + 1]].log())
        loss = (1 / n) * sum(losses)
        loss.backward()
        now = rate * (1 - step / 1000)
        for i, p in enumerate(params):
            m[i] = beta1 * m[i] + (1 - beta1) * p.grad
            v[i] = beta2 * v[i] + (1 - beta2) * p.grad**2
            m_hat = m[i] / (1 - beta1 ** (step + 1))
            v_hat = v[i] / (1 - beta2 ** (step + 1))
            p.data -= now * m_hat / (v_hat**0.5 + epsilon)
            p.grad = 0
        print(step + 1, repr(loss.data), f"{time.perf_counter() - started:.4f}", flush=True)

    if steps < 1000:
        return
    for _ in range(20):
        keys, values, token, name = [], [], mark, ""
        for position in range(BLOCK):
            logits = gpt(weights, token, position, keys, values)
            shares = softmax([v / 0.5 for v in logits])
            token = random.choices(range(mark + 1), weights=[p.data for p in shares])[0]
            if token == mark:
                break
            name += letters[token]
        print(name)


main()
