"""`neonym runs`: the tracked runs, the latest first."""

import json
import os
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from neonym.base.text import escape, escape_json
from neonym.commands import own_project

if TYPE_CHECKING:
    from neonym.lab.lineage.recorded import Recorded

SHOWN_DIGITS = 8


@click.command("runs")
@click.option(
    "--sweep", metavar="RUN", help="The jobs of this sweep, which are left out otherwise."
)
@click.option(
    "-n", "most", type=click.IntRange(min=1), default=20, show_default=True, help="How many."
)
@click.option("--json", "as_json", is_flag=True, help="As JSON, with whole ids.")
def command(sweep: str | None, most: int, as_json: bool) -> None:
    """List the tracked runs, the latest first.

    The beginning of an id is enough for the commands that take a run, and so are the name of a DVC
    experiment and `latest`.
    """
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
    from neonym.lab.lineage.recorded import Recorded  # noqa: PLC0415 (imports MLflow)
    from neonym.lab.tracking.store import Store  # noqa: PLC0415

    store = Store.of_project(own_project())
    metric = store.project.charts.best
    if sweep is None:
        found = Recorded.latest(store, most)
    else:
        found = Recorded.find(store, sweep).children()[:most]
    rows = [_row(recorded, metric) for recorded in found]
    if as_json:
        text = json.dumps(rows, ensure_ascii=False, indent=2)
        click.echo("\n".join(map(escape_json, text.split("\n"))))
    elif rows:
        _print(rows, metric)
    else:
        click.echo("no runs")


def _row(recorded: "Recorded", metric: str) -> dict[str, Any]:
    from neonym.lab.tracking import tags  # noqa: PLC0415 (others start faster)

    info = recorded.run.info
    return {
        "run": recorded.id,
        "name": info.run_name or "",
        "kind": recorded.kind,
        "status": info.status,
        "started": datetime.fromtimestamp(info.start_time / 1000)
        .astimezone()
        .isoformat("T", "seconds"),
        "commit": recorded.tag(tags.GIT_COMMIT),
        "dirty": recorded.tag(tags.GIT_DIRTY) == "true",
        "experiment": recorded.tag(tags.DVC_EXPERIMENT),
        metric: recorded.run.data.metrics.get(metric),
    }


def _print(rows: list[dict[str, Any]], metric: str) -> None:
    head = ("run", "name", "kind", "status", "started", "code", metric)
    lines = [head, *(_line(row, metric) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (f"{cell:{width}}" for cell, width in zip(line, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def _line(row: dict[str, Any], metric: str) -> tuple[str, ...]:
    code = row["commit"][:SHOWN_DIGITS] + ("+" if row["dirty"] else "")
    value = row[metric]
    return (
        row["run"][:SHOWN_DIGITS],
        escape(row["name"]),
        escape(row["kind"]),
        row["status"],
        row["started"][:16].replace("T", " "),
        escape(code),
        "" if value is None else f"{value:.4f}",
    )
