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
from neonym.nn.cells import (
    LayerState,
    Prepared,
    Weights,
    add_biases,
    previous_states,
    transposed,
    with_initial,
    write_biases,
)
from neonym.nn.packing import PackedSequences
from neonym.nn.workspace import Workspace

Nonlinearity = Literal["tanh", "relu"]


class Cache(NamedTuple):
    """What backward needs of the forward pass."""

    states: Floats  # h_0 of every sequence, then h_t of every row, (batch + tokens, hidden)
    batch: PackedSequences
    workspace: Workspace


class RnnCell:
    """The vanilla cell; see `neonym.nn.cells.Cell`."""

    gates = 1
    state_names: tuple[str, ...] = ("h0",)

    def __init__(self, nonlinearity: Nonlinearity = "tanh") -> None:
        self.nonlinearity = nonlinearity

    def prepare(self, weights: Weights) -> Prepared:
        """Transposed copies, with which products are faster."""
        return Prepared(
            np.ascontiguousarray(transposed(weights.weight_ih, 1)),
            add_biases(weights, 1),
            np.ascontiguousarray(transposed(weights.weight_hh, 1)),
            None,
        )

    def forward(
        self,
        z: Floats,
        prepared: Prepared,
        batch: PackedSequences,
        initial: LayerState,
        workspace: Workspace,
    ) -> tuple[Floats, Cache]:
        """Compute the outputs of all rows."""
        (recurrent,), (products,) = prepared.recurrent, z
        states = with_initial(initial[0], batch, workspace)
        outputs = states[batch.num_sequences :]
        for step in batch.steps:
            h = outputs[step.rows]
            np.dot(states[step.previous], recurrent, out=h)  # starts sooner than matmul
            h += products[step.rows]
            self._activate(h)
        return outputs, Cache(states, batch, workspace)

    def backward(
        self, d_outputs: Floats, cache: Cache, weights: Weights, gradients: Weights
    ) -> tuple[Floats, LayerState]:
        """Turn the gradients of the outputs into those of the input products, in place."""
        states, batch, workspace = cache
        dz, local = d_outputs, self._derivative(states[batch.num_sequences :], workspace)
        scratch = workspace.empty(batch.num_sequences, dz.shape[1])
        d_h = scratch[:0]  # gradient that arrives from the step behind
        for step in reversed(batch.steps):
            rows = dz[step.rows]
            rows[: len(d_h)] += d_h
            rows *= local[step.rows]
            d_h = np.dot(rows, weights.weight_hh, out=scratch[: step.size])
        previous = previous_states(states, batch, workspace)
        np.matmul(dz.T, previous, out=gradients.weight_hh)
        write_biases(dz[None], gradients)
        return dz[None], (d_h,)

    def step(self, z: Floats, prepared: Prepared, state: LayerState) -> LayerState:
        """One step for a whole batch."""
        h = state[0] @ prepared.recurrent[0]
        h += z[0]
        self._activate(h)
        return (h,)

    def final_state(self, cache: Cache, last_rows: Integers) -> LayerState:
        """The outputs of the given rows."""
        return (cache.states[cache.batch.num_sequences + last_rows],)

    def _activate(self, z: Floats) -> None:
        if self.nonlinearity == "tanh":
            np.tanh(z, out=z)
        else:
            np.maximum(z, 0, out=z)

    def _derivative(self, outputs: Floats, workspace: Workspace) -> Floats:
        derivative = workspace.empty(*outputs.shape)
        if self.nonlinearity == "tanh":
            np.multiply(outputs, outputs, out=derivative)
            return np.subtract(1, derivative, out=derivative)
        derivative[...] = outputs > 0
        return derivative
