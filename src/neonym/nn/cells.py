"""What the three cells have in common.

A cell's file is a set of functions; each takes the weights it needs. None keeps anything between
calls, so that one network can be run by several threads at once.
"""

from typing import Any, NamedTuple, Protocol

import numpy as np

from neonym.nn.arrays import Floats, Integers
from neonym.nn.packing import PackedSequences, Step
from neonym.nn.workspace import Workspace


class Weights(NamedTuple):
    """The weights of one layer, or their gradients; names and layout as PyTorch's."""

    weight_ih: Floats  # (gates * hidden, inputs)
    weight_hh: Floats  # (gates * hidden, hidden)
    bias_ih: Floats | None  # (gates * hidden,)
    bias_hh: Floats | None  # (gates * hidden,)


class Prepared(NamedTuple):
    """The weights of one layer as the forward pass multiplies with them: copies, gate by gate.

    The scale of the gates is the cell's own affair.
    """

    input: Floats  # (gates, inputs, hidden)
    input_bias: Floats | None  # (gates, 1, hidden), added to the input products
    recurrent: Floats  # (gates, hidden, hidden)
    recurrent_bias: Floats | None  # (hidden,), of the GRU's new gate alone


LayerState = tuple[Floats, ...]
"""What a layer remembers, each (batch, hidden): (h,), or (h, c) for the LSTM."""

NUMBERS_AT_ONCE = 1 << 15
"""Local derivatives are computed for so many states at once, which then are still in the cache."""


class Cell(Protocol):
    """One kind of recurrent layer.

    Rows are those of a packed batch (`neonym.nn.packing`). The input products, all that does not
    depend on the state, are computed for every row at once by the caller and handed over as `z`,
    (gates, tokens, hidden): each gate's rows lie together in memory, since on columns of
    interleaved gates elementwise operations are several times slower. `z` is overwritten, by the
    gates and then by the gradients: the less memory is touched, the more of it is in the cache.
    """

    gates: int
    state_names: tuple[str, ...]

    def prepare(self, weights: Weights) -> Prepared:
        """The weights as `forward` and `step` need them."""

    def forward(
        self,
        z: Floats,
        prepared: Prepared,
        batch: PackedSequences,
        initial: LayerState,
        workspace: Workspace,
    ) -> tuple[Floats, Any]:
        """Run all steps: outputs of shape (tokens, hidden), and what `backward` needs.

        `initial` is in packed order.
        """

    def backward(
        self, d_outputs: Floats, cache: Any, weights: Weights, gradients: Weights
    ) -> tuple[Floats, LayerState]:
        """Gradients of the input products and of the initial state.

        The former, (gates, tokens, hidden), in PyTorch's order of gates, overwrite `z`; the
        latter are (batch, hidden) each. Writes the gradients of `weight_hh` and the biases;
        overwrites `d_outputs`.
        """

    def step(self, z: Floats, prepared: Prepared, state: LayerState) -> LayerState:
        """One step for a whole batch; the new state's first array is the output."""

    def final_state(self, cache: Any, last_rows: Integers) -> LayerState:
        """The state behind the given rows."""


def by_gate(array: Floats, gates: int) -> Floats:
    """A view of weights or biases, (gates * hidden, ...), as (gates, hidden, ...)."""
    return array.reshape(gates, -1, *array.shape[1:])


def transposed(weight: Floats, gates: int) -> Floats:
    """A view to multiply rows with: (gates, inputs, hidden)."""
    return by_gate(weight, gates).transpose(0, 2, 1)


def spans(batch: PackedSequences, hidden: int) -> list[list[Step]]:
    """The steps in order, together as far as they have at most `NUMBERS_AT_ONCE` states."""
    most = NUMBERS_AT_ONCE // hidden
    together: list[list[Step]] = []
    for step in batch.steps:
        if together and step.rows.stop - together[-1][0].rows.start <= most:
            together[-1].append(step)
        else:
            together.append([step])
    return together


def sum_of_products(rows: Floats, weight: Floats, scratch: Floats) -> Floats:
    """Sum over gates of rows (gates, n, hidden) times weight (gates * hidden, inputs).

    The result, (n, inputs), lies in `scratch`, (gates, n, inputs).
    """
    np.matmul(rows, by_gate(weight, len(rows)), out=scratch)
    total: Floats = scratch[0]
    for product in scratch[1:]:
        total += product
    return total


def add_biases(weights: Weights, gates: int) -> Floats | None:
    """Sum of the biases that exist, shape (gates, 1, hidden)."""
    if weights.bias_ih is None:
        return None
    total = weights.bias_ih if weights.bias_hh is None else weights.bias_ih + weights.bias_hh
    return by_gate(total, gates)[:, None]


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
