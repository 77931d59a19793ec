import itertools
import logging

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from neonym.base.errors import UserError
from neonym.corpus.splits import (
    deal_into_folds,
    near_duplicate_groups,
    near_duplicate_pairs,
    split_names,
)
from neonym.settings import Split

NAMES = st.lists(st.text("abc", min_size=1, max_size=5), min_size=1, max_size=40, unique=True)
SPARSE = st.lists(st.text("abcdefghij", min_size=4, max_size=9), min_size=10, unique=True)


def make_split(grouped: bool = True, seed: int = 0, val: float = 0.1, test: float = 0.1) -> Split:
    return Split(hold_out=True, val=val, test=test, group_near_duplicates=grouped, seed=seed)


@given(SPARSE, st.booleans(), st.integers(0, 5))
def test_the_parts_partition_the_names(names: list[str], grouped: bool, seed: int) -> None:
    splits = split_names(names, make_split(grouped, seed))
    assert sorted(splits.train + splits.val + splits.test) == sorted(names)


@given(SPARSE, st.integers(0, 5))
def test_names_one_edit_apart_fall_on_the_same_side(names: list[str], seed: int) -> None:
    names = [*names, *[name + "k" for name in names[:1]], *[name[:-1] for name in names[1:2]]]
    names = list(dict.fromkeys(names))
    splits = split_names(names, make_split(seed=seed, val=0.2, test=0.2))
    if not splits.grouped:
        return
    for one, other in itertools.combinations([splits.train, splits.val, splits.test], 2):
        for pair in itertools.product(one, other):
            assert Levenshtein.distance(*pair) > 1


@given(NAMES)
def test_groups_are_the_components_of_names_at_distance_one(names: list[str]) -> None:
    neighbours = {
        index: {j for j, other in enumerate(names) if Levenshtein.distance(name, other) <= 1}
        for index, name in enumerate(names)
    }
    expected, left = [], set(range(len(names)))
    while left:
        component, border = set(), {min(left)}
        while border:
            component |= border
            border = set().union(*(neighbours[index] for index in border)) - component
        expected.append(sorted(component))
        left -= component
    assert sorted(near_duplicate_groups(names)) == sorted(expected)


@given(NAMES)
def test_every_pair_found_is_at_distance_one(names: list[str]) -> None:
    for one, other in near_duplicate_pairs(names):
        assert Levenshtein.distance(names[one], names[other]) == 1


def test_the_shares_are_as_asked_for() -> None:
    names = [f"{number:03d}" * 3 for number in range(200)]
    for grouped in (False, True):
        splits = split_names(names, make_split(grouped, val=0.1, test=0.25))
        assert (len(splits.train), len(splits.val), len(splits.test)) == (130, 20, 50)
        assert splits.grouped is grouped


def test_the_seed_gives_the_split_and_each_part_keeps_the_order() -> None:
    names = [f"{number:03d}" * 3 for number in range(100)]
    assert split_names(names, make_split(seed=1)) == split_names(names, make_split(seed=1))
    assert split_names(names, make_split(seed=1)) != split_names(names, make_split(seed=2))
    for part in split_names(names, make_split())[:3]:
        assert part == sorted(part)


def test_a_dense_list_is_split_plainly_with_a_warning(caplog) -> None:
    names = ["".join(letters) for letters in itertools.product("abcdef", repeat=2)]
    with caplog.at_level(logging.WARNING, "neonym"):
        splits = split_names(names, make_split())
    assert not splits.grouped
    assert (len(splits.val), len(splits.test)) == (4, 4)
    assert "groups of up to 36 of 36 names; the split is plain" in caplog.text


def test_groups_too_large_for_a_part_leave_the_split_plain(caplog) -> None:
    names = ["aaaa", "aaab", "cccc", "cccd", "eeee", "eeef", "gggg", "gggh"]
    splits = split_names(names, make_split(val=0.1, test=0.25))
    assert not splits.grouped
    assert (len(splits.val), len(splits.test)) == (1, 2)
    assert "the split is plain" in caplog.text


def test_words_are_edited_as_a_whole() -> None:
    lines = [f"{number} {number}a {number}b" for number in range(18)]
    lines += ["a cat sat on mats", "a dog sat on mats"]
    for seed in range(10):
        splits = split_names(lines, make_split(seed=seed), "word")
        assert splits.grouped
        parts = [part for part in splits[:3] if any("sat" in line for line in part)]
        assert len(parts) == 1


@pytest.mark.parametrize(("count", "works"), [(1, False), (4, False), (5, True)])
def test_fewer_names_than_the_split_needs_are_refused(count: int, works: bool) -> None:
    names = [f"{number}" * 5 for number in range(count)]
    if works:
        assert all(split_names(names, make_split(grouped=False))[:3])
    else:
        with pytest.raises(UserError, match=rf"{count} names are too few .*at least 5 in all"):
            split_names(names, make_split(grouped=False))


def test_where_nothing_is_held_out_every_part_is_the_whole_list(caplog) -> None:
    names = ["ab", "cd", "ef"]
    parts = split_names(names, make_split().model_copy(update={"hold_out": False}))
    assert parts == (names, names, names, False)
    assert "nothing is held out" in caplog.text


@pytest.mark.parametrize(
    ("val", "test"),
    [
        (1e-9, 0.1),  # counted up one by one it takes minutes
        (0.5, 0.499999999),
        (0.1, 5e-324),  # whose inverse is infinite
    ],
)
def test_shares_that_are_too_small_for_any_list_are_told_at_once(val: float, test: float) -> None:
    split = Split(hold_out=True, val=val, test=test, group_near_duplicates=False, seed=0)
    with pytest.raises(UserError) as caught:
        split_names(["rex", "tops", "minmi"], split)
    assert str(caught.value) == (
        f"data.split: 3 names are too few for val = {val} and test = {test}; change the shares, "
        "of which train has what is left"
    )


def test_how_many_names_small_shares_need_is_said() -> None:
    split = Split(hold_out=True, val=1e-5, test=0.1, group_near_duplicates=False, seed=0)
    with pytest.raises(UserError, match=r"add names \(at least 50000 in all\)"):
        split_names(["rex", "tops", "minmi"], split)


@given(st.floats(0.001, 0.49), st.floats(0.001, 0.49), st.integers(1, 30))
def test_the_number_of_names_needed_is_the_least_that_suffices(
    val: float, test: float, count: int
) -> None:
    split = Split(hold_out=True, val=val, test=test, group_near_duplicates=False, seed=0)
    try:
        split_names([f"name{number}" for number in range(count)], split)
    except UserError as error:
        needed = int(str(error).split("at least ")[1].split()[0])
        assert needed > count
        split_names([f"name{number}" for number in range(needed)], split)
        if needed - 1 > count:
            with pytest.raises(UserError, match=f"at least {needed} in all"):
                split_names([f"name{number}" for number in range(needed - 1)], split)


@given(NAMES, st.integers(1, 5), st.integers(0, 3))
def test_folds_keep_near_duplicates_together_and_differ_by_no_more_than_a_group(
    names: list[str], folds: int, seed: int
) -> None:
    folds = min(folds, len(names))
    fold_of = deal_into_folds(names, folds, np.random.default_rng(seed))
    groups = near_duplicate_groups(names)
    if max(map(len, groups)) > max(0.1 * len(names), 2):
        groups = [[index] for index in range(len(names))]
    assert all(len(set(fold_of[group])) == 1 for group in groups)
    sizes = np.bincount(fold_of, minlength=folds)
    assert sizes.sum() == len(names)
    assert sizes.max() - sizes.min() <= max(map(len, groups))


def test_another_seed_deals_other_folds() -> None:
    names = [f"{letter}{letter}{letter}" for letter in "abcdefghijklmnop"]
    one, other = (deal_into_folds(names, 4, np.random.default_rng(seed)) for seed in (0, 1))
    assert one.tolist() != other.tolist()
