"""`neonym promote`: make a run's model the champion."""

import math
import os
from typing import TYPE_CHECKING

import click

from neonym.base.text import escape
from neonym.commands import own_project

if TYPE_CHECKING:
    from neonym.lab.lineage.registry import Entry


@click.command("promote")
@click.argument("run_id", metavar="RUN_ID")
@click.option("--force", is_flag=True, help="Also a model that is worse, or cannot be compared.")
@click.option("--name", help="The registered model; the project's own, unless it is given.")
def command(run_id: str, force: bool, name: str | None) -> None:
    """Register a run's model and make it the champion, which is what is served.

    RUN_ID: an id or its beginning, a DVC experiment's name, or `latest`; `neonym runs` lists them.

    Compares with the present champion by the project's metric of the validation data, which for
    names is nats per letter, and refuses a model that is worse, or one that was validated on other
    data.
    """
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
    from neonym.lab.lineage.registry import ALIAS, figure_called, promote  # noqa: PLC0415 (imports MLflow)
    from neonym.lab.tracking.store import Store  # noqa: PLC0415

    store = Store.of_project(own_project())
    name, figure = name or store.project.registered_as, figure_called(store.project)
    promotion = promote(store, run_id, name, force)
    if promotion.changed:
        click.echo(f"champion before  {_shown(promotion.before, figure)}")
        click.echo(f"champion now     {_shown(promotion.after, figure)}")
    else:
        click.echo(f"champion already {_shown(promotion.after, figure)}")
    click.echo(f"It loads as      models:/{escape(name)}@{ALIAS}")


def _shown(entry: "Entry | None", figure: str) -> str:
    if entry is None:
        return "none"
    value = "unknown" if math.isnan(entry.val_nll) else f"{entry.val_nll:.4f}"
    return f"version {entry.version}, run {entry.run_id or 'unknown'}, {figure} {value}"
