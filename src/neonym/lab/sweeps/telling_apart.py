"""How the curves of a sweep are told apart: by configuration, or by the key that tells most."""

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from neonym.lab.sweeps.scale import number_of

Values = Mapping[str, str]  # of each swept key

# Colours that also the colour-blind tell apart, darker than 3 to 1 against white, and lines
LOOKS = (
    ("#1f6fb4", "-"),
    ("#882255", "--"),
    ("#117733", "-."),
    ("#332288", ":"),
    ("#aa4499", (0, (5, 1, 1, 1, 1, 1))),
    ("#00786c", (0, (8, 2))),
)
OTHERS = "others"


@dataclass(frozen=True)
class Apart:
    """What the jobs of a sweep are told apart by."""

    keys: tuple[str, ...]
    """What their labels tell; none where they differ in seeds alone."""
    labels: tuple[str, ...]
    """Of each job, equal for those that look alike; where `is_graded`, the key's value."""
    is_graded: bool = False
    """Whether these are numbers on a scale, too many for a look each."""

    @property
    def looks(self) -> dict[str, tuple[str, object]]:
        """Colour and line of each label, in the order of the jobs."""
        return dict(zip(dict.fromkeys(self.labels), LOOKS, strict=False))


def told_apart(
    jobs: Sequence[Values], metric: Sequence[float | None], seeds: Collection[str]
) -> Apart:
    """What to tell jobs apart by.

    Parameters
    ----------
    jobs
        What each swept key was, for each job.
    metric
        What came of it; None where there is nothing.
    seeds
        Keys that make no other configuration.
    """
    keys = [key for key in (jobs[0] if jobs else ()) if key not in seeds]
    whole = [" ".join(f"{key}={values[key]}" for key in keys) for values in jobs]
    if len(set(whole)) <= len(LOOKS):
        return Apart(tuple(keys), tuple(whole))
    key = max(keys, key=lambda each: explained([values[each] for values in jobs], metric))
    own = [values[key] for values in jobs]
    if len(set(own)) > len(LOOKS):
        if all(map(math.isfinite, map(number_of, own))):
            return Apart((key,), tuple(own), is_graded=True)
        common = {value for value, _ in Counter(own).most_common(len(LOOKS) - 1)}
        return Apart((key,), tuple(f"{key}={v}" if v in common else OTHERS for v in own))
    return Apart((key,), tuple(f"{key}={value}" for value in own))


def explained(values: Sequence[str], metric: Sequence[float | None]) -> float:
    """How much of a metric's variation a key explains of itself alone, 1 at most.

    The share of it that lies between the means of the key's values, less what chance gives (epsilon
    squared, Kelley, 1935); numbers of which there are many count in groups of neighbours.
    """
    rated = [(key, each) for key, each in zip(values, metric, strict=True) if each is not None]
    results = np.array([each for _, each in rated])
    variation = float(np.square(results - results.mean()).sum()) if rated else 0.0
    groups: defaultdict[object, list[float]] = defaultdict(list)
    for group, result in zip(_grouped([key for key, _ in rated]), results.tolist(), strict=True):
        groups[group].append(result)
    free = len(rated) - len(groups)
    if variation == 0 or free == 0 or len(groups) < 2:
        return 0.0
    within = sum(float(np.square(np.array(each) - np.mean(each)).sum()) for each in groups.values())
    return 1 - within / free * (len(rated) - 1) / variation


def _grouped(values: Sequence[str]) -> Sequence[object]:
    """The values, or of many numbers which of a few groups of neighbours each is in."""
    numbers = [number_of(value) for value in values]
    distinct = sorted(set(numbers))
    if len(set(values)) <= len(LOOKS) or not all(map(math.isfinite, numbers)):
        return values
    places = {number: place for place, number in enumerate(distinct)}
    return [places[number] * len(LOOKS) // len(distinct) for number in numbers]
