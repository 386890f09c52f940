"""The initial weights that the teaching notebook draws, printed as its first cell prints them.

Usage: python3 initial_weights.py > initial_weights.txt

The notebook prints the 2-1-2 network of cell 1, so those lines show that this script draws as the notebook does;
it does not print the 2-2-2 network that cell 9 draws and trains, which is what the script is for.
Needs CPython's standard library only; `random()` is MT19937 on every version of Python 3.
"""

from random import random, seed


def initialize_network(n_inputs, n_hidden, n_outputs):
    """Cell 1: one weight per input and the bias last, neuron by neuron, layer by layer."""
    return [
        [{"weights": [random() for _ in range(n_inputs + 1)]} for _ in range(n_hidden)],
        [{"weights": [random() for _ in range(n_hidden + 1)]} for _ in range(n_outputs)],
    ]


for sizes in [(2, 1, 2), (2, 2, 2)]:
    print("-".join(map(str, sizes)))
    seed(1)  # cell 1, and again cell 8
    for layer in initialize_network(*sizes):
        print(layer)
