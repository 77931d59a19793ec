"""Dropout (Srivastava et al., 2014), inverted: what is kept is scaled up during training."""

from typing import NamedTuple

import numpy as np

from neonym.nn.arrays import Floats
from neonym.nn.memory import Workspace


class DropoutRates(NamedTuple):
    """The probability with which an entry is dropped, 0 <= rate < 1."""

    input: float  # of the first layer's input
    between: float  # of each further layer's input
    output: float  # of the head's input


class Masks(NamedTuple):
    """Draws dropout masks, or none where there is no generator: then dropout is off."""

    generator: np.random.Generator | None
    workspace: Workspace

    def draw(self, shape: tuple[int, ...], rate: float) -> Floats | None:
        """A mask to multiply with: 0 with probability `rate`, otherwise 1 / (1 - rate)."""
        if self.generator is None or rate == 0:
            return None
        mask = self.workspace.empty(*shape)
        # In float32 for every type of network: all see the same mask. Drawn where the mask will
        # be, since fresh memory would take as long as the numbers
        drawn = mask.reshape(-1).view(np.float32)[: mask.size].reshape(shape)
        self.generator.random(out=drawn, dtype=np.float32)
        np.greater_equal(drawn, rate, out=mask, casting="unsafe")
        mask *= 1 / (1 - rate)
        return mask

    def apply(self, rows: Floats, rate: float) -> tuple[Floats, Floats | None]:
        """The rows after dropout, and the mask; the rows given stay as they are."""
        mask = self.draw(rows.shape, rate)
        if mask is None:
            return rows, None
        return np.multiply(rows, mask, out=self.workspace.empty(*rows.shape)), mask


def apply_in_place(rows: Floats, mask: Floats | None) -> None:
    """Multiply gradients with the mask of the forward pass, if there was one."""
    if mask is not None:
        rows *= mask
