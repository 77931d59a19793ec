"""What the three cells have in common.

A cell's file is a set of functions; each takes the weights it needs. None keeps anything between
calls, so that one network can be run by several threads at once.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from neonym.nn.arrays import Floats


class Weights(NamedTuple):
    """The weights of one layer, or their gradients; names and layout as PyTorch's."""

    weight_ih: Floats  # (gates * hidden, inputs)
    weight_hh: Floats  # (gates * hidden, hidden)
    bias_ih: Floats | None  # (gates * hidden,)
    bias_hh: Floats | None  # (gates * hidden,)


LayerState = tuple[Floats, ...]
"""What a layer remembers, each (batch, hidden): (h,), or (h, c) for the LSTM."""

Steps = Sequence[tuple[int, int]]
"""First row and row behind the last of each time step of a packed batch."""


class Cell(Protocol):
    """One kind of recurrent layer.

    Rows are those of a packed batch (`neonym.nn.packing`). The input product, all that does not
    depend on the state, is computed for every row at once by the caller and handed over as `z`.
    """

    gates: int
    state_names: tuple[str, ...]

    def input_bias(self, weights: Weights) -> Floats | None:
        """The bias that can be added to the input product, shape (gates * hidden,)."""

    def forward(
        self, z: Floats, weights: Weights, steps: Steps, initial: LayerState
    ) -> tuple[Floats, Any]:
        """Run all steps: outputs of shape (tokens, hidden), and what `backward` needs.

        `z`, shape (tokens, gates * hidden), is overwritten.
        """

    def backward(
        self, d_outputs: Floats, cache: Any, weights: Weights, gradients: Weights, steps: Steps
    ) -> tuple[Floats, LayerState]:
        """Gradients of `z`, (tokens, gates * hidden), and of the initial state, (batch, hidden).

        Writes the gradients of `weight_hh` and the biases; overwrites `d_outputs`.
        """

    def step(self, z: Floats, weights: Weights, state: LayerState) -> LayerState:
        """One step for a whole batch; the new state's first array is the output."""

    def final_state(self, cache: Any, last_rows: Any) -> LayerState:
        """The state behind the given rows."""


def add_biases(first: Floats | None, second: Floats | None) -> Floats | None:
    """Sum of the biases that exist."""
    if first is None or second is None:
        return first
    return np.asarray(first + second)


def previous_states(states: Floats, initial: Floats, steps: Steps) -> Floats:
    """For every row the state one step before, shape (tokens, hidden)."""
    previous = np.empty_like(states)
    before = initial
    for start, stop in steps:
        previous[start:stop] = before[: stop - start]
        before = states[start:stop]
    return previous
