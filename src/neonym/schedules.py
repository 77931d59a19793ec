"""Learning rates over the steps of a training run."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from neonym.configuration import Schedule

LearningRate = Callable[[int], float]
"""The learning rate of a step, counted from 0."""


def learning_rate(schedule: "Schedule", peak: float, total_steps: int) -> LearningRate:
    """The learning rate as a function of the step.

    Parameters
    ----------
    schedule
        Its name and options.
    peak
        The highest learning rate, `optimizer.lr`.
    total_steps
        Steps of the whole run if it is not stopped early; later steps keep the last one's rate.
    """
    if schedule.name == "constant":
        return lambda step: peak
    return one_cycle(peak, total_steps, schedule.warm_up)


def one_cycle(peak: float, total_steps: int, warm_up: float) -> LearningRate:
    """Rise in a line to `peak` over the first part of the steps, then fall as a half cosine.

    No step has the rate 0: the first is one part of the rise, the last one short of the valley.

    Parameters
    ----------
    peak
        The highest rate.
    total_steps
        Steps of the run, at least 1.
    warm_up
        Share of the steps that rise, between 0 and 1; at least one step does.

    References
    ----------
    L. N. Smith and N. Topin, Super-convergence, 2018; the cosine as in PyTorch's OneCycleLR.
    """
    rising = max(1, round(warm_up * total_steps))
    falling = max(1, total_steps - rising)

    def rate(step: int) -> float:
        step = min(step, total_steps - 1)
        if step < rising:
            return peak * (step + 1) / rising
        return peak * half_cosine((step + 1 - rising) / (falling + 1))

    return rate


def half_cosine(progress: float) -> float:
    """From 1 at progress 0 to 0 at progress 1, flat at both ends."""
    return 0.5 * (1.0 + math.cos(math.pi * progress))
