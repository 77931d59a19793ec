"""Forward and backward through a whole network: input, recurrent layers, head.

Everything that does not depend on the previous time step is one operation over all steps of the
packed batch; the cells hold the only loop over time. Nothing is kept between calls.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from neonym.nn.arrays import Floats, Integers
from neonym.nn.cells.base import Cell, LayerState
from neonym.nn.dropout import write_dropout_mask
from neonym.nn.embedding import (
    product_table,
    write_input_gradients,
    write_input_products,
    write_products,
)
from neonym.nn.layout import Layout
from neonym.nn.loss import cross_entropy, cross_entropy_gradient
from neonym.nn.matrices import Matrices
from neonym.nn.memory import Workspace, aligned_empty
from neonym.nn.packing import PackedSequences
from neonym.nn.products import (
    multiply,
    multiply_by_parts,
    multiply_over_rows,
    number_of_parts,
)
from neonym.nn.state import StepWeights

ROWS_AT_ONCE = 256
"""`Propagation.step` takes so many rows at once, whose gates stay in the cache."""


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
    workspace: Workspace


class Propagation(NamedTuple):
    """A network as forward and backward see it."""

    cell: Cell
    matrices: Matrices
    rates: DropoutRates

    def layout_of(self, batch: PackedSequences, generator: np.random.Generator | None) -> Layout:
        """The shared one, but not with dropout, which drops something else in each sequence."""
        return batch.plain if generator is not None and any(self.rates) else batch.shared

    def initial_layers(self, batch_size: int) -> list[LayerState]:
        """The state before the first token, layer by layer, (batch, hidden) each."""
        hidden = self.matrices.head.shape[1]
        zeros = np.zeros((batch_size, hidden), dtype=self.matrices.head.dtype)
        return [
            tuple(np.tile(row, (batch_size, 1)) for row in learned)
            or (zeros,) * len(self.cell.state_names)
            for learned in self.matrices.initial
        ]

    def forward(
        self,
        layout: Layout,
        initial: Sequence[LayerState],
        generator: np.random.Generator | None,
        workspace: Workspace,
    ) -> tuple[Floats, Tape]:
        """Logits of every head, shape (vocabulary, heads), and the tape for `backward`.

        Dropout is on where there is a generator; the masks are drawn from it in the order of the
        layers. The arrays live until the workspace is reset.
        """
        cell, matrices = self.cell, self.matrices
        masks = _Masks(generator, workspace)
        prepared = cell.prepare(matrices.layers[0])
        width = 1 if matrices.embedding is None else matrices.embedding.shape[1]
        input_mask = masks.draw((len(layout.inputs), width), self.rates.input)
        z = workspace.empty(cell.gates, len(layout.inputs), matrices.head.shape[1])
        write_input_products(layout.inputs, prepared, matrices.embedding, input_mask, out=z)
        outputs, cache = cell.forward(z, prepared, layout, initial[0], workspace)
        caches, layer_inputs, layer_masks = [cache], [], []
        for weights, state in zip(matrices.layers[1:], initial[1:], strict=True):
            x, mask = masks.apply(outputs, self.rates.between)
            prepared, z = cell.prepare(weights), workspace.empty(cell.gates, *x.shape)
            write_products(x, prepared, out=z)
            outputs, cache = cell.forward(z, prepared, layout, state, workspace)
            caches.append(cache)
            layer_inputs.append(x)
            layer_masks.append(mask)
        if layout.head_rows is not None:
            outputs = outputs[layout.head_rows]
        x, mask = masks.apply(outputs, self.rates.output)
        room = workspace.empty(len(x), len(matrices.head))
        logits = _write_logits(matrices, x, room, out=workspace.empty(*room.shape[::-1]))
        return logits, Tape(input_mask, layer_inputs, layer_masks, caches, x, mask, workspace)

    def backward(self, gradients: Matrices, layout: Layout, tape: Tape, d_logits: Floats) -> None:
        """Write the gradients of all parameters, given that of the logits."""
        cell, matrices, workspace = self.cell, self.matrices, tape.workspace
        multiply_over_rows(d_logits, tape.head_input, out=gradients.head)
        if gradients.head_bias is not None:
            np.sum(d_logits, axis=1, out=gradients.head_bias)
        d_outputs = workspace.empty(*tape.head_input.shape)
        d_rows = workspace.empty(*d_logits.shape[::-1])
        d_rows[...] = d_logits.T
        multiply(d_rows, matrices.head[None], d_outputs[None])
        _mask(d_outputs, tape.head_mask)
        if layout.head_rows is not None:
            d_last, d_outputs = d_outputs, workspace.empty(len(layout.inputs), d_outputs.shape[1])
            d_outputs[...] = 0
            d_outputs[layout.head_rows] = d_last
        for number in reversed(range(len(matrices.layers))):
            weights, gradient = matrices.layers[number], gradients.layers[number]
            dz, d_initial = cell.backward(d_outputs, tape.caches[number], weights, gradient)
            for total, rows in zip(gradients.initial[number], d_initial, strict=False):
                np.sum(rows, axis=0, out=total)
            if number > 0:
                x = tape.layer_inputs[number - 1]
                np.matmul(dz.T, x, out=gradient.weight_ih)
                parts = number_of_parts(weights.weight_ih, cell.gates)
                room = workspace.empty(parts * len(x), x.shape[1])
                d_outputs = multiply_by_parts(dz, weights.weight_ih, parts, room)
                _mask(d_outputs, tape.layer_masks[number - 1])
        write_input_gradients(
            dz,
            layout.inputs,
            weights.weight_ih,
            matrices.embedding,
            tape.input_mask,
            out_weight=gradient.weight_ih,
            out_embedding=gradients.embedding,
        )

    def prepare(self) -> StepWeights:
        """What `step` needs of the parameters."""
        layers = [self.cell.prepare(weights) for weights in self.matrices.layers]
        return StepWeights(layers, product_table(layers[0], self.matrices.embedding))

    def step(
        self, tokens: Integers, weights: StepWeights, states: Sequence[LayerState]
    ) -> tuple[Floats, list[LayerState]]:
        """One step: logits (batch, vocabulary) and the new states."""
        after = [tuple(aligned_empty(a.shape, a.dtype) for a in state) for state in states]
        for start in range(0, len(tokens), ROWS_AT_ONCE):
            rows = slice(start, start + ROWS_AT_ONCE)
            z = weights.table.take(tokens[rows], axis=1, mode="clip")
            for number, prepared in enumerate(weights.layers):
                if number > 0:
                    write_products(after[number - 1][0][rows], prepared, out=z)
                before, out = (tuple(a[rows] for a in s[number]) for s in (states, after))
                self.cell.step(z, prepared, before, out)
        outputs = after[-1][0]
        logits = aligned_empty((len(self.matrices.head), len(outputs)), outputs.dtype)
        room = aligned_empty(logits.shape[::-1], outputs.dtype)
        return _write_logits(self.matrices, outputs, room, out=logits).T, after


class Run(NamedTuple):
    """Everything that one thread needs for forward and backward."""

    propagation: Propagation
    gradients: Matrices
    workspace: Workspace

    def forward_backward(
        self,
        batch: PackedSequences,
        generator: np.random.Generator | None,
        total: int,
        initial: Sequence[LayerState] | None = None,
    ) -> tuple[float, Tape]:
        """Sum of the nats of all targets; the gradients written are those of this sum / total.

        `initial` is in packed order; without it the sequences begin where the network does.
        """
        self.workspace.reset()
        layout = batch.plain
        if initial is None:
            layout = self.propagation.layout_of(batch, generator)
            initial = self.propagation.initial_layers(layout.num_initial)
        logits, tape = self.propagation.forward(layout, initial, generator, self.workspace)
        targets, heads = batch.targets, layout.target_heads
        nats = cross_entropy(logits, targets, heads)
        d_logits = cross_entropy_gradient(logits, targets, heads, layout.targets_per_head, total)
        self.propagation.backward(self.gradients, layout, tape, d_logits)
        return float(nats.sum()), tape


class _Masks:
    """Draws dropout masks, or none where there is no generator."""

    def __init__(self, generator: np.random.Generator | None, workspace: Workspace) -> None:
        self.generator, self.workspace = generator, workspace

    def draw(self, shape: tuple[int, ...], rate: float) -> Floats | None:
        if self.generator is None or rate == 0:
            return None
        mask = self.workspace.empty(*shape)
        write_dropout_mask(mask, rate, self.generator)
        return mask

    def apply(self, rows: Floats, rate: float) -> tuple[Floats, Floats | None]:
        mask = self.draw(rows.shape, rate)
        if mask is None:
            return rows, None
        return np.multiply(rows, mask, out=self.workspace.empty(*rows.shape)), mask


def _write_logits(matrices: Matrices, x: Floats, room: Floats, out: Floats) -> Floats:
    """Logits of all rows, a row's in a column; `room`, (rows, vocabulary), is overwritten."""
    multiply(x, np.ascontiguousarray(matrices.head.T)[None], room[None])
    bias = 0 if matrices.head_bias is None else matrices.head_bias[:, None]
    return np.add(room.T, bias, out=out)


def _mask(rows: Floats, mask: Floats | None) -> None:
    if mask is not None:
        rows *= mask
