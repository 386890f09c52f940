"""Runs an exported step over two processes of two devices each, as over two machines.

    cargo run --release --example devices -- --write step.mlir
    pip install jax
    python examples/two_hosts.py step.mlir            two processes
    python examples/two_hosts.py step.mlir --one      one process of four devices, to compare

On a cluster start it once a host as `two_hosts.py step.mlir RANK`, with the first host's address in
WENGERT_COORDINATOR (host:port). Every process reads the same file; the sums over devices go through
the network. Arguments are made up here: waves of numbers, each process its own part of them.
"""
import os, re, subprocess, sys

if len(sys.argv) == 2:
    both = [subprocess.Popen([sys.executable, __file__, sys.argv[1], str(rank)]) for rank in range(2)]
    sys.exit(max(process.wait(timeout=300) for process in both))
rank, count = (0, 1) if sys.argv[2] == "--one" else (int(sys.argv[2]), 2)
os.environ["XLA_FLAGS"] = f"--xla_force_host_platform_device_count={4 // count}"
import jax
import numpy as np
from jax.sharding import NamedSharding, PartitionSpec
from jaxlib import xla_client

text = open(sys.argv[1], encoding="utf-8").read()
jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_enable_x64", True)
if count > 1:
    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    address = os.environ.get("WENGERT_COORDINATOR", "127.0.0.1:29761")
    jax.distributed.initialize(address, num_processes=count, process_id=rank)
devices = jax.devices()
mesh = jax.make_mesh((len(devices),), ("data",))

options = xla_client.CompileOptions()
build = options.executable_build_options
options.num_replicas = build.num_replicas = 1
options.num_partitions = build.num_partitions = len(devices)
build.use_spmd_partitioning = build.use_shardy_partitioner = True
build.device_assignment = xla_client.DeviceAssignment.create(np.array([[d.id for d in mesh.devices.flat]]))
step = devices[0].client.compile_and_load(text, xla_client.DeviceList(tuple(mesh.devices.flat)), options)

arguments, updates = [], {}
declared = re.findall(r"^      %([\w.$-]+): tensor<([\dx]*)f64>(.*)$", text, re.MULTILINE)
for i, (name, dims, rest) in enumerate(declared):
    shape = tuple(int(n) for n in dims.split("x") if n)
    whole = 0.1 * np.sin(0.7 * np.arange(1, 1 + int(np.prod(shape)))).reshape(shape)
    split = PartitionSpec("data") if '[{"data"}' in rest else PartitionSpec()
    arguments.append(jax.make_array_from_callback(shape, NamedSharding(mesh, split), lambda at, w=whole: w[at]))
    if (update := re.search(r"tf.aliasing_output = (\d+)", rest)):
        updates[i] = (int(update.group(1)), NamedSharding(mesh, split), shape)
for turn in range(3):
    results = step.execute_sharded(arguments).disassemble_into_single_device_arrays()
    if rank == 0:
        loss = float(np.asarray(results[0][0]))
        print(f"step {turn}: loss {loss!r} over {len(devices)} devices of {count} processes", flush=True)
    for i, (result, sharding, shape) in updates.items():
        arguments[i] = jax.make_array_from_single_device_arrays(shape, sharding, results[result])
