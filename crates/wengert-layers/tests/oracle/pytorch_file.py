"""A small network of PyTorch as a safetensors file, and its answers.

Usage: python3 pytorch_file.py

Writes pytorch_file.safetensors (float32) and pytorch_file.txt: a line of inputs and a line of
outputs for each of three rows. Needs torch (made with 2.15) and safetensors.
"""

import torch
from safetensors.torch import save_file
from torch import nn

torch.manual_seed(1)
net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 2))
save_file(net.state_dict(), "pytorch_file.safetensors", metadata={"from": "pytorch_file.py"})
with open("pytorch_file.txt", "w") as file:
    for row in [[0.5, -1.0], [2.0, 0.25], [0.0, 0.0]]:
        print(*row, file=file)
        print(*(repr(y) for y in net(torch.tensor(row)).tolist()), file=file)
