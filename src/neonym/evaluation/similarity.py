"""Similarity of names by their sets of trigrams: the nearest of a list, and the mean over pairs.

The similarity of two names is the Jaccard index of the trigram sets of `^name$`.
"""

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from neonym.base.types import Floats
from neonym.evaluation.grams import GramSets, gram_sets

if TYPE_CHECKING:
    from scipy import sparse

Integers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Matrix: TypeAlias = "sparse.csr_array"

# Above this many names pairs are sampled.
ALL_PAIRS = 2000
SAMPLED_PAIRS = 200_000

# Coincidences of trigrams held in memory at once.
_BLOCK = 4_000_000
# Alphabetical neighbours on each side that are compared before anything is looked up.
NEIGHBOURS = 4
_COMPARED = 40
# Pairs compared at once, in arrays that the cache holds.
_TOGETHER = 50_000
_WORD = 64
# Words in which a name's less frequent trigrams have a bit each.
_MARKS = 4
# One name of so many must have a trigram for it to be a column of a dense matrix.
_DENSE = 32


class _Index(NamedTuple):
    """A list of names by their trigrams."""

    codes: Integers  # (trigrams,) sorted
    by_trigram: Matrix  # (trigrams, names), 1 where a name has a trigram
    frequencies: Integers  # (trigrams,) how many names have each
    ranks: Integers  # (trigrams,) the place of each by frequency, the rarest first
    sets: "_Sets"


class _Sets(NamedTuple):
    """Names by the trigrams of an index, for comparing many pairs of them."""

    sizes: Integers  # (names,) how many trigrams each has, also those that the index has not
    common: Words  # (names,) a bit for each of the 64 most frequent trigrams
    marks: Words  # (_MARKS, names) bits for the others, several of which share one
    others: Matrix  # (names, trigrams) the others themselves


def nearest_similarity(names: Sequence[str], reference: Sequence[str]) -> Floats:
    """The highest similarity of each name to any reference name; shape (names,).

    Exact, without comparing all pairs. Neighbours in alphabetical order, forwards and backwards,
    give a first bound. Then the trigrams of a name are looked up from the rarest on: whatever
    shares none of the first i of m has a similarity of at most (m - i) / m, so once the best known
    reaches that, the common trigrams need no look-up (prefix filtering: Chaudhuri et al., 2006).

    NaN where the reference is empty.
    """
    if not len(names) or not len(reference):
        return np.full(len(names), np.nan)
    index = _index(gram_sets(reference, 3), len(reference))
    queries = _Queries(gram_sets(names, 3), len(names), index)
    best = np.zeros(len(names))
    for rows, others in _alphabetical_neighbours(names, reference):
        queries.compare(best, rows, others)
    queries.improve(best)
    return best


def _index(found: GramSets, count: int) -> _Index:
    width = len(found.codes)
    frequencies = np.bincount(found.columns, minlength=width)
    ranks = np.empty(width, np.int64)
    ranks[np.argsort(frequencies, kind="stable")] = np.arange(width)
    by_trigram = _matrix(found.rows, found.columns, (count, width)).T.tocsr()
    sets = _sets(found.rows, found.columns, ranks, np.bincount(found.rows, minlength=count))
    return _Index(found.codes, by_trigram, frequencies, ranks, sets)


def _sets(rows: Integers, columns: Integers, ranks: Integers, sizes: Integers) -> _Sets:
    """Names by their trigrams, which are places in an index, rising by name."""
    count, width = len(sizes), len(ranks)
    bit = width - 1 - ranks[columns]  # 0 for the most frequent
    is_common = bit < _WORD
    common = _or_by_row(rows[is_common], bit[is_common], count)
    rest, place = rows[~is_common], bit[~is_common]
    word, place = np.divmod(place % (_MARKS * _WORD), _WORD)
    marks = [_or_by_row(rest[word == each], place[word == each], count) for each in range(_MARKS)]
    others = _matrix(rest, columns[~is_common], (count, width))
    return _Sets(sizes, common, np.stack(marks), others)


def _or_by_row(rows: Integers, places: Integers, count: int) -> Words:
    """The words with bits at these places of these rows, which rise; shape (count,)."""
    words = np.zeros(count, np.uint64)
    if len(rows):
        starts = np.flatnonzero(np.append(True, rows[1:] != rows[:-1]))
        bits = np.uint64(1) << places.astype(np.uint64)
        words[rows[starts]] = np.bitwise_or.reduceat(bits, starts)
    return words


def _matrix(
    rows: Integers,
    columns: Integers,
    shape: tuple[int, int],
    dtype: type[np.int32 | np.float32] = np.int32,
) -> Matrix:
    from scipy import sparse  # noqa: PLC0415 (who asks for names of metrics waits)

    return sparse.csr_array((np.ones(len(rows), dtype), (rows, columns)), shape=shape)


class _Queries:
    """Names whose nearest ones are looked for in an index."""

    def __init__(self, found: GramSets, count: int, index: _Index) -> None:
        self.index = index
        sizes = np.bincount(found.rows, minlength=count)
        known = np.isin(found.codes, index.codes)[found.columns]
        places = np.searchsorted(index.codes, found.codes)
        rows, columns = found.rows[known], places[found.columns[known]]
        self.sets = _sets(rows, columns, index.ranks, sizes)
        width = len(index.codes)
        by_rank = np.argsort(index.ranks)
        # of each name the rarest trigrams first
        self.rows, ranks = np.divmod(np.sort(rows * width + index.ranks[columns]), width)
        self.columns = by_rank[ranks]
        held = np.bincount(self.rows, minlength=count)
        self.starts = np.concatenate([[0], np.cumsum(held)])
        unknown = sizes - held  # trigrams of no reference name are the rarest of all
        self.ranks = np.arange(len(self.rows)) - np.repeat(self.starts[:-1] - unknown, held)

    def compare(self, best: Floats, rows: Integers, others: npt.NDArray[np.integer]) -> None:
        """Raise `best` by the similarities of these pairs."""
        np.maximum.at(best, rows, _similarities(self.sets, rows, self.index.sets, others))

    def improve(self, best: Floats) -> None:
        """Raise `best` by all names that can be better, and so to what it finally is."""
        # One trigram more than needed makes the bounds so much tighter that it saves time.
        depths = np.floor(self.sets.sizes * (1 - best)).astype(np.int64) + 2
        for rows, left, seen in self._look_up(depths):
            # All of the query's other trigrams may be shared too. With c trigrams shared in all,
            # c / (m + n - c) > b just if c > (m + n) b / (1 + b).
            factor = best[rows] / (1 + best[rows])
            missing = (factor * self.sets.sizes[rows] - left).astype(np.float32) - 1e-3
            query, other = seen.coords
            needed = self.index.sets.sizes[other] * factor.astype(np.float32)[query]
            needed += missing[query]
            worth = np.flatnonzero(seen.data > needed)
            self.compare(best, rows[query[worth]], other[worth])

    def _look_up(self, depths: Integers) -> Iterator[tuple[Integers, Integers, "sparse.coo_array"]]:
        """By portions of queries: how many of their `depths` rarest trigrams each name shares.

        With the queries come the numbers of their trigrams that were not looked up.
        """
        used = np.flatnonzero(self.ranks < depths[self.rows])
        work = np.zeros(len(self.sets.sizes))
        np.add.at(work, self.rows[used], self.index.frequencies[self.columns[used]])
        for rows in _portions(work):
            first, last = np.searchsorted(self.rows[used], [rows[0], rows[-1] + 1])
            local = self.rows[used[first:last]] - rows[0]
            columns = self.columns[used[first:last]]
            part = _matrix(local, columns, (len(rows), len(self.index.codes)))
            left = np.diff(self.starts)[rows] - np.bincount(local, minlength=len(rows))
            yield rows, left, (part @ self.index.by_trigram).tocoo()


def _alphabetical_neighbours(
    names: Sequence[str], reference: Sequence[str]
) -> Iterator[tuple[Integers, Integers]]:
    """Pairs of names and reference names that begin alike, and that end alike."""
    for step in (1, -1):
        # Cut, so that a single long name does not widen the array of all of them.
        ours = np.array([name[::step][:_COMPARED] for name in names])
        theirs = np.array([name[::step][:_COMPARED] for name in reference])
        order = np.argsort(theirs)
        places = np.searchsorted(theirs[order], ours)
        for offset in range(-NEIGHBOURS, NEIGHBOURS):
            inside = np.clip(places + offset, 0, len(reference) - 1)
            yield np.arange(len(names)), order[inside]


def _portions(work: Floats) -> Iterator[Integers]:
    """All rows in runs of about `_BLOCK` work."""
    number = (np.cumsum(work) // _BLOCK).astype(np.int64)
    yield from np.split(np.arange(len(work)), np.flatnonzero(np.diff(number)) + 1)


def _similarities(
    one: _Sets, rows: Integers, other: _Sets, others: npt.NDArray[np.integer]
) -> Floats:
    """The similarities of pairs; shape (pairs,)."""
    parts = [np.zeros(0)]
    for start in range(0, len(rows), _TOGETHER):
        first, second = rows[start : start + _TOGETHER], others[start : start + _TOGETHER]
        shared = _shared(one, first, other, second)
        union = one.sizes[first] + other.sizes[second] - shared
        parts.append(shared / np.maximum(union, 1))
    return np.concatenate(parts)


def _shared(one: _Sets, rows: Integers, other: _Sets, others: npt.NDArray[np.integer]) -> Integers:
    """The number of trigrams that pairs of rows share; shape (pairs,)."""
    shared: Integers = np.bitwise_count(one.common[rows] & other.common[others]).astype(np.int64)
    marked = np.zeros(len(rows), np.bool_)
    for ours, theirs in zip(one.marks, other.marks, strict=True):
        marked |= (ours[rows] & theirs[others]) != 0
    pairs = np.flatnonzero(marked)
    both = one.others[rows[pairs]].multiply(other.others[others[pairs]])
    shared[pairs] += both.sum(axis=1)
    return shared


def internal_diversity(names: Sequence[str], random: np.random.Generator) -> float:
    """1 - the mean similarity over pairs of different names of D; after MOSES IntDiv1.

    Parameters
    ----------
    names
        Distinct names.
    random
        Samples the pairs where there are more than 2,000 names.

    Returns
    -------
    diversity
        0 to 1; NaN for fewer than two names.
    """
    count = len(names)
    if count < 2:
        return math.nan
    if count > ALL_PAIRS:
        sets = _index(gram_sets(names, 3), count).sets
        one = random.integers(count, size=SAMPLED_PAIRS)
        other = (one + random.integers(1, count, size=SAMPLED_PAIRS)) % count  # never itself
        return 1 - float(_similarities(sets, one, sets, other).mean())
    similar = _all_similarities(gram_sets(names, 3), count)
    return 1 - float((similar.sum() - np.trace(similar)) / (count * (count - 1)))


def _all_similarities(found: GramSets, count: int) -> Floats:
    """The similarities of all pairs of names; shape (names, names)."""
    width = len(found.codes)
    # Most of what names share are a few trigrams: these as a dense product. All counts are exact.
    is_common = np.bincount(found.columns, minlength=width) > count / _DENSE
    place = np.cumsum(is_common) - 1
    among = is_common[found.columns]
    dense = np.zeros((count, int(is_common.sum())), np.float32)
    dense[found.rows[among], place[found.columns[among]]] = 1
    rest = _matrix(found.rows[~among], found.columns[~among], (count, width), np.float32)
    shared = dense @ dense.T
    shared += (rest @ rest.T.tocsr()).toarray()
    sizes = np.bincount(found.rows, minlength=count).astype(np.float32)
    union = np.add.outer(sizes, sizes)
    union -= shared
    similar: Floats = np.divide(shared, np.maximum(union, 1, out=union), dtype=np.float64)
    return similar
