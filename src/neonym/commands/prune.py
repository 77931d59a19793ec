"""`neonym prune`: remove files that nothing points to."""

import click

from neonym.base.text import escape
from neonym.commands import own_project

UNITS = ("bytes", "kB", "MB", "GB", "TB")


@click.command("prune")
@click.option("--yes", is_flag=True, help="Remove it; without this it is only listed.")
@click.option(
    "--deleted",
    is_flag=True,
    help="Also the files of runs that were deleted in MLflow; restored, they would lack them.",
)
def command(yes: bool, deleted: bool) -> None:
    """List the files in .neonym and mlartifacts that nothing points to, and how large they are.

    These are artifacts of runs and models that MLflow's database does not have (any more), and
    processed data that no job has used for a week. Runs, models, what waits for MLflow and what
    DVC keeps are never touched.
    """
    from neonym.lab.delivery.unreferenced import remove, unreferenced  # noqa: PLC0415 (as above)
    from neonym.lab.tracking.store import Store  # noqa: PLC0415

    store = Store.of_project(own_project())
    caches = store.root / store.project.caches if store.project.caches else None
    found = unreferenced(store, caches, deleted)
    for each in found:
        if yes:
            remove(each)
        shown = escape(str(each.path.relative_to(store.root)))
        click.echo(f"{in_units(each.size):>9}  {shown}  ({each.why})")
    total = in_units(sum(each.size for each in found))
    if not found:
        click.echo("nothing to remove")
    elif yes:
        click.echo(f"{total:>9}  removed")
    else:
        click.echo(f"{total:>9}  can be removed: neonym prune --yes" + " --deleted" * deleted)


def in_units(size: float) -> str:
    """A number of bytes in the unit that suits it."""
    power = max(power for power in range(len(UNITS)) if power == 0 or size >= 1000**power)
    return f"{size / 1000**power:.{min(power, 1)}f} {UNITS[power]}"
