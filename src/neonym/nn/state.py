"""The state of a network between two steps, for a batch of sequences."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from neonym.nn.arrays import Floats
from neonym.nn.cells import LayerState


@dataclass(frozen=True, eq=False)
class State:
    """What every layer remembers of every sequence of a batch.

    Parameters
    ----------
    layers : sequence of tuple of ndarray, each (batch, hidden)
        One tuple a layer: (h,), or (h, c) for the LSTM.
    table : ndarray, shape (vocabulary, gates * hidden)
        The first layer's input product of every token, computed once for all steps; so a state
        belongs to the weights it was made with.
    """

    layers: Sequence[LayerState]
    table: Floats

    def take(self, rows: ArrayLike) -> "State":
        """The state of the given rows of the batch (indices or a boolean mask)."""
        where = np.asarray(rows)
        return State([tuple(array[where] for array in layer) for layer in self.layers], self.table)
