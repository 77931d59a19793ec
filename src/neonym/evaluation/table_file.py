"""The table of drawn names as a CSV file that also a spreadsheet opens safely."""

import math
from collections.abc import Sequence
from pathlib import Path

from neonym.base.files import write_text
from neonym.base.text import inert
from neonym.evaluation.table import NameRow

COLUMNS = (
    "name",
    "valid",
    "broken_rule",
    "novel",
    "nearest_training_name",
    "distance",
    "nats_per_token",
    "beginning",
    "ending",
)

_SPLITS = frozenset(',"\r\n')


def write_names_table(path: Path, rows: Sequence[NameRow]) -> None:
    """Write the table, whole or not at all.

    A text that a spreadsheet would take for a formula gets an apostrophe in front, and so does one
    that begins with an apostrophe. What has no value is empty.

    Raises
    ------
    UserError
        If the file cannot be written.
    """
    write_text(path, "".join(map(_line, [COLUMNS, *map(_cells, rows)])))


def _cells(row: NameRow) -> list[str]:
    return [
        inert(row.name),
        str(row.valid).lower(),
        row.broken,
        str(row.novel).lower(),
        inert(row.nearest),
        _number(row.distance, 3),
        _number(row.nats_per_token, 4),
        inert(row.beginning),
        inert(row.ending),
    ]


def _line(cells: Sequence[str]) -> str:
    # Python's own writer leaves a carriage return without quotes, where readers end the line
    quoted = [
        '"' + cell.replace('"', '""') + '"' if _SPLITS & set(cell) else cell for cell in cells
    ]
    return ",".join(quoted) + "\n"


def _number(value: float, digits: int) -> str:
    return f"{value:.{digits}f}" if math.isfinite(value) else ""
