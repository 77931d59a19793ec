"""What a sweep tells at its end: the table of jobs, the best, means over seeds, failures."""

import math
import shlex
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from neonym.base.text import escape
from neonym.lab.configuration import Configuration
from neonym.lab.overrides import key_of
from neonym.lab.sweeps.grouping import by_configuration, mean_and_error, varying_keys
from neonym.lab.sweeps.results import Result
from neonym.lab.sweeps.sweep_folder import Sweep, read_results

SHOWN = 20


@dataclass(frozen=True)
class Group:
    """The seeds of one configuration."""

    overrides: str
    count: int
    mean: float
    standard_error: float
    """Of the mean; NaN for a single seed."""

    @property
    def shown(self) -> str:
        """Mean ± standard error."""
        error = "" if math.isnan(self.standard_error) else f" ± {self.standard_error:.2g}"
        return f"{self.mean:.5g}{error}"


@dataclass(frozen=True)
class Report:
    """A sweep's results, the best first."""

    sweep: Sweep
    metric: str
    direction: Literal["minimize", "maximize"]
    ranked: list[Result]
    """Finished jobs."""
    pruned: list[Result]
    failed: list[Result]
    groups: list[Group]
    shared: list[str]
    """Overrides that all jobs have, which groups leave out; none where there is one group."""
    seeds: Collection[str] = ()
    """Keys in which repetitions of a configuration differ."""
    curve: str = ""
    """The metric whose curve the jobs leave."""

    @property
    def jobs(self) -> list[Result]:
        """All jobs: finished, pruned, failed."""
        return [*self.ranked, *self.pruned, *self.failed]

    @property
    def best(self) -> Result | None:
        """The best job; None where no job has a value."""
        return self.ranked[0] if self.ranked and self.ranked[0].value is not None else None

    @property
    def command(self) -> str:
        """What runs the best job again."""
        if not self.best:
            return ""
        # a preset may say more than which keys are swept, a flag where to compose from
        words = self.sweep.arguments
        preset = [word for word in words if word.startswith("--") or key_of(word) == "sweep"]
        script = f"pipelines/{self.sweep.script}.py"
        return shlex.join(["python", script, *preset, *self.best.overrides])

    @cached_property
    def swept(self) -> dict[int, dict[str, str]]:
        """The keys that vary among the jobs, and their values for each job's number."""
        varying = varying_keys(result.choices for result in self.jobs)
        return {
            result.number: {key: result.choices.get(key, "") for key in varying}
            for result in self.jobs
        }


def summarize(sweep: Sweep, configuration: Configuration) -> Report:
    """What a sweep's results say."""
    settings = configuration.sweep
    sign = -1.0 if settings.direction == "maximize" else 1.0
    of: dict[str, list[Result]] = {"finished": [], "pruned": [], "failed": []}
    for result in read_results(sweep.folder):
        of[result.status].append(result)
    shared = _shared(of["finished"])
    groups = _groups(of["finished"], shared, configuration.seeds)
    return Report(
        sweep,
        settings.optimized_metric,
        settings.direction,
        ranked=sorted(of["finished"], key=lambda result: _rank(result, sign)),
        pruned=of["pruned"],
        failed=of["failed"],
        groups=sorted(groups, key=lambda group: sign * group.mean),
        shared=shared,
        seeds=configuration.seeds,
        curve=settings.pruned_by,
    )


def _rank(result: Result, sign: float) -> tuple[bool, float]:
    return result.value is None, 0.0 if result.value is None else sign * result.value


def _shared(finished: list[Result]) -> list[str]:
    """The overrides that all have, where there are several configurations to tell apart."""
    if len({result.repetition_of for result in finished}) < 2:
        return []
    rest = [set(result.overrides) for result in finished[1:]]
    return [word for word in finished[0].overrides if all(word in words for words in rest)]


def _groups(finished: list[Result], shared: list[str], seeds: Collection[str]) -> list[Group]:
    rated = [result for result in finished if result.value is not None]
    return [
        Group(_name(group[0], shared, seeds), len(group), *mean_and_error(_values(group)))
        for group in by_configuration(rated)
    ]


def _values(group: list[Result]) -> list[float]:
    return [result.value for result in group if result.value is not None]


def _name(result: Result, shared: list[str], seeds: Collection[str]) -> str:
    own = [word for word in result.overrides if word not in shared]
    return " ".join(word for word in own if key_of(word) not in seeds)


def print_report(report: Report, console: Console) -> None:
    """Print the best configurations, the command of the best job, and what failed."""
    table = Table(title=f"{report.metric} by configuration", title_justify="left")
    table.add_column("configuration")
    table.add_column("seeds", justify="right")
    table.add_column("mean ± standard error", justify="right")
    for group in report.groups[:SHOWN]:
        table.add_row(Text(escape(group.overrides) or "(defaults)"), str(group.count), group.shown)
    if report.groups:
        console.print(table)
    if report.shared:
        console.print(escape(f"all with {' '.join(report.shared)}"), markup=False, soft_wrap=True)
    if report.best:
        console.print(escape(f"best job again: {report.command}"), markup=False, soft_wrap=True)
    if report.pruned:
        console.print(f"{len(report.pruned)} jobs were pruned, which is no failure")
    for result in report.failed:
        line = f"job {result.number} failed ({' '.join(result.overrides)}): {result.error}"
        console.print(escape(line), markup=False, soft_wrap=True, style="red")
    if report.failed:
        line = f"what failed or is missing runs again by: {report.sweep.resuming}"
        console.print(escape(line), markup=False, soft_wrap=True)
