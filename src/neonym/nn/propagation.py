"""Forward and backward through a whole network: input, recurrent layers, head.

Everything that does not depend on the previous time step is one operation over all steps of the
packed batch; the cells hold the only loop over time. Nothing is kept between calls.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from neonym.nn.arrays import Floats
from neonym.nn.cells import Cell
from neonym.nn.cells.cell import LayerState
from neonym.nn.dropout import DropoutRates, Masks, apply_in_place
from neonym.nn.embedding import (
    DroppedInput,
    begin_products,
    write_input_gradients,
    write_input_products,
)
from neonym.nn.head import backward_of_logits, prepared_head, write_logits
from neonym.nn.layout import Layout
from neonym.nn.loss import cross_entropy, cross_entropy_gradient
from neonym.nn.matrices import Matrices
from neonym.nn.memory import Workspace
from neonym.nn.packing import PackedSequences
from neonym.nn.products import (
    CHUNK,
    LARGE_CHUNK,
    begin_over_rows,
    has_blocks,
    multiply_by_parts,
    number_of_parts,
)
from neonym.nn.row_chunks import RowChunks
from neonym.nn.state import State


class Tape(NamedTuple):
    """What backward needs of the forward pass; rows are those of the layout."""

    input_mask: Floats | None  # (rows, embedding), or (rows, 1) for one-hot input
    input_rows: Floats | None  # the first layer's input after dropout, (rows, embedding)
    layer_inputs: Sequence[Floats]  # of layers 1, 2, ... after dropout, (rows, hidden) each
    layer_masks: Sequence[Floats | None]  # of these
    caches: Sequence[Any]  # of the cell in layers 0, 1, ...
    head_input: Floats  # after dropout, (heads, hidden)
    head_mask: Floats | None
    workspace: Workspace  # where all of these lie


class Propagation(NamedTuple):
    """A network as forward and backward see it."""

    cell: Cell
    matrices: Matrices
    rates: DropoutRates

    def layout_of(self, batch: PackedSequences, generator: np.random.Generator | None) -> Layout:
        """The shared layout, but not with dropout, which drops different entries of each sequence.

        Without a generator there is no dropout.
        """
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
        cell, matrices, rates = self
        masks = Masks(generator, workspace)
        rows, hidden = len(layout.inputs), matrices.head.shape[1]

        # The first layer reads tokens, whose input products are looked up
        width = 1 if matrices.embedding is None else matrices.embedding.shape[1]
        first = masks.begin([((rows, width), rates.input)])
        weights = cell.prepare(matrices.layers[0])
        input_mask = first.wait(0)
        products = workspace.empty(cell.gates, rows, hidden)
        input_rows, needed = write_input_products(
            layout.inputs,
            weights,
            matrices.embedding,
            input_mask,
            workspace=workspace,
            out=products,
        )
        heads = rows if layout.head_rows is None else len(layout.head_rows)
        later = masks.begin(
            [((rows, hidden), rates.between)] * (len(matrices.layers) - 1)
            + [((heads, hidden), rates.output)]
        )
        outputs, cache = cell.forward(
            products, weights, layout, initial[0], workspace, needed=needed
        )

        # The others read the outputs of the layer below, (rows, hidden)
        caches, layer_inputs, layer_masks = [cache], [], []
        for number, (layer, state) in enumerate(zip(matrices.layers[1:], initial[1:], strict=True)):
            x, mask = later.apply(number, outputs)
            weights = cell.prepare(layer)
            products = workspace.empty(cell.gates, rows, hidden)
            needed = begin_products(x, weights, workspace, products)
            outputs, cache = cell.forward(
                products, weights, layout, state, workspace, needed=needed
            )
            caches.append(cache)
            layer_inputs.append(x)
            layer_masks.append(mask)

        if layout.head_rows is not None:
            outputs = outputs[layout.head_rows]
        x, mask = later.apply(-1, outputs)  # (heads, hidden)
        buffer = workspace.empty(len(x), len(matrices.head))
        logits = workspace.empty(*buffer.shape[::-1])
        write_logits(matrices, prepared_head(matrices), x, buffer, out=logits)
        return logits, Tape(
            input_mask, input_rows, layer_inputs, layer_masks, caches, x, mask, workspace
        )

    def backward(self, gradients: Matrices, layout: Layout, tape: Tape, d_logits: Floats) -> Floats:
        """Write the gradients of all parameters, given that of the logits.

        What it returns is that of the first layer's input products, (rows, gates * hidden).

        Each step of `forward` is undone in reverse: head, layers from the last to the first, input.
        """
        d_outputs, needed = self._backward_head(gradients, layout, tape, d_logits), None
        for number in reversed(range(1, len(self.matrices.layers))):
            d_products = self._new_products(d_outputs, tape)
            d_below, below = self._backward_products(number, tape, d_products)
            followed = below.beside
            d_initial = self.cell.backward(
                d_outputs,
                tape.caches[number],
                self.matrices.layers[number],
                gradients.layers[number],
                out=d_products,
                needed=needed,
                followed=followed,
            )
            _write_initial(gradients, number, d_initial)
            if not followed:
                below.finish()
            x, out = tape.layer_inputs[number - 1], gradients.layers[number].weight_ih
            begin_over_rows(tape.workspace.background, d_products.T, x, out)
            d_outputs, needed = d_below, followed
        d_products = self._new_products(d_outputs, tape)
        weight_ih = self.matrices.layers[0].weight_ih
        dropped = DroppedInput.of(
            d_products, weight_ih, tape.input_mask, tape.input_rows, tape.workspace
        )
        d_initial = self.cell.backward(
            d_outputs,
            tape.caches[0],
            self.matrices.layers[0],
            gradients.layers[0],
            out=d_products,
            needed=needed,
            followed=dropped.chunks.beside if dropped else None,
        )
        _write_initial(gradients, 0, d_initial)
        write_input_gradients(
            d_products,
            layout.inputs,
            weight_ih,
            self.matrices.embedding,
            tape.input_mask,
            x=tape.input_rows,
            dropped=dropped,
            workspace=tape.workspace,
            out_weight=gradients.layers[0].weight_ih,
            out_embedding=gradients.embedding,
        )
        return d_products

    def _backward_head(
        self, gradients: Matrices, layout: Layout, tape: Tape, d_logits: Floats
    ) -> Floats:
        """Gradient of the last layer's outputs, (rows, hidden), from the logits'."""
        d_heads = backward_of_logits(
            self.matrices, gradients, tape.head_input, d_logits, tape.workspace
        )
        apply_in_place(d_heads, tape.head_mask)
        if layout.head_rows is None:
            return d_heads
        d_outputs = tape.workspace.empty(len(layout.inputs), d_heads.shape[1])
        d_outputs[...] = 0  # where nothing is predicted from
        d_outputs[layout.head_rows] = d_heads
        return d_outputs

    def _new_products(self, d_outputs: Floats, tape: Tape) -> Floats:
        """Where the gradient of a layer's input products goes, (rows, gates * hidden)."""
        rows, hidden = d_outputs.shape
        if self.cell.gates == 1:
            return d_outputs
        return tape.workspace.empty(rows, self.cell.gates * hidden)

    def _backward_products(
        self, number: int, tape: Tape, d_products: Floats
    ) -> tuple[Floats, RowChunks]:
        """Gradient of the layer below's outputs, (rows, hidden), and what writes it."""
        x, weight = tape.layer_inputs[number - 1], self.matrices.layers[number].weight_ih
        parts = number_of_parts(weight, self.cell.gates)
        d_x, mask = tape.workspace.empty(*x.shape), tape.layer_masks[number - 1]
        buffer = d_x if parts == 1 else tape.workspace.empty(parts * len(x), x.shape[1])

        def write(rows: slice) -> None:
            # Each chunk has its own part of the buffer, at whose beginning the product lies
            own = buffer[parts * rows.start : parts * rows.stop]
            product = multiply_by_parts(d_products[rows], weight, parts, own)
            if mask is not None:
                np.multiply(product, mask[rows], out=d_x[rows])
            elif parts > 1:
                d_x[rows] = product

        chunk = CHUNK if has_blocks(weight.size // parts) else LARGE_CHUNK
        background = tape.workspace.background
        return d_x, RowChunks(background, write, len(x), weight, chunk, backwards=True)


def _write_initial(gradients: Matrices, number: int, d_initial: LayerState) -> None:
    """Write the gradient of a layer's learned initial state, if there is one."""
    # Every sequence starts in the same learned state; where none is learned this is empty
    for total, rows in zip(gradients.initial[number], d_initial, strict=False):
        np.sum(rows, axis=0, out=total)


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

        `initial`, a row for each sequence in packed order, is where the sequences continue; without
        it they begin in the network's initial state.
        """
        self.workspace.reset()
        layout = batch.plain
        if initial is None:
            layout = self.propagation.layout_of(batch, generator)
            initial = self.propagation.initial_layers(layout.num_initial)
        targets, heads = batch.targets, layout.target_heads
        with self.workspace.background:
            logits, tape = self.propagation.forward(layout, initial, generator, self.workspace)
            nats = cross_entropy(logits, targets, heads)
            d_logits = cross_entropy_gradient(
                logits, targets, heads, layout.targets_per_head, total
            )
            self.propagation.backward(self.gradients, layout, tape, d_logits)
        return float(nats.sum()), tape

    def forward_backward_from(
        self, state: State, batch: PackedSequences, generator: np.random.Generator | None
    ) -> tuple[float, State]:
        """As `forward_backward` of the whole batch, but from a state; also the state after it.

        The rows of both states are in the order of the sequences given to `pack`.
        """
        cell, total = self.propagation.cell, batch.num_tokens
        before = state.take(batch.order).layers
        nats, tape = self.forward_backward(batch, generator, total, before)
        after = [cell.final_state(cache, batch.last_rows) for cache in tape.caches]
        if not state.is_initial:
            # What was learned is the state before the first token, not this one
            for learned in self.gradients.initial:
                for gradient in learned:
                    gradient[...] = 0
        return nats, state.with_rows(batch.order, after)
