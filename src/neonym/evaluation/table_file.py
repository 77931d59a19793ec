"""The table of drawn names as a CSV file that also a spreadsheet opens safely."""

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path

from neonym.evaluation.table import NameRow
from neonym.files import write_text

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

# With these a spreadsheet begins a formula, in half or full width; the apostrophe itself is among
# them, so that whoever drops one leading apostrophe reads exactly what was written.
_BEGINS_FORMULA = tuple("=+-@\t\r\n'＝＋－＠")


def write_names_table(path: Path, rows: Sequence[NameRow]) -> None:
    """Write the table, whole or not at all.

    A text that a spreadsheet would take for a formula gets an apostrophe in front, and so does one
    that begins with an apostrophe. What has no value is empty.

    Raises
    ------
    UserError
        If the file cannot be written.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(map(_cells, rows))
    write_text(path, text.getvalue())


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


def inert(text: str) -> str:
    """Text that no spreadsheet takes for a formula; drop one leading apostrophe to read it back."""
    return "'" + text if text.startswith(_BEGINS_FORMULA) else text


def _number(value: float, digits: int) -> str:
    return f"{value:.{digits}f}" if math.isfinite(value) else ""
