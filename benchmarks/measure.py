"""Fair timing on a machine that others use too: contenders take turns, ratios are of one run."""

import time
from collections.abc import Callable, Mapping
from statistics import median

import numpy as np

WARM_UP = 20  # enough to compile for every batch that a contender goes round
Contender = Callable[[], object]


def interleaved(
    contenders: Mapping[str, Contender],
    *,
    rounds: int,
    clock: Callable[[], float] = time.perf_counter,
    seconds: float = 0.05,
) -> dict[str, float]:
    """Seconds of one call of each contender: the median over rounds in which each has its turn.

    Parameters
    ----------
    contenders : mapping of str to callable
        What is timed; each is called `WARM_UP` times beforehand.
    rounds : int
        Number of turns.
    clock : callable
        Seconds so far: `time.process_time` where all run on one thread, since other programs on
        the machine disturb it less.
    seconds : float
        About how long a turn lasts.
    """
    calls = {name: _calls_in(contender, seconds, clock) for name, contender in contenders.items()}
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, contender in contenders.items():
            start = clock()
            for _ in range(calls[name]):
                contender()
            times[name].append((clock() - start) / calls[name])
    return {name: median(values) for name, values in times.items()}


def _calls_in(contender: Contender, seconds: float, clock: Callable[[], float]) -> int:
    for _ in range(WARM_UP):
        contender()
    start = clock()
    contender()
    return max(1, round(seconds / (clock() - start)))


def names_like_dinosaurs(count: int, vocabulary: int, seed: int) -> list[np.ndarray]:
    """Random token ids, 4 to 26 a name and 12 on average, as the dinosaurs have letters."""
    generator = np.random.default_rng(seed)
    lengths = 4 + generator.binomial(22, 8 / 22, count)
    return [generator.integers(1, vocabulary, length) for length in lengths]
