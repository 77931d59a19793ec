"""Every hash and metric of a run beside those of its rerun, equal or not."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from neonym.base.nested import value_at
from neonym.lab.lineage.recorded import RAW, Recorded
from neonym.lab.lineage.rerun import Made
from neonym.lab.project import Project
from neonym.lab.tracking import tags

HASHES = {
    tags.CONFIGURATION: "configuration",
    tags.DATA: "processed data",
    tags.MODEL: "model",
}
# Where a run's results are among its artifacts; the rest is what it was made from
RESULTS = ("models", "reports", "figures", ".")
NOT_RESULTS = frozenset({"configuration.yaml"})
ABSENT = "–"

Curve = Mapping[int, float]


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
    yield from _metrics(recorded, made)


def _hashes(recorded: Recorded, made: Made) -> Iterator[Row]:
    project = recorded.store.project
    for tag, name in {**HASHES, **project.digests}.items():
        if recorded.tag(tag):
            yield _row(f"{name} sha256", recorded.tag(tag), made.tags.get(tag))
    for part, digest in sorted(recorded.splits.items()):
        yield _row(f"{part} {project.rows_called} sha256", digest, made.splits.get(part))


def _files(recorded: Recorded, made: Made) -> Iterator[Row]:
    folders = _folders(recorded.store.project)
    paths = {path for path in recorded.artifacts if _is_result(path, folders)}
    expected = {path for path in made.files if _is_result(path, folders)}
    for path in sorted(paths):
        yield _row(path, recorded.digest(path) or ABSENT, made.files.get(path))
    for path in sorted(expected - paths):
        # Jobs of a sweep leave the pictures out
        if PurePosixPath(path).parts[0] != "figures":
            yield _row(path, ABSENT, made.files[path])


def _folders(project: Project[Any]) -> set[str]:
    """Where results are among a run's artifacts; not its raw data."""
    return {*RESULTS, *(PurePosixPath(path).parts[0] for path in project.made)} - {RAW}


def _is_result(path: str, folders: set[str]) -> bool:
    folder = PurePosixPath(path).parts[0] if "/" in path else "."
    return folder in folders and path not in NOT_RESULTS


def _row(what: str, recorded: str, again: str | None) -> Row:
    return Row(what, recorded[:16], (again or ABSENT)[:16], recorded == again)


def _metrics(recorded: Recorded, made: Made) -> Iterator[Row]:
    project = recorded.store.project
    resumed = value_at(recorded.configuration, project.schema.resumed_by)
    for name in sorted(recorded.run.data.metrics):
        curve = recorded.curve(name)
        logged = [points[name] for points in (made.points, made.filled) if name in points] or [{}]
        first = min(curve, default=0) if resumed and name in project.passing_metrics else 0
        rows = [_metric(name, curve, _from(first, again)) for again in logged]
        yield next((row for row in rows if row.equal), rows[0])
    if not set(project.complete_after).isdisjoint(recorded.stages):
        for name in sorted(
            made.points.keys() - recorded.run.data.metrics.keys() - set(project.passing_metrics)
        ):
            yield _metric(name, {}, made.points[name])


def _from(first: int, curve: Curve) -> Curve:
    return {step: value for step, value in curve.items() if step >= first}


def _metric(name: str, curve: Curve, again: Curve) -> Row:
    """A row for a metric: its last value, unless one before is another, or missing."""
    steps = sorted(curve.keys() | again.keys()) if curve else sorted(again)[-1:]
    differing = [step for step in steps if not _is_same(curve.get(step), again.get(step))]
    step = next(iter(differing or steps[-1:]), 0)
    what = name if step in steps[-1:] else f"{name} at step {step}"
    equal = bool(steps) and not differing
    return Row(what, _shown(curve.get(step)), _shown(again.get(step)), equal)


def _is_same(value: float | None, other: float | None) -> bool:
    if value is None or other is None:
        return False
    return value == other or (math.isnan(value) and math.isnan(other))


def _shown(value: float | None) -> str:
    return ABSENT if value is None else repr(value)
