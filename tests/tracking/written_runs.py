"""Runs written as stages write them; without MLflow, which processes would import for nothing."""

from pathlib import Path

from neonym import experiment
from neonym.lab.tracking.opening import open_job
from neonym.lab.tracking.store import Store
from small_training import configuration


def write_run(store: Store, points: int = 50) -> Path | None:
    """Write a run with a curve of some points; its folder in the spool."""
    with open_job(store, configuration(), stage="train", name="run") as run:
        for step in range(points):
            run.metrics({"train/loss": 1 / (step + 1)}, step)
    return run.folder


def write_run_at(root: Path) -> None:
    """Write a run of the project in a folder."""
    write_run(Store.of_project(experiment.PROJECT, root))
