"""Dropout (Srivastava et al., 2014), inverted: what is kept is scaled up during training."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from neonym.nn.arrays import Floats
from neonym.nn.background import Task
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

    def begin(self, masks: Sequence[tuple[tuple[int, ...], float]]) -> "DrawnMasks":
        """Begin to draw masks of some shapes and rates, one after the other.

        Masks are numbers to multiply with: 0 with probability `rate`, otherwise 1 / (1 - rate).
        What was begun before must have been waited for.
        """
        generator, workspace = self
        if generator is None or not any(rate for _, rate in masks):
            return DrawnMasks([None] * len(masks), workspace, None)
        drawn = [workspace.empty(*shape) if rate else None for shape, rate in masks]
        count = sum(mask.size for mask in drawn if mask is not None)

        def draw() -> None:
            for mask, (_, rate) in zip(drawn, masks, strict=True):
                if mask is not None:
                    _draw(generator, rate, mask)

        if workspace.background.is_worth(count * MULTIPLICATIONS_OF_A_NUMBER):
            return DrawnMasks(drawn, workspace, workspace.background.begin(draw))
        draw()
        return DrawnMasks(drawn, workspace, None)


def _draw(generator: np.random.Generator, rate: float, out: Floats) -> None:
    # In float32 for every type of network: all see the same mask. Drawn where the mask will
    # be, since fresh memory would take as long as the numbers
    drawn = out.reshape(-1).view(np.float32)[: out.size].reshape(out.shape)
    generator.random(out=drawn, dtype=np.float32)
    np.greater_equal(drawn, rate, out=out, casting="unsafe")
    out *= 1 / (1 - rate)


class DrawnMasks(NamedTuple):
    """Masks that may still be drawn."""

    masks: Sequence[Floats | None]
    workspace: Workspace
    task: Task | None

    def wait(self, number: int) -> Floats | None:
        """One of the masks; None without dropout."""
        if self.task:
            self.workspace.background.wait(self.task)
        return self.masks[number]

    def apply(self, number: int, rows: Floats) -> tuple[Floats, Floats | None]:
        """Rows after dropout by one of the masks, and the mask; the rows given stay as they are."""
        mask = self.wait(number)
        if mask is None:
            return rows, None
        return np.multiply(rows, mask, out=self.workspace.empty(*rows.shape)), mask


def apply_in_place(rows: Floats, mask: Floats | None) -> None:
    """Multiply gradients with the mask of the forward pass, if there was one."""
    if mask is not None:
        rows *= mask
