"""The n-grams of names, with `^` in front and `$` behind, as numbers.

A gram of letters a, b, c is the integer of those digits in a base beyond all code points, so two
lists agree on it without having met.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]

_BEGIN, _END, _FIRST_LETTER = 0, 1, 2
_BASE = 0x110000 + _FIRST_LETTER  # three of these digits fit in 63 bits


class Grams(NamedTuple):
    """All n-grams of some names: of which name each is, and which gram."""

    rows: Integers  # (grams,) rising
    codes: Integers  # (grams,)


def grams(names: Sequence[str], n: int) -> Grams:
    """The n-grams of `^name$`, n at most 3; a name of k letters has k + 3 - n."""
    lengths = np.fromiter(map(len, names), np.int64, len(names)) + 2
    starts = np.cumsum(lengths) - lengths
    digits = np.full(int(lengths.sum()), _END, np.int64)
    digits[starts] = _BEGIN
    places = np.arange(len(digits)) - np.repeat(starts, lengths)
    letters = (places > 0) & (places < np.repeat(lengths, lengths) - 1)
    text = np.frombuffer("".join(names).encode("utf-32-le", "surrogatepass"), "<u4")
    digits[letters] = text.astype(np.int64) + _FIRST_LETTER
    first = np.flatnonzero(places <= np.repeat(lengths, lengths) - n)
    codes = np.zeros(len(first), np.int64)
    for offset in range(n):
        codes = codes * _BASE + digits[first + offset]
    return Grams(np.repeat(np.arange(len(names)), lengths)[first], codes)


class GramSets(NamedTuple):
    """The distinct n-grams of each of some names: of which name each is, and which gram."""

    rows: Integers  # (grams,) rising
    columns: Integers  # (grams,) places in `codes`, rising within a name
    codes: Integers  # (distinct grams,) rising


def gram_sets(names: Sequence[str], n: int) -> GramSets:
    """The distinct n-grams of each name."""
    found = grams(names, n)
    codes, columns = np.unique(found.codes, return_inverse=True)
    keys = np.sort(found.rows * len(codes) + columns)  # NumPy's `unique` alone takes 30 times this
    fresh = np.ones(len(keys), np.bool_)
    fresh[1:] = keys[1:] != keys[:-1]
    rows, columns = np.divmod(keys[fresh], max(len(codes), 1))
    return GramSets(rows, columns, codes)


def is_well_formed(names: Sequence[str], train: Iterable[str]) -> npt.NDArray[np.bool_]:
    """Whether all trigrams of each name occur in train; shape (names,)."""
    known = np.unique(grams(list(train), 3).codes)
    found = grams(names, 3)
    strange = found.rows[~np.isin(found.codes, known)]
    well_formed = np.ones(len(names), np.bool_)
    well_formed[strange] = False
    return well_formed
