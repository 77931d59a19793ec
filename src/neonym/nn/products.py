"""Products with weights, in blocks of rows that suit OpenBLAS, which NumPy calls.

OpenBLAS copies both factors of a product into another order before it multiplies them, unless the
product is small; without those copies it is faster by up to a quarter. So a product of many rows is
taken as many small ones, in one call of `np.matmul`. Where a block of eight rows is still too
large, nothing is gained, and the rows stay together.
"""

from collections.abc import Callable, Sequence
from math import inf

import numpy as np

from neonym.nn.arrays import Floats
from neonym.nn.background import Background

MOST_MULTIPLICATIONS = 1_000_000
"""Up to so many, OpenBLAS takes a product for small."""

ROWS = 8
"""Blocks have a multiple of so many rows, which fill a vector register."""

CHUNK, LARGE_CHUNK = 96, 192
"""Rows of a product that is taken in chunks (`RowChunks`), in blocks and whole.

Multiples of the rows that OpenBLAS's kernels take at once; in smaller ones the copies of a factor
that is taken whole would cost more than 6 %.
"""

LEAST_ROWS = 32
"""A sum over rows is not cut into smaller blocks: their sums would take longer than the copies."""


def multiply(rows: Floats, weights: Floats, out: Floats) -> None:
    """Write the products of rows with each of several weights.

    Parameters
    ----------
    rows : ndarray, shape (n, inputs) or (weights, n, inputs)
        The same rows for all weights, or rows for each.
    weights : ndarray, shape (weights, inputs, outputs)
        What to multiply with.
    out : ndarray, shape (weights, n, outputs)
        Overwritten.
    """
    count, (_, inputs, outputs) = rows.shape[-2], weights.shape
    if count <= most_rows(inputs * outputs):
        np.matmul(rows, weights, out=out)
        return
    block = _rows_of_block(count, inputs * outputs)
    whole = count - count % block  # rows in whole blocks; the rest follow
    blocks = _in_blocks(out[:, :whole], block)  # (weights, blocks, block, outputs)
    np.matmul(_in_blocks(rows[..., :whole, :], block), weights[:, None], out=blocks)
    if whole < count:
        np.matmul(rows[..., whole:, :], weights, out=out[:, whole:])


def multiply_apart(rows: Floats, weights: Floats, parts: Sequence[slice], out: Floats) -> None:
    """As `multiply`, of each of these parts of the rows by itself.

    How many rows a product has may decide the last digits of each.
    """
    for part in parts:
        multiply(rows[part], weights, out[:, part])


def multiply_over_rows(
    columns: Floats, rows: Floats, out: Floats, block: int | None = None
) -> None:
    """Write a product that sums over many rows, as the gradient of a weight does.

    Parameters
    ----------
    columns : ndarray, shape (outputs, n)
        Any view.
    rows : ndarray, shape (n, inputs)
        Contiguous.
    out : ndarray, shape (outputs, inputs)
        Overwritten.
    block : int, optional
        Rows of a block, and 0 for none; by default what `rows_of_sum` says.
    """
    count = len(rows)
    if block is None:
        block = rows_of_sum(out.size)
    if block == 0 or count <= block:
        np.matmul(columns, rows, out=out)
        return
    whole = count - count % block
    parts = columns[:, :whole].reshape(len(columns), -1, block).transpose(1, 0, 2)
    np.sum(parts @ _in_blocks(rows[:whole], block), axis=0, out=out)
    if whole < count:
        out += columns[:, whole:] @ rows[whole:]


def begin_over_rows(
    background: Background,
    columns: Floats,
    rows: Floats,
    out: Floats,
    *,
    block: int = 0,
    after: Callable[[slice], object] | None = None,
) -> None:
    """Begin `multiply_over_rows`, in two halves of `out` where that is worth it.

    The rows stay together unless `block` says how many of them to take at a time. `after` is called
    once with each slice of `out` that is written, in the thread that wrote it.
    """
    multiplications = len(rows) * out.size
    middle = len(out) // 2 // ROWS * ROWS
    if middle == 0 or not background.is_large(multiplications):
        multiply_over_rows(columns, rows, out, block)
        if after:
            after(slice(None))
        return

    def write(part: slice) -> None:
        multiply_over_rows(columns[part], rows, out[part], block)
        if after:
            after(part)

    background.do(lambda: write(slice(middle)), multiplications)
    background.do(lambda: write(slice(middle, None)), multiplications)


def rows_of_sum(size: int) -> int:
    """How many rows a block of a sum has whose result has so many numbers; 0: there are none."""
    block = MOST_MULTIPLICATIONS // size // ROWS * ROWS
    return block if block >= LEAST_ROWS else 0


def has_blocks(size: int) -> bool:
    """Whether a block of rows times a weight of so many numbers is small."""
    return ROWS * size <= MOST_MULTIPLICATIONS


def most_rows(size: int) -> float:
    """Up to how many rows `multiply` takes together with weights of so many numbers each."""
    return MOST_MULTIPLICATIONS // size if has_blocks(size) else inf


def number_of_parts(weight: Floats, gates: int) -> int:
    """Into how many parts `multiply_by_parts` should cut: 1, or one for each gate.

    A weight (gates * hidden, outputs) is cut where it is too large for blocks, its parts are not.
    """
    return gates if has_blocks(weight.size // gates) and not has_blocks(weight.size) else 1


def multiply_by_parts(rows: Floats, weight: Floats, parts: int, buffer: Floats) -> Floats:
    """Product of rows (n, inputs) with a weight (inputs, outputs), as a sum over parts of both.

    `buffer`, (parts * n, outputs), is overwritten; the product returned lies in it.
    """
    if parts == 1 and len(rows) * weight.size <= MOST_MULTIPLICATIONS:
        return np.dot(rows, weight, out=buffer)  # the same, with less to do in front
    out = buffer.reshape(parts, len(rows), -1)
    columns = rows.reshape(len(rows), parts, -1).transpose(1, 0, 2)  # (parts, n, inputs / parts)
    multiply(columns, weight.reshape(parts, -1, weight.shape[1]), out)
    total: Floats = out[0]
    for product in out[1:]:
        total += product
    return total


def _rows_of_block(count: int, size: int) -> int:
    """How many of so many rows a block has: blocks are as few as possible, and nearly alike."""
    most = MOST_MULTIPLICATIONS // size // ROWS
    eights = -(-count // ROWS)  # rounded up
    blocks = -(-eights // most)
    return -(-eights // blocks) * ROWS


def _in_blocks(rows: Floats, block: int) -> Floats:
    """A view of (..., n, width) as (..., n / block, block, width)."""
    return rows.reshape(*rows.shape[:-2], -1, block, rows.shape[-1])
