"""Many named arrays in one flat vector.

Clipping and optimizers work on the vector, in a few operations whatever the number of layers; the
network works on the arrays, which are views into it.
"""

from collections.abc import Mapping
from math import prod

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from neonym.nn.arrays import Floats
from neonym.nn.memory import aligned_zeros

Shapes = Mapping[str, tuple[int, ...]]


class NamedArrays:
    """Named arrays that are views into one flat vector.

    Parameters
    ----------
    shapes : mapping of str to tuple of int
        Names and shapes, in the order in which the arrays lie in the vector.
    dtype : dtype
        Type of every array.
    flat : ndarray, shape (total,), optional
        The vector to use, as it is; otherwise one of zeros.

    Attributes
    ----------
    flat : ndarray, shape (total,)
        The vector.
    slices : dict of str to slice
        Where in the vector each array lies.
    views : dict of str to ndarray
        The arrays; writing to them writes to `flat` and the other way round.
    """

    def __init__(self, shapes: Shapes, dtype: DTypeLike, flat: Floats | None = None) -> None:
        self.shapes = dict(shapes)
        self.slices: dict[str, slice] = {}
        total = 0
        for name, shape in shapes.items():
            self.slices[name] = slice(total, total + prod(shape))
            total += prod(shape)
        self.flat = aligned_zeros((total,), dtype) if flat is None else flat
        self.views: dict[str, Floats] = {
            name: self.flat[where].reshape(self.shapes[name]) for name, where in self.slices.items()
        }

    def copies(self) -> dict[str, Floats]:
        """The arrays as copies, safe to keep."""
        return {name: view.copy() for name, view in self.views.items()}

    def load(self, state: Mapping[str, ArrayLike]) -> None:
        """Overwrite all arrays, or none if any of the new ones does not fit.

        Raises
        ------
        ValueError
            If names are missing or unknown, a shape differs, or a value is not finite in the
            type of the arrays.
        """
        arrays = {name: np.asarray(array) for name, array in state.items()}
        missing, unknown = sorted(self.views.keys() - arrays), sorted(arrays.keys() - self.views)
        if missing or unknown:
            raise ValueError(f"state lacks {missing} and has the unknown {unknown}")
        for name, view in self.views.items():
            _check_fit(name, arrays[name], view)
        for name, view in self.views.items():
            view[...] = arrays[name]


def _check_fit(name: str, array: Floats, view: Floats) -> None:
    """Raise ValueError unless the array can be written to the view."""
    if array.shape != view.shape:
        raise ValueError(f"{name} has shape {array.shape}, expected {view.shape}")
    if array.dtype.kind not in "fiu":
        raise ValueError(f"{name} has dtype {array.dtype}, expected numbers")
    with np.errstate(over="ignore"):
        finite = np.isfinite(array.astype(view.dtype))
    if not finite.all():
        raise ValueError(
            f"{name} holds NaN or infinity, or what {view.dtype} cannot hold, "
            "expected finite values"
        )
