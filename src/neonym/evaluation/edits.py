"""The nearest name by Levenshtein distance, exactly, for lists too long to compare all pairs."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

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
            _compare(names, reference, left, by_length[other], found)
    found.distance[found.place < 0] = np.nan
    return found


def _by_length(names: Sequence[str]) -> dict[int, Integers]:
    rows: defaultdict[int, list[int]] = defaultdict(list)
    for row, name in enumerate(names):
        rows[len(name)].append(row)
    return {length: np.array(rows[length]) for length in sorted(rows)}


def _compare(
    names: Sequence[str],
    reference: Sequence[str],
    rows: Integers,
    columns: Integers,
    found: Nearest,
) -> None:
    """Update what was found by these names, all of one length, and those, all of another."""
    if not rows.size:
        return
    longer = max(len(names[rows[0]]), len(reference[columns[0]]), 1)
    candidates = [reference[column] for column in columns.tolist()]
    for block in _blocks(rows, _BLOCK // len(columns)):
        edits = process.cdist(
            [names[row] for row in block.tolist()],
            candidates,
            scorer=Levenshtein.distance,
            dtype=np.uint8 if longer < 256 else np.int32,
            workers=-1 if len(block) * len(candidates) > _WORTH_THREADS else 1,
        )
        best = edits.argmin(axis=1)
        fewest = edits[np.arange(len(block)), best]
        found.near_copy[block] |= fewest <= 1
        nearer = fewest / longer < found.distance[block]
        found.distance[block[nearer]] = fewest[nearer] / longer
        found.place[block[nearer]] = columns[best[nearer]]


def _blocks(rows: Integers, size: int) -> Iterator[Integers]:
    for start in range(0, len(rows), max(size, 1)):
        yield rows[start : start + max(size, 1)]
