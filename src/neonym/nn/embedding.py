"""From token ids to the first layer's input products, and back.

A one-hot input times a matrix is a row of that matrix, so the product of the whole vocabulary with
the weights is computed once, bias included, and every token looks its row up. With an embedding e
the product of token v is W_ih e_v + b: still one row a token. Only dropout on an embedding makes
the inputs differ from row to row.
"""

import numpy as np

from neonym.nn.arrays import Floats, Integers
from neonym.nn.cells import Prepared, by_gate

LARGEST_ONE_HOT = 256
"""Vocabularies up to this size sum rows by a product with the one-hot matrix, larger by sorting."""


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
    """Write the input products of every row.

    Parameters
    ----------
    tokens : integers, shape (tokens,)
        What is looked up.
    prepared : Prepared
        The first layer's weights.
    embedding : ndarray, shape (vocabulary, inputs), or None
        None for one-hot input.
    mask : ndarray, shape (tokens, inputs) or, for one-hot input, (tokens, 1), or None
        Dropout: of a one-hot input only the one entry that is not zero can be dropped.
    out : ndarray, shape (gates, tokens, hidden)
        Overwritten.
    """
    if mask is None:
        np.take(product_table(prepared, embedding), tokens, axis=1, out=out, mode="clip")
        return
    if embedding is None:
        np.take(prepared.input, tokens, axis=1, out=out, mode="clip")
        out *= mask
    else:
        np.matmul(embedding[tokens] * mask, prepared.input, out=out)
    if prepared.input_bias is not None:
        out += prepared.input_bias


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

    `dz`, shape (gates, tokens, hidden), is the gradient of what `write_input_products` wrote; the
    other arguments are the same as there.
    """
    gates = len(dz)
    out = by_gate(out_weight, gates)  # (gates, hidden, inputs)
    if embedding is None or out_embedding is None:
        scale = None if mask is None else mask[:, 0]
        out[...] = sum_rows(dz, tokens, weight_ih.shape[1], scale).transpose(0, 2, 1)
    elif mask is None:
        d_table = sum_rows(dz, tokens, len(embedding))
        np.matmul(d_table.transpose(0, 2, 1), embedding, out=out)
        out_embedding[...] = (d_table @ by_gate(weight_ih, gates)).sum(axis=0)
    else:
        np.matmul(dz.transpose(0, 2, 1), embedding[tokens] * mask, out=out)
        d_inputs = (dz @ by_gate(weight_ih, gates)).sum(axis=0) * mask
        out_embedding[...] = sum_rows(d_inputs, tokens, len(embedding))


def sum_rows(rows: Floats, ids: Integers, size: int, scale: Floats | None = None) -> Floats:
    """Sum the rows of equal id: the gradient of a look-up.

    Parameters
    ----------
    rows : ndarray, shape (..., tokens, width)
        What is summed.
    ids : integers, shape (tokens,)
        To which sum each row belongs.
    size : int
        Number of sums.
    scale : ndarray, shape (tokens,), optional
        What each row is multiplied by.

    Returns
    -------
    ndarray, shape (..., size, width)
    """
    if size <= LARGEST_ONE_HOT:
        one_hot = np.zeros((len(ids), size), dtype=rows.dtype)
        one_hot[np.arange(len(ids)), ids] = 1 if scale is None else scale
        return np.asarray(one_hot.T @ rows)
    order = np.argsort(ids, kind="stable")
    present, starts = np.unique(ids[order], return_index=True)
    scaled = rows if scale is None else rows * scale[:, None]
    sums = np.zeros((*rows.shape[:-2], size, rows.shape[-1]), dtype=rows.dtype)
    sums[..., present, :] = np.add.reduceat(scaled[..., order, :], starts, axis=-2)
    return sums
