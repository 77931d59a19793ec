"""95% intervals, by the method that suits what a figure counts.

A bootstrap draws names with replacement, so it is for means over a list of names and never for what
counts distinct ones; those are measured on independent blocks of draws instead.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from neonym.base.types import Floats

LEVEL = 0.95
RESAMPLES = 1000
TOGETHER = 5_000_000
"""Numbers drawn at once: 40 MB."""
MOST_KEPT = 96
"""Resamples kept: of six figures for each of 16 seeds."""

Integers = npt.NDArray[np.int64]


class Interval(NamedTuple):
    """The bounds of a 95% interval; NaN where there is too little for one."""

    low: float
    high: float


NOTHING = Interval(math.nan, math.nan)


def of_mean(values: npt.ArrayLike, random: np.random.Generator) -> Interval:
    """Percentile bootstrap of a mean, or of a share where the values are flags."""
    distinct, counts = _resample(values, random)
    if not distinct.size:
        return NOTHING
    return _percentiles(counts @ distinct / counts.sum(axis=1))


def of_median(values: npt.ArrayLike, random: np.random.Generator) -> Interval:
    """Percentile bootstrap of a median."""
    distinct, counts = _resample(values, random)
    if not distinct.size:
        return NOTHING
    cumulative = counts.cumsum(axis=1)  # (resamples, distinct values), which are in rising order
    size = cumulative[:, -1:]
    lower = distinct[(cumulative > (size - 1) // 2).argmax(axis=1)]
    upper = distinct[(cumulative > size // 2).argmax(axis=1)]
    return _percentiles((lower + upper) / 2)


def of_wasserstein(
    values: npt.ArrayLike, reference: npt.ArrayLike, random: np.random.Generator
) -> Interval:
    """Percentile bootstrap, over the values, of their Wasserstein-1 distance to a reference."""
    distinct, counts = _resample(values, random)
    fixed, fixed_counts = np.unique(np.asarray(reference, np.float64), return_counts=True)
    if not distinct.size or not fixed.size:
        return NOTHING
    support = np.union1d(distinct, fixed)
    ours = np.zeros((len(counts), len(support)))
    ours[:, np.searchsorted(support, distinct)] = counts / counts.sum(axis=1, keepdims=True)
    theirs = np.zeros(len(support))
    theirs[np.searchsorted(support, fixed)] = fixed_counts / fixed_counts.sum()
    gaps = np.abs((ours - theirs).cumsum(axis=1)[:, :-1])
    return _percentiles(gaps @ np.diff(support))


def of_blocks(values: Sequence[float]) -> Interval:
    """The interval of a mean over independent blocks, from their spread (Student's t).

    The values lie from 0 to 1, and so does the interval.
    """
    from scipy.special import stdtrit  # noqa: PLC0415 (who asks for names of metrics waits)

    if len(values) < 2:
        return NOTHING
    standard_error = float(np.std(values, ddof=1)) / math.sqrt(len(values))
    mean = math.fsum(values) / len(values)
    margin = standard_error * float(stdtrit(len(values) - 1, (1 + LEVEL) / 2))
    return Interval(max(0.0, mean - margin), min(1.0, mean + margin))


def of_ratio(
    numerators: npt.ArrayLike, denominators: npt.ArrayLike, seed: tuple[int, ...]
) -> Interval:
    """Percentile bootstrap over pairs of sum(numerators) / sum(denominators).

    With the nats and the tokens of each name it is the interval of a likelihood; with differences
    of nats on the same names, of a paired difference of likelihoods.

    Parameters
    ----------
    numerators, denominators
        Shape (pairs,).
    seed
        Gives the resamples. Those of the latest seeds are kept, since they take most of the time
        and are the same for whatever is judged by as many names, as the jobs of a sweep are.
    """
    over, under = np.asarray(numerators, np.float64), np.asarray(denominators, np.float64)
    count = len(over)
    if count < 2:
        return NOTHING
    if count * RESAMPLES <= TOGETHER:
        drawn = _resampled(count, seed).astype(np.float64)
        return _percentiles((drawn @ over) / (drawn @ under))
    random = np.random.default_rng(seed)
    ratios = np.empty(RESAMPLES)  # one by one: little memory, and drawing positions is faster
    for number in range(RESAMPLES):
        chosen = random.integers(count, size=count)
        ratios[number] = over[chosen].sum() / under[chosen].sum()
    return _percentiles(ratios)


@lru_cache(MOST_KEPT)
def _resampled(count: int, seed: tuple[int, ...]) -> npt.NDArray[np.unsignedinteger[Any]]:
    """How often each of so many pairs is in every resample; shape (resamples, count).

    In the smallest type that holds them, a byte but for a marvel: 5 MB at most.
    """
    random = np.random.default_rng(seed)
    drawn = random.multinomial(count, np.full(count, 1 / count), size=RESAMPLES)
    return drawn.astype(np.min_scalar_type(drawn.max()))


def _resample(values: npt.ArrayLike, random: np.random.Generator) -> tuple[Floats, Integers]:
    """The distinct values, rising, and how often each is in every resample.

    Drawing the counts of distinct values is the same as drawing the values, and takes far less
    where there are few of them.
    """
    array = np.asarray(values, np.float64)
    if array.size < 2:
        return np.zeros(0), np.zeros((RESAMPLES, 0), np.int64)
    distinct, counts = np.unique(array, return_counts=True)
    return distinct, random.multinomial(len(array), counts / len(array), size=RESAMPLES)


def _percentiles(estimates: Floats) -> Interval:
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(estimates, [tail, 1 - tail])
    return Interval(float(low), float(high))
