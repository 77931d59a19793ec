"""From processed data to a trained model and its curves."""

import logging
import math
from typing import Any

from neonym.base.errors import PrunedError
from neonym.corpus.processed import Processed
from neonym.models.model_file import save_model
from neonym.models.starting import Start, load_start
from neonym.nn import RecurrentNetwork
from neonym.settings import Settings, training_settings
from neonym.steps.outputs import Outputs
from neonym.training.history import EpochRecord, write_history
from neonym.training.learner import Beginning
from neonym.training.loop import TrainingListener
from neonym.training.members import train_members
from neonym.training.progress import TrainingProgress

logger = logging.getLogger("neonym")

HELD_OUT_NATS = "held_out_nats"  # in a model's metadata


class _Remembering:
    """Keeps the curves, and passes on what happens to the terminal and to another listener."""

    def __init__(self, progress: TrainingProgress, listener: TrainingListener) -> None:
        self.history: list[EpochRecord] = []
        self._progress, self._listener = progress, listener

    def on_step(self, step: int, loss: float, lr: float) -> None:
        self._listener.on_step(step, loss, lr)

    def on_epoch(self, record: EpochRecord) -> None:
        self.history.append(record)
        self._progress.show(record)
        self._listener.on_epoch(record)

    def on_weights(self, record: EpochRecord, network: RecurrentNetwork, is_last: bool) -> None:
        self._listener.on_weights(record, network, is_last)


def train(
    settings: Settings, processed: Processed, files: Outputs, listener: TrainingListener
) -> float:
    """Train on processed data and write what comes of it; the best validation loss.

    Parameters
    ----------
    settings
        What to train, and how.
    processed
        The names; of those of test no more is used than that the model knows them again. With
        `train.folds` those of val are learned too.
    files
        Where model, curves and checkpoint go.
    listener
        Is told of each step and epoch.

    Raises
    ------
    UserError
        As `neonym.training.loop.train`.
    PrunedError
        If the listener ends it; the curves so far are written.
    """
    vocabulary = processed.vocabulary
    start = load_start(settings.train.start_from) if settings.train.start_from else None
    with TrainingProgress(number_of_epochs(settings)) as progress:
        remembering = _Remembering(progress, listener)
        try:
            result = train_members(
                vocabulary.encode_all(processed.train),
                vocabulary.encode_all(processed.val),
                len(vocabulary),
                settings,
                listener=remembering,
                checkpoint=files.checkpoint,
                beginning=Beginning(start, vocabulary) if start else None,
            )
        except PrunedError:
            write_history(files.history, remembering.history)
            files.checkpoint.unlink(missing_ok=True)
            raise
    if warning := explain_useless(result.best_val_nll, len(vocabulary)):
        logger.warning(warning)
    summary = processed.summary
    metadata = described(
        settings, longest=summary["longest"], lowercase=summary["lowercase"], start=start
    )
    metadata["data"] = summary["fingerprint"]
    if result.mixture:  # what the curves of its members do not tell
        metadata["val_nll"] = result.best_val_nll
    if result.held_out_nats is not None:  # of val under networks that had not learned it
        of_val = result.held_out_nats[len(processed.train) :]
        metadata[HELD_OUT_NATS] = of_val.tolist()
    known = [*processed.train, *processed.val, *processed.test]
    save_model(files.model, result.mixture or result.network, vocabulary, metadata, known)
    write_history(files.history, result.history)
    files.checkpoint.unlink(missing_ok=True)
    return result.best_val_nll


def described(
    settings: Settings, *, longest: int, lowercase: bool, start: Start | None
) -> dict[str, Any]:
    """What a model's file says of it: its names, how it was trained, and what it began with."""
    metadata: dict[str, Any] = {
        "longest": longest,
        "lowercase": lowercase,
        "configuration": training_settings(settings),
    }
    if start:
        metadata["start"] = {"name": start.name, "sha256": start.sha256}
    return metadata


def number_of_epochs(settings: Settings) -> int:
    """How many epochs there are at most, those of all members together."""
    return settings.train.members * settings.train.epochs


def explain_useless(val_nll: float, tokens: int) -> str:
    """What is wrong with a model that is no better than knowing nothing; else ""."""
    nothing = math.log(tokens)
    if val_nll <= nothing:
        return ""
    more = "lower optimizer.lr" if val_nll > 2 * nothing else "train longer, or raise optimizer.lr"
    return (
        f"the model is worse than knowing nothing: {val_nll:.4g} nats per token of val, and "
        f"{nothing:.4g} for guessing among {tokens} tokens; {more}"
    )
