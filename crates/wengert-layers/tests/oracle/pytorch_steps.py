"""The losses of some steps of Adam of a relu network in float32, and the time of a step.

Usage: python3 pytorch_steps.py > pytorch_steps.txt

Lines: `SIZES step loss` of a network of these sizes, full batches of 64 rows, cross-entropy, Adam
with rate 0.001. Feature number i is ((37i) mod 101 - 50)/50, the class of row i is (7i) mod classes;
weight number i of a layer is ((53i) mod 97 - 48)/48/sqrt(inputs), biases are 0. The time of a step
goes to standard error. Needs torch (made with 2.15, on a CPU).
"""

import sys
import time

import torch
from torch import nn


def values(count, factor, modulus):
    half = modulus // 2
    return torch.tensor([((factor * i) % modulus - half) / half for i in range(count)])


def run(sizes, steps):
    name = "-".join(map(str, sizes))
    layers = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        layer = nn.Linear(inputs, outputs)
        with torch.no_grad():
            weight = values(inputs * outputs, 53, 97).reshape(outputs, inputs)
            layer.weight.copy_(weight / inputs**0.5)
            layer.bias.zero_()
        layers += [layer, nn.ReLU()]
    net = nn.Sequential(*layers[:-1])
    x = values(64 * sizes[0], 37, 101).reshape(64, sizes[0])
    y = torch.tensor([(7 * i) % sizes[-1] for i in range(64)])
    adam = torch.optim.Adam(net.parameters(), lr=0.001)
    started = time.perf_counter()
    for step in range(steps):
        adam.zero_grad()
        loss = nn.functional.cross_entropy(net(x), y)
        loss.backward()
        adam.step()
        print(name, step, repr(loss.item()))
    spent = (time.perf_counter() - started) / steps
    print(f"{name}: {1e6 * spent:.0f} us a step", file=sys.stderr)


run([20, 12, 5], 30)
run([784, 128, 10], 100)
