"""Figures of likelihood over a whole list, from the nats of each name."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from neonym.base.types import Floats
from neonym.corpus.vocabulary import Unit, tokens_of
from neonym.evaluation.coined import share


class Likelihood(NamedTuple):
    """How likely a list is under a model, a token, the end of each name included.

    Attributes
    ----------
    nll
        Nats a token: the sum over all names by the number of tokens, not a mean of means.
    bits_per_char
        The same in bits.
    perplexity
        How many equally likely tokens would be as hard to guess.
    """

    nll: float
    bits_per_char: float
    perplexity: float


def token_counts(names: Iterable[str], unit: Unit = "character") -> npt.NDArray[np.int64]:
    """The tokens that are predicted for each name: its letters, or words, and the end."""
    return np.fromiter((len(tokens_of(name, unit)) + 1 for name in names), np.int64)


def likelihood(nats: Sequence[float] | Floats, tokens: npt.ArrayLike) -> Likelihood:
    """The figures of a list.

    Parameters
    ----------
    nats
        Of each whole name, the end included; shape (names,).
    tokens
        Of each name, see `token_counts`; shape (names,).
    """
    nll = share(math.fsum(nats), int(np.asarray(tokens).sum()), "nll")
    return Likelihood(nll, nll / math.log(2), _exp(nll))


def _exp(nll: float) -> float:
    try:
        return math.exp(nll)
    except OverflowError:
        return math.inf
