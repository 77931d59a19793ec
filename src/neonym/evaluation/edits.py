"""The nearest name by Levenshtein distance, exactly, for lists too long to compare all pairs."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from neonym.base.types import Floats

Integers = npt.NDArray[np.int64]

# Distances held in memory at once.
_BLOCK = 20_000_000
# Comparisons below which starting threads costs more than it saves.
_WORTH_THREADS = 1_000_000


class Nearest(NamedTuple):
    """For each name the nearest one of a reference.

    Attributes
    ----------
    place
        Which one has the smallest normalised distance; -1 where the reference is empty.
    distance
        That distance: edits by the length of the longer of the two; NaN where there is none.
    near_copy
        Whether any name of the reference is within one edit.
    """

    place: Integers
    distance: Floats
    near_copy: npt.NDArray[np.bool_]


def nearest(names: Sequence[str], reference: Sequence[str]) -> Nearest:
    """The nearest reference name of each name, by normalised Levenshtein distance.

    Names are compared length by length, the nearest lengths first: names whose lengths differ by
    g are at least g edits apart, so most pairs are never looked at.

    Parameters
    ----------
    names
        Strings; a token is a character.
    reference
        The names to be near to.
    """
    found = Nearest(
        np.full(len(names), -1),
        np.full(len(names), np.inf),
        np.zeros(len(names), np.bool_),
    )
    by_length = _by_length(reference)
    candidates = {
        size: [reference[place] for place in by_length[size].tolist()] for size in by_length
    }
    places = {name: place for place, name in enumerate(reference)}
    for length, rows in _by_length(names).items():
        copies = np.fromiter((places.get(names[row], -1) for row in rows), np.int64, len(rows))
        is_copy = copies >= 0
        found.place[rows[is_copy]] = copies[is_copy]
        found.distance[rows[is_copy]] = 0
        found.near_copy[rows[is_copy]] = True
        for other in sorted(by_length, key=lambda size: (abs(size - length), size)):
            gap = abs(other - length)
            bound = gap / max(length, other, 1)
            left = rows[(found.distance[rows] > bound) | ((gap <= 1) & ~found.near_copy[rows])]
            ours = [names[row] for row in left.tolist()]
            _compare(ours, candidates[other], left, by_length[other], found)
    found.distance[found.place < 0] = np.nan
    return found


class Neighbours:
    """The nearest names of a reference, each looked for once however often it is asked for.

    Parameters
    ----------
    reference
        The names to be near to.
    """

    def __init__(self, reference: Sequence[str]) -> None:
        self._reference = reference
        self._rows: dict[str, int] = {}
        self._found = nearest([], reference)

    def of(self, names: Sequence[str]) -> Nearest:
        """As `nearest`."""
        fresh = [name for name in dict.fromkeys(names) if name not in self._rows]
        if fresh:
            found, more = self._found, nearest(fresh, self._reference)
            self._rows |= {name: row for row, name in enumerate(fresh, len(self._rows))}
            self._found = Nearest(
                np.append(found.place, more.place),
                np.append(found.distance, more.distance),
                np.append(found.near_copy, more.near_copy),
            )
        rows = np.fromiter(map(self._rows.__getitem__, names), np.int64, len(names))
        place, distance, near_copy = self._found
        return Nearest(place[rows], distance[rows], near_copy[rows])


def _by_length(names: Sequence[str]) -> dict[int, Integers]:
    rows: defaultdict[int, list[int]] = defaultdict(list)
    for row, name in enumerate(names):
        rows[len(name)].append(row)
    return {length: np.array(rows[length]) for length in sorted(rows)}


def _compare(
    names: list[str], candidates: list[str], rows: Integers, columns: Integers, found: Nearest
) -> None:
    """Update what was found by these names, all of one length, and those, all of another."""
    if not names:
        return
    longer = max(len(names[0]), len(candidates[0]), 1)
    size = max(_BLOCK // len(candidates), 1)
    for start in range(0, len(names), size):
        block = rows[start : start + size]
        edits = _distances(names[start : start + size], candidates, longer)
        fewest = edits.min(axis=1)
        found.near_copy[block] |= fewest <= 1
        nearer = np.flatnonzero(fewest / longer < found.distance[block])
        found.distance[block[nearer]] = fewest[nearer] / longer
        found.place[block[nearer]] = columns[edits[nearer].argmin(axis=1)]


def _distances(names: list[str], candidates: list[str], longer: int) -> npt.NDArray[np.integer]:
    """All edits from names, of one length, to candidates, of one length; shape (names, candidates).

    The shorter ones go first: of strings up to 8, 16, 32 letters rapidfuzz takes the more at once,
    the shorter those are that come first.
    """
    if len(candidates[0]) < len(names[0]):
        return _distances(candidates, names, longer).T
    found: npt.NDArray[np.integer] = process.cdist(
        names,
        candidates,
        scorer=Levenshtein.distance,
        dtype=np.uint8 if longer < 256 else np.int32,
        workers=-1 if len(names) * len(candidates) > _WORTH_THREADS else 1,
    )
    return found
