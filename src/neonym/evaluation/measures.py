"""All figures of one list of names against the splits of a corpus.

Metric names are those of `reports/metrics.json` below `names.`. Figures that count distinct names
grow or shrink with the number of names drawn, so beside the value at that number they have one for
1,000, the mean over independent blocks of 1,000, and only that has an interval.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from neonym.corpus.reading import canonical
from neonym.corpus.vocabulary import Vocabulary
from neonym.evaluation import coined as names
from neonym.evaluation import distributions, intervals
from neonym.evaluation.edits import Neighbours
from neonym.evaluation.grams import is_well_formed
from neonym.evaluation.intervals import Interval
from neonym.evaluation.list_metrics import LIST_METRICS
from neonym.evaluation.similarity import nearest_similarity
from neonym.evaluation.validity import Validity
from neonym.settings import Rules

Flags = npt.NDArray[np.bool_]


class Drawn(NamedTuple):
    """Names as they were drawn, and whether each was ended rather than cut off."""

    names: Sequence[str]
    ended: Sequence[bool] | Flags


class Lists(NamedTuple):
    """A corpus's splits, in canonical form, and what makes a name valid for it."""

    train: list[str]
    val: list[str]
    test: list[str]
    vocabulary: Vocabulary
    lowercase: bool
    rules: Rules

    def __hash__(self) -> int:
        """Equal for equal lists, by which figures that only they decide are kept."""
        return hash((*map(tuple, (self.train, self.val, self.test)), self.vocabulary.symbols))

    @property
    def validity(self) -> Validity:
        """What makes a name valid for this corpus."""
        return Validity.of_corpus([*self.train, *self.val, *self.test], self.vocabulary, self.rules)

    def neighbours(self) -> Neighbours:
        """The training names, among which neighbours are looked for."""
        return Neighbours(self.vocabulary.as_strings(self.train))

    @property
    def vowels(self) -> str:
        """The letters that the corpus's rules call vowels, or those of the Latin alphabet."""
        return self.rules.at_least_one_of.get("vowel", distributions.VOWELS)

    def canonical(self, drawn: Sequence[str]) -> list[str]:
        """Drawn names in the form in which names are compared."""
        return [canonical(name, self.lowercase, self.vocabulary.unit) for name in drawn]


class Measures(NamedTuple):
    """Figures by metric name, and 95% intervals of those that have one."""

    values: dict[str, float]
    intervals: dict[str, Interval]


class _Measuring:
    """Collects figures; each interval has random numbers of its own, so none disturbs another."""

    def __init__(self, lists: Lists, seed: int, neighbours: Neighbours | None = None) -> None:
        self.neighbours = neighbours or lists.neighbours()
        strings = lists.vocabulary.as_strings
        self.train, self.val, self.test = map(strings, (lists.train, lists.val, lists.test))
        self.known = frozenset(self.train)
        # In a line of words no character is a vowel.
        self.vowels = lists.vowels if lists.vocabulary.unit == "character" else ""
        self.seed = seed
        self.values: dict[str, float] = {}
        self.intervals: dict[str, Interval] = {}

    def random(self, metric: str) -> np.random.Generator:
        return np.random.default_rng([self.seed, *metric.encode()])

    def mean(self, metric: str, values: npt.ArrayLike) -> None:
        """A mean over names, or a share of flagged ones, with its bootstrap."""
        array = np.asarray(values, np.float64)
        self.values[metric] = names.share(math.fsum(array), array.size, f"names/{metric}")
        self.intervals[metric] = intervals.of_mean(array, self.random(metric))

    def blocks(self, metric: str, values: Sequence[float]) -> None:
        """The mean of a figure over blocks of 1,000 names, with its interval."""
        self.values[f"{metric}_1k"] = math.fsum(values) / len(values) if values else math.nan
        self.intervals[f"{metric}_1k"] = intervals.of_blocks(values)

    def against_test(self, valid: Sequence[str]) -> None:
        """What has a value for each name, or each distinct name, against test."""
        self.mean("snn", nearest_similarity(names.distinct(valid), self.test))
        self.wasserstein(
            "length_w1", distributions.lengths(valid), distributions.lengths(self.test)
        )
        if not any(distributions.vowel_ratios(self.test, self.vowels)):
            self.values["vowel_ratio_w1"] = math.nan  # a script without these vowels
            return
        ours, theirs = (distributions.vowel_ratios(n, self.vowels) for n in (valid, self.test))
        self.wasserstein("vowel_ratio_w1", ours, theirs)

    def wasserstein(self, metric: str, ours: npt.ArrayLike, theirs: npt.ArrayLike) -> None:
        self.values[metric] = distributions.wasserstein(ours, theirs)
        self.intervals[metric] = intervals.of_wasserstein(ours, theirs, self.random(metric))

    def against_train(self, valid: Sequence[str]) -> None:
        """How near the names are to what was trained on."""
        self.mean("well_formed", is_well_formed(valid, self.train))
        found = names.distinct(valid)
        neighbours = self.neighbours.of(found)
        self.mean("near_copy", neighbours.near_copy[~names.is_in(found, self.known)])
        metric = "nearest_train_distance"
        distance = neighbours.distance
        self.values[metric] = float(np.median(distance)) if distance.size else math.nan
        self.intervals[metric] = intervals.of_median(distance, self.random(metric))

    def size_sensitive(self, valid: Sequence[str], blocks: Sequence[Sequence[str]]) -> None:
        """What depends on how many names there are: at their number, and for each 1,000.

        Parameters
        ----------
        valid
            V.
        blocks
            The valid names of each block of 1,000.
        """
        for metric, listed in LIST_METRICS.items():
            figures = [
                listed.measure(part, self.test, self.random(metric))
                for part in (valid, *blocks)
                if part
            ]
            self.values[metric] = figures.pop(0) if valid else math.nan
            self.blocks(metric, figures)

    def counted(self, valid: Sequence[str], blocks: Sequence[Sequence[str]]) -> None:
        """Novelty, copying, uniqueness and rediscovery."""
        found = names.distinct(valid)
        seen = self.known.union(self.val, self.test)
        self.mean("copied", names.is_in(valid, self.known))
        self.mean("novelty", ~names.is_in(found, self.known))
        self.mean("unseen", ~names.is_in(found, seen))
        self.values["uniqueness"] = names.uniqueness(valid)
        self.blocks("uniqueness", [names.uniqueness(block) for block in names.thousands(valid)])
        self.values["rediscovery"] = names.rediscovery(valid, self.test)
        self.blocks("rediscovery", [names.rediscovery(block, self.test) for block in blocks])
        novel = [len(set(block) - self.known) / names.THOUSAND for block in blocks]
        self.blocks("vun", novel)

    @property
    def result(self) -> Measures:
        return Measures(self.values, self.intervals)


def measure(
    drawn: Drawn, lists: Lists, seed: int = 0, neighbours: Neighbours | None = None
) -> Measures:
    """The figures of drawn names.

    Parameters
    ----------
    drawn
        All names that were drawn, in order, valid or not.
    lists
        The corpus.
    seed
        Of the bootstrap and of sampled pairs.
    neighbours
        Among the training names, where others ask for them too.
    """
    measuring = _Measuring(lists, seed, neighbours)
    written = lists.canonical(drawn.names)
    broken = lists.validity.judge(written, drawn.ended)
    is_valid = ~np.any(list(broken.values()), axis=0)
    measuring.mean("validity", is_valid)
    for rule, flags in broken.items():
        measuring.values[f"broken.{rule}"] = names.share(int(flags.sum()), len(flags), rule)
    valid = _strings(written, is_valid, lists)
    blocks = _valid_blocks(written, is_valid, lists)
    measuring.values |= {
        "drawn": len(written),
        "valid": len(valid),
        "distinct": len(set(valid)),
    }
    measuring.counted(valid, blocks)
    measuring.against_test(valid)
    measuring.against_train(valid)
    measuring.size_sensitive(valid, blocks)
    return measuring.result


def _strings(written: Sequence[str], is_valid: Flags, lists: Lists) -> list[str]:
    kept = [name for name, good in zip(written, is_valid.tolist(), strict=True) if good]
    return lists.vocabulary.as_strings(kept)


def _valid_blocks(written: Sequence[str], is_valid: Flags, lists: Lists) -> list[list[str]]:
    """The valid names of each block of 1,000 names drawn."""
    return [
        _strings(block, is_valid[start : start + len(block)], lists)
        for start, block in zip(
            range(0, len(written), names.THOUSAND), names.thousands(written), strict=False
        )
    ]


def measure_real(lists: Lists, seed: int = 0) -> Measures:
    """What the figures of real names are: the ceiling.

    Where names are compared with test these are the train names, where with train the test names.
    Size-sensitive figures are for 1,000 names only, so that they stand beside those of a model;
    novelty and copying mean nothing for real names and are left out.
    """
    measuring = _Measuring(lists, seed)
    broken = lists.validity.judge(lists.train)
    measuring.mean("validity", ~np.any(list(broken.values()), axis=0))
    for rule, flags in broken.items():
        measuring.values[f"broken.{rule}"] = names.share(int(flags.sum()), len(flags), rule)
    measuring.against_test(measuring.train)
    measuring.against_train(measuring.test)
    shuffled = measuring.random("real").permutation(np.array(measuring.train, object)).tolist()
    measuring.size_sensitive([], names.thousands(shuffled))
    return measuring.result
