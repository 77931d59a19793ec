"""Memory that suits the processor.

Arrays start at the start of a cache line. NumPy's own start 16 bytes after one, so that every other
vector register is loaded from two lines, and elementwise operations take up to twice as long.

On Linux what is freed stays with the process, up to some 60 MB. By default the C library hands
larger blocks back to the operating system, which hands them out again page by page as they are
first touched: that took up to two fifths of a likelihood.
"""

import sys
from ctypes import addressof, c_char
from math import prod

import numpy as np
from numpy.typing import DTypeLike

from neonym.nn.arrays import Floats
from neonym.nn.background import Background

CACHE_LINE = 64
"""Bytes."""

LARGEST_BLOCK = 31 << 20
"""Bytes: the largest, but for its header, from which glibc learns (`man mallopt`)."""

# glibc takes the size of what is freed for that from which on memory is handed back at once, and
# twice as much for what it keeps at the end of the heap. A block that nobody touches costs nothing.
if sys.platform == "linux":
    np.empty(LARGEST_BLOCK, dtype=np.uint8)


def aligned_empty(shape: tuple[int, ...], dtype: DTypeLike) -> Floats:
    """An array of undefined values that starts with a cache line."""
    dtype = np.dtype(dtype)
    block = np.empty(prod(shape) * dtype.itemsize + CACHE_LINE, dtype=np.uint8)
    # `block.ctypes.data` is the same address, but takes as long as all the rest
    start = -addressof(c_char.from_buffer(block.data)) % CACHE_LINE  # bytes to the next line
    return np.ndarray(shape, dtype, block, start)


def aligned_zeros(shape: tuple[int, ...], dtype: DTypeLike) -> Floats:
    """An array of zeros that starts with a cache line."""
    array = aligned_empty(shape, dtype)
    array[...] = 0
    return array


class Workspace:
    """A block of memory that arrays are cut from, until `reset` takes them all back.

    The block grows at a `reset`, to what was asked for before it: so the first pass over a batch
    gets fresh memory, and later ones of that size do not.

    The operating system hands out fresh memory page by page, as it is first touched; at the sizes
    of a training step that takes as long as the arithmetic. One thread alone takes memory from a
    workspace.

    Parameters
    ----------
    dtype : dtype
        Type of all arrays.

    Attributes
    ----------
    background : Background
        Who works on what lies in it besides the thread that takes memory.
    """

    def __init__(self, dtype: DTypeLike) -> None:
        self.background = Background()
        self._block = aligned_empty((0,), dtype)
        self._used = 0  # numbers handed out since `reset`, also those that found no room
        self._line = CACHE_LINE // self._block.itemsize  # numbers in a cache line

    def reset(self) -> None:
        """Take back all arrays: whoever still holds one will see it overwritten."""
        if self._used > len(self._block):
            self._block = aligned_empty((self._used,), self._block.dtype)
        self._used = 0

    def empty(self, *shape: int) -> Floats:
        """An array of undefined values; fresh memory where the block is too small as yet."""
        start, size = self._used, prod(shape)
        self._used += -(-size // self._line) * self._line  # rounded up to whole lines
        if self._used > len(self._block):
            return aligned_empty(shape, self._block.dtype)
        return self._block[start : start + size].reshape(shape)
