"""What the lab must know of names: their schema, stages, files, figures.

Every stage imports this file, so what belongs to one stage alone is imported when it is asked for.
"""

import re
from collections.abc import Collection
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, ClassVar

from neonym.base.errors import UserError
from neonym.lab import configuration as lab
from neonym.lab.project import Project
from neonym.settings import Paths, Settings
from neonym.tracked import START, VOCABULARY
from neonym.tracked.presentation import CHARTS, PACKAGES
from neonym.tracked.run_names import run_name

if TYPE_CHECKING:
    from neonym.lab.tracking.run import Run


class Sweep(lab.Sweep):
    """What holds for all jobs of a sweep."""

    # those of test, and of names against test
    reads_test: ClassVar[re.Pattern[str]] = re.compile(
        r"(^|\.)test\.|^reference\.|"
        r"names\.(unseen|rediscovery|snn|\w+_cosine|\w+_w1|\w+_js)"
    )
    pruned_by: ClassVar[str] = "val.nll"


class Configuration(lab.Configuration, Settings):
    """The whole configuration, as `params.yaml` holds it."""

    seeds: ClassVar[tuple[str, ...]] = ("seed", "data.split.seed")
    of_execution: ClassVar[dict[str, object]] = {
        "train.resume": False,
        "train.show_names_every": None,
    }
    resumed_by: ClassVar[str] = "train.resume"

    sweep: Sweep
    paths: Paths


def check_job(script: str, configuration: Configuration) -> None:
    """See that a job's list can be read, and has the letters of what will be asked of its model."""
    from neonym.corpus.asked import check_asked  # noqa: PLC0415 (for sweeps alone)
    from neonym.corpus.processed import data_fingerprint, read_processed  # noqa: PLC0415 (for sweeps)
    from neonym.steps.preprocess_step import shared_folder  # noqa: PLC0415 (for sweeps alone)

    data = configuration.data
    if script in ("train", "sweep"):
        check_asked(configuration, read_processed(shared_folder(data)))
    elif script == "preprocess":
        data_fingerprint(data, Path(data.path))


def metrics() -> Collection[str]:
    """The metrics by which jobs can be optimized."""
    from neonym.evaluation.catalogue import FIGURES  # noqa: PLC0415 (for sweeps alone)

    return FIGURES


def curve(folder: Path) -> list[tuple[int, float]]:
    """The nats of val after each epoch of a job; none where it trained nothing.

    Of several networks their mean, for as many epochs as all of them trained.
    """
    from neonym.steps.outputs import Outputs  # noqa: PLC0415 (for sweeps alone)
    from neonym.training.history import by_member, read_history  # noqa: PLC0415

    try:
        records = read_history(Outputs.below(folder).history)
    except UserError:  # a script that trains nothing, or a file that was deleted
        return []
    together = zip(*by_member(records), strict=False)
    return [(epoch[0].epoch, fmean(record.val_nll for record in epoch)) for epoch in together]


def log_results(run: "Run", folder: Path, configuration: Configuration) -> None:
    """Log all that the stages have left in a folder."""
    from neonym.steps.outputs import Outputs  # noqa: PLC0415 (for `neonym sync` alone)
    from neonym.tracked.evaluation_log import log_evaluation, log_stages_before  # noqa: PLC0415

    files = Outputs.below(folder)
    log_stages_before(run, files, configuration.data)
    log_evaluation(run.for_stage("evaluate"), files, configuration.sweep.optimized_metric)


def log_model(uri: str, run_id: str, file: Path) -> str:
    """Log a model file as an MLflow model."""
    from neonym.tracked.model_logging import log_model as log  # noqa: PLC0415 (imports MLflow)

    return log(uri, run_id, file)


def check_model(file: Path) -> None:
    """See that a file is a model that coins names."""
    from neonym.generation.generator import NameGenerator  # noqa: PLC0415 (for promoting alone)

    NameGenerator.load(file)


PROJECT = Project(
    reference="neonym.experiment:PROJECT",
    schema=Configuration,
    outputs={
        "preprocess": ("data/processed",),
        "train": ("models/model.npz", "reports/history.csv"),
        "sample": ("reports/names.csv",),
        "evaluate": ("reports/metrics.json", "reports/metrics.md", "reports/names_table.csv"),
    },
    model="models/model.npz",
    raw="data/raw",
    raw_key="data.path",
    raw_called="list",
    rows_called="names",
    columns=({"type": "string", "name": "name", "required": True},),
    compared={"val.nll": "val", "test.nll": "test", "minus_ngram.test.nll": "test, n-gram less it"},
    registered_as="neonym",
    caches=".neonym/data",
    run_name=run_name,
    check_job=check_job,
    checked=("data", "sample", "evaluate"),
    metrics=metrics,
    metrics_of={"train": ("val.nll",)},
    curve=curve,
    log_results=log_results,
    log_model=log_model,
    check_model=check_model,
    promoted_by="val/nll",
    charts=CHARTS,
    passing_metrics=("train/loss", "train/loss_per_step"),
    complete_after=("train", "evaluate"),
    packages=PACKAGES,
    digests={VOCABULARY: "vocabulary", START: "model begun with"},
)
