"""The state of a network between two steps, for a batch of sequences."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from neonym.nn.arrays import Floats, Integers
from neonym.nn.cells.cell import LayerState, Prepared


class StepWeights(NamedTuple):
    """A network's weights, made ready for multiplication once for all steps."""

    layers: Sequence[Prepared]
    table: Floats  # the first layer's input products of every token, (gates, vocabulary, hidden)
    head: Floats  # (hidden, vocabulary)


@dataclass(frozen=True, eq=False)
class State:
    """What every layer remembers of every sequence of a batch.

    Parameters
    ----------
    layers : sequence of tuple of ndarray, each (batch, hidden)
        One tuple a layer: (h,), or (h, c) for the LSTM.
    weights : StepWeights
        Copies: a state belongs to the parameters as they were when it was made.
    is_initial : bool
        Whether this is the state before the first token.
    """

    layers: Sequence[LayerState]
    weights: StepWeights
    is_initial: bool

    @property
    def batch_size(self) -> int:
        """Number of sequences."""
        return len(self.layers[0][0])

    def take(self, rows: ArrayLike) -> "State":
        """The state of the given rows of the batch (indices or a boolean mask)."""
        where = np.asarray(rows)
        if where.dtype == np.bool_:
            where = np.flatnonzero(where)
        layers = [tuple(array.take(where, axis=0) for array in layer) for layer in self.layers]
        return State(layers, self.weights, self.is_initial)

    def with_rows(self, rows: Integers, layers: Sequence[LayerState]) -> "State":
        """The state with some rows of every layer replaced.

        Parameters
        ----------
        rows : integers
            Which.
        layers : sequence of tuple of ndarray, each (len(rows), hidden)
            What takes their place.

        Returns
        -------
        State
            A new one; this stays as it is.
        """
        copies = [tuple(array.copy() for array in layer) for layer in self.layers]
        for layer, new in zip(copies, layers, strict=True):
            for array, values in zip(layer, new, strict=True):
                array[rows] = values
        return State(copies, self.weights, is_initial=False)
