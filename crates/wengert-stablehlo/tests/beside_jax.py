"""The step of W3 that `cargo run -p wengert-stablehlo --example w3` writes, beside the same step written in
JAX and compiled by `jax.jit`: the same results, and the times of both in turn, on this machine.

    python3 beside_jax.py w3.mlir
"""
import os
import statistics
import sys
import time

os.environ["JAX_PLATFORMS"] = "cpu"
import jax
import jax.numpy as jnp
import numpy as np
from jaxlib import xla_client

ROWS, SIZES, TURNS = 128, (784, 512, 512, 10), 400


def wave(*shape):
    return (0.05 * np.sin(np.float32(0.7) * np.arange(np.prod(shape), dtype=np.float32))).astype(np.float32).reshape(shape)


x, y = wave(ROWS, SIZES[0]), wave(ROWS, SIZES[-1])
parameters = [p for m, n in zip(SIZES, SIZES[1:]) for p in (wave(m, n), wave(1, n))]


def loss(parameters, x, y):
    for w, b in zip(parameters[::2], parameters[1::2]):
        x = jax.nn.sigmoid(x @ w + b)
    return 0.5 * jnp.sum((x - y) ** 2)


def step(x, y, parameters):
    value, gradient = jax.value_and_grad(loss)(parameters, x, y)
    return value, [p - 0.01 * g for p, g in zip(parameters, gradient)]


device = jax.devices()[0]
by_jax = jax.jit(step, donate_argnums=2).lower(x, y, parameters).compile()
options = xla_client.CompileOptions()
options.executable_build_options.num_replicas = options.executable_build_options.num_partitions = 1
text = open(sys.argv[1], encoding="utf-8").read()
ours = device.client.compile_and_load(text, xla_client.DeviceList((device,)), options)


def run_ours(parameters):
    outputs = ours.execute_sharded([data[0], data[1], *parameters]).disassemble_into_single_device_arrays()
    return outputs[0][0], [o[0] for o in outputs[1:]]


def run_jax(parameters):
    return by_jax(data[0], data[1], parameters)


data = [jax.device_put(v, device) for v in (x, y)]
state = {run: [jax.device_put(p, device) for p in parameters] for run in (run_ours, run_jax)}
times, losses = {run_ours: [], run_jax: []}, {run_ours: [], run_jax: []}
for turn in range(TURNS):
    for run in (run_ours, run_jax) if turn % 2 else (run_jax, run_ours):
        start = time.perf_counter()
        value, state[run] = run(state[run])
        jax.block_until_ready((value, state[run]))
        times[run].append(time.perf_counter() - start)
        losses[run].append(float(value))
apart = max(abs(a - b) / abs(b) for a, b in zip(losses[run_ours], losses[run_jax]))
median, least = ([f(times[run]) * 1e3 for run in (run_ours, run_jax)] for f in (statistics.median, min))
print(f"losses of {TURNS} steps apart by at most {apart:.1e}")
for what, (a, b) in (("median", median), ("least", least)):
    print(f"{what}: exported {a:.2f} ms, jax.jit {b:.2f} ms, ratio {a / b:.3f}")
