"""How good names are that were drawn at one temperature: the four figures that it trades."""

import math
from typing import NamedTuple

import numpy as np

from neonym.evaluation import coined as names
from neonym.evaluation.measures import Drawn, Lists
from neonym.evaluation.similarity import internal_diversity


class Quality(NamedTuple):
    """Figures of as many names at each temperature, so that they can be compared.

    Attributes
    ----------
    temperature
        At which the names were drawn.
    validity
        Share of the names drawn that are valid.
    uniqueness
        Share of the valid ones that are distinct.
    novelty
        Share of the distinct ones that are not in train.
    diversity
        1 - the mean similarity of the distinct ones.
    """

    temperature: float
    validity: float
    uniqueness: float
    novelty: float
    diversity: float


def quality(temperature: float, drawn: Drawn, lists: Lists, seed: int = 0) -> Quality:
    """The figures of drawn names; NaN for those of no names at all.

    Parameters
    ----------
    temperature
        At which they were drawn.
    drawn
        At least one name.
    lists
        The corpus.
    seed
        Of the pairs that are compared where there are many names.
    """
    written = lists.canonical(drawn.names)
    broken = lists.validity.judge(written, drawn.ended)
    is_valid = ~np.any(list(broken.values()), axis=0)
    valid = [name for name, good in zip(written, is_valid.tolist(), strict=True) if good]
    if not valid:
        return Quality(temperature, 0.0, math.nan, math.nan, math.nan)
    distinct = names.distinct(valid)
    return Quality(
        temperature,
        len(valid) / len(written),
        names.uniqueness(valid),
        names.novelty(distinct, lists.train),
        internal_diversity(lists.vocabulary.as_strings(distinct), np.random.default_rng(seed)),
    )
