"""Shares that come of counting names: how many are distinct, new, copied, rediscovered."""

import logging
import math
from collections.abc import Collection, Iterable, Sequence

import numpy as np
import numpy.typing as npt

logger = logging.getLogger("neonym")

Flags = npt.NDArray[np.bool_]

THOUSAND = 1000


def share(part: float, whole: int, metric: str) -> float:
    """Part by whole; of nothing NaN, with a warning that names the metric."""
    if whole == 0:
        logger.warning("%s is empty: there are no names to measure it on", metric)
        return math.nan
    return part / whole


def distinct(names: Iterable[str]) -> list[str]:
    """The distinct names, in the order of their first occurrence: D of V."""
    return list(dict.fromkeys(names))


def is_in(names: Sequence[str], reference: Iterable[str]) -> Flags:
    """Whether each name is in the reference; shape (names,)."""
    known = reference if isinstance(reference, (set, frozenset)) else set(reference)
    return np.fromiter((name in known for name in names), np.bool_, len(names))


def uniqueness(valid: Collection[str]) -> float:
    """`|D| / |V|`."""
    return share(len(set(valid)), len(valid), "names/uniqueness")


def novelty(valid: Iterable[str], train: Iterable[str]) -> float:
    """`|D without train| / |D|`; duplicates are not punished."""
    found = set(valid)
    return share(len(found.difference(train)), len(found), "names/novelty")


def rediscovery(valid: Iterable[str], test: Iterable[str]) -> float:
    """`|D and test| / |test|`: the share of real names never shown that were coined."""
    hidden = set(test)
    return share(len(hidden.intersection(valid)), len(hidden), "names/rediscovery")


def thousands(names: Sequence[str], most: int = 10) -> list[Sequence[str]]:
    """Independent blocks of 1,000 names, as many as there are up to `most`; a rest is left out."""
    count = min(len(names) // THOUSAND, most)
    return [names[THOUSAND * block : THOUSAND * (block + 1)] for block in range(count)]
