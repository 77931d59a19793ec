"""Where things are: the project's root, and the files in it."""

import os
from pathlib import Path

from neonym.base.errors import UserError

DVC_ROOT = "DVC_ROOT"  # set by DVC, which runs queued experiments in a copy


def project_root(start: Path | None = None) -> Path:
    """The project's real root: what DVC says, or else the folder upward that holds `.dvc`.

    Parameters
    ----------
    start
        Where to look from; None: the working directory.

    Raises
    ------
    UserError
        If there is no project.
    """
    if named := os.environ.get(DVC_ROOT):
        return Path(named).resolve()
    start = Path.cwd() if start is None else start.resolve()
    half = ""
    for folder in (start, *start.parents):
        has_dvc, has_stages = (folder / ".dvc").is_dir(), (folder / "dvc.yaml").is_file()
        if has_dvc and has_stages:
            return folder
        if has_stages and not half:
            half = f"{folder} has dvc.yaml, and no DVC: run `dvc init` there, in a git repository"
        if has_dvc and not half:
            half = f"{folder} has DVC, and no dvc.yaml, in which the stages of a project stand"
    raise UserError(half or f"{start} is in no project of neonym's; go to the folder with dvc.yaml")


def enter_project() -> Path:
    """Work in the project's root from here on, wherever in it the command was given; the root.

    Raises
    ------
    UserError
        If there is no project.
    """
    root = project_root()
    os.chdir(root)
    return root


def in_project(path: Path) -> Path:
    """A file of the project, as it is called from the working directory, wherever in it that is."""
    try:
        return Path(os.path.relpath(project_root() / path))
    except UserError:  # outside of one it may still be there
        return path
