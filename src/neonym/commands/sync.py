"""`neonym sync`: bring MLflow up to date."""

import click

from neonym.base.text import escape


@click.command("sync")
@click.option(
    "--wait",
    type=click.FloatRange(min=0),
    default=120.0,
    show_default=True,
    help="Seconds to wait for MLflow at most.",
)
def command(wait: float) -> int:
    """Deliver what waits for MLflow, and see that the workspace and DVC's experiments have runs.

    Each of them is one finished run, also where DVC had the results already and ran no stage.

    Repeating it changes nothing. Ends with status 1 where MLflow does not take everything; nothing
    is lost then, and the next `neonym sync` goes on.
    """
    from neonym.experiment import PROJECT  # noqa: PLC0415 (others start faster)
    from neonym.lab.delivery.synchronization import sync  # noqa: PLC0415
    from neonym.lab.tracking.store import Store  # noqa: PLC0415

    store = Store.of_project(PROJECT)
    report = sync(store, wait)
    if report.stale:
        click.echo(escape(f"no run was made for the workspace: {report.stale}"), err=True)
    if report.outcome.delivered:
        click.echo(f"MLflow is up to date: {store.address}")
        return 0
    click.echo(
        f"MLflow did not take everything: {escape(report.outcome.message)}\n"
        f"It waits in .neonym; `neonym sync` delivers it once {store.address} answers.",
        err=True,
    )
    return 1
