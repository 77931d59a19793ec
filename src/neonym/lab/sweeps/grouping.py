"""The configurations of sweeps beside each other: means over seeds, from the jobs' own files."""

import json
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev

from neonym.base.errors import UserError
from neonym.base.nested import flatten

# By the first of them configurations are ordered: nothing is chosen by looking at test.
FIGURES = {"val.nll": "val", "test.nll": "test", "minus_ngram.test.nll": "test, n-gram less it"}
# Overrides that make no other configuration.
APART = ("seed", "data.split.seed", "tracking", "sweep", "paths")


@dataclass(frozen=True)
class Job:
    """A finished job: what was chosen by key, and its figures."""

    configuration: str
    choices: dict[str, str]
    figures: dict[str, float]


@dataclass(frozen=True)
class Compared:
    """A configuration: what was chosen by key, and each figure of all its seeds."""

    choices: dict[str, str]
    figures: dict[str, list[float]]


def read_jobs(folder: Path) -> list[Job]:
    """The finished jobs of a sweep.

    Raises
    ------
    UserError
        If there are none.
    """
    jobs = [_read_job(path.parent) for path in sorted(folder.glob("*/result.json"))]
    found = [job for job in jobs if job]
    if not found:
        raise UserError(f"{folder} holds no finished job of pipelines/sweep.py; name its folder")
    return found


def _read_job(folder: Path) -> Job | None:
    try:
        result = json.loads((folder / "result.json").read_bytes())
        if result["status"] != "finished":
            return None
        report = flatten(json.loads((folder / "reports/metrics.json").read_bytes()))
        figures = {metric: float(report[metric]) for metric in FIGURES}
        choices = dict(word.split("=", 1) for word in result["overrides"])
        return Job(result["repetition_of"], choices, figures)
    except (OSError, ValueError, KeyError, TypeError):
        raise UserError(f"{folder} is no whole job of pipelines/sweep.py; run it again") from None


def compare(jobs: Sequence[Job]) -> list[Compared]:
    """The configurations of jobs, the lowest mean of the first figure first."""
    groups: defaultdict[str, list[Job]] = defaultdict(list)
    for job in jobs:
        groups[job.configuration].append(job)
    found = [
        Compared(
            _of_configuration(group[0].choices),
            {metric: [job.figures[metric] for job in group] for metric in FIGURES},
        )
        for group in groups.values()
    ]
    first = next(iter(FIGURES))
    return sorted(found, key=lambda row: fmean(row.figures[first]))


def _of_configuration(choices: dict[str, str]) -> dict[str, str]:
    return {
        key: value
        for key, value in choices.items()
        if key not in APART and key.partition(".")[0] not in APART
    }


def to_markdown(rows: Sequence[Compared]) -> str:
    """A table: what differs, the number of seeds, and each figure's mean ± standard error."""
    keys = list(dict.fromkeys(key for row in rows for key in row.choices))
    varied = [key for key in keys if len({row.choices.get(key) for row in rows}) > 1]
    head = [*(f"`{key}`" for key in varied), "seeds", *FIGURES.values()]
    body = [
        [
            *(row.choices.get(key, "—") for key in varied),
            str(len(next(iter(row.figures.values())))),
            *(_mean(metric, values) for metric, values in row.figures.items()),
        ]
        for row in rows
    ]
    lines = [head, ["---"] * len(varied) + ["---:"] * (1 + len(FIGURES)), *body]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def _mean(metric: str, values: Sequence[float]) -> str:
    mean = -fmean(values) if metric.startswith("minus_ngram") else fmean(values)
    if len(values) < 2:
        return f"{mean:.3f}"
    return f"{mean:.3f} ± {stdev(values) / math.sqrt(len(values)):.3f}"
