"""What the functions of comparing.py must give."""

import pytest

TRAIN = ["allosaurus", "stegosaurus", "iguanodon"]


def test_three_values_have_a_wide_interval(exercise):
    mean, half = exercise.interval([1.0, 2.0, 3.0])
    assert mean == pytest.approx(2)
    assert half == pytest.approx(4.303 / 3**0.5)  # s is 1


def test_more_values_have_a_narrower_one(exercise):
    _, three = exercise.interval([1.0, 2.0, 3.0])
    _, nine = exercise.interval([1.0, 2.0, 3.0] * 3)
    assert nine == pytest.approx(2.306 * (6 / 8) ** 0.5 / 3)
    assert nine < three / 3


def test_what_two_share_drops_out_of_their_difference(exercise):
    first, second = [1.1, 5.1, 9.1], [1.0, 5.0, 9.0]
    mean, half = exercise.paired_interval(first, second)
    assert mean == pytest.approx(0.1)
    assert half == pytest.approx(0, abs=1e-12)
    mean, half = exercise.paired_interval([1.0, 2.0], [2.0, 5.0])
    assert mean == pytest.approx(-2)
    assert half == pytest.approx(12.706)  # differences -1 and -3: s is the square root of 2


@pytest.mark.parametrize(
    ("a", "b", "edits"),
    [("", "", 0), ("", "abc", 3), ("rex", "rex", 0), ("kitten", "sitting", 3), ("ab", "ba", 2)],
)
def test_edits_are_the_fewest(exercise, a, b, edits):
    assert exercise.edit_distance(a, b) == edits
    assert exercise.edit_distance(b, a) == edits


def test_a_name_that_comes_twice_is_copied_twice(exercise):
    drawn = ["allosaurus", "allosaurus", "allosaurex", "iguanodon"]
    assert exercise.share_copied(drawn, TRAIN) == 0.75
    assert exercise.share_copied(["rex"], TRAIN) == 0


def test_the_nearest_is_measured_by_the_longer_name(exercise):
    assert exercise.nearest_known("allosaurex", TRAIN) == ("allosaurus", 0.2)
    assert exercise.nearest_known("iguanodon", TRAIN) == ("iguanodon", 0)
    name, distance = exercise.nearest_known("stegosaurusrex", TRAIN)
    assert (name, distance) == ("stegosaurus", pytest.approx(3 / 14))
    assert exercise.nearest_known("b", ["a", "c"]) == ("a", 1)
