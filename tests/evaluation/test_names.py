import logging
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neonym.evaluation import coined as names

NAMES = st.lists(st.sampled_from("abcdefg"), min_size=1, max_size=12)


def test_uniqueness_is_the_share_of_distinct_names() -> None:
    assert names.uniqueness(["a", "b", "a", "a"]) == 0.5


def test_novelty_does_not_penalize_duplicates() -> None:
    assert names.novelty(["a", "b", "b", "b"], ["a"]) == 0.5


def test_rediscovery_is_a_share_of_test() -> None:
    assert names.rediscovery(["a", "b", "b", "x"], ["a", "b", "c", "d"]) == 0.5


@given(NAMES)
def test_distinct_names_keep_their_order(valid: list[str]) -> None:
    found = names.distinct(valid)
    assert len(found) == len(set(valid)) == len(set(found))
    assert [valid.index(name) for name in found] == sorted(valid.index(name) for name in found)


@pytest.mark.parametrize(
    "measure",
    [
        lambda: names.uniqueness([]),
        lambda: names.novelty([], ["a"]),
        lambda: names.rediscovery(["a"], []),
    ],
)
def test_nothing_to_measure_gives_nan_and_a_warning(measure, caplog) -> None:
    with caplog.at_level(logging.WARNING, "neonym"):
        assert math.isnan(measure())
    assert "there are no names to measure it on" in caplog.text


def test_blocks_are_whole_thousands_and_at_most_ten() -> None:
    numbers = [str(number) for number in range(2500)]
    assert [len(block) for block in names.thousands(numbers)] == [1000, 1000]
    assert names.thousands(numbers)[1][0] == "1000"
    assert names.thousands(numbers[:999]) == []
    assert len(names.thousands(numbers * 5)) == 10
