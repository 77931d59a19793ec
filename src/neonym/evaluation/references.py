"""What a model's figures are read against: the n-gram baseline, a uniform sampler and real names.

None of it depends on the model. So a process that judges several, as a worker of a sweep does,
keeps the figures (more than half the time of judging) for the lists and seeds that it saw last;
several such processes find them in a folder that they share.
"""

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from neonym.corpus.splits import PARTS
from neonym.evaluation.measured import Measured, Nats, in_folder
from neonym.evaluation.measures import Drawn, Lists, measure, measure_real
from neonym.models.ngram import WittenBell, choose_order

MOST_KEPT = 16  # seeds of a sweep whose figures are kept


class Reference(NamedTuple):
    """A source of names that is not the model.

    Attributes
    ----------
    drawn
        As many names as were asked of the model.
    nats
        Of each whole name of `train`, `val` and `test`.
    order
        Of the n-gram; 0 for the uniform sampler.
    """

    drawn: Drawn
    nats: Nats
    order: int


@lru_cache(MOST_KEPT)
def measured_ngram(
    lists: Lists,
    max_order: int,
    *,
    count: int,
    max_length: int,
    seed: int,
    prefix: str,
    folder: Path | None = None,
) -> Measured:
    """The figures of `ngram_reference`, which has the same parameters.

    Here and below they are taken from `folder`, if that is given and they are there, or kept there.
    """

    def make() -> Measured:
        found = ngram_reference(
            lists, max_order, count=count, max_length=max_length, seed=seed, prefix=prefix
        )
        return Measured(measure(found.drawn, lists, seed), found.nats, found.order)

    return in_folder(folder, lists, ["ngram", max_order, count, max_length, seed, prefix], make)


@lru_cache(MOST_KEPT)
def measured_uniform(
    lists: Lists, *, count: int, max_length: int, seed: int, folder: Path | None = None
) -> Measured:
    """The figures of `uniform_reference`, which has the same parameters."""

    def make() -> Measured:
        found = uniform_reference(lists, count=count, max_length=max_length, seed=seed)
        return Measured(measure(found.drawn, lists, seed), found.nats, found.order)

    return in_folder(folder, lists, ["uniform", count, max_length, seed], make)


@lru_cache(MOST_KEPT)
def measured_real(lists: Lists, seed: int, *, folder: Path | None = None) -> Measured:
    """The figures of real names, which have no likelihood."""

    def make() -> Measured:
        return Measured(measure_real(lists, seed), {}, 0)

    return in_folder(folder, lists, ["real", seed], make)


@lru_cache(1)
def best_ngram(lists: Lists, max_order: int) -> WittenBell:
    """The Witten-Bell n-gram of the order, up to the one given, that is best on val."""
    encode_all = lists.vocabulary.encode_all
    size = len(lists.vocabulary)
    return choose_order(encode_all(lists.train), encode_all(lists.val), size, max_order)


def ngram_reference(
    lists: Lists, max_order: int, *, count: int, max_length: int, seed: int, prefix: str = ""
) -> Reference:
    """The best n-gram, and names drawn from it.

    Parameters
    ----------
    lists
        The corpus.
    max_order
        Orders 1 to this are tried.
    count, max_length, seed, prefix
        How many names, the tokens after which they are cut off, what gives them, and what they
        all begin with.
    """
    vocabulary, model = lists.vocabulary, best_ngram(lists, max_order)
    parts = {part: vocabulary.encode_all(getattr(lists, part)) for part in PARTS}
    sequences, ended = model.sample(count, seed, max_length, vocabulary.encode(prefix).tolist())
    drawn = Drawn([vocabulary.decode(row) for row in sequences], ended)
    nats = {part: model.negative_log_likelihood(rows) for part, rows in parts.items()}
    return Reference(drawn, nats, model.order)


# Names so far from all others have no near neighbours to stop at; the floor needs no more of them.
MOST_UNIFORM = 10_000


def uniform_reference(lists: Lists, *, count: int, max_length: int, seed: int) -> Reference:
    """Every token, the end included, equally likely everywhere: the floor.

    It is drawn at most 10,000 times, whatever the count.
    """
    count = min(count, MOST_UNIFORM)
    vocabulary = lists.vocabulary
    size = len(vocabulary)
    random = np.random.default_rng(seed)
    lengths = np.minimum(random.geometric(1 / size, count) - 1, max_length + 1)
    tokens = np.split(random.integers(1, size, int(lengths.sum())), np.cumsum(lengths)[:-1])
    drawn = Drawn([vocabulary.decode(row[:max_length]) for row in tokens], lengths <= max_length)
    nats = {
        part: np.log(size) * (np.array(list(map(len, vocabulary.encode_all(names)))) + 1.0)
        for part, names in zip(PARTS, (lists.train, lists.val, lists.test), strict=True)
    }
    return Reference(drawn, nats, 0)
