import math
from collections.abc import Callable

import pytest

from neonym.evaluation.measures import Drawn, Lists, measure
from neonym.evaluation.temperature import quality
from neonym.settings import Rules

NAMES = ["rex", "Rex ", "trexo", "allo", "xx", "trexo", "xyz", "qqq"]
ENDED = [True, True, True, True, True, True, False, True]


def test_each_figure_has_its_own_denominator(make_lists: Callable[..., Lists]) -> None:
    found = quality(0.5, Drawn(NAMES, ENDED), make_lists())
    # Unfinished, too short, an unknown letter: three of eight are not valid
    assert found.temperature == 0.5
    assert found.validity == 5 / 8
    assert found.uniqueness == 3 / 5
    assert found.novelty == 2 / 3


def test_the_figures_are_those_of_the_report(make_lists: Callable[..., Lists]) -> None:
    lists, drawn = make_lists(), Drawn(NAMES, ENDED)
    found, full = quality(1.0, drawn, lists), measure(drawn, lists).values
    assert found.validity == full["validity"]
    assert found.uniqueness == full["uniqueness"]
    assert found.novelty == full["novelty"]
    assert found.diversity == pytest.approx(full["internal_diversity"])


def test_of_no_valid_name_only_the_validity_is_known(make_lists: Callable[..., Lists]) -> None:
    strict = Rules(at_least_one_of={"digit": "7"}, max_repeat=None)
    found = quality(1.0, Drawn(["rex"], [True]), make_lists(rules=strict))
    assert found.validity == 0
    assert all(map(math.isnan, found[2:]))


def test_words_are_judged_as_words(make_lists: Callable[..., Lists]) -> None:
    lists = make_lists(["a dog", "a cat"], ["the dog"], ["the cat"], unit="word")
    found = quality(1.0, Drawn(["a dog", "cat the", "a tree"], [True] * 3), lists)
    assert (found.validity, found.novelty) == (2 / 3, 1 / 2)
    assert found.diversity == 1
