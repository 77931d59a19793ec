"""Exercises of notebook 1, Counting letters.

Write the bodies, then: pytest docs/course/exercises/test_ngrams.py
"""

import math
from collections import Counter


def count_bigrams(names):
    """How often each symbol is followed by each other one.

    A name begins after "." and ends with "." (one symbol for both).

    names: list of str
    returns: Counter of pairs, {("d", "i"): 12, (".", "a"): 3, …}
    """
    raise NotImplementedError("write count_bigrams")


def add_one(counts, before, after, vocabulary_size):
    """The probability of a symbol after another one, as if every pair had been seen once more.

    P(after | before) = (c(before after) + 1) / (c(before) + V)

    where c(before) is the number of times that anything followed `before`.

    counts: Counter of pairs, as count_bigrams returns it
    before, after: str, one symbol each
    vocabulary_size: int, V
    returns: float
    """
    raise NotImplementedError("write add_one")


def witten_bell(counts, context, after, vocabulary_size):
    """The probability of a symbol after a context, mixed with that after the shorter one.

    P(w | h) = (c(h w) + T(h) P(w | h')) / (c(h) + T(h))

    where c(h w) is how often w followed h, c(h) how often anything did, T(h) how many different
    symbols did, and h' is h without its first symbol. Before the empty context comes 1 / V.
    After a context that was never seen, P(w | h) = P(w | h').

    counts: dict from context to Counter of symbols, {"di": Counter({"n": 9, …}), "i": …, "": …}
    context: str, the symbols before, "" for none
    after: str, one symbol
    vocabulary_size: int, V
    returns: float
    """
    raise NotImplementedError("write witten_bell")


def perplexity(probabilities):
    """How many equally likely symbols would be as surprising: exp of the mean of -ln p.

    probabilities: list of float, what a model gave to each symbol that came, all > 0
    returns: float
    """
    raise NotImplementedError("write perplexity")
