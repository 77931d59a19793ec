"""What a sweep tells at its end: the table of jobs, the best, means over seeds, failures."""

import math
import shlex
import statistics
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from multirun import Result, Sweep
from neonym.configuration import Configuration
from neonym.markdown import literal
from neonym.terminal import escape
from neonym.tracking import tags
from neonym.tracking.events import run_id_of
from neonym.tracking.redaction import redact_text
from neonym.tracking.run import Run

SHOWN = 20
SEEDS = ("seed=", "data.split.seed=")


@dataclass(frozen=True)
class Group:
    """The seeds of one configuration."""

    overrides: str
    count: int
    mean: float
    standard_error: float
    """Of the mean; NaN for a single seed."""


@dataclass(frozen=True)
class Report:
    """A sweep's results, the best first."""

    script: str
    metric: str
    ranked: list[tuple[int, Result]]
    """Finished jobs with their numbers."""
    failed: list[tuple[int, Result]]
    groups: list[Group]

    @property
    def best(self) -> Result | None:
        """The best job; None where no job has a value."""
        return self.ranked[0][1] if self.ranked and self.ranked[0][1].value is not None else None

    @property
    def command(self) -> str:
        """What runs the best job again."""
        return (
            shlex.join(["python", f"pipelines/{self.script}.py", *self.best.overrides])
            if self.best
            else ""
        )


def summarize(sweep: Sweep, configuration: Configuration) -> Report:
    """What a sweep's results say."""
    numbered = [(result.number, result) for result in sweep.read_results()]
    sign = -1.0 if configuration.sweep.direction == "maximize" else 1.0
    finished = [item for item in numbered if item[1].status == "finished"]
    ranked = sorted(finished, key=lambda item: _rank(item[1], sign))
    groups = sorted(_groups(finished), key=lambda group: sign * group.mean)
    failed = [item for item in numbered if item[1].status != "finished"]
    return Report(sweep.script, configuration.sweep.optimized_metric, ranked, failed, groups)


def _rank(result: Result, sign: float) -> tuple[bool, float]:
    return result.value is None, 0.0 if result.value is None else sign * result.value


def _groups(finished: list[tuple[int, Result]]) -> list[Group]:
    values: dict[str, list[float]] = defaultdict(list)
    names: dict[str, str] = {}
    for _, result in finished:
        if result.value is not None:
            values[result.repetition_of].append(result.value)
            names.setdefault(result.repetition_of, _without_seed(result))
    return [
        Group(names[key], len(found), statistics.fmean(found), _standard_error(found))
        for key, found in values.items()
    ]


def _without_seed(result: Result) -> str:
    return " ".join(word for word in result.overrides if not word.startswith(SEEDS))


def _standard_error(values: list[float]) -> float:
    return statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else math.nan


def log_report(run: Run, report: Report) -> None:
    """Log a report to the sweep's parent run."""
    # MLflow's UI shows nothing in a column that has a dot in its name
    value = report.metric.replace(".", "/", 1)
    columns = ["job", "overrides", value, "status", "run_id", "error"]
    jobs: list[list[Any]] = [
        [
            number,
            redact_text(escape(" ".join(result.overrides))),
            result.value,
            result.status,
            _id(result),
            redact_text(escape(result.error)),
        ]
        for number, result in [*report.ranked, *report.failed]
    ]
    run.table("jobs", columns, jobs, names_runs=True)
    run.tags({tags.NOTE: describe(report)})
    values: dict[str, float | None] = {
        "sweep/jobs": float(len(report.ranked) + len(report.failed)),
        "sweep/failed": float(len(report.failed)),
    }
    if report.best:
        run.tags({"sweep.best_run_id": _id(report.best), "sweep.best_command": report.command})
        values[f"best/{report.metric.replace('.', '_')}"] = report.best.value
    run.metrics(values, 0)


def _id(result: Result) -> str:
    return run_id_of(result.run_key) if result.run_key else ""


def describe(report: Report) -> str:
    """The parent run's description, Markdown."""
    lines = [f"**{len(report.ranked)} jobs finished, {len(report.failed)} failed.**", ""]
    if report.best:
        lines += [
            f"Best {report.metric}: {report.best.value:.5g}, run `{_id(report.best)}`",
            "",
            f"    {escape(report.command)}",
            "",
        ]
    lines += [
        f"| configuration | seeds | {report.metric}, mean ± standard error |",
        "|---|---|---|",
    ]
    lines += [
        f"| {literal(group.overrides)} | {group.count} | {_mean(group)} |"
        for group in report.groups[:SHOWN]
    ]
    if report.failed:
        lines += ["", "Failed:", ""]
        lines += [
            f"- {literal(' '.join(result.overrides))}: {literal(result.error)}"
            for _, result in report.failed[:SHOWN]
        ]
    lines += ["", "The table of all jobs is the artifact `jobs.json`; jobs are the child runs."]
    return "\n".join(lines)


def _mean(group: Group) -> str:
    error = "" if math.isnan(group.standard_error) else f" ± {group.standard_error:.2g}"
    return f"{group.mean:.5g}{error}"


def print_report(report: Report, console: Console) -> None:
    """Print the best configurations, the command of the best job, and what failed."""
    table = Table(title=f"{report.metric} by configuration", title_justify="left")
    table.add_column("configuration")
    table.add_column("seeds", justify="right")
    table.add_column("mean ± standard error", justify="right")
    for group in report.groups[:SHOWN]:
        table.add_row(Text(escape(group.overrides) or "(defaults)"), str(group.count), _mean(group))
    console.print(table)
    if report.best:
        console.print(escape(f"best job again: {report.command}"), markup=False, soft_wrap=True)
    for number, result in report.failed:
        line = f"job {number} failed ({' '.join(result.overrides)}): {result.error}"
        console.print(escape(line), markup=False, soft_wrap=True, style="red")
