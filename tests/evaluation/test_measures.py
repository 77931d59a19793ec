import itertools
import math

import pytest

from neonym.evaluation.measures import Drawn, measure, measure_real
from neonym.settings import Rules


def test_drawn_names_are_compared_in_canonical_form(make_lists) -> None:
    lists = make_lists(train=["caf\u00e9", "rex"])
    drawn = Drawn(["Cafe\u0301", " REX", "tarb"], [True, True, True])
    measures = measure(drawn, lists)
    assert measures.values["validity"] == 1
    assert measures.values["copied"] == pytest.approx(2 / 3)


def test_every_figure_has_the_denominator_of_its_definition(make_lists) -> None:
    rules = Rules(at_least_one_of={"vowel": "aeiouy"}, max_repeat=2)
    names = ["rex", "rex", "allosaur", "rexo", "rexo", "trtr", "cut", "!"]
    ended = [True] * 6 + [False, True]
    values = measure(Drawn(names, ended), make_lists(rules=rules)).values
    # V = rex rex allosaur rexo rexo, D = rex allosaur rexo
    assert (values["drawn"], values["valid"], values["distinct"]) == (8, 5, 3)
    assert values["validity"] == 5 / 8
    assert values["broken.no_vowel"] == 2 / 8
    assert values["broken.unfinished"] == 1 / 8
    assert values["broken.alphabet"] == 2 / 8  # there is no c in the corpus
    assert values["copied"] == 2 / 5
    assert values["uniqueness"] == 3 / 5
    assert values["novelty"] == pytest.approx(2 / 3)
    assert values["unseen"] == pytest.approx(1 / 3)
    assert values["rediscovery"] == 1 / 2
    assert values["near_copy"] == 1 / 2
    assert values["nearest_train_distance"] == pytest.approx(1 / 4)
    assert values["well_formed"] == pytest.approx(2 / 5)


def figures_of(make_lists, drawn, **parts):
    return measure(Drawn(drawn, [True] * len(drawn)), make_lists(**parts)).values


def test_copying_counts_duplicates_and_novelty_does_not(make_lists) -> None:
    values = figures_of(make_lists, ["a", "b", "b", "b"], train=["b"], test=["a"])
    assert (values["copied"], values["novelty"]) == (0.75, 0.5)


def test_unseen_names_are_in_none_of_the_splits(make_lists) -> None:
    drawn = ["a", "b", "cc", "ab", "ab"]
    values = figures_of(make_lists, drawn, train=["a"], val=["b"], test=["cc"])
    assert values["unseen"] == 0.25


def test_vun_counts_valid_distinct_and_new_names_of_all_asked_for(make_lists) -> None:
    drawn = ["abab"] * 250 + ["a"] * 250 + ["aa", "bb"] * 125 + ["!"] * 250
    values = figures_of(make_lists, drawn, train=["a", "bbbb"], test=["b"])
    assert values["vun_1k"] == 3 / 1000


def test_similarity_is_to_test_and_a_mean_over_distinct_names(make_lists) -> None:
    values = measure(Drawn(["allosaur", "allosaur", "kkk"], [True] * 3), make_lists()).values
    assert values["snn"] == pytest.approx(1 / 2)


def test_figures_per_thousand_are_means_over_blocks(make_lists) -> None:
    letters = "aertxovlmiknzupysgd"
    fresh = [x + y + z for x in letters for y in letters for z in letters][:2000]
    names = [*fresh[:1000], *(fresh[1000:1500] * 2)]
    measures = measure(Drawn(names, [True] * 2000), make_lists())
    assert measures.values["uniqueness_1k"] == pytest.approx(0.75, abs=0.01)
    assert measures.values["vun_1k"] == pytest.approx(0.75, abs=0.01)
    low, high = measures.intervals["vun_1k"]
    assert low < 0.75 < high
    assert "uniqueness" not in measures.intervals


def test_without_a_thousand_names_figures_per_thousand_stay_empty(make_lists) -> None:
    values = measure(Drawn(["rexo"] * 999, [True] * 999), make_lists()).values
    assert math.isnan(values["vun_1k"])
    assert math.isnan(values["trigram_js_1k"])
    assert values["uniqueness"] == pytest.approx(1 / 999)


def test_no_valid_name_leaves_figures_empty_and_validity_zero(make_lists) -> None:
    measures = measure(Drawn(["", "!"] * 600, [True] * 1200), make_lists())
    counts = {"validity", "drawn", "valid", "distinct", "vun_1k", "rediscovery", "rediscovery_1k"}
    for metric, value in measures.values.items():
        if metric.startswith("broken."):
            assert value in {0, 0.5}
        elif metric in counts:
            assert value == (1200 if metric == "drawn" else 0)
        else:
            assert math.isnan(value), metric


def test_lines_of_words_are_measured_over_words(make_lists) -> None:
    lists = make_lists(
        train=["he is male", "she is female", "this is house"],
        val=["he is tall"],
        test=["she is tall"],
        unit="word",
    )
    drawn = Drawn(["he is female", "she is tall", "he walks home"], [True] * 3)
    values = measure(drawn, lists).values
    assert values["validity"] == pytest.approx(2 / 3)
    assert values["rediscovery"] == 1
    assert values["near_copy"] == 1
    assert values["nearest_train_distance"] == pytest.approx(1 / 3)
    assert values["length_w1"] == 0
    assert math.isnan(values["vowel_ratio_w1"])


def test_real_names_stand_for_test_where_train_is_compared_and_the_reverse(make_lists) -> None:
    train = ["allosaur", "alfosaur", "rex"]
    values = measure_real(make_lists(train=train, test=["allosaurus"])).values
    assert values["snn"] == pytest.approx((7 / 11 + 4 / 14) / 3)
    assert values["nearest_train_distance"] == pytest.approx(2 / 10)
    assert values["near_copy"] == 0
    assert values["validity"] == 1
    assert math.isnan(values["trigram_cosine"])
    assert not values.keys() & {"novelty", "copied", "unseen", "uniqueness", "vun_1k"}


def test_the_seed_gives_every_figure(make_lists) -> None:
    names = ["".join(letters) for letters in itertools.product("rapto", "aeiou", "xzuk", "lus")]
    drawn = Drawn(names, [True] * len(names))
    assert repr(measure(drawn, make_lists(), 1)) == repr(measure(drawn, make_lists(), 1))
    one, other = (measure(drawn, make_lists(), seed).intervals for seed in (1, 2))
    assert one["vowel_ratio_w1"] != other["vowel_ratio_w1"]
