"""What a run holds of the drawn names."""

import csv
from pathlib import Path

from neonym.base.text import escape
from neonym.lab.tracking.run import Run
from neonym.steps.outputs import Outputs

SHOWN_NAMES = 1000


def log_names(run: Run, files: Outputs) -> None:
    """Log the drawn names: all as a file, the first of them as a table."""
    run.artifact(files.names, "reports")
    log_table(run, "names", files.names)


def log_table(run: Run, name: str, path: Path) -> None:
    """Log the first rows of a CSV file as a table."""
    with path.open(encoding="utf-8", newline="") as file:
        columns, *rows = csv.reader(file)
    run.table(name, columns, [list(map(escape, row)) for row in rows[:SHOWN_NAMES]])
