"""The arrays that pass between modules."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ids = NDArray[np.int32]
"""Tokens of a vocabulary."""
Rows = NDArray[np.intp]
"""Places in another array."""
