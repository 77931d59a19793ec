import math
from collections.abc import Callable

import pytest

from neonym.evaluation.measures import Drawn, Lists, measure, measure_real
from neonym.evaluation.temperature import quality, real_quality
from neonym.models.ngram import fit
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
    assert found.well_formed == full["well_formed"]


def test_names_of_noise_are_less_well_formed_and_less_likely_to_the_ngram(
    make_lists: Callable[..., Lists],
) -> None:
    lists = make_lists()
    encode = lists.vocabulary.encode_all
    ngram = fit(encode(lists.train), len(lists.vocabulary), 3)
    like = quality(0.5, Drawn(["trexo", "raptor"], [True] * 2), lists, ngram=ngram)
    noise = quality(1.5, Drawn(["xtroe", "pkmruz"], [True] * 2), lists, ngram=ngram)
    assert (like.well_formed, noise.well_formed) == (0.5, 0)
    assert like.ngram_nll < noise.ngram_nll
    # what rewards the noise: it is as valid and distinct, and newer
    assert (noise.validity, noise.uniqueness) == (like.validity, like.uniqueness) == (1, 1)
    assert noise.novelty > like.novelty


def test_the_level_of_real_names_is_that_of_the_report(make_lists: Callable[..., Lists]) -> None:
    lists = make_lists()
    encode = lists.vocabulary.encode_all
    ngram = fit(encode(lists.train), len(lists.vocabulary), 3)
    real = real_quality(lists, ngram)
    assert real.well_formed == measure_real(lists).values["well_formed"]
    tokens = sum(len(name) + 1 for name in lists.test)
    nats = ngram.negative_log_likelihood(encode(lists.test)).sum()
    assert real.ngram_nll == pytest.approx(nats / tokens)
    assert math.isnan(real.novelty)


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
