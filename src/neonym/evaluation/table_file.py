"""The table of drawn names as a CSV file that also a spreadsheet opens safely."""

import math
import re
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

_SPLITS = re.compile('[,"\r\n]')


def write_names_table(path: Path, rows: Sequence[NameRow]) -> None:
    """Write the table, whole or not at all.

    A text that a spreadsheet would take for a formula gets an apostrophe in front, and so does one
    that begins with an apostrophe. What has no value is empty.

    Raises
    ------
    UserError
        If the file cannot be written.
    """
    write_text(path, "".join([_line(COLUMNS), *(_line(_cells(row)) for row in rows)]))


def _cells(row: NameRow) -> list[str]:
    return [
        inert(row.name),
        "true" if row.valid else "false",
        row.broken,
        "true" if row.novel else "false",
        inert(row.nearest),
        f"{row.distance:.3f}" if math.isfinite(row.distance) else "",
        f"{row.nats_per_token:.4f}" if math.isfinite(row.nats_per_token) else "",
        inert(row.beginning),
        inert(row.ending),
    ]


def _line(cells: Sequence[str]) -> str:
    if not _SPLITS.search("".join(cells)):
        return ",".join(cells) + "\n"
    # Python's own writer leaves a carriage return without quotes, where readers end the line
    quoted = [
        '"' + cell.replace('"', '""') + '"' if _SPLITS.search(cell) else cell for cell in cells
    ]
    return ",".join(quoted) + "\n"
