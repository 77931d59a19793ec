"""Learning rates over the steps of a training run."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neonym.settings import Constant, Cosine, OneCycle, Schedule, Step

LearningRate = Callable[[int], float]
"""The learning rate of a step, counted from 0."""


def learning_rate(
    schedule: Schedule, peak: float, epoch_of: Callable[[int], int], total_steps: int
) -> LearningRate:
    """The learning rate as a function of the step.

    Parameters
    ----------
    schedule
        Its name and options.
    peak
        The highest learning rate, `optimizer.lr`.
    epoch_of
        The epoch of a step, both counted from 0.
    total_steps
        Length of the whole run if it is not stopped early.
    """
    match schedule:
        case Constant():
            return lambda step: peak
        case Step(every=every, factor=factor):
            return lambda step: peak * factor ** (epoch_of(step) // every)
        case Cosine(warm_up=warm_up, final=final):
            return warm_up_and_cosine(peak, total_steps, warm_up, final)
        case OneCycle(warm_up=warm_up):
            return warm_up_and_cosine(peak, total_steps, warm_up)


def warm_up_and_cosine(
    peak: float, total_steps: int, warm_up: float, final: float = 0.0
) -> LearningRate:
    """Rise in a line to `peak` over the first part of the steps, then fall as a half cosine.

    No step has the rate 0: the first is one part of the rise, the last one short of the valley.
    Steps behind the last keep its rate.

    Parameters
    ----------
    peak
        The highest rate.
    total_steps
        Steps of the run, at least 1.
    warm_up
        Share of the steps that rise, from 0 to below 1; where it is above 0, at least one step.
    final
        The rate that the cosine goes towards, as a share of the peak.

    References
    ----------
    L. N. Smith and N. Topin, Super-convergence, 2018 (one cycle); I. Loshchilov and F. Hutter,
    SGDR, 2017 (cosine).
    """
    rising = max(1, round(warm_up * total_steps)) if warm_up else 0
    falling = max(1, total_steps - rising)

    def rate(step: int) -> float:
        step = min(step, total_steps - 1)
        if step < rising:
            return peak * (step + 1) / rising
        height = half_cosine((step + 1 - rising) / (falling + 1))
        return peak * (final + (1.0 - final) * height)

    return rate


def half_cosine(progress: float) -> float:
    """From 1 at progress 0 to 0 at progress 1, flat at both ends."""
    return 0.5 * (1.0 + math.cos(math.pi * progress))


def steps_of_epoch(lengths: NDArray[np.integer[Any]], batch_size: int, truncate: int) -> int:
    """How many steps truncated backpropagation takes over sequences of these lengths, in order.

    Parameters
    ----------
    lengths
        Tokens of each sequence, the end left out.
    batch_size
        Sequences of a batch; the last may be smaller.
    truncate
        Tokens of a step: a batch takes as many as its longest sequence needs.
    """
    longest = np.maximum.reduceat(lengths, np.arange(0, len(lengths), batch_size)) + 1
    return int((-(-longest // truncate)).sum())
