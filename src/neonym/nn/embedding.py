"""From token ids to the first layer's input products, and back.

A matrix times a one-hot input is a column of that matrix: W_ih x = W_ih[:, token]. With an
embedding E, whose row e is the input, it is W_ih e: still one product for each token of the
vocabulary. So these are computed once, bias included, and every row of the batch looks its own up.
Only dropout on an embedding makes equal tokens differ from row to row.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Self

import numpy as np

from neonym.nn.arrays import Floats, Integers
from neonym.nn.cells.cell import Prepared
from neonym.nn.memory import Workspace
from neonym.nn.products import (
    CHUNK,
    LARGE_CHUNK,
    begin_over_rows,
    has_blocks,
    multiply_apart,
)
from neonym.nn.row_chunks import RowChunks
from neonym.nn.rows import sum_rows


def product_table(prepared: Prepared, embedding: Floats | None) -> Floats:
    """Input products of every token, shape (gates, vocabulary, hidden)."""
    table = prepared.input if embedding is None else embedding @ prepared.input
    return table if prepared.input_bias is None else np.asarray(table + prepared.input_bias)


def write_input_products(
    tokens: Integers,
    prepared: Prepared,
    embedding: Floats | None,
    mask: Floats | None,
    *,
    workspace: Workspace,
    out: Floats,
) -> tuple[Floats | None, RowChunks | None]:
    """Write the first layer's input products, or begin to.

    Parameters
    ----------
    tokens : integers, shape (rows,)
        What is looked up.
    prepared : Prepared
        The layer's weights.
    embedding : ndarray, shape (vocabulary, inputs), or None
        None for one-hot input.
    mask : ndarray, shape (rows, inputs) or, for one-hot input, (rows, 1), or None
        Dropout: of a one-hot input only the one entry that is not zero can be dropped.
    workspace : Workspace
        Where memory is taken from.
    out : ndarray, shape (gates, rows, hidden)
        Overwritten.

    Returns
    -------
    ndarray, shape (rows, inputs), or None
        The rows that are multiplied, where equal tokens differ; None where one looks products up.
    RowChunks or None
        What still writes both; None where they are there.
    """
    if mask is None:
        np.take(product_table(prepared, embedding), tokens, axis=1, out=out, mode="clip")
        return None, None
    if embedding is None:
        np.take(prepared.input, tokens, axis=1, out=out, mode="clip")
        out *= mask
        if prepared.input_bias is not None:
            out += prepared.input_bias
        return None, None
    x = workspace.empty(*mask.shape)

    def look_up(rows: slice) -> None:
        np.take(embedding, tokens[rows], axis=0, out=x[rows], mode="clip")
        np.multiply(x[rows], mask[rows], out=x[rows])

    return x, begin_products(x, prepared, workspace, out, look_up)


def begin_products(
    x: Floats,
    prepared: Prepared,
    workspace: Workspace,
    out: Floats,
    fill: Callable[[slice], object] | None = None,
) -> RowChunks | None:
    """Begin the products of inputs, (rows, inputs), bias included.

    `fill` writes the inputs of some rows, which are there without it. What is returned still writes
    the products; None where they are there.
    """

    def write(rows: slice) -> None:
        if fill:
            fill(rows)
        write_products(x[rows], prepared, out[:, rows])

    chunk = CHUNK if has_blocks(prepared.input[0].size) else LARGE_CHUNK
    chunks = RowChunks(workspace.background, write, len(x), prepared.input, chunk)
    if chunks.beside:
        chunks.begin()
    else:
        chunks.finish()
    return chunks.beside


def write_products(
    x: Floats, prepared: Prepared, out: Floats, parts: Sequence[slice] = (slice(None),)
) -> None:
    """Write the products of inputs that are given, (rows, inputs), bias included.

    Each of the parts of the rows is multiplied by itself.
    """
    multiply_apart(x, prepared.input, parts, out)
    if prepared.input_bias is not None:
        out += prepared.input_bias


class DroppedInput(NamedTuple):
    """Takes gradients back to an embedding's rows that dropout made different."""

    d_rows: Floats  # (rows, embedding)
    chunks: RowChunks  # what writes them

    @classmethod
    def of(
        cls,
        d_products: Floats,
        weight_ih: Floats,
        mask: Floats | None,
        x: Floats | None,
        workspace: Workspace,
    ) -> Self | None:
        """None where rows of equal tokens are equal; arguments as of `write_input_gradients`."""
        if x is None or mask is None:
            return None
        d_rows = workspace.empty(*x.shape)

        def write(rows: slice) -> None:
            np.matmul(d_products[rows], weight_ih, out=d_rows[rows])
            np.multiply(d_rows[rows], mask[rows], out=d_rows[rows])

        background = workspace.background
        chunks = RowChunks(background, write, len(x), weight_ih, LARGE_CHUNK, backwards=True)
        return cls(d_rows, chunks)


def write_input_gradients(
    d_products: Floats,
    tokens: Integers,
    weight_ih: Floats,
    embedding: Floats | None,
    mask: Floats | None,
    *,
    x: Floats | None,
    dropped: DroppedInput | None,
    workspace: Workspace,
    out_weight: Floats,
    out_embedding: Floats | None,
) -> None:
    """Write the gradients of `weight_ih` and of the embedding, at the latest when the batch ends.

    `d_products`, shape (rows, gates * hidden) in PyTorch's order of gates, is the gradient of what
    `write_input_products` wrote, `x` what it returned, `dropped` what was made of these beforehand;
    the other arguments are the same as there.
    """
    vocabulary = weight_ih.shape[1] if embedding is None else len(embedding)
    if embedding is None or out_embedding is None:
        # One-hot: a token's column gets the gradients of all rows that looked it up
        rows = d_products
        if mask is not None:
            rows = np.multiply(d_products, mask, out=workspace.empty(*d_products.shape))
        out_weight[...] = sum_rows(rows, tokens, vocabulary).T
    elif dropped is None or x is None:
        # The table is E W_ih^T + b; its gradient is summed over the rows before any product
        d_table = sum_rows(d_products, tokens, vocabulary)  # (vocabulary, gates * hidden)
        np.dot(d_table.T, embedding, out=out_weight)
        np.dot(d_table, weight_ih, out=out_embedding)
    else:
        begin_over_rows(workspace.background, d_products.T, x, out_weight)
        dropped.chunks.finish()
        out_embedding[...] = sum_rows(dropped.d_rows, tokens, vocabulary)
