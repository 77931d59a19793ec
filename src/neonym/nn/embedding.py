"""From token ids to the first layer's input products, and back.

A matrix times a one-hot input is a column of that matrix: W_ih x = W_ih[:, token]. With an
embedding E, whose row e is the input, it is W_ih e: still one product for each token of the
vocabulary. So these are computed once, bias included, and every row of the batch looks its own up.
Only dropout on an embedding makes equal tokens differ from row to row.
"""

import numpy as np

from neonym.nn.arrays import Floats, Integers
from neonym.nn.at_once import both
from neonym.nn.cells.cell import Prepared
from neonym.nn.memory import Workspace
from neonym.nn.products import multiply
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
) -> Floats | None:
    """Write the first layer's input products.

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
        The rows that were multiplied, where equal tokens differ; None where one looks products up.
    """
    if mask is None:
        np.take(product_table(prepared, embedding), tokens, axis=1, out=out, mode="clip")
        return None
    if embedding is None:
        np.take(prepared.input, tokens, axis=1, out=out, mode="clip")
        out *= mask
        if prepared.input_bias is not None:
            out += prepared.input_bias
        return None
    x = workspace.empty(*mask.shape)
    np.take(embedding, tokens, axis=0, out=x, mode="clip")
    x *= mask
    write_products(x, prepared, out, workspace.threads)
    return x


def write_products(x: Floats, prepared: Prepared, out: Floats, threads: int = 1) -> None:
    """Write the products of inputs that are given, (rows, inputs), bias included."""
    half = len(out) // 2 if threads > 1 else 0

    def write(gates: slice) -> None:
        multiply(x, prepared.input[gates], out[gates])
        if prepared.input_bias is not None:
            products = out[gates]
            products += prepared.input_bias[gates]

    if half == 0:
        write(slice(None))
        return
    both(
        lambda: write(slice(half, None)),
        lambda: write(slice(half)),
        half * len(x) * prepared.input[0].size,
        threads,
    )


def write_input_gradients(
    d_products: Floats,
    tokens: Integers,
    weight_ih: Floats,
    embedding: Floats | None,
    mask: Floats | None,
    *,
    x: Floats | None,
    workspace: Workspace,
    out_weight: Floats,
    out_embedding: Floats | None,
) -> None:
    """Write the gradients of `weight_ih` and of the embedding.

    `d_products`, shape (rows, gates * hidden) in PyTorch's order of gates, is the gradient of what
    `write_input_products` wrote, `x` what it returned; the other arguments are the same as there.
    """
    vocabulary = weight_ih.shape[1] if embedding is None else len(embedding)
    if embedding is None or out_embedding is None:
        # One-hot: a token's column gets the gradients of all rows that looked it up
        rows = d_products
        if mask is not None:
            rows = np.multiply(d_products, mask, out=workspace.empty(*d_products.shape))
        out_weight[...] = sum_rows(rows, tokens, vocabulary).T
    elif x is None or mask is None:
        # The table is E W_ih^T + b; its gradient is summed over the rows before any product
        d_table = sum_rows(d_products, tokens, vocabulary)  # (vocabulary, gates * hidden)
        np.dot(d_table.T, embedding, out=out_weight)
        np.dot(d_table, weight_ih, out=out_embedding)
    else:
        d_x = workspace.empty(*x.shape)  # (rows, embedding)

        def write_embedding() -> None:
            np.matmul(d_products, weight_ih, out=d_x)
            np.multiply(d_x, mask, out=d_x)
            out_embedding[...] = sum_rows(d_x, tokens, vocabulary)

        both(
            write_embedding,
            lambda: np.dot(d_products.T, x, out=out_weight),
            d_products.shape[1] * x.size,
            workspace.threads,
        )
