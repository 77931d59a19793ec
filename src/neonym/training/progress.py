"""Progress on a terminal as a bar, elsewhere as plain lines."""

import logging
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from neonym.training.history import EpochRecord

LINES = 10  # lines for a whole training where there is no terminal

logger = logging.getLogger("neonym")


class TrainingProgress:
    """Shows epochs as they end."""

    def __init__(self, epochs: int) -> None:
        self._epochs = epochs
        console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("training"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn(
                "train {task.fields[train]}  val {task.fields[val]}  best {task.fields[best]}"
            ),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("", total=epochs, train="–", val="–", best="–")
        self._plain = not console.is_terminal
        self._best = float("inf")

    def __enter__(self) -> "TrainingProgress":
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def show(self, record: EpochRecord) -> None:
        """Show an epoch that ended."""
        self._best = min(self._best, record.val_nll)
        train, val, best = (f"{nll:.3f}" for nll in (record.train_nll, record.val_nll, self._best))
        self._bar.update(self._task, completed=record.epoch, train=train, val=val, best=best)
        every = max(1, self._epochs // LINES)
        if self._plain and (record.epoch % every == 0 or record.epoch in (1, self._epochs)):
            logger.info(
                "epoch %d of %d: nats per token train %s, val %s (best %s)",
                record.epoch,
                self._epochs,
                train,
                val,
                best,
            )
