"""The record of a training run, epoch by epoch, and its file."""

import csv
import io
from collections.abc import Iterable, Sequence
from itertools import groupby
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
    member
        Which of several networks, from 1; epochs and steps count on from one to the next.
    """

    epoch: int
    step: int
    lr: float
    train_loss: float
    train_nll: float
    val_nll: float
    grad_norm: float
    member: int = 1


ALONE = EpochRecord._fields[:-1]  # the columns where there is one network


def write_history(path: Path, history: Sequence[EpochRecord]) -> None:
    """Write one CSV row an epoch; numbers keep every digit, and no time of day enters.

    Only the history of several networks has the column `member`.

    Raises
    ------
    UserError
        If the file cannot be written.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = EpochRecord._fields if any(record.member > 1 for record in history) else ALONE
    writer.writerow(columns)
    writer.writerows([repr(getattr(record, name)) for name in columns] for record in history)
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
        if tuple(header) not in (EpochRecord._fields, ALONE):
            raise ValueError(f"its columns are {', '.join(header)}")
        return [_record(row, len(header)) for row in rows]
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}); train again") from None
    except (ValueError, csv.Error) as error:
        raise UserError(f"{path} is not a training history ({error}); train again") from None


def _record(row: Sequence[str], columns: int) -> EpochRecord:
    if len(row) != columns:
        raise ValueError(f"a row has {len(row)} values, not {columns}")
    epoch, step, *numbers = row
    lr, train_loss, train_nll, val_nll, grad_norm, *member = map(float, numbers)
    rest = (lr, train_loss, train_nll, val_nll, grad_norm)
    return EpochRecord(int(epoch), int(step), *rest, *map(int, member))


def by_member(history: Iterable[EpochRecord]) -> list[list[EpochRecord]]:
    """The records of each network apart, its epochs and steps counted from its own beginning."""
    apart: list[list[EpochRecord]] = []
    epochs = steps = 0
    for _, records in groupby(history, key=lambda record: record.member):
        own = list(records)
        apart.append(
            [
                record._replace(epoch=record.epoch - epochs, step=record.step - steps)
                for record in own
            ]
        )
        epochs, steps = own[-1].epoch, own[-1].step
    return apart
