"""What a sweep's parent run holds at its end: description, table of jobs, pictures, best job."""

import textwrap
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from neonym.base.files import write_text
from neonym.base.nested import sha256_of
from neonym.base.text import escape, literal
from neonym.lab.sweeps.importance import importance_of
from neonym.lab.sweeps.results import Result
from neonym.lab.sweeps.sweep_report import SHOWN, Report
from neonym.lab.tracking import tags
from neonym.lab.tracking.events import run_id_of
from neonym.lab.tracking.redaction import redact, redact_text
from neonym.lab.tracking.run import Run

Curve = Callable[[Path], list[tuple[int, float]]]

REPORTED = "told.sha256"  # of the report that the parent run holds
FAILURES = 10  # that the description tells
LONGEST = 140  # characters of overrides or a reason in it
HOW_TO_READ = (
    "**How to read this.** Means are over the seeds of a configuration, ± the standard error of "
    "the mean; differences of less than two of them may be chance. The jobs are the child runs "
    "below this one, called by their overrides; select them and press *Compare* to see where they "
    "differ. All jobs stand in the artifact `jobs.json`; pictures are in `figures/`."
)


def log_report(run: Run, report: Report, curve: Curve) -> None:
    """Log a report to the sweep's parent run; `curve` gives what a job left in its folder."""
    if run.folder is None:  # nothing is tracked
        return
    shares = importance_of(*_finished(report))
    _log_jobs(run, report)
    run.tags({tags.NOTE: describe(report, shares)})
    values: dict[str, float | None] = {
        "sweep/jobs": float(len(report.jobs)),
        "sweep/failed": float(len(report.failed)),
        "sweep/pruned": float(len(report.pruned)),
    }
    if report.best:
        run.tags({"sweep.best_run_id": _id(report.best), "sweep.best_command": report.command})
        values[f"best/{report.metric.replace('.', '_')}"] = report.best.value
    run.metrics(values, 0)
    if report.best:
        _log_pictures(run, report, shares, curve)


def import_for_report(several_keys: bool) -> None:
    """Import what a report is made with, a second's work, before it is due.

    Parameters
    ----------
    several_keys
        Whether there are keys to be weighed against each other.
    """
    with suppress(ImportError):  # which is said when it is due
        from neonym.lab.sweeps import sweep_figures  # noqa: F401, PLC0415 (imports matplotlib)

        if several_keys:
            import optuna.importance  # noqa: F401, PLC0415 (imports scikit-learn)


def note_as_reported(report: Report) -> None:
    """Note in the sweep's folder that the parent run holds this report."""
    write_text(report.sweep.folder / REPORTED, _digest(report) + "\n")


def is_reported(report: Report) -> bool:
    """Whether the parent run holds this very report."""
    path = report.sweep.folder / REPORTED
    return path.exists() and path.read_text("utf-8").strip() == _digest(report)


def _digest(report: Report) -> str:
    jobs = [asdict(result) for result in report.jobs]
    return sha256_of([report.metric, report.direction, report.sweep.arguments, jobs])


def _finished(report: Report) -> tuple[list[Mapping[str, str]], list[float]]:
    """What the keys were, and the metric, for each job that has one."""
    ended = [result for result in report.ranked if result.value is not None]
    return (
        [report.swept[result.number] for result in ended],
        [result.value for result in ended if result.value is not None],
    )


def _log_jobs(run: Run, report: Report) -> None:
    # MLflow's UI shows nothing in a column that has a dot in its name
    value = report.metric.replace(".", "/", 1)
    columns = ["job", "overrides", value, "status", "run_id", "error"]
    jobs: list[list[Any]] = [
        [
            result.number,
            escape(redact_text(" ".join(result.overrides))),
            result.value,
            result.status,
            _id(result),
            escape(redact_text(result.error)),
        ]
        for result in report.jobs
    ]
    run.table("jobs", columns, jobs, names_runs=True)


def _id(result: Result) -> str:
    return run_id_of(result.run_key) if result.run_key else ""


def _log_pictures(
    run: Run, report: Report, shares: Mapping[str, float] | str, curve: Curve
) -> None:
    from neonym.drawing.canvas import save_figure  # noqa: PLC0415 (imports matplotlib: a second)
    from neonym.lab.sweeps import sweep_figures  # noqa: PLC0415

    trials = [
        sweep_figures.Trial(
            redact(report.swept[result.number]),
            result.value,
            curve(report.sweep.folder / str(result.number)),
        )
        for result in [*report.ranked, *report.pruned]
        if result.value is not None or result.status == "pruned"
    ]
    shown = sweep_figures.Shown(trials, report.metric, report.direction, report.seeds, report.curve)
    figures = {}
    if any(trial.curve for trial in trials):
        figures["learning_curves"] = sweep_figures.learning_curves(shown)
    if shown.keys:
        figures["objective"] = sweep_figures.objective_by_key(shown)
        figures["parallel_coordinates"] = sweep_figures.parallel_coordinates(shown)
    if not isinstance(shares, str):
        figures["importance"] = sweep_figures.importances(
            shares, report.metric, len(shown.finished)
        )
    for name, figure in figures.items():
        path = report.sweep.folder / "figures" / f"{name}.png"
        save_figure(figure, path)
        run.artifact(path, "figures")


def describe(report: Report, shares: Mapping[str, float] | str) -> str:
    """The parent run's description, Markdown."""
    return "\n".join(_lines(report, shares))


def _lines(report: Report, shares: Mapping[str, float] | str) -> Iterator[str]:
    pruned = f", {len(report.pruned)} pruned" if report.pruned else ""
    yield f"**{len(report.ranked)} jobs finished{pruned}, {len(report.failed)} failed.**"
    yield ""
    if report.best:
        yield f"Best {report.metric}: {report.best.value:.5g}, run `{_id(report.best)}`, again by"
        yield from ("", f"    {escape(redact_text(report.command))}", "")
    yield f"| configuration | seeds | {report.metric}, mean ± standard error |"
    yield "|---|---|---|"
    for group in report.groups[:SHOWN]:
        yield f"| {_short(group.overrides) or '(defaults)'} | {group.count} | {group.shown} |"
    if len(report.groups) > SHOWN:
        yield from ("", f"{len(report.groups) - SHOWN} more are in `jobs.json`.")
    if report.shared:
        yield from ("", f"All with {_short(' '.join(report.shared))}.")
    yield from ("", _importance(report, shares), "")
    if report.failed:
        yield from ("Failed:", "")
    for result in report.failed[:FAILURES]:
        yield f"- {_short(' '.join(result.overrides))}: {_short(result.error)}"
    if len(report.failed) > FAILURES:
        yield f"- {len(report.failed) - FAILURES} more, in `jobs.json`"
    yield from ("", HOW_TO_READ)


def _short(text: str) -> str:
    """A text for the description, of which MLflow keeps 8,000 characters."""
    return literal(textwrap.shorten(redact_text(text), LONGEST, placeholder="…"))


def _importance(report: Report, shares: Mapping[str, float] | str) -> str:
    if isinstance(shares, str):
        return f"Importance of the keys is not told: {shares}."
    listed = ", ".join(f"{literal(key)} {share:.2f}" for key, share in shares.items())
    return f"Share of the variation of {report.metric} that each key explains: {listed}."
