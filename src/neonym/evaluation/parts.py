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
        cuts = [
            (self._count_ending(name[cut:]) * (len(name) - cut), -cut)
            for cut in range(SHORTEST, len(name) - SHORTEST + 1)
            if self._count_ending(name[cut:]) >= ENDINGS
            and self._count_beginning(name[:cut]) >= BEGINNINGS
        ]
        if not cuts:
            return None
        cut = -max(cuts)[1]
        return Parts(name[:cut], name[cut:])


def _count(names: list[str], part: str) -> int:
    """How many of the sorted names begin with a part."""
    return bisect_right(names, part + _LAST) - bisect_left(names, part)
