"""One time step of a whole network after the other, without gradients."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from neonym.nn.arrays import Floats, Integers
from neonym.nn.cells import Cell
from neonym.nn.cells.cell import LayerState
from neonym.nn.embedding import product_table, write_products
from neonym.nn.head import prepared_head, write_logits
from neonym.nn.matrices import Matrices
from neonym.nn.memory import aligned_empty
from neonym.nn.products import multiply
from neonym.nn.state import StepWeights

CHUNK = 256
"""`step` takes so many rows at a time: their gates stay in the cache."""

LONG_CHUNK = 512
"""`step_from` takes more: its callers are threads, which pass the interpreter to each other at
every call."""

MOST_DISTINCT = 0.9
"""Products are looked up unless more than this share of them are distinct."""


class Stepping(NamedTuple):
    """A network as whoever chooses the next token at every step sees it."""

    cell: Cell
    matrices: Matrices

    def prepare(self) -> StepWeights:
        """What `step` needs of the parameters."""
        layers = [self.cell.prepare(weights) for weights in self.matrices.layers]
        table = product_table(layers[0], self.matrices.embedding)
        return StepWeights(layers, table, prepared_head(self.matrices))

    def step(
        self, tokens: Integers, weights: StepWeights, states: Sequence[LayerState]
    ) -> tuple[Floats, list[LayerState]]:
        """One time step: logits, shape (batch, vocabulary), and the new states."""
        after = self._step(tokens, weights, states, None, CHUNK)
        return self.logits(after[-1][0], weights.head), after

    def step_from(
        self,
        tokens: Integers,
        weights: StepWeights,
        states: Sequence[LayerState],
        rows: Integers,
    ) -> list[LayerState]:
        """The new states after a step from some rows of the states, which ascend: (batch,).

        Where enough of them are equal, each is multiplied once and its products are looked up.
        """
        is_first = np.ones(len(rows), dtype=np.bool_)
        np.not_equal(rows[1:], rows[:-1], out=is_first[1:])
        distinct = rows[is_first]
        before = [tuple(array.take(rows, axis=0) for array in state) for state in states]
        if len(distinct) > MOST_DISTINCT * len(rows):
            return self._step(tokens, weights, before, None, LONG_CHUNK)
        places = np.cumsum(is_first) - 1
        shared = []
        for prepared, state in zip(weights.layers, states, strict=True):
            h = state[0].take(distinct, axis=0)
            products = aligned_empty((self.cell.gates, *h.shape), h.dtype)
            multiply(h, prepared.recurrent, out=products)
            shared.append(products)
        return self._step(tokens, weights, before, (shared, places), LONG_CHUNK)

    def _step(
        self,
        tokens: Integers,
        weights: StepWeights,
        states: Sequence[LayerState],
        shared: tuple[Sequence[Floats], Integers] | None,
        most: int,
    ) -> list[LayerState]:
        """The new states, at most so many rows at a time.

        Recurrent products may be there already: of each layer, and which rows have which.
        """
        after = [tuple(aligned_empty(a.shape, a.dtype) for a in state) for state in states]
        for start in range(0, len(tokens), most):
            rows = slice(start, start + most)
            # (gates, rows, hidden), of the first layer and then of each further one
            products = weights.table.take(tokens[rows], axis=1, mode="clip")
            for number, prepared in enumerate(weights.layers):
                if number > 0:
                    h_below = after[number - 1][0][rows]
                    write_products(h_below, prepared, out=products)
                state = tuple(array[rows] for array in states[number])
                out = tuple(array[rows] for array in after[number])
                recurrent = None if shared is None else (shared[0][number], shared[1][rows])
                self.cell.step(products, prepared, state, out, recurrent)
        return after

    def logits(self, outputs: Floats, head: Floats) -> Floats:
        """Logits of the last layer's outputs, (batch, vocabulary), given the prepared head."""
        logits = aligned_empty((len(self.matrices.head), len(outputs)), outputs.dtype)
        buffer = aligned_empty(logits.shape[::-1], outputs.dtype)
        return write_logits(self.matrices, head, outputs, buffer, out=logits).T
