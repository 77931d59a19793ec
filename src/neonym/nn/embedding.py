"""From token ids to the first layer's input products, and back.

A one-hot input times a matrix is a row of that matrix, so the product of the whole vocabulary with
the weights is computed once, bias included, and every token looks its row up. With an embedding e
the product of token v is W_ih e_v + b: still one row a token. Only dropout on an embedding makes
the inputs differ from row to row.
"""

import numpy as np

from neonym.nn.arrays import Floats, Integers

LARGEST_ONE_HOT = 256
"""Vocabularies up to this size sum rows by a product with the one-hot matrix, larger by sorting."""


def product_table(weight_ih: Floats, embedding: Floats | None, bias: Floats | None) -> Floats:
    """Input product of every token, shape (vocabulary, gates * hidden)."""
    table = weight_ih.T if embedding is None else embedding @ weight_ih.T
    return np.ascontiguousarray(table if bias is None else table + bias)


def input_products(
    tokens: Integers,
    weight_ih: Floats,
    embedding: Floats | None,
    bias: Floats | None,
    mask: Floats | None,
) -> Floats:
    """Input product of every row, shape (tokens, gates * hidden).

    Parameters
    ----------
    tokens : integers, shape (tokens,)
        What is looked up.
    weight_ih : ndarray, shape (gates * hidden, inputs)
        The first layer's input weights.
    embedding : ndarray, shape (vocabulary, inputs), or None
        None for one-hot input.
    bias : ndarray, shape (gates * hidden,), or None
        Added to every row.
    mask : ndarray, shape (tokens, inputs) or, for one-hot input, (tokens, 1), or None
        Dropout: of a one-hot input only the one entry that is not zero can be dropped.
    """
    if mask is None:
        return product_table(weight_ih, embedding, bias)[tokens]
    if embedding is None:
        z = product_table(weight_ih, None, None)[tokens]
        z *= mask
    else:
        z = (embedding[tokens] * mask) @ weight_ih.T
    if bias is not None:
        z += bias
    return np.asarray(z)


def input_gradients(
    dz: Floats, tokens: Integers, weight_ih: Floats, embedding: Floats | None, mask: Floats | None
) -> tuple[Floats, Floats | None]:
    """Gradients of `weight_ih` and of the embedding (None for one-hot input).

    `dz`, shape (tokens, gates * hidden), is the gradient of what `input_products` returned; the
    other arguments are the same as there.
    """
    if embedding is None:
        size = weight_ih.shape[1]
        return sum_rows(dz, tokens, size, None if mask is None else mask[:, 0]).T, None
    if mask is None:
        d_table = sum_rows(dz, tokens, len(embedding))
        return np.asarray(d_table.T @ embedding), np.asarray(d_table @ weight_ih)
    d_weight = dz.T @ (embedding[tokens] * mask)
    return np.asarray(d_weight), sum_rows((dz @ weight_ih) * mask, tokens, len(embedding))


def sum_rows(rows: Floats, ids: Integers, size: int, scale: Floats | None = None) -> Floats:
    """Sum the rows of equal id: the gradient of a look-up.

    Parameters
    ----------
    rows : ndarray, shape (tokens, width)
        What is summed.
    ids : integers, shape (tokens,)
        To which sum each row belongs.
    size : int
        Number of sums.
    scale : ndarray, shape (tokens,), optional
        What each row is multiplied by.

    Returns
    -------
    ndarray, shape (size, width)
    """
    if size <= LARGEST_ONE_HOT:
        one_hot = np.zeros((len(ids), size), dtype=rows.dtype)
        one_hot[np.arange(len(ids)), ids] = 1 if scale is None else scale
        return np.asarray(one_hot.T @ rows)
    order = np.argsort(ids, kind="stable")
    present, starts = np.unique(ids[order], return_index=True)
    scaled = rows if scale is None else rows * scale[:, None]
    sums = np.zeros((size, rows.shape[1]), dtype=rows.dtype)
    sums[present] = np.add.reduceat(scaled[order], starts, axis=0)
    return sums
