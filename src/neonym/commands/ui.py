"""`neonym ui`: the tracked runs in MLflow's UI."""

import click

from neonym.commands import own_project


@click.command("ui")
@click.option("--port", default=5000, show_default=True, help="Of 127.0.0.1.")
def command(port: int) -> None:
    """Serve the tracked runs in MLflow's UI, for this machine alone, until Ctrl-C."""
    from neonym.lab.delivery.ui import open_ui  # noqa: PLC0415 (others start faster)

    open_ui(own_project(), port, "neonym ui --port ")
