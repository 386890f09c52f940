"""Figures of PyTorch's layers, to check ours against.

Usage: python3 pytorch_layers.py > pytorch_layers.txt

Lines: `NAME output numbers`, `NAME x numbers` (the gradient of half the sum of squares of the
output by the input), and `NAME PARAMETER numbers` (by a parameter). Parameter number i of a
layer, counted over all its blocks in our order, is ((5i) mod 17 - 8)/16; input number i is ((7i)
mod 13 - 6)/4. All in float64, `repr`. Needs torch (made with 2.15, on a CPU).
"""

import torch
from torch import nn

torch.set_default_dtype(torch.float64)


def numbers(shape, factor, modulus, scale):
    count = 1
    for extent in shape:
        count *= extent
    values = [((factor * i) % modulus - modulus // 2) / scale for i in range(count)]
    return torch.tensor(values).reshape(shape)


def check(name, shape, f, params):
    x = numbers(shape, 7, 13, 4).requires_grad_()
    count = 0
    for p in params.values():
        flat = [((5 * (count + i)) % 17 - 8) / 16 for i in range(p.numel())]
        count += p.numel()
        with torch.no_grad():
            p.copy_(torch.tensor(flat).reshape(p.shape))
    y = f(x)
    (0.5 * (y * y).sum()).backward()
    for label, t in [("output", y), ("x", x.grad)] + [(k, p.grad) for k, p in params.items()]:
        print(name, label, *(repr(v) for v in t.flatten().tolist()))


def named(module):
    return {k: p for k, p in module.named_parameters()}


dense = nn.Linear(4, 3)
check("dense", (2, 4), dense, named(dense))
norm = nn.LayerNorm(4)
check("layer_norm", (3, 4), norm, named(norm))
rms = nn.RMSNorm(4, eps=1e-5)
check("rms_norm", (3, 4), rms, named(rms))

W = {k: torch.zeros(4, 4, requires_grad=True) for k in ("query", "key", "value", "out")}


def attention(causal):
    def f(x):
        heads = lambda k: (x @ W[k].T).reshape(2, 3, 2, 2).transpose(1, 2)
        q, k, v = heads("query"), heads("key"), heads("value")
        y = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=causal)
        return y.transpose(1, 2).reshape(2, 3, 4) @ W["out"].T

    return f


for causal in (False, True):
    for w in W.values():
        w.grad = None
    check("causal_attention" if causal else "attention", (2, 3, 4), attention(causal), W)

cell = nn.RNN(2, 3, batch_first=True)
R = {"weight": cell.weight_ih_l0, "state": cell.weight_hh_l0, "bias": cell.bias_ih_l0}
with torch.no_grad():
    cell.bias_hh_l0.zero_()
check("recurrent", (2, 3, 2), lambda x: cell(x)[0][:, -1], R)
for p in R.values():
    p.grad = None
check("recurrent_sequence", (2, 3, 2), lambda x: cell(x)[0], R)

for name, f in [
    ("leaky_relu", nn.functional.leaky_relu),
    ("elu", nn.functional.elu),
    ("gelu", nn.functional.gelu),
    ("silu", nn.functional.silu),
    ("softplus", nn.functional.softplus),
    ("softmax", lambda x: x.softmax(-1)),
]:
    check(name, (3, 5), f, {})
