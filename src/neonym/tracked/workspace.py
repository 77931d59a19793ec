"""What a run holds of the files that stages leave: the same whoever logs it, and when."""

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neonym.base.files import md5_of, sha256_of_file
from neonym.base.nested import flatten
from neonym.base.terminal import escape
from neonym.corpus.processed import data_fingerprint
from neonym.lab.tracking import tags
from neonym.lab.tracking.checkout import where_kept
from neonym.lab.tracking.run import Run
from neonym.lab.tracking.store import project_root
from neonym.models.model_file import load_model
from neonym.settings import Configuration, Data, sha256_of
from neonym.training.history import EpochRecord, read_history

PARTS = {"train": "training", "val": "validation", "test": "test"}
SHOWN_NAMES = 1000
CURVES = ("train/nll", "val/nll")
# MLflow draws a metric at step 0 as a bar for each run, at any other as a curve
ONE_VALUE = 0


@dataclass(frozen=True)
class Files:
    """What the stages of one execution of the pipeline leave, and where."""

    processed: Path
    """Splits and vocabulary."""
    model: Path
    """The trained network."""
    checkpoint: Path
    """The state of a training that has not ended; DVC does not track it."""
    history: Path
    """The curves of training."""
    names: Path
    """The names drawn."""
    metrics: Path
    """The figures."""
    metrics_table: Path
    """The figures as a table to read."""
    names_table: Path
    """What each of the drawn names is."""
    pictures: Path
    """A folder of PNG files."""

    @classmethod
    def below(cls, folder: Path) -> "Files":
        """The files of the workspace, or of a job in whose folder they have the same places."""
        return cls(
            processed=folder / "data/processed",
            model=folder / "models/model.npz",
            checkpoint=folder / "models/checkpoint.npz",
            history=folder / "reports/history.csv",
            names=folder / "reports/names.csv",
            metrics=folder / "reports/metrics.json",
            metrics_table=folder / "reports/metrics.md",
            names_table=folder / "reports/names_table.csv",
            pictures=folder / "reports/figures",
        )


def run_name(configuration: Configuration) -> str:
    """What a run is called: list, network, seed."""
    model = configuration.model
    layers = f"x{model.num_layers}" if model.num_layers > 1 else ""
    return (
        f"{configuration.data.name} {model.cell} {model.hidden_size}{layers} "
        f"seed {configuration.seed}"
    )


def processed_sha256(folder: Path) -> str:
    """The digest of processed data: of its files' names and digests."""
    lines = [f"{path.name} {sha256_of_file(path)}" for path in sorted(folder.iterdir())]
    return sha256_of(lines)


def log_data(run: Run, processed: Path, configuration: Configuration) -> None:
    """Log the splits as MLflow datasets, and their common digest."""
    for part, context in PARTS.items():
        path = processed / f"{part}.txt"
        rows = path.read_bytes().count(b"\n")
        name = f"{configuration.data.name} {part}"
        run.dataset(name, context, sha256_of_file(path), configuration.data.path, rows)
    vocabulary = sha256_of_file(processed / "vocabulary.json")
    run.tags({tags.DATA: processed_sha256(processed), tags.VOCABULARY: vocabulary})
    _log_list(run, processed, configuration.data)


def _log_list(run: Run, processed: Path, data: Data) -> None:
    """Log which list the data were made from, and the list itself where it is nowhere else."""
    path = Path(data.path)
    made_from = json.loads((processed / "corpus.json").read_bytes()).get("fingerprint")
    if not path.is_file() or data_fingerprint(data, path) != made_from:
        return  # changed or gone since
    kept = where_kept(path, Path.cwd(), project_root(Path.cwd()))
    digests = {tags.LIST: sha256_of_file(path), tags.LIST_MD5: md5_of(path)}
    run.tags({**digests, tags.LIST_KEPT: kept})
    if kept == "artifact":
        run.artifact(path, "data")


def log_epoch(run: Run, record: EpochRecord) -> None:
    """Log one epoch; its step is the last of its optimizer steps."""
    values = {
        "train/nll": record.train_nll,
        "val/nll": record.val_nll,
        "train/lr": record.lr,
        "train/grad_norm": record.grad_norm,
        "train/epoch": float(record.epoch),
    }
    run.metrics(values, record.step)


def log_trained(run: Run, files: Files, as_model: bool = True) -> None:
    """Log what training ends with: the best epoch, the curves' file and the model's.

    With `as_model` it is an MLflow model besides, which takes a second to log. Of a mixture
    `best/val_nll` is its own, and `best_member` tells of the best network in it.
    """
    history = read_history(files.history)
    best = min(history, key=lambda record: record.val_nll)
    mixed = load_model(files.model).metadata.get("val_nll")
    curve = "best" if mixed is None else "best_member"
    values = {
        f"{curve}/val_nll": best.val_nll,
        f"{curve}/train_nll": best.train_nll,
        f"{curve}/epoch": float(best.epoch),
    }
    run.metrics(values if mixed is None else {**values, "best/val_nll": mixed}, ONE_VALUE)
    digest = sha256_of_file(files.model)
    run.tags({tags.MODEL: digest, tags.MODEL_MD5: md5_of(files.model)})
    run.artifact(files.history, "reports")
    run.artifact(files.model, "models")
    if as_model:
        run.model(files.model, digest)


def log_training_files(run: Run, files: Files, configuration: Configuration) -> None:
    """Log all that the train stage logs, from the files that it left."""
    log_data(run, files.processed, configuration)
    for record in read_history(files.history):
        run.metrics({"train/loss": record.train_loss}, record.step)
        log_epoch(run, record)
    log_trained(run, files)


def log_names(run: Run, files: Files) -> None:
    """Log the drawn names: all as a file, the first of them as a table."""
    run.artifact(files.names, "reports")
    _log_table(run, "names", files.names)


def _log_table(run: Run, name: str, path: Path) -> None:
    """Log the first rows of a CSV file as a table."""
    with path.open(encoding="utf-8", newline="") as file:
        columns, *rows = csv.reader(file)
    run.table(name, columns, [list(map(escape, row)) for row in rows[:SHOWN_NAMES]])


def log_evaluation(run: Run, files: Files, configuration: Configuration) -> None:
    """Log the figures and pictures, and what makes the run readable by itself."""
    figures = json.loads(files.metrics.read_bytes())
    values = flat_metrics(figures)
    # behind their curves, so that the table shows the figures of the weights that were kept
    last = {name: values.pop(name) for name in CURVES if name in values}
    run.metrics(last, read_history(files.history)[-1].step + 1)
    run.metrics(values, ONE_VALUE)
    for path in (files.metrics, files.metrics_table, files.names_table):
        run.artifact(path, "reports")
    _log_table(run, "names_table", files.names_table)
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


DESCRIBED = (
    "val/nll",
    "test/nll",
    "names/validity",
    "names/uniqueness_1k",
    "names/novelty",
    "names/copied",
    "names/vun_1k",
)


def _shown(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def log_stages_before_evaluate(run: Run, files: Files, configuration: Configuration) -> None:
    """Log what train and sample made, where the run lacks it."""
    log_training_files(run.for_stage("train"), files, configuration)
    log_names(run.for_stage("sample"), files)
