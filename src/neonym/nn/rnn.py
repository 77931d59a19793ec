"""The vanilla recurrent cell (Elman, 1990).

In the letters of the teaching documents, and in PyTorch's:

    a<t> = tanh(Wax x<t> + Waa a<t-1> + ba)
    h_t  = tanh(W_ih x_t + b_ih + W_hh h_(t-1) + b_hh)

so Wax is `weight_ih`, Waa is `weight_hh`, and ba is `bias_ih`, plus `bias_hh` where there are two.
With `nonlinearity="relu"`, max(0, .) takes the place of tanh.
"""

from typing import Literal, NamedTuple

import numpy as np

from neonym.nn.arrays import Floats, Integers
from neonym.nn.cells import LayerState, Steps, Weights, add_biases, previous_states

Nonlinearity = Literal["tanh", "relu"]


class Cache(NamedTuple):
    """What backward needs of the forward pass."""

    outputs: Floats  # h_t of every row, (tokens, hidden)
    initial: Floats  # h_0, (batch, hidden)


class RnnCell:
    """The vanilla cell; see `neonym.nn.cells.Cell`."""

    gates = 1
    state_names: tuple[str, ...] = ("h0",)

    def __init__(self, nonlinearity: Nonlinearity = "tanh") -> None:
        self.nonlinearity = nonlinearity

    def input_bias(self, weights: Weights) -> Floats | None:
        """Both biases."""
        return add_biases(weights.bias_ih, weights.bias_hh)

    def forward(
        self, z: Floats, weights: Weights, steps: Steps, initial: LayerState
    ) -> tuple[Floats, Cache]:
        """Turn the input products into the outputs, in place."""
        recurrent = np.ascontiguousarray(weights.weight_hh.T)  # products with it are faster
        (h,) = initial
        products = np.empty_like(h)
        for start, stop in steps:
            rows, count = z[start:stop], stop - start
            rows += np.matmul(h[:count], recurrent, out=products[:count])
            self._activate(rows)
            h = rows
        return z, Cache(z, initial[0])

    def backward(
        self, d_outputs: Floats, cache: Cache, weights: Weights, gradients: Weights, steps: Steps
    ) -> tuple[Floats, LayerState]:
        """Turn the gradients of the outputs into those of the input products, in place."""
        dz, local = d_outputs, self._derivative(cache.outputs)
        scratch = np.empty_like(cache.initial)
        following = dz[:0]  # gradients of the step behind
        for start, stop in reversed(steps):
            rows, still = dz[start:stop], len(following)
            rows[:still] += np.matmul(following, weights.weight_hh, out=scratch[:still])
            rows *= local[start:stop]
            following = rows
        previous = previous_states(cache.outputs, cache.initial, steps)
        np.matmul(dz.T, previous, out=gradients.weight_hh)
        for bias in (gradients.bias_ih, gradients.bias_hh):
            if bias is not None:
                np.sum(dz, axis=0, out=bias)
        return dz, (following @ weights.weight_hh,)

    def step(self, z: Floats, weights: Weights, state: LayerState) -> LayerState:
        """One step for a whole batch."""
        h = z + state[0] @ weights.weight_hh.T
        self._activate(h)
        return (h,)

    def final_state(self, cache: Cache, last_rows: Integers) -> LayerState:
        """The outputs of the given rows."""
        return (cache.outputs[last_rows],)

    def _activate(self, z: Floats) -> None:
        if self.nonlinearity == "tanh":
            np.tanh(z, out=z)
        else:
            np.maximum(z, 0, out=z)

    def _derivative(self, outputs: Floats) -> Floats:
        if self.nonlinearity == "tanh":
            return np.asarray(1 - outputs * outputs)
        return (outputs > 0).astype(outputs.dtype)
