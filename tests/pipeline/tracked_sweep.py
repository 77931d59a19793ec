"""The only sweep of a small project: its folder, and its runs in MLflow."""

from pathlib import Path

from mlflow.entities import Run
from small_project import Project

from neonym.lab.tracking import tags


def sweep_folder(project: Project) -> Path:
    [path] = (project.root / "multirun").glob("*/*/sweep.json")
    return path.parent


def family(project: Project) -> tuple[Run, list[Run]]:
    """The parent of the only sweep, and its children."""
    project.succeed("neonym", "sync")
    runs = project.runs()
    [parent] = [run for run in runs if run.data.tags[tags.KIND] == "sweep"]
    children = [run for run in runs if run.data.tags.get(tags.PARENT) == parent.info.run_id]
    return parent, children
