"""Dividing names into train, val and test so that the test names are not half-known."""

import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neonym.base.errors import UserError
from neonym.corpus.vocabulary import Unit, Vocabulary
from neonym.settings import Split

logger = logging.getLogger("neonym")

# Where near-duplicates run together into a group larger than this share of the list, which side it
# falls on would decide what the split is.
LARGEST_GROUP_SHARE = 0.1


TINY_SHARE = 1e-5  # too small for any list; how many names it would take is not sought
PARTS = ("train", "val", "test")


class Splits(NamedTuple):
    """The names of each part, each in the order of the list.

    `grouped` is whether near-duplicates fall on the same side.
    """

    train: list[str]
    val: list[str]
    test: list[str]
    grouped: bool


def split_names(names: Sequence[str], split: Split, unit: Unit = "character") -> Splits:
    """Divide distinct names into train, val and test by a seeded shuffle.

    Parameters
    ----------
    names
        Distinct names in canonical form.
    split
        Whether to divide at all, the shares, the seed, and whether names at Levenshtein distance 1
        (in tokens) stay together.
        Where the groups that this makes run together, they do not, and a warning says so.
    unit
        What a token is.

    Raises
    ------
    UserError
        If there are too few names for each part to get one.
    """
    if not split.hold_out:
        logger.warning("nothing is held out: figures on val and test tell what was learnt by heart")
        return Splits(list(names), list(names), list(names), grouped=False)
    _check_count(len(names), split)
    sides = _grouped_sides(names, split, unit) if split.group_near_duplicates else None
    grouped = sides is not None
    if sides is None:
        sides = _deal([[index] for index in range(len(names))], len(names), split)
    parts: tuple[list[str], list[str], list[str]] = ([], [], [])
    for name, side in zip(names, sides, strict=True):
        parts[side].append(name)
    return Splits(*parts, grouped=grouped)


def _sizes(count: int, split: Split) -> tuple[int, int]:
    """How many names val and test are to get."""
    return int(count * split.val + 0.5), int(count * split.test + 0.5)


def _suffices(count: int, split: Split) -> bool:
    val, test = _sizes(count, split)
    return val >= 1 and test >= 1 and count - val - test >= 1


def _check_count(count: int, split: Split) -> None:
    if not _suffices(count, split):
        # a name for each part: half of one, rounded up, for val and test, and one that is left
        least = min(split.val, split.test, 1 - split.val - split.test)
        said = (
            f"data.split: {count} names are too few for val = {split.val} and test = {split.test}"
        )
        if least < TINY_SHARE:
            raise UserError(f"{said}; change the shares, of which train has what is left")
        needed = max(count + 1, int(0.5 / least) - 1)
        while not _suffices(needed, split):
            needed += 1
        raise UserError(f"{said}; add names (at least {needed} in all) or change the shares")


def _grouped_sides(names: Sequence[str], split: Split, unit: Unit) -> list[int] | None:
    """The part of each name with near-duplicates together, or None where that cannot be done."""
    groups = near_duplicate_groups(Vocabulary.from_names(names, unit).as_strings(names))
    largest = max(map(len, groups))
    sides = _deal(groups, len(names), split)
    if _runs_together(largest, len(names)) or len(set(sides)) < 3:
        logger.warning(
            "data.split: names one edit apart run together in groups of up to %d of %d names; the "
            "split is plain, so some val and test names are nearly training names",
            *(largest, len(names)),
        )
        return None
    return sides


def _runs_together(largest: int, count: int) -> bool:
    """Whether the largest group is too much of the list to fall on one side."""
    # In a tiny list a pair is a large share of it, and does no harm.
    return largest > max(LARGEST_GROUP_SHARE * count, 2)


def deal_into_folds(
    names: Sequence[str], folds: int, generator: np.random.Generator
) -> NDArray[np.intp]:
    """The fold of each name, (names,), all of nearly one size.

    Near-duplicates fall into one, as far as they do not run together.

    Parameters
    ----------
    names
        Distinct names, a character for each token.
    folds
        How many folds, at most as many as names.
    generator
        Shuffles the groups.
    """
    groups = near_duplicate_groups(names)
    if _runs_together(max(map(len, groups)), len(names)):
        groups = [[index] for index in range(len(names))]
    fold_of = np.empty(len(names), dtype=np.intp)
    sizes = [0] * folds
    for number in generator.permutation(len(groups)).tolist():
        smallest = sizes.index(min(sizes))
        fold_of[groups[number]] = smallest
        sizes[smallest] += len(groups[number])
    return fold_of


def _deal(groups: list[list[int]], count: int, split: Split) -> list[int]:
    """The part of each name (0 train, 1 val, 2 test): shuffled groups fill val, then test."""
    room = [count, *_sizes(count, split)]
    sides = [0] * count
    for number in np.random.default_rng(split.seed).permutation(len(groups)).tolist():
        group = groups[number]
        part = next(part for part in (1, 2, 0) if room[part] >= len(group))
        room[part] -= len(group)
        for index in group:
            sides[index] = part
    return sides


def near_duplicate_groups(names: Sequence[str]) -> list[list[int]]:
    """The connected components of distinct names at Levenshtein distance 1, as rising indices."""
    root = list(range(len(names)))

    def find(index: int) -> int:
        while root[index] != index:
            root[index] = root[root[index]]  # halve the path for those who come later
            index = root[index]
        return index

    for one, other in near_duplicate_pairs(names):
        low, high = sorted((find(one), find(other)))
        root[high] = low
    groups: defaultdict[int, list[int]] = defaultdict(list)
    for index in range(len(names)):
        groups[find(index)].append(index)
    return list(groups.values())


def near_duplicate_pairs(names: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Pairs (as indices) of names at Levenshtein distance 1, enough to connect all such names.

    Two names of one length are at distance 1 when they agree after the token at the same position
    is left out of both; names of neighbouring lengths, when leaving one out of the longer gives the
    shorter. So hashing every deletion finds them exactly, in time linear in the number of names.
    """
    by_length: defaultdict[int, list[int]] = defaultdict(list)
    for index, name in enumerate(names):
        by_length[len(name)].append(index)
    for length, indices in by_length.items():
        shorter = {names[index]: index for index in by_length.get(length - 1, ())}
        for position in range(length):
            first: dict[str, int] = {}
            for index in indices:
                name = names[index]
                rest = name[:position] + name[position + 1 :]
                other = first.setdefault(rest, index)
                if other != index:
                    yield other, index
                if rest in shorter:
                    yield shorter[rest], index
