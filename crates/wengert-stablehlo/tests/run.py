"""Runs StableHLO modules by XLA's CPU, without tracing: the text is the program.

    python run.py < jobs.jsonl > results.jsonl

A job is a line: {"file": the module's text, "devices": 1, "arguments": [{"type": "f64", "shape": [2, 3],
"values": [..], "split": [null, null]}, ..]}; `split` names for each axis the mesh's axis that it is
split over, `mesh` gives the mesh's axes, and a value that is no number is written "nan", "inf" or
"-inf". A result is a line: {"results": [{"shape": [..], "values": [..]}, ..]}, or {"error": "..."}.
Needs jaxlib (pip install jax), of which only the compiler and the placement of arrays are used.
"""
import json
import os
import sys

DEVICES = int(os.environ.get("WENGERT_DEVICES", "1"))
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["XLA_FLAGS"] = os.environ.get("XLA_FLAGS", "") + f" --xla_force_host_platform_device_count={DEVICES}"

import jax
import numpy as np

jax.config.update("jax_enable_x64", True)
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from jaxlib import xla_client

TYPES = {"f64": np.float64, "f32": np.float32}


def compiled(text, count):
    """The executable of a module for so many devices."""
    options = xla_client.CompileOptions()
    build = options.executable_build_options
    options.num_replicas = build.num_replicas = 1
    options.num_partitions = build.num_partitions = count
    build.use_spmd_partitioning = build.use_shardy_partitioner = count > 1
    assignment = np.arange(count).reshape(1, count)
    build.device_assignment = xla_client.DeviceAssignment.create(assignment)
    devices = jax.devices()[:count]
    return devices[0].client.compile_and_load(text, xla_client.DeviceList(tuple(devices)), options)


def run(job):
    """The results of a job, those of the first device: whole, where nothing splits them."""
    count = job.get("devices", 1)
    executable = compiled(open(job["file"], encoding="utf-8").read(), count)
    devices = jax.devices()[:count]
    axes = job.get("mesh") or [["all", count]]
    mesh = Mesh(np.array(devices).reshape([n for _, n in axes]), [name for name, _ in axes])
    arguments = []
    for a in job["arguments"]:
        array = np.array([float(v) for v in a["values"]], TYPES[a["type"]]).reshape(a["shape"])
        if count > 1:
            spec = PartitionSpec(*(a.get("split") or []))
            arguments.append(jax.device_put(array, NamedSharding(mesh, spec)))
        else:
            arguments.append(jax.device_put(array, devices[0]))
    outputs = executable.execute_sharded(arguments).disassemble_into_single_device_arrays()
    results = [np.asarray(shards[0]) for shards in outputs]

    def plain(v):
        return v if np.isfinite(v) else str(v)

    return [{"shape": list(r.shape), "values": [plain(float(v)) for v in r.reshape(-1)]} for r in results]


for line in sys.stdin:
    try:
        answer = {"results": run(json.loads(line))}
    except Exception as problem:
        answer = {"error": f"{type(problem).__name__}: {problem}"}
    print(json.dumps(answer), flush=True)
