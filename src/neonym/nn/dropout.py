"""Dropout (Srivastava et al., 2014), inverted: what is kept is scaled up during training."""

import numpy as np

from neonym.nn.arrays import Floats


def write_dropout_mask(mask: Floats, rate: float, generator: np.random.Generator) -> None:
    """Draw a mask to multiply with: 0 with probability `rate`, otherwise 1 / (1 - rate).

    Parameters
    ----------
    mask : ndarray
        Overwritten.
    rate : float
        Share that is dropped, 0 <= rate < 1.
    generator : numpy Generator
        Where the randomness comes from.
    """
    drawn = generator.random(mask.shape, dtype=np.float32)
    np.multiply(drawn >= rate, 1 / (1 - rate), out=mask)
