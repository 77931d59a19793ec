"""A small corpus that the tests of evaluation share."""

from collections.abc import Callable

import pytest

from neonym.corpus.vocabulary import Unit, Vocabulary
from neonym.evaluation.measures import Lists
from neonym.settings import Rules

TRAIN = ["rex", "trex", "tyrano", "stegosaur", "raptor", "velox", "minmi", "kol", "zupay"]
VAL = ["tarbosaur"]
TEST = ["allosaur", "troodon"]


def make(
    train: list[str] = TRAIN,
    val: list[str] = VAL,
    test: list[str] = TEST,
    rules: Rules | None = None,
    unit: Unit = "character",
) -> Lists:
    vocabulary = Vocabulary.from_names([*train, *val, *test], unit)
    rules = rules or Rules(at_least_one_of={}, max_repeat=None)
    return Lists(train, val, test, vocabulary, lowercase=True, rules=rules)


@pytest.fixture(scope="session")
def make_lists() -> Callable[..., Lists]:
    """Makes the splits of a corpus."""
    return make
