"""Three modules as they should be, and eighteen ports of them with one mistake each: see README.md."""

import json
import pathlib
import sys

import torch
import torch.nn.functional as F
from torch import nn

here = pathlib.Path(__file__).parent
sys.path.insert(0, str(here.parent.parent / "examples"))
from pytorch_trace import Recorder  # noqa: E402


class Linear(nn.Linear):
    """x Wᵀ + b, or with a slip."""

    slip = None

    def forward(self, x):
        if self.slip == "without bias":
            return F.linear(x, self.weight)
        z = F.linear(x, self.weight.t() if self.slip == "transposed" else self.weight, self.bias)
        return z + self.bias if self.slip == "bias twice" else z


def linear(inputs, outputs, slip):
    """PyTorch's own module where nothing is wrong with it."""
    layer = (Linear if slip else nn.Linear)(inputs, outputs)
    if slip:
        layer.slip = slip
    return layer


class Slope(torch.autograd.Function):
    """A function with a derivative that somebody derived by hand, and wrongly."""

    @staticmethod
    def forward(ctx, x, y, slope):
        ctx.save_for_backward(slope)
        return y.detach()

    @staticmethod
    def backward(ctx, adjoint):
        return ctx.saved_tensors[0] * adjoint, None, None


class Tanh(nn.Module):
    def forward(self, x):
        y = torch.tanh(x)
        return Slope.apply(x, y, (1 - y).detach())


class ReLU(nn.Module):
    def forward(self, x):
        return Slope.apply(x, torch.relu(x), torch.ones_like(x))


class Norm(nn.Module):
    """A layer norm, or with a slip."""

    def __init__(self, width, slip):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width))
        self.slip = slip

    def forward(self, x):
        axis = 0 if self.slip == "norm over the rows" else -1
        var = x.var(axis, unbiased=self.slip == "variance by n - 1", keepdim=True)
        eps = 1e-3 if self.slip == "eps 1e-3" else 1e-5
        return (x - x.mean(axis, keepdim=True)) / torch.sqrt(var + eps) * self.weight + self.bias


def fill(module, seed):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator, dtype=torch.float64) * 0.7)


def data(seed, *shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def mlp(slip=None):
    own = slip if slip in ("without bias", "bias twice") else None
    network = nn.Sequential(linear(3, 3, own), nn.Sigmoid(), nn.Linear(3, 2)).double()
    fill(network, 1)
    if slip == "weights transposed":
        with torch.no_grad():
            network[0].weight.copy_(network[0].weight.t().clone())
    x, target = data(2, 4, 3), data(3, 4, 2)
    names = {"0": "hidden/z", "1": "hidden/output", "2": "output/z"}
    names |= {"0.weight": "hidden/w", "0.bias": "hidden/b", "2.weight": "output/w", "2.bias": "output/b"}
    with Recorder(network, names) as recorder:
        h = network[1](network[0](recorder.data("x", x)))
        y = network[2](h.detach() if slip == "detached" else h)
        error = recorder.mark("error", recorder.data("target", target) - y)
        squares = error**2
        loss = squares.sum() if slip == "sum of squares" else squares.mean()
        if slip == "mean of the rows":
            loss = squares.sum() / 4
        return recorder.backward(loss)


def classes(slip=None):
    network = nn.ModuleDict({"first": nn.Linear(3, 4), "tanh": nn.Tanh(), "second": nn.Linear(4, 4), "relu": nn.ReLU(), "head": nn.Linear(4, 3)})
    if slip == "sigmoid for tanh":
        network["tanh"] = nn.Sigmoid()
    if slip == "tanh by 1 - y":
        network["tanh"] = Tanh()
    if slip == "relu without its mask":
        network["relu"] = ReLU()
    network = network.double()
    fill(network, 4)
    names = {"tanh": "first/output", "relu": "second/output"}
    for layer in ("first", "second", "head"):
        names |= {layer: f"{layer}/z", f"{layer}.weight": f"{layer}/w", f"{layer}.bias": f"{layer}/b"}
    with Recorder(network, names) as recorder:
        h = network["tanh"](network["first"](recorder.data("x", data(5, 4, 3))))
        g = network["relu"](network["second"](h))
        z = network["head"](g)
        if slip == "update too early":
            # Through .data PyTorch does not see it: the product's way back reads the weights that have moved.
            def step(adjoint):
                network["head"].weight.data -= 0.1 * adjoint.t() @ g.detach()

            z.register_hook(step)
        log = recorder.mark("log", torch.log_softmax(z, 0 if slip == "softmax over the rows" else 1))
        loss = log[torch.arange(4), torch.tensor([0, 2, 1, 2])].mean()
        return recorder.backward(loss if slip == "loss without its minus" else -loss)


class Tied(nn.Module):
    def __init__(self, slip):
        super().__init__()
        self.embed = nn.Embedding(5, 3)
        self.norm = Norm(3, slip) if slip in ("norm over the rows", "variance by n - 1", "eps 1e-3") else nn.LayerNorm(3)


def tied(slip=None):
    network = Tied(slip).double()
    fill(network, 6)
    names = {"embed.weight": "embed/w", "embed": "x", "norm.weight": "norm/w", "norm.bias": "norm/b", "norm": "h"}
    if slip == "embedding times sqrt(3)":
        names["embed"] = "looked up"
    ids = torch.tensor([4, 1, 0, 3])
    if slip == "ids from 1":
        ids = (ids + 1) % 5
    with Recorder(network, names) as recorder:
        x = network.embed(ids)
        if slip == "embedding times sqrt(3)":
            x = recorder.mark("x", x * 3**0.5)
        h = network.norm(x)
        weight = network.embed.weight
        logits = recorder.mark("logits", h @ (weight.detach() if slip == "head detached" else weight).t())
        log = torch.log_softmax(logits, 1)
        return recorder.backward(-log[torch.arange(4), torch.tensor([1, 0, 3, 2])].mean())


PLANTED = {
    mlp: ["weights transposed", "without bias", "bias twice", "sum of squares", "mean of the rows", "detached"],
    classes: ["softmax over the rows", "sigmoid for tanh", "relu without its mask", "tanh by 1 - y", "update too early", "loss without its minus"],
    tied: ["eps 1e-3", "norm over the rows", "head detached", "variance by n - 1", "embedding times sqrt(3)", "ids from 1"],
}


def write():
    """One file for each module: the trace of the right one under "", and one for each slip."""
    for module, slips in PLANTED.items():
        traces = {slip or "": module(slip) for slip in [None, *slips]}
        lines = ",\n".join(f"{json.dumps(slip)}: {json.dumps(trace, allow_nan=False, separators=(',', ':'))}" for slip, trace in traces.items())
        (here / "planted" / f"{module.__name__}.json").write_text("{\n" + lines + "\n}\n")


if __name__ == "__main__":
    write()
