"""The metrics that compare the whole list of drawn names with test, or with itself.

A new one is a function and its line in `LIST_METRICS`: it is measured on all names and on blocks
of 1,000, and stands in the table. One that reads test must also be among those by which
`neonym.experiment.Sweep` lets nothing be chosen; a test holds that.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from neonym.evaluation import distributions
from neonym.evaluation.coined import distinct
from neonym.evaluation.similarity import internal_diversity

Function = Callable[[Sequence[str], Sequence[str], np.random.Generator], float]


class ListMetric(NamedTuple):
    """A metric of a list of names.

    Attributes
    ----------
    measure
        Of the valid names, the test names and random numbers.
    meaning, meaning_1k
        What it says, for a reader: of all names, and of 1,000.
    reads_test
        Whether it depends on the test names.
    """

    measure: Function
    meaning: str
    meaning_1k: str
    reads_test: bool = True


def against_test(
    measure: Callable[[Sequence[str], Sequence[str]], float], what: str, unit: str
) -> ListMetric:
    """A metric that compares with test and draws nothing."""
    return ListMetric(
        lambda valid, test, _: measure(valid, test),
        f"{what} ({unit})",
        f"{what}, of 1,000 ({unit})",
    )


LIST_METRICS = {
    "internal_diversity": ListMetric(
        lambda valid, _, random: internal_diversity(distinct(valid), random),
        "dissimilarity among the distinct",
        "dissimilarity among 1,000",
        reads_test=False,
    ),
    "trigram_cosine": against_test(distributions.trigram_cosine, "trigrams like test's", "cosine"),
    "suffix_cosine": against_test(distributions.suffix_cosine, "endings like test's", "cosine"),
    "bigram_js": against_test(distributions.bigram_js, "bigrams unlike test's", "bits"),
    "trigram_js": against_test(distributions.trigram_js, "trigrams unlike test's", "bits"),
}
