"""What a run holds of the evaluation: figures, tables, pictures, and a description to read."""

from collections.abc import Mapping
from typing import Any

from neonym.base.files import read_json
from neonym.base.nested import flatten
from neonym.evaluation.catalogue import FIGURES, main_figures
from neonym.lab.tracking import tags
from neonym.lab.tracking.run import Run
from neonym.settings import Data
from neonym.steps.outputs import Outputs
from neonym.tracked import ONE_VALUE
from neonym.tracked.curves_log import CurvesLog
from neonym.tracked.data_log import log_data
from neonym.tracked.names_log import log_names, log_table
from neonym.tracked.training_log import log_trained
from neonym.training.history import by_member, read_history

CURVES = ("train/nll", "val/nll")
SOURCES = ("ngram", "real", "uniform")
TABLE = ("figure", "meaning", "model", "low", "high", "n-gram", "real names", "uniform")
DESCRIBED = (
    "val/nll",
    "test/nll",
    "names/validity",
    "names/uniqueness_1k",
    "names/novelty",
    "names/copied",
    "names/vun_1k",
)


def log_stages_before(run: Run, files: Outputs, data: Data) -> None:
    """Log what train and sample made, from the files that they left, where the run lacks it."""
    training = run.for_stage("train")
    log_data(training, files.processed, data)
    history = read_history(files.history)
    curves = CurvesLog(training, has_members := len(by_member(history)) > 1)
    for record in history:
        if not has_members:
            training.metrics({"train/loss": record.train_loss}, record.step)
        curves.add(record)
    log_trained(training, files)
    log_names(run.for_stage("sample"), files)


def log_evaluation(run: Run, files: Outputs, chosen_by: str) -> None:
    """Log the figures and pictures, and what makes the run readable by itself.

    The main figures are MLflow's metrics, of which its page of a run draws a chart each; all stand
    in the table `metrics_table.json` and in `reports/`.

    Parameters
    ----------
    run
        What is logged to.
    files
        What the stages left.
    chosen_by
        The figure by which a sweep chooses, which is a metric whatever it is.
    """
    report = read_json(files.metrics)
    values = flat_metrics(main_figures(report, chosen_by))
    # behind their curves, so that the table shows the figures of the weights that were kept
    last = {name: values.pop(name) for name in CURVES if name in values}
    ends = [member[-1].step for member in by_member(read_history(files.history))]
    run.metrics(last, max(ends) + 1)
    run.metrics(values, ONE_VALUE)
    for path in (files.metrics, files.metrics_table, files.names_table):
        run.artifact(path, "reports")
    run.table("metrics_table", list(TABLE), figures_table(report))
    log_table(run, "names_table", files.names_table)
    for picture in sorted(files.pictures.glob("*.png")):
        run.artifact(picture, "figures")
    run.tags({tags.NOTE: describe(report)})


def figures_table(report: Mapping[str, Any]) -> list[list[Any]]:
    """All figures as rows of `TABLE`: the model's, their intervals and those of the references."""
    flat = flatten(report)
    own = [name for name in flat if not name.startswith(("interval.", "reference."))]
    known = [name for name in FIGURES if name in own]
    rest = [name for name in own if name not in FIGURES]
    beside = (
        "interval.{}.low",
        "interval.{}.high",
        *(f"reference.{each}.{{}}" for each in SOURCES),
    )
    return [
        [name, FIGURES.get(name, ""), flat[name], *(flat.get(key.format(name)) for key in beside)]
        for name in [*known, *rest]
    ]


def flat_metrics(values: Mapping[str, Any]) -> dict[str, float | None]:
    """Nested figures under MLflow's names: `test.nll` is `test/nll`.

    MLflow's charts have a section for what stands before the last slash, so there is one for each
    top-level name: `reference.ngram.test.nll` is `reference/ngram.test.nll`.
    """
    return {
        name.replace(".", "/", 1): value
        for name, value in flatten(values).items()
        if value is None or isinstance(value, int | float)
    }


def describe(figures: Mapping[str, Any]) -> str:
    """A run's description, Markdown: how the network does beside the n-gram."""
    lines = ["| | network | n-gram |", "|---|---:|---:|"]
    reference = flat_metrics(figures["reference"]["ngram"])
    own = flat_metrics(figures)
    for name in DESCRIBED:
        if name in own:
            lines.append(f"| {name} | {_shown(own[name])} | {_shown(reference.get(name))} |")
    note = (
        "Nats per token; shares of the names drawn. Curves are train/loss, train/nll and val/nll; "
        "their last point is the best epoch, whose weights were kept. All figures, with intervals "
        "and references: the artifacts metrics_table.json and reports/metrics.md."
    )
    return "\n".join([*lines, "", note])


def _shown(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
