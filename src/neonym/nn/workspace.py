"""Memory that one training step after the other reuses."""

from math import prod

import numpy as np
from numpy.typing import DTypeLike

from neonym.nn.arrays import Floats

CACHE_LINE = 16
"""Arrays begin at multiples of this many numbers, 64 bytes in float32."""


class Workspace:
    """A block of memory that arrays are cut from, until `reset` takes them all back.

    The operating system hands out fresh memory page by page, as it is first touched; at the sizes
    of a training step that takes as long as the arithmetic. One thread uses a workspace at a time.

    Parameters
    ----------
    dtype : dtype
        Type of all arrays.
    """

    def __init__(self, dtype: DTypeLike) -> None:
        self._block: Floats = np.empty(0, dtype=dtype)
        self._used = 0

    def reset(self) -> None:
        """Take back all arrays: whoever still holds one will see it overwritten."""
        if self._used > len(self._block):
            self._block = np.empty(self._used, dtype=self._block.dtype)
        self._used = 0

    def empty(self, *shape: int) -> Floats:
        """An array of undefined values; fresh memory where the block is too small as yet."""
        start, size = self._used, prod(shape)
        self._used += -(-size // CACHE_LINE) * CACHE_LINE
        if self._used > len(self._block):
            return np.empty(shape, dtype=self._block.dtype)
        return self._block[start : start + size].reshape(shape)
