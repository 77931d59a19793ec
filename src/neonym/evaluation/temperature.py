"""How good names are that were drawn at one temperature: the figures that it trades."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from neonym.corpus.vocabulary import Vocabulary
from neonym.evaluation import coined as names
from neonym.evaluation.grams import is_well_formed
from neonym.evaluation.measures import Drawn, Lists
from neonym.evaluation.nll import likelihood, token_counts
from neonym.evaluation.similarity import internal_diversity
from neonym.models.ngram import WittenBell


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
    well_formed
        Share of the valid ones all of whose trigrams are those of training names.
    ngram_nll
        Nats a token of the valid ones under an n-gram of the list.
    """

    temperature: float
    validity: float
    uniqueness: float
    novelty: float
    diversity: float
    well_formed: float = math.nan
    ngram_nll: float = math.nan


def quality(
    temperature: float,
    drawn: Drawn,
    lists: Lists,
    seed: int = 0,
    ngram: WittenBell | None = None,
) -> Quality:
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
    ngram
        Of the list.
    """
    written = lists.canonical(drawn.names)
    broken = lists.validity.judge(written, drawn.ended)
    is_valid = ~np.any(list(broken.values()), axis=0)
    valid = [name for name, good in zip(written, is_valid.tolist(), strict=True) if good]
    if not valid:
        return Quality(temperature, 0.0, math.nan, math.nan, math.nan)
    strings = lists.vocabulary.as_strings
    distinct = names.distinct(valid)
    return Quality(
        temperature,
        len(valid) / len(written),
        names.uniqueness(valid),
        names.novelty(distinct, lists.train),
        internal_diversity(strings(distinct), np.random.default_rng(seed)),
        float(is_well_formed(strings(valid), strings(lists.train)).mean()),
        math.nan if ngram is None else mean_nll(ngram, valid, lists.vocabulary),
    )


def real_quality(lists: Lists, ngram: WittenBell | None) -> Quality:
    """The same of real names, those of test, where it means something for them."""
    strings = lists.vocabulary.as_strings
    return Quality(
        math.nan,
        math.nan,
        math.nan,
        math.nan,
        math.nan,
        float(is_well_formed(strings(lists.test), strings(lists.train)).mean()),
        math.nan if ngram is None else mean_nll(ngram, lists.test, lists.vocabulary),
    )


def mean_nll(ngram: WittenBell, written: Sequence[str], vocabulary: Vocabulary) -> float:
    """Nats a token of whole names under an n-gram, their ends included."""
    nats = ngram.negative_log_likelihood(vocabulary.encode_all(written))
    return likelihood(nats, token_counts(written, vocabulary.unit)).nll
