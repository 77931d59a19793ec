"""What came of the last run, for the person at the terminal."""

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from neonym.errors import UserError
from neonym.nested import value_at
from neonym.terminal import escape

NAMES = 20
COLUMNS = 4
# Metric, what it is called, digits
ROWS = (
    ("val.nll", "nats per token, val", 3),
    ("test.nll", "nats per token, test", 3),
    ("test.bits_per_char", "bits per character, test", 3),
    ("names.validity", "validity", 3),
    ("names.uniqueness_1k", "uniqueness of 1,000", 3),
    ("names.novelty", "novelty", 3),
    ("names.copied", "copied from train", 3),
    ("names.vun_1k", "valid, unique and novel of 1,000", 3),
)


def print_summary(root: Path, console: Console) -> None:
    """Print the metrics beside the n-gram's, new names, and where everything is.

    Raises
    ------
    UserError
        If there are no results yet.
    """
    metrics = _read_metrics(root / "reports/metrics.json")
    console.print(_metrics_table(metrics))
    console.print(f"[bold]{NAMES} new names[/bold]")
    console.print(_names_grid(new_names(root, NAMES)))
    console.print("All names are in reports/names.csv, figures in reports/figures:")
    for picture in sorted((root / "reports/figures").glob("*.png")):
        console.print(f"  reports/figures/{picture.name}")
    console.print("See the run in MLflow: [bold]make ui[/bold], then http://127.0.0.1:5000")


def new_names(root: Path, count: int) -> list[str]:
    """The first of the drawn names that the model ended itself and that are in no split."""
    known: set[str] = set()
    for part in ("train", "val", "test"):
        path = root / f"data/processed/{part}.txt"
        known.update(path.read_text(encoding="utf-8").split("\n"))
    with (root / "reports/names.csv").open(encoding="utf-8", newline="") as file:
        drawn = [row["name"] for row in csv.DictReader(file) if row["ended"] == "true"]
    fresh = dict.fromkeys(name for name in drawn if name not in known)
    return list(fresh)[:count]


def _read_metrics(path: Path) -> dict[str, Any]:
    try:
        metrics = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise UserError(f"{path} does not exist; run `dvc repro`") from None
    except ValueError:
        raise UserError(f"{path} is damaged; run `dvc repro --force evaluate`") from None
    if not isinstance(metrics, dict):
        raise UserError(f"{path} is damaged; run `dvc repro --force evaluate`")
    return metrics


def _metrics_table(metrics: Mapping[str, Any]) -> Table:
    table = Table(title="How good it is", title_justify="left", title_style="bold")
    table.add_column("")
    table.add_column("network", justify="right")
    table.add_column("n-gram", justify="right")
    for key, label, digits in ROWS:
        own, reference = value_at(metrics, key), value_at(metrics, f"reference.ngram.{key}")
        table.add_row(label, _shown(own, digits), _shown(reference, digits))
    return table


def _names_grid(names: list[str]) -> Table:
    grid = Table.grid(padding=(0, 3))
    for start in range(0, len(names), COLUMNS):
        grid.add_row(*(Text(escape(name)) for name in names[start : start + COLUMNS]))
    return grid


def _shown(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"
