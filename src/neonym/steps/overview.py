"""What came of a run, to be read at the terminal: figures beside their references, and names."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from neonym.base.errors import UserError
from neonym.base.files import parse_json
from neonym.base.nested import flatten
from neonym.base.text import escape
from neonym.corpus.splits import PARTS
from neonym.evaluation.catalogue import COLUMNS, lines
from neonym.generation.generator import NameGenerator
from neonym.generation.names_file import read_names
from neonym.steps.outputs import Outputs

METRICS = "reports/metrics.json"
NAMES = 20
NAMES_ACROSS = 4
NAMES_APART = 3
WIDE = 100  # characters from which on there is room for intervals
# Those of the report's figures that fit on one screen; reports/metrics.md has them all
SHOWN = frozenset(
    {
        "test.nll",
        "val.nll",
        "names.validity",
        "names.vun_1k",
        "names.uniqueness_1k",
        "names.novelty",
        "names.copied",
        "names.nearest_train_distance",
        "names.rediscovery",
        "names.internal_diversity_1k",
    }
)


def print_results(root: Path, console: Console, before: Mapping[str, Any] | None = None) -> None:
    """Print the figures beside their references', new names, and where everything is.

    Parameters
    ----------
    root
        The workspace, or the folder of a job.
    console
        Where to.
    before
        The figures of an earlier run, which get a column if they read differently.

    Raises
    ------
    UserError
        If there are no results, or they are damaged.
    """
    metrics = _read_metrics(root / METRICS)
    names = new_names(root, NAMES)
    console.print(metrics_table(metrics, before, console.width >= WIDE))
    console.print(f"[bold]{len(names)} new names[/bold]")
    console.print(names_grid(names, console.width))
    if Outputs.below(root).processed.is_dir():  # the workspace
        console.print(
            "All figures: reports/metrics.md. All names: reports/names.csv, and what each is:"
        )
        console.print("reports/names_table.csv. Pictures: reports/figures. The run in MLflow:")
        console.print("[bold]make ui[/bold], then http://127.0.0.1:5000")
        return
    reports = escape(str(root / "reports"))
    console.print(f"All figures, names and pictures: {reports}", markup=False, soft_wrap=True)
    command = shlex.join(["neonym", "sample", "--model", str(root / "models/model.npz")])
    console.print(escape(f"More names: {command}"), markup=False, soft_wrap=True)


def new_names(root: Path, count: int) -> list[str]:
    """The first of the drawn names that the model ended itself and that are in no split.

    One without a letter is none.

    A job's folder has no splits; there the model knows which names it learned from.

    Raises
    ------
    UserError
        If the names or the splits are missing or damaged.
    """
    files = Outputs.below(root)
    path = files.names
    _read(path)  # which says what a newcomer is to do where there is none
    try:
        names, ended, _ = read_names(path)
    except UserError:
        raise _damaged(path) from None
    drawn = [name for name, whole in zip(names, ended, strict=True) if whole and name.strip()]
    return _without_known(list(dict.fromkeys(drawn)), files)[:count]


def _without_known(names: list[str], files: Outputs) -> list[str]:
    if files.model.is_file() and not files.processed.is_dir():
        known = NameGenerator.load(files.model).is_known(names).tolist()
        return [name for name, is_known in zip(names, known, strict=True) if not is_known]
    splits = {name for part in PARTS for name in _read(files.processed / f"{part}.txt").split("\n")}
    return [name for name in names if name not in splits]


def metrics_table(
    metrics: Mapping[str, Any], before: Mapping[str, Any] | None = None, wide: bool = False
) -> Table:
    """The figures as a table.

    Parameters
    ----------
    metrics
        What `reports/metrics.json` holds.
    before
        The figures of an earlier run, which get a column if they read differently.
    wide
        Whether there is room for intervals.
    """
    columns = [column for column in COLUMNS if wide or column != "95%"]
    earlier = _models_figures(before) if before else {}
    if earlier == _models_figures(metrics):
        earlier = {}
    table = Table(
        title="How good the names are", title_justify="left", title_style="bold", box=None
    )
    table.add_column("")
    for column in [*columns, *(["before"] if earlier else [])]:
        table.add_column(column, justify="right", no_wrap=True)
    for line in lines(metrics):
        if line.metric in SHOWN:
            cells = dict(zip(COLUMNS, line.cells, strict=True))
            shown = [cells[column] for column in columns]
            table.add_row(line.meaning, *shown, *([earlier[line.metric]] if earlier else []))
    return table


def _models_figures(metrics: Mapping[str, Any]) -> dict[str, str]:
    place = COLUMNS.index("model")
    return {line.metric: line.cells[place] for line in lines(metrics) if line.metric in SHOWN}


def _read_metrics(path: Path) -> dict[str, Any]:
    metrics = parse_metrics(_read(path))
    if metrics is None:
        raise _damaged(path)
    return metrics


def parse_metrics(text: str | bytes) -> dict[str, Any] | None:
    """The figures in a report's JSON; None where it is none."""
    try:
        metrics = parse_json(text)
    except ValueError:
        return None
    if not isinstance(metrics, dict):
        return None
    figures = flatten(metrics).values()
    return metrics if all(isinstance(figure, int | float | None) for figure in figures) else None


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except FileNotFoundError:
        raise UserError(f"{path} does not exist; run `dvc repro`") from None
    except UnicodeDecodeError:
        raise _damaged(path) from None


def _damaged(path: Path) -> UserError:
    return UserError(f"{path} is damaged; run `dvc repro --force`")


def names_grid(names: Sequence[str], width: int) -> Table:
    """Names side by side, each on one line: as many as this width has room for."""
    shown = [Text(escape(name), no_wrap=True) for name in names]
    longest = max((name.cell_len for name in shown), default=0)
    across = max(1, min(NAMES_ACROSS, (width + NAMES_APART) // (longest + NAMES_APART)))
    grid = Table.grid(padding=(0, NAMES_APART))
    for start in range(0, len(shown), across):
        grid.add_row(*shown[start : start + across])
    return grid
