"""The table of drawn names: what each one is and what it is made of."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from neonym.corpus.vocabulary import tokens_of
from neonym.evaluation.coined import distinct, is_in
from neonym.evaluation.edits import Neighbours
from neonym.evaluation.measures import Drawn, Lists
from neonym.evaluation.parts import KnownParts
from neonym.evaluation.validity import ALPHABET, EMPTY


class NameRow(NamedTuple):
    """One drawn name.

    Attributes
    ----------
    name
        In canonical form.
    valid, broken
        Whether it is valid, and if not the first rule that it breaks.
    novel
        Whether it is not a training name.
    nearest, distance
        The nearest training name and its normalised Levenshtein distance; empty and NaN for a name
        that is none or has unknown letters.
    nats_per_token
        How surprising it is to the model, its end included; NaN where that was not given.
    beginning, ending
        The two known parts that it is made of; empty where it is not.
    """

    name: str
    valid: bool
    broken: str
    novel: bool
    nearest: str
    distance: float
    nats_per_token: float
    beginning: str
    ending: str


class _Known(NamedTuple):
    """What a name is, whoever drew it and however often."""

    nearest: str
    distance: float
    beginning: str
    ending: str


_UNKNOWN = _Known("", math.nan, "", "")


def names_table(
    drawn: Drawn,
    lists: Lists,
    nats: Sequence[float] | npt.NDArray[np.float64] | None = None,
    neighbours: Neighbours | None = None,
) -> list[NameRow]:
    """A row for each drawn name, in order.

    Parameters
    ----------
    drawn
        The names.
    lists
        The corpus.
    nats
        Of each whole name under the model, the end included.
    neighbours
        Among the training names, where others ask for them too.
    """
    names = lists.canonical(drawn.names)
    validity, unit = lists.validity, lists.vocabulary.unit
    broken = [
        validity.broken_rules(name, bool(ended))
        for name, ended in zip(names, drawn.ended, strict=True)
    ]
    readable = [
        name
        for name, rules in zip(names, broken, strict=True)
        if not {ALPHABET, EMPTY}.intersection(rules)
    ]
    known = _look_up(distinct(readable), lists, neighbours or lists.neighbours())
    novel = ~is_in(names, lists.train)
    surprise = [math.nan] * len(names) if nats is None else nats
    return [
        NameRow(
            name,
            not rules,
            rules[0] if rules else "",
            bool(new),
            found.nearest,
            found.distance,
            float(cost) / (len(tokens_of(name, unit)) + 1),
            found.beginning,
            found.ending,
        )
        for name, rules, new, cost, found in zip(
            names,
            broken,
            novel,
            surprise,
            (known.get(name, _UNKNOWN) for name in names),
            strict=True,
        )
    ]


def _look_up(names: list[str], lists: Lists, neighbours: Neighbours) -> dict[str, _Known]:
    found = neighbours.of(lists.vocabulary.as_strings(names))
    letters = lists.vocabulary.unit == "character"  # words are not built from parts
    parts = KnownParts(lists.train if letters else [])
    return {
        name: _Known(lists.train[place], distance, *(parts.of(name) or ("", "")))
        for name, place, distance in zip(
            names, found.place.tolist(), found.distance.tolist(), strict=True
        )
    }
