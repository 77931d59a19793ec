"""Dropout (Srivastava et al., 2014), inverted: what is kept is scaled up during training."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from neonym.nn.arrays import Floats
from neonym.nn.background import Background, Task
from neonym.nn.memory import Workspace

MULTIPLICATIONS_OF_A_NUMBER = 200
"""In the time in which a mask's number is drawn."""


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
        mask = self._new(shape, rate)
        self._fill(mask, rate)
        return mask

    def begin(self, shapes_and_rates: Sequence[tuple[tuple[int, ...], float]]) -> "LaterMasks":
        """Masks as of `draw`, one after the other, which may still be drawn meanwhile."""
        if self.generator is None:
            return LaterMasks([None] * len(shapes_and_rates), self.workspace.background, None)
        masks = [self._new(shape, rate) for shape, rate in shapes_and_rates]

        def fill() -> None:
            for mask, (_, rate) in zip(masks, shapes_and_rates, strict=True):
                self._fill(mask, rate)

        background = self.workspace.background
        numbers = sum(mask.size for mask in masks if mask is not None)
        if background.is_worth(numbers * MULTIPLICATIONS_OF_A_NUMBER):
            return LaterMasks(masks, background, background.begin(fill))
        fill()
        return LaterMasks(masks, background, None)

    def _new(self, shape: tuple[int, ...], rate: float) -> Floats | None:
        return None if self.generator is None or rate == 0 else self.workspace.empty(*shape)

    def _fill(self, mask: Floats | None, rate: float) -> None:
        if self.generator is None or mask is None:
            return
        # In float32 for every type of network: all see the same mask. Drawn where the mask will
        # be, since fresh memory would take as long as the numbers
        drawn = mask.reshape(-1).view(np.float32)[: mask.size].reshape(mask.shape)
        self.generator.random(out=drawn, dtype=np.float32)
        np.greater_equal(drawn, rate, out=mask, casting="unsafe")
        mask *= 1 / (1 - rate)


class LaterMasks(NamedTuple):
    """Masks that may still be drawn."""

    masks: Sequence[Floats | None]
    background: Background
    task: Task | None

    def apply(
        self, number: int, rows: Floats, workspace: Workspace
    ) -> tuple[Floats, Floats | None]:
        """Rows after dropout by one of the masks, and the mask; the rows given stay as they are."""
        mask = self.masks[number]
        if mask is None:
            return rows, None
        if self.task:
            self.background.wait(self.task)
        return np.multiply(rows, mask, out=workspace.empty(*rows.shape)), mask


def apply_in_place(rows: Floats, mask: Floats | None) -> None:
    """Multiply gradients with the mask of the forward pass, if there was one."""
    if mask is not None:
        rows *= mask
