from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neonym.evaluation.grams import gram_sets, grams, is_well_formed

NAMES = st.lists(st.text(max_size=6), max_size=6)


def slow_grams(name: str, n: int) -> list[tuple[int, ...]]:
    padded = [0, *(ord(letter) + 2 for letter in name), 1]
    return [tuple(padded[i : i + n]) for i in range(len(padded) - n + 1)]


def decode(code: int, n: int) -> tuple[int, ...]:
    digits = []
    for _ in range(n):
        code, digit = divmod(code, 0x110002)
        digits.append(digit)
    return tuple(reversed(digits))


@pytest.mark.parametrize("n", [2, 3])
@given(names=NAMES)
def test_grams_are_those_of_each_padded_name(n: int, names: list[str]) -> None:
    found = grams(names, n)
    expected = [(row, gram) for row, name in enumerate(names) for gram in slow_grams(name, n)]
    codes = [decode(code, n) for code in found.codes.tolist()]
    assert list(zip(found.rows.tolist(), codes, strict=True)) == expected


@given(NAMES)
def test_gram_sets_hold_each_gram_of_a_name_once(names: list[str]) -> None:
    found = gram_sets(names, 3)
    expected = Counter(
        (row, gram) for row, name in enumerate(names) for gram in set(slow_grams(name, 3))
    )
    assert found.codes.tolist() == sorted(set(found.codes.tolist()))
    codes = [decode(code, 3) for code in found.codes[found.columns].tolist()]
    assert Counter(zip(found.rows.tolist(), codes, strict=True)) == expected


def test_a_well_formed_name_has_only_trigrams_of_train_ends_included() -> None:
    train = ["abcd", "xabc"]
    names = ["abcd", "xabcd", "abc", "bcd", "abcdx", "ab", ""]
    assert is_well_formed(names, train).tolist() == [True, True, True, False, False, False, True]
    assert is_well_formed(["ab"], []).tolist() == [False]
