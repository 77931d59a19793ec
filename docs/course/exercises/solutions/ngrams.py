"""Solutions of the exercises of notebook 1, Counting letters."""

import math
from collections import Counter


def count_bigrams(names):
    """How often each symbol is followed by each other one.

    A name begins after "." and ends with "." (one symbol for both).

    names: list of str
    returns: Counter of pairs, {("d", "i"): 12, (".", "a"): 3, …}
    """
    counts = Counter()
    for name in names:
        symbols = ["."] + list(name) + ["."]
        counts.update(zip(symbols, symbols[1:]))
    return counts


def add_one(counts, before, after, vocabulary_size):
    """The probability of a symbol after another one, as if every pair had been seen once more.

    P(after | before) = (c(before after) + 1) / (c(before) + V)

    where c(before) is the number of times that anything followed `before`.

    counts: Counter of pairs, as count_bigrams returns it
    before, after: str, one symbol each
    vocabulary_size: int, V
    returns: float
    """
    total = sum(count for (first, _), count in counts.items() if first == before)
    return (counts[before, after] + 1) / (total + vocabulary_size)


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
    shorter = 1 / vocabulary_size
    if context:
        shorter = witten_bell(counts, context[1:], after, vocabulary_size)
    seen = counts.get(context)
    if not seen:
        return shorter
    return (seen[after] + len(seen) * shorter) / (sum(seen.values()) + len(seen))


def perplexity(probabilities):
    """How many equally likely symbols would be as surprising: exp of the mean of -ln p.

    probabilities: list of float, what a model gave to each symbol that came, all > 0
    returns: float
    """
    nats = [-math.log(p) for p in probabilities]
    return math.exp(sum(nats) / len(nats))
