"""Where a stage's script begins: under DVC, or by hand with all of Hydra's command line."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from neonym.base.errors import UserError
from neonym.base.garbage import collect_late
from neonym.base.standard_streams import open_closed_streams
from neonym.lab.configuration import Schema
from neonym.lab.project import Project
from neonym.lab.stage.console import log_to_terminal, say
from neonym.lab.stage.execution import Stage, StageFunction
from neonym.lab.stage.profile import run_function


def main(project: Project[Schema], name: str, function: StageFunction[Schema]) -> None:
    """Run a stage script; a user's mistake ends it with one line and exit status 2.

    Parameters
    ----------
    project
        What the lab is told of the project.
    name
        The stage, as `dvc.yaml` calls it, and the script.
    function
        What the stage does; defined in the script. It may return the metric to be optimized.
    """
    with told_in_one_line(name):
        run_script(project, name, function)


def run_script(
    project: Project[Schema], name: str, function: StageFunction[Schema], root: Path | None = None
) -> None:
    """Run what a script does, under DVC or by hand.

    Parameters
    ----------
    project, name, function
        As for `main`.
    root
        The project's folder; None: the one above the folder of the file that defines the function.

    Raises
    ------
    UserError
        For a mistake of the user's.
    """
    if os.environ.get("DVC_STAGE") == name:
        log_to_terminal()
        stage = Stage(project, name, results=Path())
        composes = name not in project.outputs
        if not composes:
            stage.prepare_delivery()
        run_function(stage, function)
        if composes:  # before it there was no configuration
            stage.prepare_delivery()
    else:
        # Hydra costs half a second, which stages under DVC need not pay
        from neonym.lab.composing.by_hand import run_by_hand  # noqa: PLC0415

        run_by_hand(project, name, function, root)


@contextmanager
def told_in_one_line(name: str) -> Iterator[None]:
    """End the process as a script ends: a user's mistake is told in one line, with status 2."""
    collect_late()
    open_closed_streams()
    try:
        yield
    except (Exception, KeyboardInterrupt) as error:
        if _was_interrupted(error):
            sys.exit(130)
        if isinstance(error, BrokenPipeError):  # who reads has enough, which is no mistake
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(0)
        if not isinstance(error, UserError):
            raise
        say(f"{name}: {error}", style="red")
        sys.exit(2)


def _was_interrupted(error: BaseException | None) -> bool:
    """Whether it is Ctrl-C, or came of it: OmegaConf's clean-up may fail where it is cut short."""
    if error is None or isinstance(error, KeyboardInterrupt):
        return error is not None
    return _was_interrupted(error.__cause__) or _was_interrupted(error.__context__)
