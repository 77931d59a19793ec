"""Forward and backward through a whole network: input, recurrent layers, head.

Everything that does not depend on the previous time step is one operation over all steps of the
packed batch; the cells hold the only loop over time. Nothing is kept between calls.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from neonym.nn.arrays import Floats
from neonym.nn.cells import Cell, LayerState, Weights
from neonym.nn.dropout import dropout_mask
from neonym.nn.embedding import input_gradients, input_products
from neonym.nn.packing import PackedSequences


class Matrices(NamedTuple):
    """The parameters of a network, or their gradients, sorted by use."""

    embedding: Floats | None  # (vocabulary, embedding)
    layers: Sequence[Weights]
    initial: Sequence[LayerState]  # trainable initial states, (hidden,) each; may be empty tuples
    head: Floats  # (vocabulary, hidden)
    head_bias: Floats | None  # (vocabulary,)


class DropoutRates(NamedTuple):
    """Shares that are dropped where."""

    input: float
    between: float
    output: float


class Tape(NamedTuple):
    """What backward needs of the forward pass."""

    input_mask: Floats | None
    layer_inputs: Sequence[Floats]  # of layers 1, 2, ..., masked
    layer_masks: Sequence[Floats | None]
    caches: Sequence[Any]
    head_input: Floats  # masked
    head_mask: Floats | None


class Propagation(NamedTuple):
    """A network as forward and backward see it."""

    cell: Cell
    matrices: Matrices
    rates: DropoutRates

    def forward(
        self,
        batch: PackedSequences,
        initial: Sequence[LayerState],
        generator: np.random.Generator | None,
    ) -> tuple[Floats, Tape]:
        """Logits of every target, shape (targets, vocabulary), and the tape for `backward`.

        Dropout is on where there is a generator; the masks are drawn from it in the order of the
        layers.
        """
        cell, matrices = self.cell, self.matrices
        masks = _Masks(generator, matrices.head.dtype)
        first = matrices.layers[0]
        width = 1 if matrices.embedding is None else first.weight_ih.shape[1]
        input_mask = masks.draw((len(batch.inputs), width), self.rates.input)
        z = input_products(
            batch.inputs, first.weight_ih, matrices.embedding, cell.input_bias(first), input_mask
        )
        outputs, cache = cell.forward(z, first, batch.steps, initial[0])
        caches, layer_inputs, layer_masks = [cache], [], []
        for weights, state in zip(matrices.layers[1:], initial[1:], strict=True):
            x, mask = masks.apply(outputs, self.rates.between)
            outputs, cache = cell.forward(
                affine(x, weights.weight_ih, cell.input_bias(weights)), weights, batch.steps, state
            )
            caches.append(cache)
            layer_inputs.append(x)
            layer_masks.append(mask)
        if batch.output == "last":
            outputs = outputs[batch.last_rows]
        x, mask = masks.apply(outputs, self.rates.output)
        logits = affine(x, matrices.head, matrices.head_bias)
        return logits, Tape(input_mask, layer_inputs, layer_masks, caches, x, mask)

    def backward(
        self, gradients: Matrices, batch: PackedSequences, tape: Tape, d_logits: Floats
    ) -> None:
        """Write the gradients of all parameters, given that of the logits."""
        cell, matrices = self.cell, self.matrices
        np.matmul(d_logits.T, tape.head_input, out=gradients.head)
        if gradients.head_bias is not None:
            np.sum(d_logits, axis=0, out=gradients.head_bias)
        d_outputs = _masked(d_logits @ matrices.head, tape.head_mask)
        if batch.output == "last":
            d_last = d_outputs
            d_outputs = np.zeros((len(batch.inputs), d_last.shape[1]), dtype=d_last.dtype)
            d_outputs[batch.last_rows] = d_last
        for number in reversed(range(len(matrices.layers))):
            weights, gradient = matrices.layers[number], gradients.layers[number]
            dz, d_initial = cell.backward(
                d_outputs, tape.caches[number], weights, gradient, batch.steps
            )
            for total, rows in zip(gradients.initial[number], d_initial, strict=False):
                np.sum(rows, axis=0, out=total)
            if number > 0:
                np.matmul(dz.T, tape.layer_inputs[number - 1], out=gradient.weight_ih)
                d_outputs = _masked(dz @ weights.weight_ih, tape.layer_masks[number - 1])
        d_weight, d_embedding = input_gradients(
            dz, batch.inputs, weights.weight_ih, matrices.embedding, tape.input_mask
        )
        gradient.weight_ih[...] = d_weight
        if gradients.embedding is not None and d_embedding is not None:
            gradients.embedding[...] = d_embedding


class _Masks:
    """Draws dropout masks, or none where there is no generator."""

    def __init__(self, generator: np.random.Generator | None, dtype: np.dtype[Any]) -> None:
        self.generator, self.dtype = generator, dtype

    def draw(self, shape: tuple[int, ...], rate: float) -> Floats | None:
        if self.generator is None or rate == 0:
            return None
        return dropout_mask(self.generator, shape, rate, self.dtype)

    def apply(self, rows: Floats, rate: float) -> tuple[Floats, Floats | None]:
        mask = self.draw(rows.shape, rate)
        return (rows, None) if mask is None else (rows * mask, mask)


def affine(x: Floats, weight: Floats, bias: Floats | None) -> Floats:
    """Rows of x times the transposed weight, plus the bias."""
    product = x @ weight.T
    if bias is not None:
        product += bias
    return np.asarray(product)


def _masked(rows: Floats, mask: Floats | None) -> Floats:
    if mask is not None:
        rows *= mask
    return rows
