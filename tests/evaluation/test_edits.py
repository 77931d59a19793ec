import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from neonym.evaluation import edits
from neonym.evaluation.edits import Neighbours, nearest

NAMES = st.lists(st.text("abé", max_size=7), max_size=12, unique=True)


@given(names=NAMES, reference=NAMES.filter(len))
def test_the_nearest_name_is_that_of_comparing_all_pairs(
    names: list[str], reference: list[str]
) -> None:
    found = nearest(names, reference)
    for row, name in enumerate(names):
        distances = [Levenshtein.normalized_distance(name, other) for other in reference]
        assert found.distance[row] == pytest.approx(min(distances))
        assert distances[found.place[row]] == pytest.approx(min(distances))
        fewest = min(Levenshtein.distance(name, other) for other in reference)
        assert found.near_copy[row] == (fewest <= 1)


def test_the_distance_is_edits_by_the_longer_length() -> None:
    found = nearest(["tyranosaur"], ["rex", "tyrannosaurus"])
    assert found.place.tolist() == [1]
    assert found.distance.tolist() == pytest.approx([3 / 13])
    assert found.near_copy.tolist() == [False]


def test_blocks_of_comparisons_change_nothing(monkeypatch) -> None:
    random = np.random.default_rng(0)
    names = ["".join(random.choice(list("abc"), size)) for size in random.integers(1, 9, 300)]
    whole = nearest(names[:150], names[150:])
    monkeypatch.setattr(edits, "_BLOCK", 7)
    for one, other in zip(nearest(names[:150], names[150:]), whole, strict=True):
        assert one.tolist() == other.tolist()


def test_very_long_names_are_compared_too() -> None:
    found = nearest(["a" * 600], ["b" * 600, "a" * 300])
    assert found.distance.tolist() == [0.5]


def test_an_empty_reference_has_no_nearest_name() -> None:
    found = nearest(["rex"], [])
    assert found.place.tolist() == [-1]
    assert np.isnan(found.distance).all()
    assert not found.near_copy.any()


def test_neighbours_are_the_nearest_names_and_looked_for_once(monkeypatch) -> None:
    names, reference = ["ab", "abba", "bb", "ab", "caba"], ["abb", "b", "cab"]
    neighbours, looked = Neighbours(reference), []

    def noted(names, reference):
        looked.append(list(names))
        return nearest(names, reference)

    monkeypatch.setattr(edits, "nearest", noted)
    for asked in (names[:2], names, [], names[::-1]):
        for found, expected in zip(neighbours.of(asked), nearest(asked, reference), strict=True):
            assert found.tolist() == expected.tolist()
    assert looked == [["ab", "abba"], ["bb", "caba"]]
