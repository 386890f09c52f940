"""The points of PyTorch's L-BFGS, to check ours against.

Usage: python3 pytorch_lbfgs.py > pytorch_lbfgs.txt

Lines: the four numbers after each of 9 steps from (1, -2, 0.5, 3), for the sum over i of
a[i]/2 (w[i] - c[i])^2 + w[i]^4/200 + (w[i] - w[i-1])^2/8, with a = (1, 2, 0.5, 1.5),
c = (0.5, 1, -1, 2) and w[-1] the last. No line search, rate 1, history of 5. (From the tenth step
on PyTorch leaves pairs out whose product is below 1e-10, where ours compares it with the size of
the change.) In float64, `repr`. Needs torch (made with 2.15, on a CPU).
"""

import torch

torch.set_default_dtype(torch.float64)
w = torch.tensor([1.0, -2.0, 0.5, 3.0], requires_grad=True)
a = torch.tensor([1.0, 2.0, 0.5, 1.5])
c = torch.tensor([0.5, 1.0, -1.0, 2.0])
search = torch.optim.LBFGS(
    [w], lr=1, max_iter=1, history_size=5, tolerance_grad=0, tolerance_change=0
)


def closure():
    search.zero_grad()
    terms = a / 2 * (w - c) ** 2 + w**4 / 200 + (w - w.roll(1)) ** 2 / 8
    loss = terms.sum()
    loss.backward()
    return loss


for _ in range(9):
    search.step(closure)
    print(*(repr(x) for x in w.tolist()))
