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
    prepared_gates,
    transposed,
    write_biases,
)
from neonym.nn.layout import Layout
from neonym.nn.memory import Workspace
from neonym.nn.products import multiply
from neonym.nn.recurrence import (
    RecurrentGradients,
    add_to_first,
    with_initial,
    write_recurrent_products,
)

Nonlinearity = Literal["tanh", "relu"]


class Cache(NamedTuple):
    """What backward needs of the forward pass."""

    states: Floats  # h_0 of every sequence, then h_t of every row, (initial + rows, hidden)
    layout: Layout
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
            prepared_gates(transposed(weights.weight_ih, 1), {0: 1.0}),
            add_biases(weights, 1),
            prepared_gates(transposed(weights.weight_hh, 1), {0: 1.0}),
            None,
        )

    def forward(
        self,
        z: Floats,
        prepared: Prepared,
        layout: Layout,
        initial: LayerState,
        workspace: Workspace,
    ) -> tuple[Floats, Cache]:
        """Compute the outputs of all rows."""
        states = with_initial(initial[0], layout, workspace)
        outputs = states[len(initial[0]) :]
        for step in layout.steps:
            h = outputs[step.rows]
            write_recurrent_products(states, prepared.recurrent, step, out=h[None])
            h += z[0, step.rows]
            self._activate(h)
        return outputs, Cache(states, layout, workspace)

    def backward(
        self, d_outputs: Floats, cache: Cache, weights: Weights, gradients: Weights
    ) -> tuple[Floats, LayerState]:
        """Turn the gradients of the outputs into those of the input products, in place."""
        states, layout, workspace = cache
        dz, local = d_outputs, self._derivative(states[layout.num_initial :], workspace)
        recurrent = RecurrentGradients(dz, weights.weight_hh, layout, workspace)
        d_h = dz[:0]  # gradient that arrives from the step behind
        for step in reversed(layout.steps):
            rows = dz[step.rows]
            add_to_first(rows, d_h)
            rows *= local[step.rows]
            d_h = recurrent.go_back(step)
        recurrent.write_weight(states, out=gradients.weight_hh)
        write_biases(dz, gradients)
        return dz, (d_h,)

    def step(self, z: Floats, prepared: Prepared, state: LayerState, out: LayerState) -> None:
        """One step for a whole batch."""
        (h,) = out
        multiply(state[0], prepared.recurrent, out=h[None])
        h += z[0]
        self._activate(h)

    def final_state(self, cache: Cache, last_rows: Integers) -> LayerState:
        """The outputs of the given rows."""
        return (cache.states[cache.layout.num_initial + last_rows],)

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
