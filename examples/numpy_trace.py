"""Writes what code with a derivation by hand computed, NumPy's for one, as a Wengert trace.

    python3 examples/numpy_trace.py > trace.json     a small network, as an example

As a library: record each step as you take it, then give the adjoints that you derived.

    from numpy_trace import ByHand

    hand = ByHand()
    x, w, b = hand.data("x", x), hand.param("w", w), hand.param("b", b)
    z = hand.node("z", "affine", w @ x + b, [b, w, x])       # an op of docs/trace.md, or one of your own
    y = hand.node("y", "sigmoid", 1 / (1 + np.exp(-z)), [z])
    hand.adjoint(z, delta * -1)                               # dL/dz, of as many or as few as you have
    print(json.dumps(hand.trace(), allow_nan=False))

A trace that states what each step reads is looked at on its own before it is compared: a value that is not its op of its
operands, an adjoint that is not the sum of its contributions. It is no more than a list of arrays, so it takes those of Keras or
any other program too: `np.asarray(tensor)`.
"""

import json
import math
import sys

import numpy as np


def number(x):
    """JSON has no NaN and no infinity: they are strings."""
    x = float(x)
    if math.isnan(x):
        return "NaN"
    if math.isinf(x):
        return "inf" if x > 0 else "-inf"
    return x


def numbers(array):
    return [number(x) for x in np.asarray(array).reshape(-1).tolist()]


class ByHand:
    def __init__(self):
        self.nodes, self.arrays, self.adjoints = [], [], {}

    def data(self, path, array):
        return self.node(path, "data", array)

    def param(self, path, array):
        return self.node(path, "param", array)

    def node(self, path, op, array, reads=(), **more):
        """A step: its path, its op, what it computed, the arrays that it read as they were recorded, and `axes` or `positions`."""
        if any(node["path"] == path for node in self.nodes):
            raise ValueError(f"two steps are called {path}")
        # A copy of its own: an array that is written over later keeps the number that it had.
        array = np.array(array, dtype=np.float64)
        array.flags.writeable = False
        node = {"path": path, "named": True, "op": op, "shape": list(array.shape), "values": numbers(array)}
        if "/" in path:
            node["scope"] = path.rsplit("/", 1)[0]
        operands = []
        for read in reads:
            at = self.find(read, f"what {path} reads")
            operand = {"node": at, "shape": self.nodes[at]["shape"]}
            if self.nodes[at]["op"] in ("data", "const"):
                operand["cut"] = True
            operands.append(operand)
        if operands:
            node["operands"] = operands
        node.update(more)
        self.nodes.append(node)
        self.arrays.append(array)
        return array

    def find(self, array, what):
        for at, known in enumerate(self.arrays):
            if known is array:
                return at
        raise ValueError(f"{what} is not an array that node, data or param returned")

    def adjoint(self, array, adjoint):
        """dL by each number of a recorded array; minus a delta."""
        at = self.find(array, "what has an adjoint")
        path, shape = self.nodes[at]["path"], self.nodes[at]["shape"]
        if list(np.shape(adjoint)) != shape:
            raise ValueError(f"{path} is {shape}, its adjoint {list(np.shape(adjoint))}")
        self.adjoints[at] = numbers(adjoint)

    def trace(self):
        """The trace; the last step is the loss."""
        if self.nodes[-1]["shape"]:
            raise ValueError(f"the last step, {self.nodes[-1]['path']}, is {self.nodes[-1]['shape']}, not a single number")
        self.adjoints.setdefault(len(self.nodes) - 1, [1.0])
        for at, node in enumerate(self.nodes):
            word = "no path" if node["op"] in ("data", "const") else "not computed"
            node["adjoints"] = self.adjoints.get(at, [word] * len(node["values"]))
        outputs = [{"of": {"node": len(self.nodes) - 1}, "cotangent": 1.0}]
        return {"version": 1, "precision": "f64", "outputs": outputs, "nodes": self.nodes}


def example():
    """The network of examples/pytorch_trace.py, its derivatives by the delta rule."""
    hand, layers = ByHand(), {}
    weights = {
        "hidden": ([[0.5, -0.25], [0.125, 0.75], [-1.0, 0.375]], [0.25, -0.5, 0.0625]),
        "output": ([[0.75, -0.5, 0.25], [-0.125, 1.0, 0.625]], [0.1875, -0.3125]),
    }
    x = hand.data("x", [1.5, -2.0])
    y = x
    for layer, (w, b) in weights.items():
        read, w, b = y, hand.param(f"{layer}/w", w), hand.param(f"{layer}/b", b)
        z = hand.node(f"{layer}/z", "affine", w @ read + b, [b, w, read])
        y = hand.node(f"{layer}/output", "sigmoid", 1 / (1 + np.exp(-z)), [z])
        layers[layer] = (read, w, b, z, y)
    target = hand.data("target", [0.0, 1.0])
    error = hand.node("error", "sub", target - y, [target, y])
    hand.node("L", "half_square_sum", 0.5 * (error**2).sum(), [error])

    _, w, _, z, y = layers["output"]
    delta = {"output": error * y * (1 - y)}
    _, _, _, _, h = layers["hidden"]
    delta["hidden"] = (w.T @ delta["output"]) * h * (1 - h)
    for layer, (read, w, b, z, _) in layers.items():
        hand.adjoint(z, -delta[layer])
        hand.adjoint(b, -delta[layer])
        hand.adjoint(w, -np.outer(delta[layer], read))
    return hand.trace()


if __name__ == "__main__":
    json.dump(example(), sys.stdout, allow_nan=False, indent=1)
    print()
