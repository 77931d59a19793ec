"""The state of a network between two steps, for a batch of sequences."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from neonym.nn.arrays import Floats, Integers
from neonym.nn.cells import LayerState, Prepared


@dataclass(frozen=True, eq=False)
class State:
    """What every layer remembers of every sequence of a batch.

    Parameters
    ----------
    layers : sequence of tuple of ndarray, each (batch, hidden)
        One tuple a layer: (h,), or (h, c) for the LSTM.
    prepared : sequence of Prepared
        Every layer's weights, made ready for multiplication once for all steps; so a state
        belongs to the weights it was made with.
    table : ndarray, shape (gates, vocabulary, hidden)
        The first layer's input products of every token, for the same reason.
    is_initial : bool
        Whether this is the state before the first token.
    """

    layers: Sequence[LayerState]
    prepared: Sequence[Prepared]
    table: Floats
    is_initial: bool

    @property
    def batch_size(self) -> int:
        """Number of sequences."""
        return len(self.layers[0][0])

    def take(self, rows: ArrayLike) -> "State":
        """The state of the given rows of the batch (indices or a boolean mask)."""
        where = np.asarray(rows)
        layers = [tuple(array[where] for array in layer) for layer in self.layers]
        return replace(self, layers=layers)

    def with_rows(self, rows: Integers, layers: Sequence[LayerState]) -> "State":
        """The state with the given rows of every layer replaced."""
        copies = [tuple(array.copy() for array in layer) for layer in self.layers]
        for layer, new in zip(copies, layers, strict=True):
            for array, values in zip(layer, new, strict=True):
                array[rows] = values
        return replace(self, layers=copies, is_initial=False)
