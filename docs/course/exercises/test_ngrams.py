"""What the functions of ngrams.py must give."""

from collections import Counter

import pytest

NAMES = ["aba", "ab"]  # .aba. and .ab.


def test_pairs_are_counted_with_beginning_and_end(exercise):
    expected = {(".", "a"): 2, ("a", "b"): 2, ("b", "a"): 1, ("a", "."): 1, ("b", "."): 1}
    assert exercise.count_bigrams(NAMES) == expected


def test_add_one_counts_every_pair_once_more(exercise):
    counts = Counter({("a", "b"): 2, ("a", "."): 1, ("b", "a"): 1})
    assert exercise.add_one(counts, "a", "b", 3) == pytest.approx(3 / 6)
    assert exercise.add_one(counts, "b", "b", 3) == pytest.approx(1 / 4)
    assert exercise.add_one(counts, ".", "a", 3) == pytest.approx(1 / 3)


def test_witten_bell_mixes_in_as_much_of_the_shorter_context_as_it_saw_different_symbols(exercise):
    counts = {"": Counter("aab.."), "a": Counter("b.."), "ba": Counter(".")}
    without = [(2 + 3 / 4) / 8, (1 + 3 / 4) / 8]  # of a and b after nothing; V is 4
    assert exercise.witten_bell(counts, "", "a", 4) == pytest.approx(without[0])
    assert exercise.witten_bell(counts, "", "c", 4) == pytest.approx(3 / 4 / 8)
    after_a = (1 + 2 * without[1]) / 5
    assert exercise.witten_bell(counts, "a", "b", 4) == pytest.approx(after_a)
    assert exercise.witten_bell(counts, "ba", "b", 4) == pytest.approx(after_a / 2)


def test_witten_bell_falls_back_where_the_context_was_never_seen(exercise):
    counts = {"": Counter("aab.."), "a": Counter("b..")}
    shorter = exercise.witten_bell(counts, "a", "b", 4)
    assert exercise.witten_bell(counts, "ca", "b", 4) == shorter
    assert sum(exercise.witten_bell(counts, "ca", w, 4) for w in "ab.c") == pytest.approx(1)


def test_perplexity_is_the_number_of_equally_likely_symbols(exercise):
    assert exercise.perplexity([1 / 27] * 5) == pytest.approx(27)
    assert exercise.perplexity([0.5, 0.125]) == pytest.approx(4)
