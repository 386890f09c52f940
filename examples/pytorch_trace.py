"""Writes what a PyTorch module computed, with its gradients, as a Wengert trace.

    python3 examples/pytorch_trace.py > trace.json     a small network, as an example

As a library:

    from pytorch_trace import Recorder

    with Recorder(module, names={"0.weight": "hidden/w", "0": "hidden/z"}) as recorder:
        output = module(recorder.data("x", x))
        loss = 0.5 * ((target - output) ** 2).sum()
        trace = recorder.backward(loss, "L")               # calls loss.backward()
    print(json.dumps(trace, allow_nan=False))

Read it with `Trace::from_json` and compare it with your own trace: `Diff::new(&ours, &theirs)`. The form is in
docs/trace.md. `names` gives modules and parameters the paths that they have in your trace; without it, `layer.0.weight` becomes
`layer/0/weight`.

Hooks see the calls of modules. What is computed between them (a residual `x + y`, the loss's formula) has no module: the
number that comes out of it is recorded under the op `outside`, with its value and its gradient, and what it was computed
from is not known. Modules that write over their input (`inplace=True`) are refused.
"""

import functools
import json
import math
import sys

import torch
from torch import nn

# Modules that are one op of Wengert's. Any other becomes an op named after its class: it can be shown and compared,
# and its derivative is not explained.
UNARY = {nn.Sigmoid: "sigmoid", nn.Tanh: "tanh", nn.ReLU: "relu", nn.Softplus: "softplus"}


def number(x):
    """JSON has no NaN and no infinity: they are strings. Python writes a float in the digits that read back as it."""
    if math.isnan(x):
        return "NaN"
    if math.isinf(x):
        return "inf" if x > 0 else "-inf"
    return x


def numbers(tensor):
    return [number(x) for x in tensor.detach().reshape(-1).tolist()]


class Recorder:
    """Records the calls of a module's leaf modules while it is open."""

    def __init__(self, module, names=None):
        self.module, self.names = module, names or {}
        self.nodes, self.tensors, self.index, self.paths = [], [], {}, set()
        self.handles = []
        dtypes = {p.dtype for p in module.parameters()}
        if not dtypes <= {torch.float32, torch.float64} or len(dtypes) > 1:
            raise ValueError(f"a trace is of float32 or float64 throughout, not of {dtypes}")
        self.dtype = dtypes.pop() if dtypes else torch.get_default_dtype()
        for name, parameter in module.named_parameters():
            op = "param" if parameter.requires_grad else "data"
            self.add(self.names.get(name, name.replace(".", "/")), op, parameter, named=True)

    def __enter__(self):
        for name, module in self.module.named_modules():
            if next(module.children(), None) is None:
                if getattr(module, "inplace", False):
                    raise ValueError(f"{name} writes over its input; make it with inplace=False")
                self.handles.append(module.register_forward_hook(functools.partial(self.called, name)))
        return self

    def __exit__(self, *_):
        for handle in self.handles:
            handle.remove()

    def data(self, path, tensor):
        """Gives an input of the module a name. With `requires_grad` it is differentiated by."""
        self.add(path, "input" if tensor.requires_grad else "data", tensor, named=True)
        return tensor

    def add(self, path, op, tensor, operands=(), named=False):
        # The same path again: a module that is called twice.
        unique, count = path, 1
        while unique in self.paths:
            count += 1
            unique = f"{path}#{count}"
        self.paths.add(unique)
        if tensor.requires_grad and not tensor.is_leaf:
            tensor.retain_grad()
        node = {"path": unique, "named": named, "op": op, "shape": list(tensor.shape), "values": numbers(tensor)}
        if "/" in unique:
            node["scope"] = unique.rsplit("/", 1)[0]
        if operands:
            node["operands"] = list(operands)
        self.index[id(tensor)] = len(self.nodes)
        self.nodes.append(node)
        # Kept alive, so that no other tensor gets its id.
        self.tensors.append(tensor)
        return len(self.nodes) - 1

    def operand(self, tensor, shape=None, strides=None):
        """Refers to a tensor, which is recorded as `outside` if no module made it."""
        index = self.index.get(id(tensor))
        if index is None:
            index = self.add(f"outside#{sum(n['op'] == 'outside' for n in self.nodes) + 1}", "outside", tensor)
        operand = {"node": index, "shape": list(tensor.shape) if shape is None else shape}
        if strides is not None:
            operand["strides"] = strides
        if not tensor.requires_grad:
            operand["cut"] = True
        return operand

    def called(self, name, module, args, output):
        inputs = [arg for arg in args if isinstance(arg, torch.Tensor)]
        if not isinstance(output, torch.Tensor):
            raise ValueError(f"{name} returns {type(output).__name__}; a node is one tensor")
        if output.dtype != self.dtype:
            raise ValueError(f"{name} returns {output.dtype} in a module of {self.dtype}")
        if id(output) in self.index:
            # Identity, Dropout when not training: no step.
            return
        path = self.names.get(name, name.replace(".", "/") or type(module).__name__.lower())
        op, operands = type(module).__name__.lower(), [self.operand(x) for x in inputs]
        if type(module) is nn.Linear and len(inputs[0].shape) in (1, 2):
            op, operands = self.linear(module, inputs[0])
        elif type(module) in UNARY and (type(module) is not nn.Softplus or (module.beta, module.threshold) == (1, 20)):
            op = UNARY[type(module)]
        else:
            operands += [self.operand(p) for p in module.parameters(recurse=False)]
        self.add(path, op, output, operands, named=True)

    def linear(self, module, x):
        """x Wᵀ + b: an affine node, which reads the bias, W and x; without a bias a product."""
        out, inner = module.weight.shape
        if module.bias is not None:
            return "affine", [self.operand(module.bias), self.operand(module.weight), self.operand(x)]
        if len(x.shape) == 1:
            return "matmul", [self.operand(module.weight), self.operand(x)]
        transposed = self.operand(module.weight, shape=[inner, out], strides=[1, inner])
        return "matmul", [self.operand(x), transposed]

    def backward(self, loss, path="L", reads=()):
        """Sweeps back from the loss, a single number, and returns the trace.

        `reads` are the tensors that the loss was computed from, if you know: the trace then says so.
        """
        if id(loss) in self.index:
            index = self.index[id(loss)]
        else:
            index = self.add(path, "outside", loss, [self.operand(x) for x in reads], named=True)
        loss.backward()
        for node, tensor in zip(self.nodes, self.tensors):
            gradient = tensor.grad if tensor.requires_grad else None
            count = len(node["values"])
            node["adjoints"] = ["no path"] * count if gradient is None else numbers(gradient)
        return {
            "version": 1,
            "precision": "f64" if self.dtype == torch.float64 else "f32",
            "outputs": [{"of": {"node": index}, "cotangent": 1.0}],
            "nodes": self.nodes,
        }


def example():
    """A 2-3-2 sigmoid network on one row, with weights that can be written down."""
    names = {"0": "hidden/z", "1": "hidden/output", "2": "output/z", "3": "output/output"}
    for module, layer in [("0", "hidden"), ("2", "output")]:
        names |= {f"{module}.weight": f"{layer}/w", f"{module}.bias": f"{layer}/b"}
    network = nn.Sequential(nn.Linear(2, 3), nn.Sigmoid(), nn.Linear(3, 2), nn.Sigmoid()).double()
    with torch.no_grad():
        network[0].weight.copy_(torch.tensor([[0.5, -0.25], [0.125, 0.75], [-1.0, 0.375]]))
        network[0].bias.copy_(torch.tensor([0.25, -0.5, 0.0625]))
        network[2].weight.copy_(torch.tensor([[0.75, -0.5, 0.25], [-0.125, 1.0, 0.625]]))
        network[2].bias.copy_(torch.tensor([0.1875, -0.3125]))
    x, target = torch.tensor([1.5, -2.0]).double(), torch.tensor([0.0, 1.0]).double()
    with Recorder(network, names) as recorder:
        output = network(recorder.data("x", x))
        return recorder.backward(0.5 * ((target - output) ** 2).sum(), reads=[output])


if __name__ == "__main__":
    json.dump(example(), sys.stdout, allow_nan=False, indent=1)
    print()
