"""The folders that results must not go to."""

import os
from pathlib import Path

from neonym.base.errors import UserError
from neonym.lab.dvc_file import dependencies_of, outputs_of, read_stages

# What no result may be written over, beside what dvc.yaml names
KEPT = (".git", ".dvc", ".neonym", ".venv", "conf", "mlartifacts", "pipelines", "src")


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
        stages = read_stages(root).values()
    except UserError:
        return []
    return [path for stage in stages for path in (*dependencies_of(stage), *outputs_of(stage))]
