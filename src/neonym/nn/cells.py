"""What the three cells have in common.

A cell's file is a set of functions; each takes the weights it needs. None keeps anything between
calls, so that one network can be run by several threads at once.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np

from neonym.nn.arrays import Floats, Integers
from neonym.nn.layout import Layout
from neonym.nn.memory import Workspace, aligned_empty
from neonym.nn.rows import sum_all


class Weights(NamedTuple):
    """The weights of one layer, or their gradients; names and layout as PyTorch's."""

    weight_ih: Floats  # (gates * hidden, inputs)
    weight_hh: Floats  # (gates * hidden, hidden)
    bias_ih: Floats | None  # (gates * hidden,)
    bias_hh: Floats | None  # (gates * hidden,)


class Prepared(NamedTuple):
    """The weights of one layer as the forward pass multiplies with them: copies, gate by gate.

    Order and scale of the gates are the cell's own affair.
    """

    input: Floats  # (gates, inputs, hidden)
    input_bias: Floats | None  # (gates, 1, hidden), added to the input products
    recurrent: Floats  # (gates, hidden, hidden)
    recurrent_bias: Floats | None  # (hidden,), of the GRU's new gate alone


LayerState = tuple[Floats, ...]
"""What a layer remembers, each (batch, hidden): (h,), or (h, c) for the LSTM."""


class Cell(Protocol):
    """One kind of recurrent layer.

    Rows are those of a layout (`neonym.nn.layout`). All that does not depend on the state, the
    input products, is computed for every row at once by the caller and handed over as `z`, (gates,
    rows, hidden). Forward, what is computed of a step lies in a block of memory of its own, where
    an elementwise operation costs NumPy a single loop; on columns or rows of a larger array it
    takes several times as long. Backward, the gates' gradients lie side by side, (rows, gates *
    hidden), so that whatever is multiplied with them takes one product.
    """

    gates: int
    state_names: tuple[str, ...]

    def prepare(self, weights: Weights) -> Prepared:
        """The weights as `forward` and `step` need them."""

    def forward(
        self,
        z: Floats,
        prepared: Prepared,
        layout: Layout,
        initial: LayerState,
        workspace: Workspace,
    ) -> tuple[Floats, Any]:
        """Run all steps: outputs of shape (rows, hidden), and what `backward` needs.

        `z` may be overwritten.
        """

    def backward(
        self, d_outputs: Floats, cache: Any, weights: Weights, gradients: Weights
    ) -> tuple[Floats, LayerState]:
        """Gradients of the input products and of the initial state.

        The former are (rows, gates * hidden), in PyTorch's order of gates; the latter are
        (initial, hidden) each. Writes the gradients of `weight_hh` and the biases; overwrites
        `d_outputs`.
        """

    def step(self, z: Floats, prepared: Prepared, state: LayerState, out: LayerState) -> None:
        """Write the state behind one step, whose first array is the output; may overwrite `z`."""

    def final_state(self, cache: Any, last_rows: Integers) -> LayerState:
        """The state behind the given rows."""


def by_gate(array: Floats, gates: int) -> Floats:
    """A view of weights or biases, (gates * hidden, ...), as (gates, hidden, ...)."""
    return array.reshape(gates, -1, *array.shape[1:])


def columns_of(rows: Floats, gates: int) -> Floats:
    """A view of rows, (n, gates * hidden), as (gates, n, hidden)."""
    return rows.reshape(len(rows), gates, -1).transpose(1, 0, 2)


def transposed(weight: Floats, gates: int) -> Floats:
    """A view to multiply rows with: (gates, inputs, hidden)."""
    return by_gate(weight, gates).transpose(0, 2, 1)


def prepared_gates(gates: Floats, order: Mapping[int, float]) -> Floats:
    """A copy of gates in another order, each multiplied by a scale."""
    out = aligned_empty(gates.shape, gates.dtype)
    for place, (gate, scale) in enumerate(order.items()):
        np.multiply(gates[gate], scale, out=out[place])
    return out


def add_biases(weights: Weights, gates: int) -> Floats | None:
    """Sum of the biases that exist, shape (gates, 1, hidden)."""
    if weights.bias_ih is None:
        return None
    total = weights.bias_ih if weights.bias_hh is None else weights.bias_ih + weights.bias_hh
    return by_gate(total, gates)[:, None]


def write_biases(dz: Floats, gradients: Weights) -> None:
    """Write the gradients of biases that are added to z: both the same."""
    sum_all(dz, gradients.bias_ih)
    if gradients.bias_ih is not None and gradients.bias_hh is not None:
        gradients.bias_hh[...] = gradients.bias_ih
