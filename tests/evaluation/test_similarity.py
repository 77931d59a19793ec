import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neonym.evaluation import similarity
from neonym.evaluation.similarity import internal_diversity, nearest_similarity

NAMES = st.lists(st.text("abcé", max_size=9), max_size=15)


def trigrams(name: str) -> set[str]:
    padded = f"^{name}$"
    return {padded[i : i + 3] for i in range(len(padded) - 2)}


def jaccard(one: str, other: str) -> float:
    a, b = trigrams(one), trigrams(other)
    return len(a & b) / len(a | b) if a | b else 0.0


def coin(count: int, seed: int) -> list[str]:
    random = np.random.default_rng(seed)
    parts = ["tyr", "anno", "sau", "rus", "ste", "go", "rap", "tor", "x"]
    return ["".join(random.choice(parts, size)) for size in random.integers(1, 7, count)]


@given(names=NAMES, reference=NAMES.filter(len))
def test_the_similarity_is_the_highest_over_all_pairs(
    names: list[str], reference: list[str]
) -> None:
    expected = [max(jaccard(name, other) for other in reference) for name in names]
    assert nearest_similarity(names, reference).tolist() == pytest.approx(expected)


def test_the_search_is_exact_where_neighbours_and_blocks_do_not_suffice(monkeypatch) -> None:
    monkeypatch.setattr(similarity, "NEIGHBOURS", 1)
    monkeypatch.setattr(similarity, "_BLOCK", 500)
    names, reference = coin(200, seed=0), coin(300, seed=1)
    expected = [max(jaccard(name, other) for other in reference) for name in names]
    assert nearest_similarity(names, reference).tolist() == pytest.approx(expected)


def test_an_empty_reference_has_no_similarity() -> None:
    assert np.isnan(nearest_similarity(["rex"], [])).all()
    assert nearest_similarity([], ["rex"]).shape == (0,)


def test_diversity_is_over_pairs_without_self_pairs() -> None:
    # ^ab ab$ / ^ab abc bc$ / ^xy xy$: one pair shares one of four trigrams.
    diversity = internal_diversity(["ab", "abc", "xy"], np.random.default_rng(0))
    assert diversity == pytest.approx(1 - (1 / 4) / 3)


@given(st.lists(st.text("ab", max_size=6), min_size=2, max_size=10, unique=True))
def test_diversity_is_one_less_the_mean_similarity(names: list[str]) -> None:
    pairs = itertools.combinations(names, 2)
    expected = 1 - float(np.mean([jaccard(one, other) for one, other in pairs]))
    assert internal_diversity(names, np.random.default_rng(0)) == pytest.approx(expected)


def test_sampled_pairs_of_a_large_list_come_near_all_pairs(monkeypatch) -> None:
    names = sorted(set(coin(1500, seed=0)))
    exact = internal_diversity(names, np.random.default_rng(0))
    monkeypatch.setattr(similarity, "ALL_PAIRS", 10)
    sampled = internal_diversity(names, np.random.default_rng(0))
    assert sampled != exact
    assert sampled == pytest.approx(exact, abs=0.002)


def test_pairs_share_frequent_trigrams_and_rare_ones(monkeypatch) -> None:
    random = np.random.default_rng(0)
    letters = list("aaaabcdefghijklmn")  # far more trigrams than have a bit of their own
    names = sorted({"".join(random.choice(letters, size)) for size in random.integers(3, 12, 400)})
    assert len(set().union(*map(trigrams, names))) > 1000
    monkeypatch.setattr(similarity, "ALL_PAIRS", 10)
    monkeypatch.setattr(similarity, "SAMPLED_PAIRS", 2000)
    monkeypatch.setattr(similarity, "_TOGETHER", 300)
    random = np.random.default_rng(1)
    one = random.integers(len(names), size=2000)
    other = (one + random.integers(1, len(names), size=2000)) % len(names)
    pairs = [jaccard(names[i], names[j]) for i, j in zip(one.tolist(), other.tolist(), strict=True)]
    assert internal_diversity(names, np.random.default_rng(1)) == 1 - float(np.mean(pairs))


def test_one_name_has_no_diversity() -> None:
    assert math.isnan(internal_diversity(["rex"], np.random.default_rng(0)))
