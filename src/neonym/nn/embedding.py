"""From token ids to the first layer's input products, and back.

A one-hot input times a matrix is a row of that matrix, so the product of the whole vocabulary with
the weights is computed once, bias included, and every token looks its row up. With an embedding e
the product of token v is W_ih e_v + b: still one row a token. Only dropout on an embedding makes
the inputs differ from row to row.
"""

import numpy as np

from neonym.nn.arrays import Floats, Integers
from neonym.nn.cells.base import Prepared
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
    out: Floats,
) -> None:
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
    out : ndarray, shape (gates, rows, hidden)
        Overwritten.
    """
    if mask is None:
        np.take(product_table(prepared, embedding), tokens, axis=1, out=out, mode="clip")
    elif embedding is None:
        np.take(prepared.input, tokens, axis=1, out=out, mode="clip")
        out *= mask
        add_input_bias(out, prepared)
    else:
        write_products(embedding[tokens] * mask, prepared, out)


def write_products(x: Floats, prepared: Prepared, out: Floats) -> None:
    """Write the products of inputs that are given, (rows, inputs)."""
    multiply(x, prepared.input, out)
    add_input_bias(out, prepared)


def add_input_bias(products: Floats, prepared: Prepared) -> None:
    """Add the bias, where there is one, to each gate's products."""
    if prepared.input_bias is not None:
        products += prepared.input_bias


def write_input_gradients(
    dz: Floats,
    tokens: Integers,
    weight_ih: Floats,
    embedding: Floats | None,
    mask: Floats | None,
    *,
    out_weight: Floats,
    out_embedding: Floats | None,
) -> None:
    """Write the gradients of `weight_ih` and of the embedding.

    `dz`, shape (rows, gates * hidden) in PyTorch's order of gates, is the gradient of what
    `write_input_products` wrote; the other arguments are the same as there.
    """
    if embedding is None or out_embedding is None:
        rows = dz if mask is None else dz * mask
        out_weight[...] = sum_rows(rows, tokens, weight_ih.shape[1]).T
    elif mask is None:
        d_table = sum_rows(dz, tokens, len(embedding))
        np.dot(d_table.T, embedding, out=out_weight)
        np.dot(d_table, weight_ih, out=out_embedding)
    else:
        np.dot(dz.T, embedding[tokens] * mask, out=out_weight)
        d_inputs = (dz @ weight_ih) * mask
        out_embedding[...] = sum_rows(d_inputs, tokens, len(embedding))
