"""Dropout (Srivastava et al., 2014), inverted: what is kept is scaled up during training."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import DTypeLike

from neonym.nn.arrays import Floats


def dropout_mask(
    generator: np.random.Generator, shape: Sequence[int], rate: float, dtype: DTypeLike
) -> Floats:
    """Draw a mask to multiply with: 0 with probability `rate`, otherwise 1 / (1 - rate).

    Parameters
    ----------
    generator : numpy Generator
        Where the randomness comes from.
    shape : sequence of int
        Shape of the mask.
    rate : float
        Share that is dropped, 0 <= rate < 1.
    dtype : dtype
        Type of the mask.
    """
    kept = generator.random(tuple(shape), dtype=np.float32) >= rate
    return np.multiply(kept, 1 / (1 - rate), dtype=dtype)
