"""What a run holds of the evaluation: figures, tables, pictures, and a description to read."""

from collections.abc import Mapping
from typing import Any

from neonym.base.files import read_json
from neonym.base.nested import flatten
from neonym.lab.tracking import tags
from neonym.lab.tracking.run import Run
from neonym.settings import Data
from neonym.steps.outputs import Outputs
from neonym.tracked import ONE_VALUE
from neonym.tracked.data_log import log_data
from neonym.tracked.names_log import log_names, log_table
from neonym.tracked.training_log import log_epoch, log_trained
from neonym.training.history import read_history

CURVES = ("train/nll", "val/nll")
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
    for record in read_history(files.history):
        training.metrics({"train/loss": record.train_loss}, record.step)
        log_epoch(training, record)
    log_trained(training, files)
    log_names(run.for_stage("sample"), files)


def log_evaluation(run: Run, files: Outputs) -> None:
    """Log the figures and pictures, and what makes the run readable by itself."""
    figures = read_json(files.metrics)
    values = flat_metrics(figures)
    # behind their curves, so that the table shows the figures of the weights that were kept
    last = {name: values.pop(name) for name in CURVES if name in values}
    run.metrics(last, read_history(files.history)[-1].step + 1)
    run.metrics(values, ONE_VALUE)
    for path in (files.metrics, files.metrics_table, files.names_table):
        run.artifact(path, "reports")
    log_table(run, "names_table", files.names_table)
    for picture in sorted(files.pictures.glob("*.png")):
        run.artifact(picture, "figures")
    run.tags({tags.NOTE: describe(figures)})


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
        "their last point is the best epoch, whose weights were kept."
    )
    return "\n".join([*lines, "", note])


def _shown(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
