"""What a run holds of training: curves while it goes on, then the best epoch and the files."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neonym.base.errors import PrunedError
from neonym.base.files import md5_of, sha256_of_file
from neonym.corpus.processed import Processed, read_processed
from neonym.lab.stage.execution import Stage
from neonym.lab.sweeps.judge import judge_of
from neonym.lab.tracking import tags
from neonym.lab.tracking.run import Run
from neonym.models.model_file import load_model
from neonym.nn import RecurrentNetwork
from neonym.settings import Settings
from neonym.steps.outputs import Outputs
from neonym.steps.train_step import number_of_epochs, train
from neonym.tracked import ONE_VALUE, START
from neonym.tracked.curves_log import CurvesLog, log_level
from neonym.tracked.data_log import log_data
from neonym.training.history import EpochRecord, read_history

if TYPE_CHECKING:
    from neonym.tracked.shown_log import ShownNames

Judge = Callable[[int, float], None]


class TrainingLog:
    """Passes what happens in training on to the tracked run, and to who may end it.

    Parameters
    ----------
    run
        The run.
    settings
        What is trained.
    every
        Steps from one point of the running loss to the next.
    judge
        Is given epoch and val nll, and raises `PrunedError` to end the training.
    shown
        Shows names of some epochs.
    """

    def __init__(
        self,
        run: Run,
        settings: Settings,
        every: int,
        judge: Judge | None = None,
        shown: "ShownNames | None" = None,
    ) -> None:
        self._run, self._every, self._judge, self._shown = run, every, judge, shown
        self._has_members = settings.train.members > 1
        self._curves = CurvesLog(run, self._has_members)
        summed = settings.train.reduction == "sum"
        self._running_loss = "train/loss_per_step" if summed else "train/loss"

    def on_step(self, step: int, loss: float, lr: float) -> None:
        """Log the running loss now and then; not of several networks, which follow one another."""
        if step % self._every == 0 and not self._has_members:
            self._run.metrics({self._running_loss: loss}, step)

    def on_epoch(self, record: EpochRecord) -> None:
        """Log the epoch, and have it judged."""
        self._curves.add(record)
        if self._shown:
            self._shown.on_epoch(record)
        if self._judge:
            self._judge(record.epoch, record.val_nll)

    def on_weights(self, record: EpochRecord, network: RecurrentNetwork, is_last: bool) -> None:
        """Show names of the epoch."""
        if self._shown:
            self._shown.on_weights(record, network, is_last)


def train_tracked(
    stage: Stage[Any], run: Run, processed: Path, files: Outputs, as_model: bool = True
) -> float:
    """Train on processed data, write what comes of it and log it; the best validation loss.

    Parameters
    ----------
    stage
        The execution that it is part of; in a search with a pruner it may be ended early.
    run
        What it is logged to.
    processed
        The folder of processed data.
    files
        What to write.
    as_model
        Whether the model becomes an MLflow model.
    """
    configuration = stage.configuration
    log_data(run, processed, configuration.data)
    judge = judge_of(stage, number_of_epochs(configuration))
    data = read_processed(processed)
    shown = _shown_names(stage, run, data, files)
    log = TrainingLog(run, configuration, configuration.tracking.log_every_steps, judge, shown)
    try:
        best = train(configuration, data, files, log)
    except PrunedError:
        run.artifact(files.history, "reports")
        run.tags({tags.STATUS: "pruned"})
        raise
    if shown:
        shown.forget()
    log_trained(run, files, as_model)
    return best


def _shown_names(
    stage: Stage[Any], run: Run, processed: Processed, files: Outputs
) -> "ShownNames | None":
    """Who shows names while the network learns; nobody where none are wanted, or in a sweep."""
    configuration = stage.configuration
    every = configuration.train.show_names_every
    if every is None or configuration.sweep.id:
        return None
    # for those who want names; no result depends on how they are drawn, so no stage on that code
    from neonym.tracked.shown_log import ShownNames  # noqa: PLC0415

    return ShownNames(
        run,
        processed.vocabulary,
        every=every,
        seed=configuration.seed,
        longest=processed.summary["longest"],
        notes=files.checkpoint.with_suffix(".names.json"),
    )


def log_trained(run: Run, files: Outputs, as_model: bool = True) -> None:
    """Log what training ends with: the best epoch, the curves' file and the model's.

    With `as_model` it is an MLflow model besides, which takes a second to log. Of a mixture
    `best/val_nll` is its own, and `best_member` tells of the best network in it.
    """
    history = read_history(files.history)
    best = min(history, key=lambda record: record.val_nll)
    metadata = load_model(files.model).metadata
    mixed = metadata.get("val_nll")
    curve = "best" if mixed is None else "best_member"
    values = {
        f"{curve}/val_nll": best.val_nll,
        f"{curve}/train_nll": best.train_nll,
        f"{curve}/epoch": float(best.epoch),
    }
    run.metrics(values if mixed is None else {**values, "best/val_nll": mixed}, ONE_VALUE)
    if mixed is not None:
        log_level(run, history, mixed)
    digest = sha256_of_file(files.model)
    run.tags({tags.MODEL: digest, tags.MODEL_MD5: md5_of(files.model)})
    if "start" in metadata:
        run.tags({START: metadata["start"]["sha256"]})
    run.artifact(files.history, "reports")
    run.artifact(files.model, "models")
    if as_model:
        run.model(files.model, digest)
