"""What a recorder could get wrong: each either right, or refused by name. Prints a line for each; a wrong one ends the program."""

import pathlib
import sys
import warnings

import torch
import torch.nn.functional as F
from torch import nn

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent.parent / "examples"))
from pytorch_trace import Recorder  # noqa: E402

X = torch.tensor([[0.5, -1.0], [2.0, 0.25]])


class Of(nn.Module):
    """A module of a function of itself and x."""

    def __init__(self, forward, **modules):
        super().__init__()
        for name, module in modules.items():
            self.add_module(name, module)
        self.run = forward

    def forward(self, x):
        return self.run(self, x)


class Exp(nn.Module):
    """Not the exponential function, whatever it is called."""

    def forward(self, x):
        return 2 * x


class Masked(nn.Module):
    def forward(self, x, *, mask):
        return x.masked_fill(mask, 0.0)


def record(forward, names=None, before=None, x=X, **modules):
    torch.manual_seed(1)
    module = Of(forward, **modules)
    with Recorder(module, names) as recorder:
        output = module(recorder.data("x", x))
        if before:
            before(module)
        return recorder.backward((output**2).sum())


def node(trace, path):
    return next(node for node in trace["nodes"] if node["path"] == path)


def refused(what, words, *arguments, **keywords):
    try:
        record(*arguments, **keywords)
    except ValueError as error:
        assert words in str(error), f"{what}: {error}"
        print(f"{what}: refused: {error}")
    else:
        sys.exit(f"{what}: not refused")


def right(what, test, *arguments, **keywords):
    trace = record(*arguments, **keywords)
    assert test(trace), f"{what}: {trace}"
    print(f"{what}: right")


def doubled(module, x):
    out = module.a(x)
    out *= 2
    return module.b(out)


def added(module, x):
    out = module.a(x)
    out += x
    return module.b(out)


def inplace(module, x):
    return module.b(F.relu(module.a(x), inplace=True))


def swept(module):
    for parameter in module.parameters():
        parameter.grad = torch.ones_like(parameter)


def two():
    return {"a": nn.Linear(2, 2), "b": nn.Tanh()}


def explained(trace):
    """Every adjoint of a node whose readers all state what they do is the sum of their contributions."""
    return trace["version"] == 2


def chain(module, x):
    return module.b(module.a(x))


def lstm(module, x):
    output, (h, c) = module.lstm(x)
    return output + h + c


def attention(module, x):
    output, _ = module.attention(x, x, x, need_weights=True)
    return output


warnings.simplefilter("ignore")
written = "was written over after it was recorded"
refused("in-place, out *= 2", written, doubled, **two())
refused("in-place, out += x", written, added, **two())
refused("in-place, relu of torch.nn.functional", written, inplace, **two())
refused("in-place, a module made so", "make it with inplace=False", lambda m, x: m.a(x), a=nn.ReLU(inplace=True))
refused("in-place, within a module", "writes over its input", lambda m, x: m.b(m.a(x)), a=nn.Linear(2, 2), b=Of(lambda m, x: x.mul_(2)))
refused("a gradient that was left", "has a gradient from an earlier backward", chain, before=swept, **two())
refused("names that collide", "are both called h", chain, {"a": "h", "b": "h"}, **two())
refused("a module and data of one path", "are both called x", chain, {"a": "x"}, **two())
refused("a misspelt name", "aa is no module and no parameter; a is one", chain, {"aa": "h"}, **two())
refused("a misspelt parameter", "a.wieght is no module and no parameter; a.weight is one", chain, {"a.wieght": "h/w"}, **two())
right("softplus with another beta", lambda t: node(t, "a")["op"] == "nn.Softplus" and node(t, "a")["partials"], lambda m, x: m.a(x), a=nn.Softplus(beta=2), x=X.clone().requires_grad_())
right("a class called Exp", lambda t: node(t, "a")["op"].endswith(".Exp") and node(t, "a")["partials"][0][0] == 2, lambda m, x: m.a(x), a=Exp(), x=X.clone().requires_grad_())
mask = torch.tensor([[True, False], [False, False]])
right("keyword arguments and a mask of booleans", lambda t: len(node(t, "b")["operands"]) == 2 and node(t, "outside#1")["values"] == [1.0, 0.0, 0.0, 0.0], lambda m, x: m.b(m.a(x), mask=mask), a=nn.Linear(2, 2), b=Masked())
right("an LSTM", lambda t: {"lstm", "lstm/h", "lstm/c"} <= {n["path"] for n in t["nodes"]} and explained(t), lstm, lstm=nn.LSTM(2, 3))
right("attention, of several outputs", lambda t: "attention/weights" in {n["path"] for n in t["nodes"]}, attention, attention=nn.MultiheadAttention(2, 1))
right("a sum between modules", lambda t: node(t, "outside#1")["partials"][0][:4] == [1.0, 0.0, 0.0, 0.0], lambda m, x: m.b(m.a(x) + x), x=X.clone().requires_grad_(), **two())
right("a detached number", lambda t: node(t, "b")["operands"][0].get("cut"), lambda m, x: m.b(m.a(x).detach()) + m.a(x), **two())
right("a module that is called twice", lambda t: node(t, "b#2")["op"] == "tanh", lambda m, x: m.b(m.b(m.a(x))), **two())
right("dropout in training", lambda t: node(t, "b")["op"] == "nn.Dropout", chain, a=nn.Linear(2, 2), b=nn.Dropout(0.5))
right("batches of matrices", lambda t: node(t, "a")["op"] == "nn.Linear" and node(t, "a")["partials"], lambda m, x: m.a(x.reshape(1, 2, 2)), a=nn.Linear(2, 2))
right("an embedding with a padding index", lambda t: node(t, "a")["op"] == "nn.Embedding", lambda m, x: m.a(torch.tensor([0, 1])), a=nn.Embedding(3, 2, padding_idx=0))
