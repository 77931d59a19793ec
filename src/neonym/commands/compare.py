"""`neonym compare`: the configurations of a sweep, as a table."""

from pathlib import Path

import click

from neonym.lab.sweeps.grouping import compare, read_jobs, to_markdown


@click.command("compare")
@click.argument(
    "folders", metavar="DIR...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
def command(folders: tuple[Path, ...]) -> None:
    """Compare the configurations of one or more sweeps of the whole pipeline.

    Prints a Markdown table, nats a token: mean ± standard error over seeds (of training and of
    splits) on val and on test, and how far below the n-gram it is on test. Ordered by val.
    """
    jobs = [job for folder in folders for job in read_jobs(folder)]
    click.echo(to_markdown(compare(jobs)), nl=False)
