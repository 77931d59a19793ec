"""Many named arrays in one flat vector.

Clipping and optimizers work on the vector, in a few operations whatever the number of layers; the
network works on the arrays, which are views into it.
"""

from collections.abc import Mapping
from math import prod

from numpy.typing import DTypeLike

from neonym.nn.arrays import Floats
from neonym.nn.memory import aligned_zeros

Shapes = Mapping[str, tuple[int, ...]]


def slices_of(shapes: Shapes) -> dict[str, slice]:
    """Where each named array lies in the flat vector, one behind the other in the given order."""
    slices = {}
    start = 0
    for name, shape in shapes.items():
        slices[name] = slice(start, start + prod(shape))
        start += prod(shape)
    return slices


class NamedArrays:
    """Named arrays that are views into one flat vector.

    Parameters
    ----------
    shapes : mapping of str to tuple of int
        Names and shapes, in the order in which they lie in the vector.
    dtype : dtype
        Type of every array.

    Attributes
    ----------
    flat : ndarray, shape (total,)
        The vector, zero at first.
    views : dict of str to ndarray
        The arrays; writing to them writes to `flat` and the other way round.
    """

    def __init__(self, shapes: Shapes, dtype: DTypeLike) -> None:
        self.shapes = dict(shapes)
        self.slices = slices_of(shapes)
        self.flat = aligned_zeros((sum(map(prod, self.shapes.values())),), dtype)
        self.views: dict[str, Floats] = {
            name: self.flat[where].reshape(self.shapes[name]) for name, where in self.slices.items()
        }

    def copies(self) -> dict[str, Floats]:
        """The arrays as copies, safe to keep."""
        return {name: view.copy() for name, view in self.views.items()}
