"""Capital letters, which names are learned without and written with again."""

import re
from collections.abc import Sequence

# What of a name is capital: its first letter, that of each word, all letters
FIRST, WORDS, ALL = "first", "words", "all"
WAYS = (FIRST, WORDS, ALL)
MOSTLY = 0.8  # of the names, from which on all are written so
_WORDS = re.compile(r"(?<!\S)\S")


def capitals_of(texts: Sequence[str]) -> str | None:
    """How most of some names are capitalised; None: not, or otherwise than is known here.

    Parameters
    ----------
    texts
        The names as they stand in their file.
    """
    cased = [text.strip() for text in texts if text.lower() != text.upper()]
    for way in WAYS:
        fitting = sum(capitalized(text.lower(), way) == text for text in cased)
        if cased and fitting >= MOSTLY * len(cased):
            return way
    return None


def capitalized(name: str, way: str | None) -> str:
    """A name with the capital letters that names of its list have."""
    if way == WORDS:
        return _WORDS.sub(lambda letter: _capital(letter[0]), name)
    if way == ALL:
        return "".join(map(_capital, name))
    return _capital(name[:1]) + name[1:] if way == FIRST else name


def _capital(letter: str) -> str:
    """The capital of a letter where that is one letter, as of ß it is not."""
    upper = letter.upper()
    return upper if len(upper) == 1 else letter
