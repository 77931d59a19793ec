"""How the letters and lengths of two lists of names compare.

A few lines each, with scipy.special alone: importing scipy.stats would take longer than all else
here. The tests hold them against scipy.stats and scipy.spatial.
"""

import math
import unicodedata
from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt

from neonym.base.types import Floats
from neonym.evaluation.grams import grams

SUFFIX = 4
VOWELS = "aeiouy"


def _counts(ours: npt.ArrayLike, theirs: npt.ArrayLike) -> tuple[Floats, Floats]:
    """How often each thing that occurs in either occurs in both."""
    one, other = np.asarray(ours), np.asarray(theirs)
    _, places = np.unique(np.concatenate([one, other]), return_inverse=True)
    size = int(places.max(initial=-1)) + 1
    return (
        np.bincount(places[: len(one)], minlength=size).astype(np.float64),
        np.bincount(places[len(one) :], minlength=size).astype(np.float64),
    )


def _cosine(ours: npt.ArrayLike, theirs: npt.ArrayLike) -> float:
    one, other = _counts(ours, theirs)
    lengths = np.linalg.norm(one) * np.linalg.norm(other)
    return float(one @ other / lengths) if lengths else math.nan


def _divergence(ours: npt.ArrayLike, theirs: npt.ArrayLike) -> float:
    from scipy.special import rel_entr  # noqa: PLC0415 (who asks for names of metrics waits)

    one, other = _counts(ours, theirs)
    if not one.any() or not other.any():
        return math.nan
    p, q = one / one.sum(), other / other.sum()
    middle = (p + q) / 2
    nats = rel_entr(p, middle).sum() + rel_entr(q, middle).sum()
    return float(nats) / 2 / math.log(2)


def trigram_cosine(valid: Sequence[str], reference: Sequence[str]) -> float:
    """The cosine of the counts of trigrams (with `^` and `$`) of V and the reference."""
    return _cosine(grams(valid, 3).codes, grams(reference, 3).codes)


def suffix_cosine(valid: Sequence[str], reference: Sequence[str]) -> float:
    """The cosine of the counts of last four letters of V and the reference; after MOSES Scaf."""
    return _cosine([name[-SUFFIX:] for name in valid], [name[-SUFFIX:] for name in reference])


def bigram_js(valid: Sequence[str], reference: Sequence[str]) -> float:
    """The Jensen-Shannon divergence, bits, of the bigrams (with `^` and `$`); 0 to 1."""
    return _divergence(grams(valid, 2).codes, grams(reference, 2).codes)


def trigram_js(valid: Sequence[str], reference: Sequence[str]) -> float:
    """The Jensen-Shannon divergence, bits, of the trigrams (with `^` and `$`); 0 to 1."""
    return _divergence(grams(valid, 3).codes, grams(reference, 3).codes)


def wasserstein(ours: npt.ArrayLike, theirs: npt.ArrayLike) -> float:
    """The Wasserstein-1 distance of two samples of numbers."""
    one, other = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    if not one.size or not other.size:
        return math.nan
    support = np.union1d(one, other)
    shares = [np.searchsorted(np.sort(x), support, side="right") / x.size for x in (one, other)]
    return float(np.abs(shares[0] - shares[1])[:-1] @ np.diff(support))


def lengths(names: Sequence[str]) -> Floats:
    """The number of tokens of each name; shape (names,)."""
    return np.fromiter(map(len, names), np.float64, len(names))


def vowel_ratios(names: Sequence[str], vowels: Collection[str] = VOWELS) -> Floats:
    """The share of each name's letters that are vowels, whatever their accents; shape (names,)."""
    alphabet = set("".join(names))
    table = {ord(letter): "x" for letter in alphabet}
    table |= {ord(letter): "" for letter in alphabet if is_vowel(letter, vowels)}
    left = [len(name.translate(table)) for name in names]
    sizes = lengths(names)
    return 1 - np.asarray(left, np.float64) / np.maximum(sizes, 1)


def is_vowel(letter: str, vowels: Collection[str] = VOWELS) -> bool:
    """Whether a letter is one of the vowels, with its accents or without."""
    return letter in vowels or unicodedata.normalize("NFD", letter)[0].lower() in vowels
