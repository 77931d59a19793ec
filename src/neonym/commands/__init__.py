"""The commands of `neonym`, one a module.

A module's name is the command's, with dashes for underscores (one behind, as in `import_`, is not
part of it), and its `command` is what click runs.
A module is imported when its command is, so none pays for what another needs.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neonym.lab.project import Project

NAMES = "neonym.experiment:PROJECT"


def own_project(root: Path | None = None) -> "Project[Any]":
    """The project that `pyproject.toml` names; that of names where it names none.

    Parameters
    ----------
    root
        The project's folder; None: the one that the working directory is in.

    Raises
    ------
    UserError
        If there is no project, or not the one that is named.
    """
    from neonym.lab.places import project_root  # noqa: PLC0415 (others start faster)
    from neonym.lab.project import find_project  # noqa: PLC0415

    root = project_root() if root is None else root
    return find_project(root, NAMES if _may_be_names(root) else "")


def _may_be_names(root: Path) -> bool:
    """Whether the stages of a folder may be those of names; not where all are called otherwise."""
    stages = (root / "dvc.yaml").read_text("utf-8", errors="replace")
    return "stages:" not in stages or "\n  preprocess:" in stages
