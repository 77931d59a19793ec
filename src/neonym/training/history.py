"""The record of a training run, epoch by epoch, and its file."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from neonym.base.errors import UserError
from neonym.base.files import write_text


class EpochRecord(NamedTuple):
    """What is known after an epoch; nats are per token, end token included.

    Attributes
    ----------
    epoch
        From 1.
    step
        Steps done so far.
    lr
        Learning rate of the last step.
    train_loss
        Mean over the epoch's tokens while the weights changed, dropout on.
    train_nll, val_nll
        Exact, over the whole split with the weights at the epoch's end, dropout off.
    grad_norm
        Mean over the epoch's steps of the length of the gradient before it was cut.
    """

    epoch: int
    step: int
    lr: float
    train_loss: float
    train_nll: float
    val_nll: float
    grad_norm: float


def write_history(path: Path, history: Sequence[EpochRecord]) -> None:
    """Write one CSV row an epoch; numbers keep every digit, and no time of day enters.

    Raises
    ------
    UserError
        If the file cannot be written.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(EpochRecord._fields)
    writer.writerows([repr(value) for value in record] for record in history)
    write_text(path, text.getvalue())


def read_history(path: Path) -> list[EpochRecord]:
    """What `write_history` wrote.

    Raises
    ------
    UserError
        If the file is missing or holds something else.
    """
    try:
        header, *rows = csv.reader(path.read_text(encoding="utf-8").splitlines())
        if tuple(header) != EpochRecord._fields:
            raise ValueError(f"its columns are {', '.join(header)}")
        return [_record(row) for row in rows]
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}); train again") from None
    except (ValueError, csv.Error) as error:
        raise UserError(f"{path} is not a training history ({error}); train again") from None


def _record(row: Sequence[str]) -> EpochRecord:
    epoch, step, *numbers = row
    lr, train_loss, train_nll, val_nll, grad_norm = map(float, numbers)
    return EpochRecord(int(epoch), int(step), lr, train_loss, train_nll, val_nll, grad_norm)
