"""Where things are: the project's root, and the folders that results must not go to."""

import os
from pathlib import Path

import yaml

from neonym.base.errors import UserError

DVC_ROOT = "DVC_ROOT"  # set by DVC, which runs queued experiments in a copy
# What no result may be written over, beside what dvc.yaml names
KEPT = (".git", ".dvc", ".neonym", ".venv", "conf", "mlartifacts", "pipelines", "src")


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
    for folder in (start, *start.parents):
        if (folder / ".dvc").is_dir() and (folder / "dvc.yaml").is_file():
            return folder
    raise UserError(f"{start} is in no project of neonym's; go to the folder with dvc.yaml")


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


def explain_unfit(folder: str, root: Path) -> str:
    """Why results cannot go to a folder, links followed; "" if they can.

    Parameters
    ----------
    folder
        As Hydra composed it: relative to the project, or absolute.
    root
        The project.
    """
    root = root.resolve()
    # Hydra makes the one and names the other
    places = {(root / folder).resolve(), Path(os.path.normpath(root / folder)).resolve()}
    for place in places:
        if root.is_relative_to(place):
            what = "is the project's own folder" if place == root else "contains the project"
            return f"{what}; name one for results, as outputs/mine"
        if not place.is_relative_to(root):
            if Path(folder).is_absolute():
                continue
            return "leads out of the project; where that is meant, write the absolute path"
        for path in (*KEPT, *_of_pipeline(root)):
            kept = (root / path).resolve()
            if place.is_relative_to(kept) or kept.is_relative_to(place):
                return f"would change {path}; name a folder for results, as outputs/mine"
    return ""


def _of_pipeline(root: Path) -> list[str]:
    """What the stages read and make; nothing where dvc.yaml is damaged, as DVC will say."""
    try:
        stages = yaml.safe_load((root / "dvc.yaml").read_text(encoding="utf-8"))["stages"].values()
        listed = [path for stage in stages for path in (*stage.get("deps", ()), *stage["outs"])]
    except (
        OSError,
        ValueError,
        yaml.YAMLError,
        LookupError,
        TypeError,
        AttributeError,
        RecursionError,
    ):
        return []
    # an output with options is a mapping of its path
    return [path if isinstance(path, str) else next(iter(path)) for path in listed]
