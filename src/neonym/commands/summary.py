"""`neonym summary`: what came of the last run."""

from pathlib import Path

import click


@click.command("summary")
def command() -> None:
    """Show the figures beside their references, new names, and where everything is."""
    from rich.console import Console  # noqa: PLC0415 (other commands start without it)

    from neonym.commands._summary import print_summary  # noqa: PLC0415

    print_summary(Path(), Console(highlight=False))
