"""Similarity of names by their sets of trigrams: the nearest of a list, and the mean over pairs.

The similarity of two names is the Jaccard index of the trigram sets of `^name$`.
"""

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from neonym.base.types import Floats
from neonym.evaluation.grams import Grams, gram_sets

if TYPE_CHECKING:
    from scipy import sparse

Integers = npt.NDArray[np.int64]
Matrix: TypeAlias = "sparse.csr_array"

# Above this many names pairs are sampled.
ALL_PAIRS = 2000
SAMPLED_PAIRS = 200_000

# Coincidences of trigrams held in memory at once.
_BLOCK = 4_000_000
# Alphabetical neighbours on each side that are compared before anything is looked up.
NEIGHBOURS = 4
_COMPARED = 40


class _Index(NamedTuple):
    """A list of names by their trigrams."""

    codes: Integers  # (trigrams,) sorted
    matrix: Matrix  # (names, trigrams), 1 where a name has a trigram
    by_trigram: Matrix  # its transpose
    sizes: Integers  # (names,) how many trigrams each has
    frequencies: Integers  # (trigrams,) how many names have each


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


def _index(found: Grams, count: int) -> _Index:
    codes, columns = np.unique(found.codes, return_inverse=True)
    matrix = _matrix(found.rows, columns, (count, len(codes)))
    sizes = np.bincount(found.rows, minlength=count)
    frequencies = np.bincount(columns, minlength=len(codes))
    return _Index(codes, matrix, matrix.T.tocsr(), sizes, frequencies)


def _matrix(rows: Integers, columns: Integers, shape: tuple[int, int]) -> Matrix:
    from scipy import sparse  # noqa: PLC0415 (who asks for names of metrics waits)

    return sparse.csr_array((np.ones(len(rows), np.int32), (rows, columns)), shape=shape)


class _Queries:
    """Names whose nearest ones are looked for in an index."""

    def __init__(self, found: Grams, count: int, index: _Index) -> None:
        self.index = index
        self.sizes = np.bincount(found.rows, minlength=count)
        shared = np.isin(found.codes, index.codes)
        places = np.searchsorted(index.codes, found.codes)
        self.rows, self.columns = found.rows[shared], places[shared]
        order = np.lexsort((index.frequencies[self.columns], self.rows))
        self.rows, self.columns = self.rows[order], self.columns[order]
        held = np.bincount(self.rows, minlength=count)
        self.starts = np.concatenate([[0], np.cumsum(held)])
        self.unknown = self.sizes - held  # trigrams of no reference name are the rarest of all
        self.ranks = np.arange(len(self.rows)) - np.repeat(self.starts[:-1] - self.unknown, held)
        self.matrix = _matrix(self.rows, self.columns, (count, len(index.codes)))

    def compare(self, best: Floats, rows: Integers, others: npt.NDArray[np.integer]) -> None:
        """Raise `best` by the similarities of these pairs."""
        shared = _shared(self.matrix, rows, self.index.matrix, others)
        np.maximum.at(best, rows, _jaccard(shared, self.sizes[rows], self.index.sizes[others]))

    def improve(self, best: Floats) -> None:
        """Raise `best` by all names that can be better, and so to what it finally is."""
        # One trigram more than needed makes the bounds so much tighter that it saves time.
        depths = np.floor(self.sizes * (1 - best)).astype(np.int64) + 2
        for rows, left, seen in self._look_up(depths):
            # All of the query's other trigrams may be shared too. With c trigrams shared in all,
            # c / (m + n - c) > b just if c > (m + n) b / (1 + b).
            factor = best[rows] / (1 + best[rows])
            missing = (factor * self.sizes[rows] - left).astype(np.float32) - 1e-3
            query, other = seen.coords
            needed = self.index.sizes[other] * factor.astype(np.float32)[query]
            needed += missing[query]
            worth = np.flatnonzero(seen.data > needed)
            self.compare(best, rows[query[worth]], other[worth])

    def _look_up(self, depths: Integers) -> Iterator[tuple[Integers, Integers, "sparse.coo_array"]]:
        """By portions of queries: how many of their `depths` rarest trigrams each name shares.

        With the queries come the numbers of their trigrams that were not looked up.
        """
        used = np.flatnonzero(self.ranks < depths[self.rows])
        work = np.zeros(len(self.sizes))
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


def _jaccard(shared: npt.NDArray[np.integer], one: Integers, other: Integers) -> Floats:
    similarity: Floats = shared / np.maximum(one + other - shared, 1)
    return similarity


def _shared(
    one: Matrix, rows: Integers, other: Matrix, others: npt.NDArray[np.integer]
) -> Integers:
    """The number of trigrams that pairs of rows share; shape (pairs,)."""
    counts = [np.zeros(0, np.int64)]
    for start in range(0, len(rows), 100_000):
        part = slice(start, start + 100_000)
        counts.append(one[rows[part]].multiply(other[others[part]]).sum(axis=1))
    return np.concatenate(counts)


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
    index = _index(gram_sets(names, 3), count)
    if count > ALL_PAIRS:
        one = random.integers(count, size=SAMPLED_PAIRS)
        other = (one + random.integers(1, count, size=SAMPLED_PAIRS)) % count  # never itself
        shared = _shared(index.matrix, one, index.matrix, other)
        return 1 - float(_jaccard(shared, index.sizes[one], index.sizes[other]).mean())
    shared = (index.matrix @ index.by_trigram).toarray()
    similar = _jaccard(shared, index.sizes[:, None], index.sizes[None, :])
    return 1 - float((similar.sum() - np.trace(similar)) / (count * (count - 1)))
