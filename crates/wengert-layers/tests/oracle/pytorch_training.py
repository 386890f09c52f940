"""Figures of PyTorch's optimisers, schedules and losses, to check ours against.

Usage: python3 pytorch_training.py > pytorch_training.txt

Lines: `optimiser NAME step w0 w1 w2` of 40 steps from (1, -2, 0.5), where the gradient at step k
is ((7k + 3i) mod 11 - 5)/8 + w[i]/4; `schedule NAME step rate`; `loss NAME value` and `gradient
NAME g0 ...`. All in float64, `repr`. Needs torch (made with 2.15, on a CPU).
"""

import torch

torch.set_default_dtype(torch.float64)


def steps(name, make, clip=None):
    w = torch.tensor([1.0, -2.0, 0.5], requires_grad=True)
    optimiser = make([w])
    for k in range(40):
        pulls = [((7 * k + 3 * i) % 11 - 5) / 8 for i in range(3)]
        w.grad = torch.tensor(pulls) + w.detach() / 4
        if clip:
            clip(w)
        optimiser.step()
        print("optimiser", name, k, *(repr(x) for x in w.tolist()))


o = torch.optim
steps("gradient_descent", lambda w: o.SGD(w, lr=0.1))
steps("momentum", lambda w: o.SGD(w, lr=0.1, momentum=0.9))
steps("nesterov", lambda w: o.SGD(w, lr=0.1, momentum=0.9, nesterov=True))
steps("decayed", lambda w: o.SGD(w, lr=0.1, momentum=0.9, weight_decay=0.05))
steps("rms_prop", lambda w: o.RMSprop(w, lr=0.01))
steps("adagrad", lambda w: o.Adagrad(w, lr=0.1))
steps("adam", lambda w: o.Adam(w, lr=0.05))
steps("adam_decayed", lambda w: o.Adam(w, lr=0.05, weight_decay=0.05))
steps("adam_w", lambda w: o.AdamW(w, lr=0.05))
steps("clip_norm", lambda w: o.SGD(w, lr=0.1), lambda w: torch.nn.utils.clip_grad_norm_([w], 0.3))
steps("clip_value", lambda w: o.SGD(w, lr=0.1), lambda w: torch.nn.utils.clip_grad_value_([w], 0.3))

s = o.lr_scheduler
for name, make in [
    ("step", lambda x: s.StepLR(x, step_size=7, gamma=0.5)),
    ("linear", lambda x: s.LinearLR(x, start_factor=1.0, end_factor=0.25, total_iters=20)),
    ("cosine", lambda x: s.CosineAnnealingLR(x, T_max=29, eta_min=0.02)),
]:
    optimiser = o.SGD([torch.zeros(1, requires_grad=True)], lr=0.2)
    schedule = make(optimiser)
    for k in range(30):
        print("schedule", name, k, repr(optimiser.param_groups[0]["lr"]))
        optimiser.step()
        schedule.step()

z = [[0.25, -1.5, 3.0], [40.0, 0.125, -7.0], [-0.5, 1000.0, 999.0]]
y = [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.25, 0.5, 0.25]]
f = torch.nn.functional
weights = torch.tensor([1.0, 2.0, 0.5])
for name, loss in [
    ("mean_squared", f.mse_loss),
    ("mean_absolute", f.l1_loss),
    ("huber", lambda a, b: f.huber_loss(a, b, delta=1.5)),
    ("binary", f.binary_cross_entropy_with_logits),
    (
        "binary_weighted",
        lambda a, b: f.binary_cross_entropy_with_logits(a, b, pos_weight=torch.tensor(2.5)),
    ),
    ("cross_entropy", f.cross_entropy),
    ("cross_entropy_weighted", lambda a, b: f.cross_entropy(a, b, weight=weights)),
    ("classes", lambda a, _: f.cross_entropy(a, torch.tensor([1, 0, 2]))),
    (
        "classes_weighted",
        lambda a, _: f.cross_entropy(a, torch.tensor([1, 0, 2]), weight=weights),
    ),
    ("cross_entropy_smoothed", lambda a, b: f.cross_entropy(a, b, label_smoothing=0.1)),
]:
    logits = torch.tensor(z, requires_grad=True)
    value = loss(logits, torch.tensor(y))
    value.backward()
    print("loss", name, repr(value.item()))
    print("gradient", name, *(repr(g) for g in logits.grad.flatten().tolist()))
