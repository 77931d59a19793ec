"""Train the network on the training names; keep the weights that are best on the val names.

python pipelines/train.py model.hidden_size=256 optimizer.lr=0.001
python pipelines/train.py -m model.hidden_size=64,128 'seed=range(3)'
"""

from collections.abc import Callable
from pathlib import Path

from neonym.base.errors import PrunedError
from neonym.corpus.processed import Processed, read_processed
from neonym.lab.stage.stage import Stage, main
from neonym.lab.tracking import tags
from neonym.lab.tracking.run import Run, open_run
from neonym.lab.tracking.store import Store, project_root
from neonym.models.model_file import save_model
from neonym.settings import Configuration, training_configuration
from neonym.tracked.workspace import Files, log_data, log_epoch, log_trained, run_name
from neonym.training.history import EpochRecord, write_history
from neonym.training.members import train_members
from neonym.training.progress import TrainingProgress

Judge = Callable[[EpochRecord], None]


def run_training(stage: Stage) -> float:
    """Train, write model and curves, and return the best validation loss."""
    configuration = stage.configuration
    folder = processed_folder(stage)
    files = Files.below(stage.results)
    store = Store.of_project(project_root(Path.cwd()))
    with open_run(
        store,
        configuration,
        kind="job" if stage.by_hand else "workspace",
        stage="train",
        name=stage.title or run_name(configuration),
        enabled=configuration.tracking.enabled,
    ) as run:
        stage.run_key = run.key
        log_data(run, folder, configuration)
        judge = judge_of(stage)
        best = train_and_write(configuration, read_processed(folder), files, run, judge)
        log_trained(run, files)
    return best


def processed_folder(stage: Stage) -> Path:
    """The processed data to train on."""
    if not stage.by_hand:
        return Path("data/processed")
    # Under DVC the stage before makes them
    from neonym.steps import shared_data  # noqa: PLC0415

    return shared_data.processed_folder(stage.configuration)


def judge_of(stage: Stage) -> Judge | None:
    """Who ends the training if it is hopeless; nobody but in a search."""
    settings = stage.configuration.sweep
    if settings.pruner is None or settings.job is None:
        return None
    from neonym.lab.sweeps import pruning  # noqa: PLC0415 (imports Optuna)

    return pruning.Judge(stage.results, stage.configuration)


def train_and_write(
    configuration: Configuration,
    processed: Processed,
    files: Files,
    run: Run,
    judge: Judge | None = None,
) -> float:
    """Train on processed data and write what comes of it; the best validation loss.

    Raises
    ------
    PrunedError
        If the judge ended it; the curves so far are written.
    """
    vocabulary = processed.vocabulary
    epochs = configuration.train.members * configuration.train.epochs
    with TrainingProgress(epochs) as progress:
        listener = Listener(run, progress, configuration, judge)
        try:
            result = train_members(
                vocabulary.encode_all(processed.train),
                vocabulary.encode_all(processed.val),
                len(vocabulary),
                configuration,
                listener=listener,
                checkpoint=files.checkpoint,
            )
        except PrunedError:
            _log_pruned(run, files, listener.history)
            raise
    metadata = {
        "longest": processed.summary["longest"],
        "lowercase": processed.summary["lowercase"],
        "configuration": training_configuration(configuration),
    }
    if result.mixture:  # what the curves of its members do not tell
        metadata["val_nll"] = result.best_val_nll
    save_model(files.model, result.mixture or result.network, vocabulary, metadata)
    write_history(files.history, result.history)
    files.checkpoint.unlink(missing_ok=True)
    return result.best_val_nll


def _log_pruned(run: Run, files: Files, history: list[EpochRecord]) -> None:
    """Write and log what a training that was ended on purpose leaves: its curves."""
    write_history(files.history, history)
    files.checkpoint.unlink(missing_ok=True)
    run.artifact(files.history, "reports")
    run.tags({tags.STATUS: "pruned"})


class Listener:
    """Passes what happens in training on to the tracked run, the terminal and the judge."""

    def __init__(
        self,
        run: Run,
        progress: TrainingProgress,
        configuration: Configuration,
        judge: Judge | None = None,
    ) -> None:
        self.history: list[EpochRecord] = []
        self._run = run
        self._progress = progress
        self._judge = judge
        self._every = configuration.tracking.log_every_steps
        summed = configuration.train.reduction == "sum"
        self._running_loss = "train/loss_per_step" if summed else "train/loss"

    def on_step(self, step: int, loss: float, lr: float) -> None:
        """Log the running loss now and then."""
        if step % self._every == 0:
            self._run.metrics({self._running_loss: loss}, step)

    def on_epoch(self, record: EpochRecord) -> None:
        """Log and show the epoch, and have it judged."""
        self.history.append(record)
        log_epoch(self._run, record)
        self._progress.show(record)
        if self._judge:
            self._judge(record)


if __name__ == "__main__":
    main("train", run_training)
