"""Repetitions of a configuration together: means over seeds, and what tells groups apart."""

import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from neonym.lab.sweeps.results import Result


def by_configuration(results: Iterable[Result]) -> list[list[Result]]:
    """The jobs that differ in seeds alone together, each group in the order of its first job."""
    groups: defaultdict[str, list[Result]] = defaultdict(list)
    for result in results:
        groups[result.repetition_of].append(result)
    return list(groups.values())


def mean_and_error(values: Sequence[float]) -> tuple[float, float]:
    """The mean, and its standard error: NaN for a single value."""
    if len(values) < 2:
        return statistics.fmean(values), math.nan
    return statistics.fmean(values), statistics.stdev(values) / math.sqrt(len(values))


def varying_keys(choices: Iterable[Mapping[str, str]]) -> list[str]:
    """The keys that not all have alike, in the order in which they come."""
    rows = list(choices)
    keys = dict.fromkeys(key for row in rows for key in row)
    return [key for key in keys if len({row.get(key) for row in rows}) > 1]
