"""The losses of some steps of Adam of a relu network, and the time of a step.

Usage: python3 pytorch_steps.py > pytorch_steps.txt

Lines: `SIZES TYPE step loss` of a network of these sizes in numbers of this type, full batches of 64 rows, cross-entropy, Adam
with rate 0.001. Feature number i is ((37i) mod 101 - 50)/50, the class of row i is (7i) mod classes;
weight number i of a layer is ((53i) mod 97 - 48)/48/sqrt(inputs), biases are 0. The time of a step
goes to standard error. Needs torch (made with 2.15, on a CPU).

In float32 PyTorch's own losses of the larger network differ by up to 3e-5 from processor to
processor, where a relu switches; in float64 they do not.
"""

import sys
import time

import torch
from torch import nn


def values(count, factor, modulus, dtype):
    half = modulus // 2
    return torch.tensor([((factor * i) % modulus - half) / half for i in range(count)], dtype=dtype)


def run(sizes, steps, dtype):
    name = "-".join(map(str, sizes)) + " " + {torch.float32: "f32", torch.float64: "f64"}[dtype]
    layers = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        layer = nn.Linear(inputs, outputs, dtype=dtype)
        with torch.no_grad():
            weight = values(inputs * outputs, 53, 97, dtype).reshape(outputs, inputs)
            layer.weight.copy_(weight / inputs**0.5)
            layer.bias.zero_()
        layers += [layer, nn.ReLU()]
    net = nn.Sequential(*layers[:-1])
    x = values(64 * sizes[0], 37, 101, dtype).reshape(64, sizes[0])
    y = torch.tensor([(7 * i) % sizes[-1] for i in range(64)])
    adam = torch.optim.Adam(net.parameters(), lr=0.001)
    times = []
    for step in range(steps):
        started = time.perf_counter()
        adam.zero_grad()
        loss = nn.functional.cross_entropy(net(x), y)
        loss.backward()
        adam.step()
        times.append(time.perf_counter() - started)
        print(name, step, repr(loss.item()))
    times.sort()
    median, quickest = 1e6 * times[steps // 2], 1e6 * times[0]
    print(f"{name}: {median:.0f} us a step, the quickest {quickest:.0f}", file=sys.stderr)


for dtype in (torch.float32, torch.float64):
    run([20, 12, 5], 30, dtype)
    run([784, 128, 10], 100, dtype)
