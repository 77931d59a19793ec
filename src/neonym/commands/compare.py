"""`neonym compare`: the configurations of a sweep, as a table."""

from pathlib import Path

import click

from neonym.base.errors import UserError
from neonym.commands import NAMES, own_project


@click.command("compare")
@click.argument(
    "folders", metavar="DIR...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
def command(folders: tuple[Path, ...]) -> None:
    """Compare the configurations of one or more sweeps of the whole pipeline.

    Prints a Markdown table: mean ± standard error over seeds (of training and of splits) of the
    project's figures, ordered by the first. Of names these are nats a token on val and on test, and
    how far below the n-gram it is on test.
    """
    from neonym.lab.places import project_root  # noqa: PLC0415 (others start faster)
    from neonym.lab.project import load_project  # noqa: PLC0415
    from neonym.tracked.compared_sweeps import compare, read_jobs, to_markdown  # noqa: PLC0415

    try:
        root = project_root()
    except UserError:  # outside of one, folders may lie anywhere
        project = load_project(NAMES)
    else:
        project = own_project(root)
    jobs = [job for folder in folders for job in read_jobs(folder, project)]
    click.echo(to_markdown(compare(jobs, project), project), nl=False)
