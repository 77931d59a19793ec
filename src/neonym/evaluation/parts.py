"""The two known parts that a name is made of: *tyranno* + *saurus*."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

# How many training names must have a part for it to be known, and how short it may be.
BEGINNINGS = 2
ENDINGS = 3
SHORTEST = 3

_LAST = "\U0010ffff"


class Parts(NamedTuple):
    """A known beginning and a known ending that together are the name."""

    beginning: str
    ending: str


class KnownParts:
    """Finds the parts of names among those of training names.

    Of all places to cut between a known beginning and a known ending, the one is taken whose ending
    covers the most letters of the training names: *saurus* before the commoner but shorter *aurus*
    and the longer but rarer *osaurus*; of equals the longer.

    Parameters
    ----------
    train
        Training names.
    """

    def __init__(self, train: Iterable[str]) -> None:
        names = set(train)
        self._forwards = sorted(names)
        self._backwards = sorted(name[::-1] for name in names)
        # Names share their parts, so most are looked up again and again.
        self._count_beginning = lru_cache(1_000_000)(lambda part: _count(self._forwards, part))
        self._count_ending = lru_cache(1_000_000)(lambda part: _count(self._backwards, part[::-1]))

    def of(self, name: str) -> Parts | None:
        """The parts of a name, or None where no cut leaves two known parts."""
        # Longer parts are rarer: what continues one that is not known is not known either.
        latest = len(name) - SHORTEST
        longest = SHORTEST - 1  # letters of the longest known beginning
        while longest < latest and self._count_beginning(name[: longest + 1]) >= BEGINNINGS:
            longest += 1
        if longest < SHORTEST:
            return None
        best, most = None, 0
        for cut in range(latest, SHORTEST - 1, -1):
            count = self._count_ending(name[cut:])
            if count < ENDINGS:
                break
            covered = count * (len(name) - cut)
            if cut <= longest and covered >= most:
                best, most = Parts(name[:cut], name[cut:]), covered
        return best


def _count(names: list[str], part: str) -> int:
    """How many of the sorted names begin with a part."""
    return bisect_right(names, part + _LAST) - bisect_left(names, part)
