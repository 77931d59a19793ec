"""Pipelines that are not about names, outside of the checkout, as engineers have them."""

import shutil
from pathlib import Path

from small_project import PROJECT, Project

from warm import Warm

EXAMPLE = PROJECT / "examples/diabetes"
DESCENT = Path(__file__).parent / "descent"
STEPS = ("prepare", "fit", "judge")
"""Those of `descent`."""
COPIED = (
    *("conf/hydra", "conf/sweep/default.yaml", "conf/tracking/default.yaml"),
    *(".gitignore", ".dvcignore"),
)
"""What docs/own-pipeline.md says to copy."""
SCRIPT = 'from neonym.lab import main\n\nif __name__ == "__main__":\n    main("{}")\n'


def begin_example(root: Path, database: Path | None = None, warm: Warm | None = None) -> Project:
    """`examples/diabetes`: a table, scikit-learn, a picture."""
    shutil.copytree(EXAMPLE, root, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    return _begin(root, database, warm)


def begin_descent(root: Path, database: Path | None = None, warm: Warm | None = None) -> Project:
    """`descent`: a plain loop that logs many curves, fails at will and imports next to nothing."""
    shutil.copytree(DESCENT, root, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    for name in COPIED:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (EXAMPLE / name).is_dir() else shutil.copyfile
        copy(EXAMPLE / name, root / name)
    own = {"experiment: diabetes": "experiment: descent", "val.rmse": "val.loss"}
    for name, (there, here) in zip(("tracking", "sweep"), own.items(), strict=True):
        path = root / f"conf/{name}/default.yaml"
        path.write_text(path.read_text().replace(there, here))
    (root / "pipelines").mkdir()
    for name in ("compose", "sweep", *STEPS):
        (root / f"pipelines/{name}.py").write_text(SCRIPT.format(name))
    return _begin(root, database, warm)


def _begin(root: Path, database: Path | None, warm: Warm | None) -> Project:
    """A git repository with DVC, all committed.

    What has an empty database of MLflow's from the beginning need not wait until it is made.
    """
    if database:
        shutil.copyfile(database, root / "mlflow.db")
    (root / ".dvc").mkdir()
    (root / ".dvc/config").write_text(
        "[core]\n    analytics = false\n[hydra]\n    enabled = true\n"
    )
    (root / ".dvc/.gitignore").write_text("/config.local\n/tmp\n/cache\n")
    project = Project(root, warm)
    project.succeed("git", "init", "-q")
    project.succeed("git", "config", "user.name", "Test")
    project.succeed("git", "config", "user.email", "test@example.org")
    project.commit("Begin")
    return project
