"""The vanilla recurrent cell (Elman, 1990).

In the letters of the teaching documents, and in PyTorch's::

    a<t> = tanh(W_ax x<t> + W_aa a<t-1> + b_a)
    h_t  = tanh(W_ih x_t + b_ih + W_hh h_(t-1) + b_hh)

so W_ax is `weight_ih`, W_aa is `weight_hh`, and b_a is `bias_ih`, plus `bias_hh` where there are
two. With `nonlinearity="relu"`, max(0, .) takes the place of tanh.

Backward, with d_s the gradient of the sum s_t inside tanh, which is also that of W_ih x_t::

    d_h       = dL/dh_t through the output + W_hh^T d_s of the step after
    d_s       = d_h * (1 - h_t^2)
    d_W_hh    = sum over t of d_s h_(t-1)^T
"""

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np

from neonym.nn.arrays import Floats, Integers
from neonym.nn.cells.cell import (
    Cell,
    LayerState,
    Prepared,
    Weights,
    Writer,
    write_bias_gradients,
)
from neonym.nn.cells.recurrence import (
    RecurrentGradients,
    RecurrentProducts,
    add_to_first,
    with_initial,
)
from neonym.nn.layout import Layout
from neonym.nn.memory import Workspace
from neonym.nn.row_chunks import RowChunks

Nonlinearity = Literal["tanh", "relu"]

SCALES = {0: 1.0}
"""The only gate, as it is."""


class Cache(NamedTuple):
    """What backward needs of the forward pass."""

    states: Floats  # h_0 of every sequence, then h_t of every row, (initial + rows, hidden)
    layout: Layout
    workspace: Workspace


class RnnCell(Cell):
    """The vanilla cell.

    Parameters
    ----------
    nonlinearity : "tanh" or "relu", default "tanh"
        What is applied to the sum.
    """

    gates = 1
    scales = SCALES

    def __init__(self, nonlinearity: Nonlinearity = "tanh") -> None:
        self.nonlinearity = nonlinearity

    def forward(
        self,
        input_products: Floats,
        prepared: Prepared,
        layout: Layout,
        initial: LayerState,
        workspace: Workspace,
        *,
        needed: RowChunks | None = None,
    ) -> tuple[Floats, Cache]:
        """Run all time steps."""
        states = with_initial(initial[0], layout, workspace)
        outputs = states[len(initial[0]) :]
        recurrent = RecurrentProducts(states, prepared.recurrent)
        products, activate = input_products[0], self._activation()  # (rows, hidden)
        for step in layout.steps:
            if needed:
                needed.before(step)
            h = outputs[step.rows]  # (size, hidden), a view: what is written there stays
            recurrent.write_single(step, h)
            h += products[step.rows]
            activate(h, h)
        return outputs, Cache(states, layout, workspace)

    def backward(
        self,
        d_outputs: Floats,
        cache: Cache,
        weights: Weights,
        gradients: Weights,
        *,
        out: Floats,
        needed: RowChunks | None = None,
        followed: RowChunks | None = None,
    ) -> LayerState:
        """Write the gradients of what came in, of `weight_hh` and of the biases."""
        states, layout, workspace = cache
        d_products = out  # at first these are d_outputs
        slopes = self._slopes(states[layout.num_initial :], workspace)
        recurrent = RecurrentGradients(d_products, weights.weight_hh, layout, workspace)
        d_h_next = d_products[:0]  # what arrives from the step after: nothing at the last one
        for step in reversed(layout.steps):
            if needed:
                needed.before(step)
            d_h = d_products[step.rows]  # (size, hidden)
            add_to_first(d_h, d_h_next)
            d_h *= slopes[step.rows]  # from here on it is d_s
            if followed:
                followed.after(step)
            d_h_next = recurrent.step_back(step)
        recurrent.write_weight(states, out=gradients.weight_hh)
        write_bias_gradients(d_products, gradients)
        return (d_h_next,)

    def step(
        self,
        input_products: Floats,
        prepared: Prepared,
        state: LayerState,
        out: LayerState,
        write_recurrent: Writer,
    ) -> None:
        """Run one step of a batch."""
        (h_next,) = out
        write_recurrent(h_next[None])
        h_next += input_products[0]
        self._activation()(h_next, h_next)

    def final_state(self, cache: Cache, last_rows: Integers) -> LayerState:
        """The outputs of these rows."""
        return (cache.states[cache.layout.num_initial + last_rows],)

    def _activation(self) -> Callable[[Floats, Floats], object]:
        """The nonlinearity: of what, and where it is written."""
        return np.tanh if self.nonlinearity == "tanh" else _relu

    def _slopes(self, outputs: Floats, workspace: Workspace) -> Floats:
        """Derivative of the nonlinearity, which its output tells: 1 - h^2, or whether h > 0."""
        slopes = workspace.empty(*outputs.shape)
        if self.nonlinearity == "tanh":
            np.multiply(outputs, outputs, out=slopes)
            np.subtract(1, slopes, out=slopes)
        else:
            slopes[...] = outputs > 0
        return slopes


def _relu(sums: Floats, out: Floats) -> None:
    np.maximum(sums, 0, out=out)
