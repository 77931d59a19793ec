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
    """|D| / |V|."""
    return share(len(set(valid)), len(valid), "names/uniqueness")


def novelty(valid: Iterable[str], train: Iterable[str]) -> float:
    """|D without train| / |D|; duplicates are not punished."""
    found = set(valid)
    return share(len(found.difference(train)), len(found), "names/novelty")


def copied(valid: Sequence[str], train: Iterable[str]) -> float:
    """The share of V that is in train: how often a model recites."""
    return share(int(is_in(valid, train).sum()), len(valid), "names/copied")


def unseen(valid: Iterable[str], *known: Iterable[str]) -> float:
    """The share of D that is in none of the known lists (train, val and test)."""
    found = set(valid)
    return share(len(found.difference(*known)), len(found), "names/unseen")


def rediscovery(valid: Iterable[str], test: Iterable[str]) -> float:
    """|D and test| / |test|: the share of real names never shown that were coined."""
    hidden = set(test)
    return share(len(hidden.intersection(valid)), len(hidden), "names/rediscovery")


def vun(names: Sequence[str], valid: Sequence[bool] | Flags, train: Iterable[str]) -> float:
    """The number of distinct valid names not in train by the number asked for.

    Parameters
    ----------
    names
        All that were drawn.
    valid
        Whether each is valid.
    train
        What was trained on.
    """
    found = {name for name, good in zip(names, valid, strict=True) if good}
    return share(len(found.difference(train)), len(names), "names/vun")


def thousands(names: Sequence[str], most: int = 10) -> list[Sequence[str]]:
    """Independent blocks of 1,000 names, as many as there are up to `most`; a rest is left out."""
    count = min(len(names) // THOUSAND, most)
    return [names[THOUSAND * block : THOUSAND * (block + 1)] for block in range(count)]
