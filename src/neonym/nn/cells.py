"""What the three cells have in common.

A cell's file is a set of functions; each takes the weights it needs. None keeps anything between
calls, so that one network can be run by several threads at once.
"""

from typing import Any, NamedTuple, Protocol

import numpy as np

from neonym.nn.arrays import Floats
from neonym.nn.packing import PackedSequences
from neonym.nn.workspace import Workspace


class Weights(NamedTuple):
    """The weights of one layer, or their gradients; names and layout as PyTorch's."""

    weight_ih: Floats  # (gates * hidden, inputs)
    weight_hh: Floats  # (gates * hidden, hidden)
    bias_ih: Floats | None  # (gates * hidden,)
    bias_hh: Floats | None  # (gates * hidden,)


LayerState = tuple[Floats, ...]
"""What a layer remembers, each (batch, hidden): (h,), or (h, c) for the LSTM."""


class Cell(Protocol):
    """One kind of recurrent layer.

    Rows are those of a packed batch (`neonym.nn.packing`). The input products, all that does not
    depend on the state, are computed for every row at once by the caller and handed over as `z`,
    gate by gate: (gates, tokens, hidden). So every gate's rows lie together in memory, which makes
    elementwise operations several times faster. Buffers come from the workspace.
    """

    gates: int
    state_names: tuple[str, ...]

    def input_bias(self, weights: Weights) -> Floats | None:
        """The bias that can be added to the input products, shape (gates * hidden,)."""

    def forward(
        self,
        z: Floats,
        weights: Weights,
        batch: PackedSequences,
        initial: LayerState,
        workspace: Workspace,
    ) -> tuple[Floats, Any]:
        """Run all steps: outputs of shape (tokens, hidden), and what `backward` needs.

        `z` is overwritten; `initial` is in packed order.
        """

    def backward(
        self, d_outputs: Floats, cache: Any, weights: Weights, gradients: Weights
    ) -> tuple[Floats, LayerState]:
        """Gradients of `z`, of its shape, and of the initial state, (batch, hidden) each.

        Writes the gradients of `weight_hh` and the biases; overwrites `d_outputs`.
        """

    def step(self, z: Floats, weights: Weights, state: LayerState) -> LayerState:
        """One step for a whole batch; the new state's first array is the output."""

    def final_state(self, cache: Any, last_rows: Any) -> LayerState:
        """The state behind the given rows."""


def by_gate(array: Floats, gates: int) -> Floats:
    """A view of weights or biases, (gates * hidden, ...), as (gates, hidden, ...)."""
    return array.reshape(gates, -1, *array.shape[1:])


def transposed(weight: Floats, gates: int) -> Floats:
    """A copy to multiply rows with, (gates, inputs, hidden); products with it are faster."""
    return np.ascontiguousarray(by_gate(weight, gates).transpose(0, 2, 1))


def sum_of_products(rows: Floats, weight: Floats, scratch: Floats) -> Floats:
    """Sum over gates of rows (gates, n, hidden) times weight (gates * hidden, inputs).

    The result, (n, inputs), lies in `scratch`, (gates, n, inputs).
    """
    np.matmul(rows, by_gate(weight, len(rows)), out=scratch)
    total: Floats = scratch[0]
    for product in scratch[1:]:
        total += product
    return total


def add_biases(first: Floats | None, second: Floats | None) -> Floats | None:
    """Sum of the biases that exist."""
    if first is None or second is None:
        return first
    return np.asarray(first + second)


def write_biases(dz: Floats, gradients: Weights) -> None:
    """Write the gradients of biases that are added to z: both the same."""
    if gradients.bias_ih is None:
        return
    np.sum(dz, axis=1, out=by_gate(gradients.bias_ih, len(dz)))
    if gradients.bias_hh is not None:
        gradients.bias_hh[...] = gradients.bias_ih


def with_initial(initial: Floats, batch: PackedSequences, workspace: Workspace) -> Floats:
    """Room for the states of all rows, the initial ones in front: (batch + tokens, hidden)."""
    states = workspace.empty(len(initial) + len(batch.inputs), initial.shape[1])
    states[: len(initial)] = initial
    return states


def previous_states(states: Floats, batch: PackedSequences, workspace: Workspace) -> Floats:
    """For every row the state one step before, shape (tokens, hidden).

    `states` is what `with_initial` returned, filled.
    """
    out = workspace.empty(len(batch.inputs), states.shape[1])
    return np.take(states, batch.previous_rows, axis=0, out=out, mode="clip")
