"""Every hash and metric of a run beside those of its rerun, equal or not."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from neonym.reproduction.rerun import Made
from neonym.tracking import tags
from neonym.tracking.recorded import Recorded

HASHES = {
    tags.CONFIGURATION: "configuration",
    tags.DATA: "processed data",
    tags.VOCABULARY: "vocabulary",
    tags.MODEL: "model",
}
# Where a run's results are among its artifacts; the rest is what it was made from
RESULTS = ("models", "reports", "figures", ".")
NOT_RESULTS = frozenset({"configuration.yaml"})
ABSENT = "–"


@dataclass(frozen=True)
class Row:
    """One thing that was recorded, and what the rerun has for it."""

    what: str
    recorded: str
    again: str
    equal: bool


def compare(recorded: Recorded, made: Made) -> Iterator[Row]:
    """All that a run holds beside what its rerun made."""
    yield from _hashes(recorded, made)
    yield from _files(recorded, made)
    for name in sorted(recorded.run.data.metrics):
        yield _metric(name, recorded.curve(name), made.points.get(name, {}))
    if "evaluate" in recorded.stages:
        for name in sorted(made.points.keys() - recorded.run.data.metrics.keys()):
            # Running figures of training are not there where it was filled in from files
            if not name.startswith("train/"):
                yield Row(name, ABSENT, _shown(_last(made.points[name])), False)


def _hashes(recorded: Recorded, made: Made) -> Iterator[Row]:
    for tag, name in HASHES.items():
        if recorded.tag(tag):
            yield _row(f"{name} sha256", recorded.tag(tag), made.tags.get(tag))
    for part, digest in sorted(recorded.splits.items()):
        yield _row(f"{part} names sha256", digest, made.splits.get(part))


def _files(recorded: Recorded, made: Made) -> Iterator[Row]:
    paths = {path for path in recorded.artifacts if _is_result(path)}
    expected = {path for path in made.files if _is_result(path)}
    for path in sorted(paths):
        yield _row(path, recorded.digest(path) or ABSENT, made.files.get(path))
    for path in sorted(expected - paths):
        # Jobs of a sweep leave the pictures out
        if PurePosixPath(path).parts[0] != "figures":
            yield _row(path, ABSENT, made.files[path])


def _is_result(path: str) -> bool:
    folder = PurePosixPath(path).parts[0] if "/" in path else "."
    return folder in RESULTS and path not in NOT_RESULTS


def _row(what: str, recorded: str, again: str | None) -> Row:
    return Row(what, recorded[:16], (again or ABSENT)[:16], recorded == again)


def _metric(name: str, curve: dict[int, float], made: dict[int, list[float]]) -> Row:
    """A row for a metric: its last value, unless an earlier one is another."""
    if not curve:
        return Row(name, ABSENT, _shown(_last(made)), False)
    differing = [step for step in sorted(curve) if not _is_among(curve[step], made.get(step, []))]
    step = differing[0] if differing else max(curve)
    last = step == max(curve)
    what = name if last else f"{name} at step {step}"
    again = made.get(step, [])
    return Row(what, _shown(curve[step]), _shown(again[-1] if again else None), not differing)


def _is_among(value: float, values: list[float]) -> bool:
    return any(value == other or (math.isnan(value) and math.isnan(other)) for other in values)


def _last(points: dict[int, list[float]]) -> float | None:
    return points[max(points)][-1] if points else None


def _shown(value: float | None) -> str:
    return ABSENT if value is None else repr(value)
