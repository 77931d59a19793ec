"""The configurations of sweeps beside each other, as a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from neonym.base.errors import UserError
from neonym.base.files import read_json
from neonym.base.nested import flatten
from neonym.base.text import escape
from neonym.lab.configuration import UNTRACKED_SECTIONS
from neonym.lab.project import Project
from neonym.lab.sweeps.grouping import by_configuration, mean_and_error, varying_keys
from neonym.lab.sweeps.results import Result
from neonym.lab.sweeps.sweep_folder import read_results


@dataclass(frozen=True)
class Compared:
    """A configuration: what was chosen by key, and each figure of all its seeds."""

    choices: Mapping[str, str]
    figures: Mapping[str, Sequence[float]]


Job = tuple[Result, Mapping[str, float]]


def read_jobs(folder: Path, project: Project[Any]) -> list[Job]:
    """The finished jobs of a sweep, and their figures.

    Raises
    ------
    UserError
        If there are none.
    """
    jobs = [
        (result, _figures(folder / str(result.number), project))
        for result in read_results(folder)
        if result.status == "finished"
    ]
    if not jobs:
        raise UserError(f"{folder} holds no finished job of pipelines/sweep.py; name its folder")
    return jobs


def _figures(folder: Path, project: Project[Any]) -> Mapping[str, float]:
    try:
        report = flatten(read_json(folder / project.result))
        return {metric: float(report[metric]) for metric in project.compared}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise UserError(f"{folder} is no whole job of pipelines/sweep.py; run it again") from None


def compare(jobs: Sequence[Job], project: Project[Any]) -> list[Compared]:
    """The configurations of jobs, the best mean of the first figure first."""
    figures = {id(result): values for result, values in jobs}
    found = [
        Compared(
            _of_configuration(group[0].choices, project),
            {
                metric: [figures[id(result)][metric] for result in group]
                for metric in project.compared
            },
        )
        for group in by_configuration(result for result, _ in jobs)
    ]
    first = next(iter(project.compared))  # none of test: nothing is chosen by looking at it
    highest_first = project.charts.highest_first
    return sorted(found, key=lambda row: fmean(row.figures[first]), reverse=highest_first)


def _of_configuration(choices: Mapping[str, str], project: Project[Any]) -> dict[str, str]:
    """Without the overrides that make no other configuration."""
    return {
        key: value
        for key, value in choices.items()
        if key not in project.schema.seeds and key.partition(".")[0] not in UNTRACKED_SECTIONS
    }


def to_markdown(rows: Sequence[Compared], project: Project[Any]) -> str:
    """A table: what differs, the number of seeds, and each figure's mean ± standard error."""
    varied = varying_keys(row.choices for row in rows)
    head = [*(f"`{_cell(key)}`" for key in varied), "seeds", *project.compared.values()]
    body = [
        [
            *(_cell(row.choices.get(key, "—")) for key in varied),
            str(len(next(iter(row.figures.values())))),
            *(_mean(metric, values) for metric, values in row.figures.items()),
        ]
        for row in rows
    ]
    lines = [head, ["---"] * len(varied) + ["---:"] * (1 + len(project.compared)), *body]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def _cell(text: str) -> str:
    """What stays in its cell, whoever wrote the result."""
    return escape(text).replace("|", "\\|")


def _mean(metric: str, values: Sequence[float]) -> str:
    mean, error = mean_and_error(values)
    shown = f"{-mean if metric.startswith('minus_ngram') else mean:.3f}"
    return shown if len(values) < 2 else f"{shown} ± {error:.3f}"
