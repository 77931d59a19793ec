"""`neonym summary`: what came of the last run, or of a job run by hand."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from neonym.base.errors import UserError
from neonym.commands import NAMES
from neonym.lab.git import git_bytes
from neonym.lab.places import in_project, project_root

if TYPE_CHECKING:
    from rich.console import Console


@click.command("summary")
@click.argument("folder", required=False, type=click.Path(path_type=Path))
def command(folder: Path | None) -> None:
    """Show the figures beside their references, new names, and where everything is.

    Of the workspace, or of FOLDER, where pipelines/sweep.py or a job of a sweep left its results.
    """
    from rich.console import Console  # noqa: PLC0415 (others start faster)

    _refuse_others()
    root = in_project(Path()) if folder is None else _of_job(folder)
    print_summary(root, Console(highlight=False))


def _refuse_others() -> None:
    """Refuse, as a user's mistake, a project that is not about names."""
    from neonym.lab.project import read_reference  # noqa: PLC0415 (others start faster)

    try:
        root = project_root()
    except UserError:  # outside of one, a job's folder may lie anywhere
        return
    if read_reference(root, NAMES) != NAMES:
        raise UserError(
            "summary is of names; `dvc metrics show` and `neonym runs` show the figures here"
        )


def _of_job(folder: Path) -> Path:
    """The folder from here, or else from the project's root, as scripts call it."""
    from neonym.steps.overview import METRICS  # noqa: PLC0415 (imports SciPy)

    for place in (folder, in_project(folder)):
        if (place / METRICS).is_file():
            return place
    raise UserError(f"{folder} has no {METRICS}; name a job's folder of pipelines/sweep.py")


def print_summary(root: Path, console: "Console") -> None:
    """Print what came of a run beside what is committed; errors are those of `print_results`."""
    from neonym.steps.overview import print_results  # noqa: PLC0415 (imports SciPy)

    print_results(root, console, committed_metrics(root))


def committed_metrics(root: Path) -> Mapping[str, Any] | None:
    """The figures of the last commit, to which `dvc metrics diff` compares; None without any."""
    from neonym.steps.overview import METRICS, parse_metrics  # noqa: PLC0415 (imports SciPy)

    committed = git_bytes(root, "show", f"HEAD:./{METRICS}")
    return None if committed is None else parse_metrics(committed)
