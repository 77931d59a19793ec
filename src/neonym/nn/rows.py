"""Sums over rows that belong together."""

import numpy as np

from neonym.nn.arrays import Floats, Integers
from neonym.nn.products import multiply_over_rows

MOST_MULTIPLICATIONS = 1 << 22
"""Up to so many, one product with a one-hot matrix is faster than a product for each sum."""


def sum_rows(rows: Floats, ids: Integers, size: int) -> Floats:
    """Sum the rows of equal id: the gradient of a look-up.

    Parameters
    ----------
    rows : ndarray, shape (n, width)
        What is summed.
    ids : integers, shape (n,)
        To which sum each row belongs.
    size : int
        Number of sums.

    Returns
    -------
    ndarray, shape (size, width)
    """
    if size * rows.size <= MOST_MULTIPLICATIONS:
        # one_hot^T @ rows: every row counts once, in the sum of its id
        one_hot = np.zeros((len(ids), size), dtype=rows.dtype)  # (n, size)
        one_hot[np.arange(len(ids)), ids] = 1
        out = np.empty((size, rows.shape[1]), dtype=rows.dtype)
        multiply_over_rows(one_hot.T, rows, out)
        return out
    # Bring equal ids together; ones @ rows is a sum, and faster than np.sum
    order = np.argsort(ids, kind="stable")
    in_order, ones = rows.take(order, axis=0), np.ones(len(ids), dtype=rows.dtype)
    sums = np.zeros((size, rows.shape[1]), dtype=rows.dtype)
    counts = np.bincount(ids, minlength=size)
    start = 0
    for found in np.flatnonzero(counts).tolist():
        stop = start + int(counts[found])
        np.dot(ones[start:stop], in_order[start:stop], out=sums[found])
        start = stop
    return sums


def sum_all(rows: Floats, out: Floats | None) -> None:
    """Write the sum of all rows, unless `out` is None; as a product, which is faster than a sum."""
    if out is not None:
        np.dot(np.ones(len(rows), dtype=rows.dtype), rows, out=out)
