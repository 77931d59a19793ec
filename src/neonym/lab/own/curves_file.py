"""The file of a step's curves: a row a point, `step` and a column a metric, `val_rmse`."""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from neonym.base.errors import UserError
from neonym.base.files import read_bytes, write_text

STEP = "step"
Point = tuple[int, dict[str, float | None]]
"""A step, and its values under MLflow's names."""


def write_curves(path: Path, points: Sequence[Point]) -> None:
    """Write points; numbers as they are read back equal."""
    names = list(dict.fromkeys(name for _, values in points for name in values))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([STEP, *(name.replace("/", "_", 1) for name in names)])
    for step, values in points:
        writer.writerow([step, *(_shown(values, name) for name in names)])
    write_text(path, text.getvalue())


def _shown(values: Mapping[str, float | None], name: str) -> str:
    value = values.get(name)
    return "" if value is None or not math.isfinite(value) else repr(value)


def read_curves(path: Path) -> list[Point]:
    """The points in a file.

    Raises
    ------
    UserError
        If it is no file of curves.
    """
    try:
        rows = list(csv.DictReader(io.StringIO(read_bytes(path).decode())))
        return [
            (
                int(row.pop(STEP)),
                {
                    name.replace("_", "/", 1): float(text) if text else None
                    for name, text in row.items()
                },
            )
            for row in rows
        ]
    except (OSError, ValueError, LookupError, TypeError, AttributeError, csv.Error):
        raise UserError(f"{path} holds no curves; run the step that makes it again") from None
