"""One time step of a whole network after the other, without gradients."""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import accumulate, pairwise
from typing import NamedTuple

import numpy as np

from neonym.nn.arrays import Floats, Integers
from neonym.nn.cells import Cell
from neonym.nn.cells.cell import LayerState
from neonym.nn.embedding import product_table, write_products
from neonym.nn.head import prepared_head, write_logits
from neonym.nn.matrices import Matrices
from neonym.nn.memory import aligned_empty
from neonym.nn.products import multiply, multiply_apart
from neonym.nn.state import StepWeights

CHUNK = 256
"""`step` takes so many rows at a time: their gates stay in the cache."""

LONG_CHUNK = 512
"""`step_from` takes more: its callers are threads, which pass the interpreter to each other at
every call."""

NUMBERS = 3 << 16
"""Gates that `step_apart` takes at a time, where a batch has fewer rows than `CHUNK`: more take
longer on one thread, fewer on several, for the same reason."""

MOST_DISTINCT = 0.9
"""Products are looked up unless more than this share of them are distinct."""

Parts = Sequence[slice]
"""Neighbouring rows, of which each slice is multiplied by itself, and all else is done at once."""


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
        chunks = [[chunk] for chunk in _chunks(slice(0, len(tokens)), CHUNK)]
        after = self._step(tokens, weights, states, chunks)
        return self.logits(after[-1][0], weights.head), after

    def step_apart(
        self,
        tokens: Integers,
        weights: StepWeights,
        states: Sequence[LayerState],
        rows: Integers,
        sizes: Sequence[int],
    ) -> tuple[Floats, list[LayerState]]:
        """What `step` gives for each of several batches, to the last bit.

        Products are those of `step`; everything else is done for several batches at once.

        Parameters
        ----------
        tokens : integers, shape (rows,)
            Those of one batch behind those of the other.
        weights, states
            As for `step`.
        rows : integers, shape (rows,)
            The row of the states that each token continues.
        sizes : sequence of int
            How many rows each batch has.
        """
        batches = [slice(*ends) for ends in pairwise(accumulate(sizes, initial=0))]
        chunks = [chunk for batch in batches for chunk in _chunks(batch, CHUNK)]
        most = NUMBERS // (self.cell.gates * weights.table.shape[2])
        after = self._step(tokens, weights, states, _bundles(chunks, most), rows=rows)
        return self.logits(after[-1][0], weights.head, batches), after

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
        chunks = [[chunk] for chunk in _chunks(slice(0, len(rows)), LONG_CHUNK)]
        if len(distinct) > MOST_DISTINCT * len(rows):
            return self._step(tokens, weights, before, chunks)
        places = np.cumsum(is_first) - 1
        shared = []
        for prepared, state in zip(weights.layers, states, strict=True):
            h = state[0].take(distinct, axis=0)
            products = aligned_empty((self.cell.gates, *h.shape), h.dtype)
            multiply(h, prepared.recurrent, out=products)
            shared.append(products)
        return self._step(tokens, weights, before, chunks, shared=(shared, places))

    def _step(
        self,
        tokens: Integers,
        weights: StepWeights,
        states: Sequence[LayerState],
        bundles: Sequence[Parts],
        *,
        rows: Integers | None = None,
        shared: tuple[Sequence[Floats], Integers] | None = None,
    ) -> list[LayerState]:
        """The new states, one bundle of rows after the other.

        They follow the states, or some rows of these. Recurrent products may be there already: of
        each layer, and which rows have which.
        """
        count = len(tokens)
        after = [tuple(aligned_empty((count, a.shape[1]), a.dtype) for a in s) for s in states]
        for bundle in bundles:
            start, stop = bundle[0].start, bundle[-1].stop
            whole = slice(start, stop)
            parts = [slice(part.start - start, part.stop - start) for part in bundle]
            # (gates, rows, hidden), of the first layer and then of each further one
            products = weights.table.take(tokens[whole], axis=1, mode="clip")
            for number, prepared in enumerate(weights.layers):
                if number > 0:
                    write_products(after[number - 1][0][whole], prepared, products, parts)
                state = tuple(
                    a[whole] if rows is None else a.take(rows[whole], axis=0)
                    for a in states[number]
                )
                if shared is None:
                    write = partial(multiply_apart, state[0], prepared.recurrent, parts)
                else:
                    # of `take`, which is told where to write
                    write = partial(shared[0][number].take, shared[1][whole], 1, mode="clip")
                out = tuple(a[whole] for a in after[number])
                self.cell.step(products, prepared, state, out, write)
        return after

    def logits(
        self, outputs: Floats, head: Floats, parts: Sequence[slice] = (slice(None),)
    ) -> Floats:
        """Logits of the last layer's outputs, (batch, vocabulary), given the prepared head.

        Each of the parts of the batch is multiplied by itself.
        """
        logits = aligned_empty((len(self.matrices.head), len(outputs)), outputs.dtype)
        buffer = aligned_empty(logits.shape[::-1], outputs.dtype)
        return write_logits(self.matrices, head, outputs, buffer, out=logits, parts=parts).T


def _chunks(rows: slice, most: int) -> Iterator[slice]:
    """Rows, at most so many at a time."""
    for start in range(rows.start, rows.stop, most):
        yield slice(start, min(start + most, rows.stop))


def _bundles(chunks: Sequence[slice], most: int) -> list[list[slice]]:
    """Chunks that follow each other, together as long as they have at most so many rows."""
    bundles: list[list[slice]] = []
    for chunk in chunks:
        if bundles and chunk.stop - bundles[-1][0].start <= most:
            bundles[-1].append(chunk)
        else:
            bundles.append([chunk])
    return bundles
