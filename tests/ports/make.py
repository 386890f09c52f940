"""Makes the files of this folder: see README.md."""

import json
import pathlib
import subprocess
import sys

import torch
from torch import nn

here = pathlib.Path(__file__).parent
sys.path.insert(0, str(here.parent.parent / "examples"))
import planted  # noqa: E402
from pytorch_trace import Recorder, example  # noqa: E402


class Mixed(nn.Module):
    """What is called and what is between: a batch, no bias, a class without an op of that name, a sum between modules, a parameter
    that nothing reads, one that is cut, and a module that is called twice."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(2, 3, bias=False)
        self.act = nn.GELU()
        self.norm = nn.LayerNorm(3)
        self.last = nn.Linear(3, 3)
        self.tanh = nn.Tanh()
        self.unread = nn.Parameter(torch.tensor([1.0, 2.0]))
        self.cut = nn.Linear(3, 1)

    def forward(self, x):
        h = self.tanh(self.first(x))
        y = self.tanh(self.last(h + self.norm(self.act(h))))
        return y + self.cut(h.detach()).detach()


def mixed():
    torch.manual_seed(1)
    network = Mixed()
    x = torch.tensor([[0.5, -1.0], [float("inf"), 0.25]], requires_grad=True)
    with Recorder(network) as recorder:
        output = network(recorder.data("x", x))
        return recorder.backward(output.sum(), "L")


for name, trace in [("2-3-2", example()), ("mixed", mixed())]:
    text = json.dumps(trace, allow_nan=False, indent=1)
    (here / f"{name}.json").write_text(text + "\n")
planted.write()
said = subprocess.run([sys.executable, here / "faults.py"], check=True, capture_output=True, text=True)
(here / "faults.txt").write_text(said.stdout)
