"""`examples/diabetes`, copied into a folder outside of the checkout, as an engineer would."""

import shutil
from pathlib import Path

from small_project import PROJECT, Project

EXAMPLE = PROJECT / "examples/diabetes"


def begin_example(root: Path, database: Path) -> Project:
    """The example in a git repository of its own, with DVC, committed.

    What has an empty database of MLflow's from the beginning need not wait until it is made.
    """
    shutil.copytree(EXAMPLE, root, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(database, root / "mlflow.db")
    project = Project(root)
    project.succeed("git", "init", "-q")
    project.succeed("git", "config", "user.name", "Test")
    project.succeed("git", "config", "user.email", "test@example.org")
    (root / ".dvc").mkdir()
    (root / ".dvc/config").write_text(
        "[core]\n    analytics = false\n[hydra]\n    enabled = true\n"
    )
    (root / ".dvc/.gitignore").write_text("/config.local\n/tmp\n/cache\n")
    project.commit("Begin")
    return project
