"""The training step in JAX, jitted as a whole: scan over time, clipping, Adam."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

VOCABULARY = 27
GATES = {"rnn": 1, "gru": 3, "lstm": 4}


def initial_parameters(cell: str, hidden: int, layers: int) -> dict[str, Any]:
    """Uniform within 1 / sqrt(hidden)."""
    generator = np.random.default_rng(0)
    limit, rows = hidden**-0.5, GATES[cell] * hidden
    shapes: dict[str, tuple[int, ...]] = {"head": (hidden, VOCABULARY), "head_bias": (VOCABULARY,)}
    for layer in range(layers):
        shapes[f"w{layer}"] = (hidden if layer else VOCABULARY, rows)
        shapes |= {f"u{layer}": (hidden, rows), f"b{layer}": (rows,), f"c{layer}": (rows,)}
    return {
        name: jnp.asarray(generator.uniform(-limit, limit, shape), dtype=jnp.float32)
        for name, shape in shapes.items()
    }


def _step(cell: str, z: Any, state: Any, u: Any, c: Any) -> Any:
    h = state[0]
    product = h @ u + c
    if cell == "rnn":
        return (jnp.tanh(z + product),)
    if cell == "gru":
        zr, zu, zn = jnp.split(z, 3, axis=-1)
        pr, pu, pn = jnp.split(product, 3, axis=-1)
        update = jax.nn.sigmoid(zu + pu)
        new = jnp.tanh(zn + jax.nn.sigmoid(zr + pr) * pn)
        return ((1 - update) * new + update * h,)
    i, f, g, o = jnp.split(z + product, 4, axis=-1)
    cells = jax.nn.sigmoid(f) * state[1] + jax.nn.sigmoid(i) * jnp.tanh(g)
    return jax.nn.sigmoid(o) * jnp.tanh(cells), cells


def _loss(cell: str, layers: int, parameters: Any, tokens: Any, targets: Any) -> Any:
    zeros = jnp.zeros((tokens.shape[1], parameters["u0"].shape[0]))
    state = (zeros, zeros) if cell == "lstm" else (zeros,)
    x = parameters["w0"][tokens]  # (steps, batch, gates * hidden): a look-up, as one-hot allows
    for layer in range(layers):
        z = (x @ parameters[f"w{layer}"] if layer else x) + parameters[f"b{layer}"]
        u, c = parameters[f"u{layer}"], parameters[f"c{layer}"]

        def body(carry: Any, row: Any, u: Any = u, c: Any = c) -> Any:
            after = _step(cell, row, carry, u, c)
            return after, after[0]

        _, x = jax.lax.scan(body, state, z)
    logits = jax.nn.log_softmax(x @ parameters["head"] + parameters["head_bias"])
    nats = -jnp.take_along_axis(logits, jnp.maximum(targets, 0)[..., None], axis=-1)[..., 0]
    present = targets >= 0
    return jnp.sum(nats * present) / jnp.sum(present)


class TrainingStep:
    """Forward, backward, clipping by norm and Adam on one batch prepared beforehand."""

    def __init__(self, cell: str, hidden: int, layers: int) -> None:
        parameters = initial_parameters(cell, hidden, layers)
        moments = [jax.tree.map(jnp.zeros_like, parameters) for _ in range(2)]
        self.state: Any = (parameters, *moments, jnp.asarray(0.0))

        def step(state: Any, tokens: Any, targets: Any) -> Any:
            parameters, mean, square, count = state
            loss, gradients = jax.value_and_grad(lambda p: _loss(cell, layers, p, tokens, targets))(
                parameters
            )
            norm = jnp.sqrt(sum(jnp.vdot(g, g) for g in jax.tree.leaves(gradients)))
            gradients = jax.tree.map(lambda g: g * jnp.minimum(1.0, 1.0 / norm), gradients)
            count += 1
            mean = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, mean, gradients)
            square = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, square, gradients)
            rate = 1e-3 * jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)
            parameters = jax.tree.map(
                lambda p, m, v: p - rate * m / (jnp.sqrt(v) + 1e-8), parameters, mean, square
            )
            return (parameters, mean, square, count), loss

        self.step = jax.jit(step, donate_argnums=0)

    def __call__(self, tokens: Any, targets: Any) -> float:
        """Loss of the batch, before the step."""
        self.state, loss = self.step(self.state, tokens, targets)
        return float(loss)


def padded(names: Sequence[np.ndarray], multiple: int = 1) -> tuple[Any, Any]:
    """Inputs and targets, (steps, batch); steps rounded up to a multiple, -1 where none is."""
    steps = -(-(max(map(len, names)) + 1) // multiple) * multiple
    tokens = np.zeros((steps, len(names)), dtype=np.int32)
    targets = np.full((steps, len(names)), -1, dtype=np.int32)
    for column, name in enumerate(names):
        tokens[1 : len(name) + 1, column] = name
        targets[: len(name), column] = name
        targets[len(name), column] = 0
    return jnp.asarray(tokens), jnp.asarray(targets)
