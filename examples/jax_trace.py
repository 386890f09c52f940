"""Writes what a JAX function computed, with its gradients, as a Wengert trace.

    python3 examples/jax_trace.py > trace.json     a small network, as an example

As a library:

    from jax_trace import named, record

    def loss(params, x):
        z = named(x @ params["w"].T + params["b"], "hidden/z")
        return (jax.nn.sigmoid(z) ** 2).sum()

    trace = record(loss, {"w": w, "b": b}, x, names=["", "x"])
    print(json.dumps(trace, allow_nan=False))

The function returns a single number. It is traced to a jaxpr, whose steps are the nodes. The first argument is what it is
differentiated by; its leaves are called by their keys, below the name that `names` gives the argument. `named` (JAX's
`checkpoint_name`) gives the result of a step a path. A step that is not one op of Wengert's is of its own kind, `jax.erf`, and
states its Jacobian, if that has at most 4,096 numbers. Reshapes, transposes and broadcasts are views, and no steps.
"""

import json
import math
import sys

import jax
import jax.numpy as jnp
import numpy as np
from jax.ad_checkpoint import checkpoint_name as named  # noqa: F401
from jax.extend import core

ONE = {"neg": "neg", "exp": "exp", "log": "ln", "tanh": "tanh", "logistic": "sigmoid", "sin": "sin", "cos": "cos", "sqrt": "sqrt", "abs": "abs"}
TWO = {"add": "add", "add_any": "add", "sub": "sub", "mul": "mul", "div": "div"}
# Steps that are a program of their own, which is written out.
INNER = {"pjit", "jit", "closed_call", "core_call", "remat", "checkpoint"}
PARTIALS = 4096


def number(x):
    """JSON has no NaN and no infinity: they are strings."""
    x = float(x)
    if math.isnan(x):
        return "NaN"
    if math.isinf(x):
        return "inf" if x > 0 else "-inf"
    return x


def numbers(array):
    return [number(x) for x in np.asarray(array).reshape(-1).tolist()]


def contiguous(shape):
    strides, step = [], 1
    for extent in reversed(shape):
        strides.append(step)
        step *= extent
    return strides[::-1]


class View:
    """Numbers of a node, as a step reads them."""

    def __init__(self, node, shape, strides, active):
        self.node, self.shape, self.strides, self.active = node, list(shape), list(strides), active

    def of(self, shape, strides):
        return View(self.node, shape, strides, self.active)

    def operand(self):
        operand = {"node": self.node, "shape": self.shape}
        if self.strides != contiguous(self.shape):
            operand["strides"] = self.strides
        if not self.active:
            operand["cut"] = True
        return operand


class Recorder:
    def __init__(self):
        self.nodes, self.outputs = [], []

    def node(self, path, op, value, operands=(), named=False, active=True, output=None, **more):
        taken, unique, count = {node["path"] for node in self.nodes}, path, 1
        if named and path in taken:
            raise ValueError(f"two numbers are called {path}")
        while unique in taken or not named and count == 1:
            unique, count = f"{path}#{count}", count + 1
        node = {"path": unique, "named": named, "op": op, "shape": list(np.shape(value)), "values": numbers(value)}
        if operands:
            node["operands"] = [view.operand() for view in operands]
        node.update(more)
        self.nodes.append(node)
        self.outputs.append(output)
        return View(len(self.nodes) - 1, np.shape(value), contiguous(np.shape(value)), active)

    def step(self, eqn, values, views, result, output):
        """The view of a step's result, recorded unless it is one of its operand."""
        name, params = eqn.primitive.name, eqn.params
        if len(views) == 1:
            view = self.as_view(name, params, views[0], np.shape(result), values[0])
            if view is not None:
                return view
        if name == "stop_gradient":
            views = [View(view.node, view.shape, view.strides, False) for view in views]
        active = any(view.active for view in views) and jnp.issubdtype(result.dtype, jnp.floating)
        add = dict(active=active, output=output)
        if name == "name":
            return self.name(params["name"], views[0], result, add)
        if name in ONE:
            return self.node(ONE[name], ONE[name], result, views, **add)
        if name in TWO:
            return self.node(TWO[name], TWO[name], result, views, **add)
        if name in ("integer_pow", "square"):
            power = self.node("const", "const", float(params.get("y", 2)), active=False)
            return self.node("powi", "powi", result, [views[0], power], **add)
        if name == "reduce_sum" and params["axes"]:
            return self.node("sum", "sum", result, views, axes=sorted(params["axes"]), **add)
        if name == "dot_general" and params["dimension_numbers"][1] == ((), ()):
            ((left,), (right,)) = params["dimension_numbers"][0] if all(len(d) == 1 for d in params["dimension_numbers"][0]) else ((None,), (None,))
            if left == len(views[0].shape) - 1 and right == 0 and len(views[0].shape) <= 2 and len(views[1].shape) <= 2:
                return self.node("matmul", "matmul", result, views, **add)
        if name == "custom_jvp_call":
            # By the function that states its derivative: relu.
            name = params["call_jaxpr"].jaxpr.debug_info.func_name or name
        return self.node(name, f"jax.{name}", result, views, **add, **self.partials(eqn, values, views, result, active))

    def as_view(self, name, params, view, shape, value):
        if name == "transpose":
            order = params["permutation"]
            return view.of([view.shape[i] for i in order], [view.strides[i] for i in order])
        if name == "broadcast_in_dim":
            strides = [0] * len(shape)
            for own, axis in enumerate(params["broadcast_dimensions"]):
                strides[axis] = view.strides[own] if view.shape[own] == shape[axis] else 0
            return view.of(shape, strides)
        plain = view.strides == contiguous(view.shape)
        if name in ("reshape", "squeeze", "expand_dims") and plain:
            return view.of(shape, contiguous(shape))
        same = name == "convert_element_type" and params["new_dtype"] == value.dtype
        return view if name in ("copy", "copy_p") or same else None

    def name(self, path, view, result, add):
        """A name for the node that a step made; of a part or a view of one, a copy that has it."""
        node = self.nodes[view.node]
        whole = node["shape"] == view.shape and view.strides == contiguous(view.shape)
        if whole and not node["named"] and node["op"] != "const":
            if any(other["path"] == path for other in self.nodes):
                raise ValueError(f"two numbers are called {path}")
            node["path"], node["named"] = path, True
            return view
        return self.node(path, "contiguous", result, [view], named=True, **add)

    def partials(self, eqn, values, views, result, active):
        by = [i for i, view in enumerate(views) if view.active]
        if not active or not by or result.size * sum(values[i].size for i in by) > PARTIALS:
            return {}

        def of(*chosen):
            given = list(values)
            for i, value in zip(by, chosen):
                given[i] = value
            return bind(eqn, given)[0]

        matrices = jax.jacrev(of, argnums=tuple(range(len(by))))(*[values[i] for i in by])
        stated = [[] for _ in views]
        for i, matrix in zip(by, matrices):
            stated[i] = numbers(matrix)
        return {"partials": stated}


def bind(eqn, values):
    params = eqn.primitive.get_bind_params(eqn.params)
    # JAX before 0.8 gives the functions that a step runs apart.
    functions, params = params if isinstance(params, tuple) else ((), params)
    result = eqn.primitive.bind(*functions, *values, **params)
    return list(result) if eqn.primitive.multiple_results else [result]


def evaluate(jaxpr, consts, values, zeros, recorder=None, views=None):
    """Takes the steps, a zero of `zeros` added to what each makes: the derivatives by those are the adjoints."""
    env, known = {}, {}

    def read(var):
        return jnp.asarray(var.val) if isinstance(var, core.Literal) else env[var]

    def view(var, value):
        if not isinstance(var, core.Literal):
            return known[var]
        return recorder.node("const", "const", value, active=False)

    for var, const in zip(jaxpr.constvars, consts):
        env[var] = jnp.asarray(const)
        if recorder:
            known[var] = recorder.node("const", "const", const, active=False)
    for i, (var, value) in enumerate(zip(jaxpr.invars, values)):
        env[var] = value
        if recorder:
            known[var] = views[i]
    for eqn in jaxpr.eqns:
        operands = [read(var) for var in eqn.invars]
        seen = [view(var, value) for var, value in zip(eqn.invars, operands)] if recorder else None
        if eqn.primitive.name in INNER:
            inner = eqn.params.get("jaxpr", eqn.params.get("call_jaxpr"))
            inner, held = (inner.jaxpr, inner.consts) if hasattr(inner, "consts") else (inner, [])
            results, found = evaluate(inner, held, operands, zeros, recorder, seen)
        else:
            results, found = [], []
            for result in bind(eqn, operands):
                index = None
                if jnp.issubdtype(result.dtype, jnp.floating):
                    index, zero = zeros(result)
                    result = result + zero
                results.append(result)
                if recorder:
                    found.append(recorder.step(eqn, operands, seen, result, index))
        for i, (var, result) in enumerate(zip(eqn.outvars, results)):
            env[var] = result
            if recorder:
                known[var] = found[i]
    return [read(var) for var in jaxpr.outvars], [view(var, read(var)) for var in jaxpr.outvars] if recorder else None


def paths(names, args):
    leaves, _ = jax.tree_util.tree_flatten_with_path(args)
    for keys, leaf in leaves:
        parts = [names[keys[0].idx]] + [str(getattr(key, "key", getattr(key, "idx", getattr(key, "name", key)))) for key in keys[1:]]
        yield keys[0].idx, "/".join(part for part in parts if part), jnp.asarray(leaf)


def record(function, *args, names=None, path="L"):
    """The trace of a function at its arguments; `names` has a name for each of them."""
    names = names or [f"argument{i}" for i in range(len(args))]
    if len(names) != len(args):
        raise ValueError(f"{len(names)} names for {len(args)} arguments")
    closed, recorder, views, values, moved = jax.make_jaxpr(function)(*args), Recorder(), [], [], []
    for argument, name, value in paths(names, args):
        moves = argument == 0 and jnp.issubdtype(value.dtype, jnp.floating)
        views.append(recorder.node(name, "param" if moves else "data", value, named=True, active=moves))
        values.append(value)
        moved.append(moves)
    made = []

    def count(result):
        made.append(jnp.zeros_like(result))
        return len(made) - 1, made[-1]

    (loss,), (output,) = evaluate(closed.jaxpr, closed.consts, values, count, recorder, views)
    if loss.size != 1:
        raise ValueError(f"the function returns {list(loss.shape)}, not a single number")
    recorder.name(path, output, loss, {"active": True, "output": None})

    def again(chosen, zeros):
        chosen, given = iter(chosen), iter(range(len(zeros)))
        inputs = [next(chosen) if moves else value for value, moves in zip(values, moved)]
        (loss,), _ = evaluate(closed.jaxpr, closed.consts, inputs, lambda _: (None, zeros[next(given)]))
        return loss.reshape(())

    chosen = [value for value, moves in zip(values, moved) if moves]
    by_leaf, by_step = jax.grad(again, argnums=(0, 1))(chosen, made)
    by_leaf = iter(by_leaf)
    for node, index, moves in zip(recorder.nodes, recorder.outputs, moved + [False] * len(recorder.nodes)):
        gradient = next(by_leaf) if moves else None if index is None else by_step[index]
        node["adjoints"] = ["no path"] * len(node["values"]) if gradient is None else numbers(gradient)
    spot = {"node": output.node}
    return {
        "version": 2 if any("partials" in node for node in recorder.nodes) else 1,
        "precision": "f64" if loss.dtype == jnp.float64 else "f32",
        "outputs": [{"of": spot, "cotangent": 1.0}],
        "nodes": recorder.nodes,
    }


def example():
    """The network of examples/pytorch_trace.py."""
    jax.config.update("jax_enable_x64", True)
    params = {
        "hidden": {"w": np.array([[0.5, -0.25], [0.125, 0.75], [-1.0, 0.375]]), "b": np.array([0.25, -0.5, 0.0625])},
        "output": {"w": np.array([[0.75, -0.5, 0.25], [-0.125, 1.0, 0.625]]), "b": np.array([0.1875, -0.3125])},
    }

    def loss(params, x, target):
        for layer in ("hidden", "output"):
            z = named(params[layer]["w"] @ x + params[layer]["b"], f"{layer}/z")
            x = named(jax.nn.sigmoid(z), f"{layer}/output")
        return 0.5 * ((target - x) ** 2).sum()

    return record(loss, params, np.array([1.5, -2.0]), np.array([0.0, 1.0]), names=["", "x", "target"])


if __name__ == "__main__":
    json.dump(example(), sys.stdout, allow_nan=False, indent=1)
    print()
