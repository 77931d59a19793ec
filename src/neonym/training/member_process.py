"""What a process does that trains one member of a mixture, for `MemberPool`."""

import os
import signal
import sys
import threading
from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from neonym.base.errors import UserError
from neonym.nn import RecurrentNetwork
from neonym.training.history import EpochRecord
from neonym.training.member_task import MemberTask
from neonym.training.messages import Message


def main(descriptor: int) -> None:
    """Train the member that standard input describes; what happens is appended to a file.

    Parameters
    ----------
    descriptor : int
        Of the file.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started this one
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that no file is left half written
    task = MemberTask.of(Message.read(sys.stdin.buffer))
    threading.Thread(target=_end_with, args=(sys.stdin.fileno(),), daemon=True).start()
    with os.fdopen(descriptor, "wb", buffering=0) as file:
        events = _Events(file, task.configuration.train.show_names_every is not None)
        try:
            result = task.run(events)
        except UserError as error:
            events.tell("error", str(error))
            return
        best = result.best_epoch, result.best_val_nll, result.stopped_early
        network = result.network
        events.tell("result", network.options, result.history, *best, arrays=[network.parameters])


def _end_with(lifeline: int) -> None:
    """Wait for the other side to close it, which it does by dying too, and end this process."""
    os.read(lifeline, 1)  # past the stream, whose lock this process needs at its own end
    os.kill(os.getpid(), signal.SIGTERM)


class _Events:
    """Appends to a file what a `TrainingListener` is told."""

    def __init__(self, file: Any, has_weights: bool) -> None:
        self._file, self._has_weights = file, has_weights

    def tell(self, kind: str, *values: Any, arrays: Sequence[NDArray[Any]] = ()) -> None:
        self._file.write(Message([kind, *values], arrays).to_bytes())

    def on_step(self, step: int, loss: float, lr: float) -> None:
        self.tell("step", step, loss, lr)

    def on_epoch(self, record: EpochRecord) -> None:
        self.tell("epoch", record)

    def on_weights(self, record: EpochRecord, network: RecurrentNetwork, is_last: bool) -> None:
        if self._has_weights:
            self.tell("weights", record, network.options, is_last, arrays=[network.parameters])
