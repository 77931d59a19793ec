"""`names.csv`: the names that were drawn, one a row, with what the model says of each.

A spreadsheet may open the file, so what it could take for a formula is made inert.
"""

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from neonym.base.errors import UserError
from neonym.base.files import write_text
from neonym.base.text import exact, inert
from neonym.base.types import Floats

if TYPE_CHECKING:  # who only reads needs no network
    from neonym.generation.generator import Names


COLUMNS = ("name", "ended", "log_prob")


class NamesFile(NamedTuple):
    """What the file says.

    Attributes
    ----------
    names
        As the model drew them.
    ended
        Whether the model ended each itself; the others were cut off at the length cap.
    log_probs
        Nats of each name, shape (len(names),).
    """

    names: list[str]
    ended: list[bool]
    log_probs: Floats


def write_names(path: Path, names: "Names") -> None:
    """Write names with whether the model ended them and their log-probability, nats."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(COLUMNS)
    rows = zip(names.names, names.ended.tolist(), names.log_probs.tolist(), strict=True)
    writer.writerows(
        [inert(name), "true" if ended else "false", f"{nats:.6g}"] for name, ended, nats in rows
    )
    write_text(path, table.getvalue())


def read_names(path: Path) -> NamesFile:
    """What `write_names` wrote.

    Raises
    ------
    UserError
        If there is no such file, or it is not one that the stage writes.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            header, *rows = filter(None, csv.reader(file))
        name, end, nats = map(header.index, COLUMNS)
        names = [exact(row[name]) for row in rows]
        ended = [row[end] == "true" for row in rows]
        log_probs = np.array([float(row[nats]) for row in rows])
    except FileNotFoundError:
        raise UserError(f"{path} does not exist; run the sample stage first") from None
    except (IndexError, ValueError, csv.Error):
        raise UserError(f"{path} is damaged; run the sample stage again") from None
    return NamesFile(names, ended, log_probs)
