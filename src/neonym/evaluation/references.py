"""What a model's figures are read against: the n-gram baseline and a uniform sampler."""

from typing import NamedTuple

import numpy as np

from neonym.base.types import Floats
from neonym.corpus.splits import PARTS
from neonym.evaluation.measures import Drawn, Lists
from neonym.models.ngram import WittenBell, choose_order

Nats = dict[str, Floats]


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
    model
        The n-gram; None for the uniform sampler.
    """

    drawn: Drawn
    nats: Nats
    order: int
    model: WittenBell | None = None


def ngram_reference(
    lists: Lists, max_order: int, *, count: int, max_length: int, seed: int, prefix: str = ""
) -> Reference:
    """The Witten-Bell n-gram of the order that is best on val, and names drawn from it.

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
    vocabulary = lists.vocabulary
    parts = {part: vocabulary.encode_all(getattr(lists, part)) for part in PARTS}
    model = choose_order(parts["train"], parts["val"], len(vocabulary), max_order)
    sequences, ended = model.sample(count, seed, max_length, vocabulary.encode(prefix).tolist())
    drawn = Drawn([vocabulary.decode(row) for row in sequences], ended)
    nats = {part: model.negative_log_likelihood(rows) for part, rows in parts.items()}
    return Reference(drawn, nats, model.order, model)


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
