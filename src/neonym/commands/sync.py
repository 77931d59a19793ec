"""`neonym sync`: bring MLflow up to date."""

import math
from typing import TYPE_CHECKING, Any

import click

from neonym.base.text import escape
from neonym.commands import own_project

if TYPE_CHECKING:
    from neonym.lab.delivery.synchronization import Report
    from neonym.lab.tracking.store import Store


class _Seconds(click.FloatRange):
    """From 0 on; `nan` is neither less nor more than anything, so a range alone would take it."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        seconds = super().convert(value, param, ctx)
        if math.isnan(seconds):
            self.fail(f"{value} is not in the range x>=0.", param, ctx)
        return seconds


@click.command("sync")
@click.option(
    "--wait",
    type=_Seconds(min=0),
    default=120.0,
    show_default=True,
    help="Seconds to wait for MLflow at most.",
)
@click.option("--rejected", is_flag=True, help="Try again what was damaged and put aside.")
@click.option("--summary", is_flag=True, help="Then show what `neonym summary` shows.")
def command(wait: float, rejected: bool, summary: bool) -> int:
    """Deliver what waits for MLflow, and see that the workspace and DVC's experiments have runs.

    Each of them is one finished run, also where DVC had the results already and ran no stage.

    Repeating it changes nothing. Ends with status 1 where something is not delivered, and says what
    and why; nothing is lost then, and the next `neonym sync` goes on.
    """
    from neonym.lab.delivery.synchronization import sync  # noqa: PLC0415 (others start faster)
    from neonym.lab.places import enter_project  # noqa: PLC0415
    from neonym.lab.tracking.store import Store  # noqa: PLC0415

    root = enter_project()
    store = Store.of_project(own_project(root), root)
    status = _tell(store, sync(store, wait, rejected))
    if summary:
        from neonym.commands.summary import command as summarize  # noqa: PLC0415 (where it is asked)

        click.get_current_context().invoke(summarize, folder=None)
    return status


def _tell(store: "Store", report: "Report") -> int:
    """Say what was done, and what is not delivered, and why; the exit status."""
    from neonym.lab.tracking.spools import waiting_elsewhere  # noqa: PLC0415 (as above: not for help)

    for waiting in waiting_elsewhere(store):
        click.echo(escape(str(waiting)), err=True)
    if report.stale:
        click.echo(escape(f"no run was made for the workspace: {report.stale}"), err=True)
    for path in report.strays:
        click.echo(escape(f"{path} is no segment, and passed over"), err=True)
    for experiment in report.passed_over:
        click.echo(escape(str(experiment)), err=True)
    for kept in report.kept:
        click.echo(escape(str(kept)), err=True)
    if report.is_complete:
        click.echo(f"MLflow is up to date: {store.address}")
        return 0
    if report.outcome.is_away or not report.kept:
        click.echo(f"MLflow did not take everything: {escape(str(report.outcome))}", err=True)
    return 1
