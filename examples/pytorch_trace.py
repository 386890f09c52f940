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
`layer/0/weight`. A name that no module or parameter has is refused, and so are two things under one path.

What is recorded are the calls of modules without children. What is computed between them (a residual `x + y`, the loss's
formula) has no module: the number that comes out of it is recorded under the op `outside`, with what it was computed from by
PyTorch's own graph; `recorder.mark("path", tensor)` gives such a number a name. A node whose op is not one of Wengert's states
its Jacobian, if that has at most 4,096 numbers, so that its contributions are explained.

What would give a wrong trace is refused, by name: a number that was written over after it was recorded (`out *= 2`,
`F.relu(x, inplace=True)`), a gradient that an earlier backward left, a loss of several numbers.
"""

import difflib
import functools
import json
import math
import sys

import torch
from torch import nn

# Modules that are one op of Wengert's. Any other becomes an op of its own kind, `nn.GELU` or `mymodule.Exp`, whatever its class is
# called: Wengert's ops have no dot.
UNARY = {nn.Sigmoid: "sigmoid", nn.Tanh: "tanh", nn.ReLU: "relu", nn.Softplus: "softplus"}
# What the outputs after the first are called, of modules with several.
OUTPUTS = {nn.LSTM: ["h", "c"], nn.GRU: ["h"], nn.RNN: ["h"], nn.LSTMCell: ["c"], nn.MultiheadAttention: ["weights"]}
# A Jacobian with more numbers is not stated.
PARTIALS = 4096


def number(x):
    """JSON has no NaN and no infinity: they are strings. Python writes a float in the digits that read back as it."""
    x = float(x)
    if math.isnan(x):
        return "NaN"
    if math.isinf(x):
        return "inf" if x > 0 else "-inf"
    return x


def numbers(tensor):
    return [number(x) for x in tensor.detach().reshape(-1).tolist()]


def tensors(value):
    """Every tensor in arguments or in what a module returned, however it is nested."""
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, (list, tuple)):
        return []
    return [tensor for item in value for tensor in tensors(item)]


class Recorder:
    """Records the calls of a module's leaf modules while it is open."""

    def __init__(self, module, names=None):
        self.module, self.names = module, names or {}
        self.nodes, self.tensors, self.versions, self.index, self.owners = [], [], [], {}, {}
        # The tensor that a step of PyTorch's graph made, and its place among that step's outputs.
        self.made = {}
        self.wrapped = []
        self.check_names()
        dtypes = {p.dtype for p in module.parameters()}
        if not dtypes <= {torch.float32, torch.float64} or len(dtypes) > 1:
            raise ValueError(f"a trace is of float32 or float64 throughout, not of {dtypes}")
        self.dtype = dtypes.pop() if dtypes else torch.get_default_dtype()
        for name, parameter in module.named_parameters():
            op = "param" if parameter.requires_grad else "data"
            path = self.names.get(name, name.replace(".", "/"))
            self.add(path, op, parameter, owner=f"the parameter {name}", named=True)

    def check_names(self):
        known = {name for name, _ in self.module.named_modules()} | {name for name, _ in self.module.named_parameters()}
        for name in self.names:
            if name not in known:
                near = difflib.get_close_matches(name, known, 1)
                near = f"; {near[0]} is one" if near else ""
                raise ValueError(f"names: {name} is no module and no parameter{near}")
        paths = list(self.names.values())
        for path in paths:
            if paths.count(path) > 1:
                both = [name for name in self.names if self.names[name] == path]
                raise ValueError(f"names: {' and '.join(both)} are both called {path}")

    def __enter__(self):
        for name, module in self.module.named_modules():
            if next(module.children(), None) is None or type(module) is nn.MultiheadAttention:
                if getattr(module, "inplace", False):
                    raise ValueError(f"{name} writes over its input; make it with inplace=False")
                # Not a hook: PyTorch before 2.0 gives those no keyword arguments.
                module.forward = functools.partial(self.call, name, module, module.forward)
                self.wrapped.append(module)
        return self

    def __exit__(self, *_):
        for module in self.wrapped:
            del module.forward

    def data(self, path, tensor):
        """Gives an input of the module a name. With `requires_grad` it is differentiated by."""
        self.add(path, "input" if tensor.requires_grad else "data", tensor, owner=f"the data {path}", named=True)
        return tensor

    def mark(self, path, tensor):
        """Gives a number that no module made a name."""
        if id(tensor) in self.index:
            raise ValueError(f"{path} is recorded already, as {self.nodes[self.index[id(tensor)]]['path']}")
        self.between(path, tensor, named=True)
        return tensor

    def add(self, path, op, tensor, operands=(), owner=None, named=False, **more):
        # The same module again is a count; another thing of that path would be taken for it.
        if self.owners.setdefault(path, owner) != owner:
            raise ValueError(f"{self.owners[path]} and {owner} are both called {path}; give one another path in names")
        unique, count, taken = path, 1, {node["path"] for node in self.nodes}
        while unique in taken:
            count += 1
            unique = f"{path}#{count}"
        if tensor.numel() == 0:
            raise ValueError(f"{unique} has no numbers: {list(tensor.shape)}")
        node = {"path": unique, "named": named, "op": op, "shape": list(tensor.shape), "values": numbers(tensor)}
        if "/" in unique:
            node["scope"] = unique.rsplit("/", 1)[0]
        if operands:
            node["operands"] = list(operands)
        node.update(more)
        self.index[id(tensor)] = len(self.nodes)
        if tensor.grad_fn is not None:
            self.made[tensor.grad_fn, tensor.output_nr] = len(self.nodes)
        self.nodes.append(node)
        # Kept alive, so that no other tensor gets its id.
        self.tensors.append(tensor)
        self.versions.append(tensor._version)
        return len(self.nodes) - 1

    def unchanged(self, index):
        if self.tensors[index]._version != self.versions[index]:
            path = self.nodes[index]["path"]
            raise ValueError(f"{path} was written over after it was recorded: make that step without inplace, as out = out * 2")

    def operand(self, tensor, shape=None, strides=None):
        """Refers to a tensor, which is recorded as `outside` if no module made it."""
        index, cut = self.index.get(id(tensor)), not tensor.requires_grad
        if index is None and cut:
            # A detached handle has the numbers of what it was taken of.
            same = (i for i, t in enumerate(self.tensors) if t.data_ptr() == tensor.data_ptr() and t.shape == tensor.shape)
            index = next((i for i in same if self.tensors[i].stride() == tensor.stride()), None)
        if index is None:
            count = sum(node["path"].startswith("outside#") for node in self.nodes) + 1
            index = self.between(f"outside#{count}", tensor, named=False)
        self.unchanged(index)
        operand = {"node": index, "shape": list(tensor.shape) if shape is None else shape}
        if strides is not None:
            operand["strides"] = strides
        if cut:
            operand["cut"] = True
        return operand

    def between(self, path, tensor, named):
        """A number that was computed between modules, from what PyTorch's graph says."""
        owner = f"the number {path}"
        if not tensor.requires_grad:
            return self.add(path, "data", tensor, owner=owner, named=named)
        if tensor.grad_fn is None:
            return self.add(path, "input", tensor, owner=owner, named=named)
        read = [self.tensors[i] for i in self.sources(tensor)]
        return self.own_kind(path, "outside", tensor, read, owner, named)

    def sources(self, tensor):
        """The recorded tensors that a tensor was computed from, none of them through another."""
        found, seen, open_ = [], set(), [(tensor.grad_fn, tensor.output_nr)]
        while open_:
            step = open_.pop()
            if step in seen or step[0] is None:
                continue
            seen.add(step)
            index = self.made.get(step)
            if hasattr(step[0], "variable"):
                index = self.index.get(id(step[0].variable))
                if index is None:
                    index = self.add(f"outside/leaf#{len(self.nodes)}", "input", step[0].variable, owner="a leaf")
            if index is None:
                open_.extend(step[0].next_functions)
            else:
                found.append(index)
        return sorted(set(found))

    def own_kind(self, path, op, tensor, read, owner, named=True):
        """A node whose op is none of Wengert's: it states its Jacobian, if that is small."""
        operands = [self.operand(x) for x in read]
        sizes = [0 if operand.get("cut") else x.numel() for x, operand in zip(read, operands)]
        if not operands or tensor.numel() * sum(sizes) > PARTIALS or not tensor.requires_grad:
            return self.add(path, op, tensor, operands, owner, named)
        partials = [[] if not size else self.jacobian(tensor, x, read) for x, size in zip(read, sizes)]
        return self.add(path, op, tensor, operands, owner, named, partials=partials)

    def jacobian(self, tensor, by, read):
        """The derivatives of a tensor's numbers by those of another that it was computed from, by no way round."""
        stopped = [x for x in read if x is not by and x.grad_fn is not None]
        handles = [x.register_hook(torch.zeros_like) for x in stopped]
        rows = []
        try:
            for i in range(tensor.numel()):
                seed = torch.zeros(tensor.numel(), dtype=tensor.dtype)
                seed[i] = 1
                (row,) = torch.autograd.grad(tensor, by, seed.reshape(tensor.shape), retain_graph=True, allow_unused=True)
                rows += [0.0] * by.numel() if row is None else numbers(row)
        finally:
            for handle in handles:
                handle.remove()
        return rows

    def call(self, name, module, forward, *args, **kwargs):
        inputs = tensors([args, kwargs])
        versions = [x._version for x in inputs]
        result = forward(*args, **kwargs)
        if [x._version for x in inputs] != versions:
            raise ValueError(f"{name or 'the module'} writes over its input, which has no value to show then")
        for i, output in enumerate(tensors(result)):
            self.called(name, module, inputs, output, i)
        return result

    def called(self, name, module, inputs, output, i):
        who = name or "the module"
        if output.is_floating_point() and output.dtype != self.dtype:
            raise ValueError(f"{who} returns {output.dtype} in a module of {self.dtype}")
        if id(output) in self.index or any(output is x for x in inputs):
            # Identity, Dropout when not training: no step.
            return
        path, owner = self.names.get(name, name.replace(".", "/") or type(module).__name__), f"the module {who}"
        if i > 0:
            of = OUTPUTS.get(type(module), [])
            path = f"{path}/{of[i - 1] if i <= len(of) else i}"
            owner = f"output {i} of {owner}"
        simple = not inputs or i > 0 or len(inputs) > 1
        if not simple and type(module) is nn.Linear and len(inputs[0].shape) in (1, 2):
            op, operands = self.linear(module, inputs[0])
            self.add(path, op, output, operands, owner, True)
        elif not simple and self.is_lookup(module):
            width = module.embedding_dim
            positions = [row * width + k for row in inputs[0].reshape(-1).tolist() for k in range(width)]
            self.operand(inputs[0])
            self.add(path, "gather", output, [self.operand(module.weight)], owner, True, positions=positions)
        elif not simple and self.is_unary(module):
            self.add(path, UNARY[type(module)], output, [self.operand(inputs[0])], owner, True)
        else:
            of = type(module)
            kind = "nn." if of.__module__.startswith("torch.nn.") else f"{of.__module__}."
            read = []
            for x in inputs + list(module.parameters()):
                if all(x is not known for known in read):
                    read.append(x)
            self.own_kind(path, kind + of.__name__, output, read, owner)

    def is_unary(self, module):
        plain = type(module) is not nn.Softplus or (module.beta, module.threshold) == (1, 20)
        return type(module) in UNARY and plain

    def is_lookup(self, module):
        return type(module) is nn.Embedding and module.padding_idx is None and module.max_norm is None and not module.scale_grad_by_freq

    def linear(self, module, x):
        """x Wᵀ + b: an affine node, which reads the bias, W and x; without a bias a product."""
        out, inner = module.weight.shape
        if module.bias is not None:
            return "affine", [self.operand(module.bias), self.operand(module.weight), self.operand(x)]
        if len(x.shape) == 1:
            return "matmul", [self.operand(module.weight), self.operand(x)]
        transposed = self.operand(module.weight, shape=[inner, out], strides=[1, inner])
        return "matmul", [self.operand(x), transposed]

    def backward(self, loss, path="L", reads=None):
        """Sweeps back from the loss, a single number, and returns the trace.

        `reads` are the tensors that the loss was computed from, if PyTorch's graph is not to be asked.
        """
        if loss.numel() != 1:
            raise ValueError(f"the loss {path} is {list(loss.shape)}, not a single number")
        for name, parameter in self.module.named_parameters():
            if parameter.grad is not None and parameter.grad.abs().sum() != 0:
                raise ValueError(f"{name} has a gradient from an earlier backward: call zero_grad() first")
        for index, tensor in enumerate(self.tensors):
            self.unchanged(index)
            if tensor.is_leaf and tensor.grad is not None and tensor.grad.abs().sum() != 0:
                raise ValueError(f"{self.nodes[index]['path']} has a gradient from an earlier backward: set it to None first")
        if id(loss) in self.index:
            index = self.index[id(loss)]
        elif reads is None:
            index = self.between(path, loss, named=True)
        else:
            index = self.own_kind(path, "outside", loss, list(reads), f"the number {path}")
        # Not before: a Jacobian would leave gradients behind.
        for tensor in self.tensors:
            if tensor.requires_grad and not tensor.is_leaf:
                tensor.retain_grad()
        loss.backward()
        for node, tensor in zip(self.nodes, self.tensors):
            gradient = tensor.grad if tensor.requires_grad else None
            count = len(node["values"])
            node["adjoints"] = ["no path"] * count if gradient is None else numbers(gradient)
        return {
            "version": 2 if any("partials" in node for node in self.nodes) else 1,
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
        return recorder.backward(0.5 * ((target - output) ** 2).sum())


if __name__ == "__main__":
    json.dump(example(), sys.stdout, allow_nan=False, indent=1)
    print()
