import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_project import Project, make_project

from made_once import made_once


@pytest.fixture
def project(tmp_path: Path, empty_database: Path) -> Iterator[Project]:
    """A fresh small copy of the project, in which nothing has run."""
    copy = make_project(tmp_path / "project", empty_database)
    yield copy
    copy.stop_delivery()


@pytest.fixture(scope="session")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small copy of the project that `dvc repro` has run in, to be copied."""
    return made_once(tmp_path_factory, "ran", _run)


def _run(root: Path) -> None:
    copy = make_project(root)
    copy.repro()
    copy.stop_delivery()
    # MLflow's database names the folder that it lies in
    for path in (root / "mlflow.db", *root.glob("mlflow.db-*")):
        path.unlink(missing_ok=True)
    for folder in ("mlartifacts", ".neonym"):
        shutil.rmtree(root / folder, ignore_errors=True)


@pytest.fixture
def project_that_ran(tmp_path: Path, ran: Path, empty_database: Path) -> Iterator[Project]:
    """What `dvc repro` leaves in a small copy of the project, but for its run in MLflow."""
    copy = Project(shutil.copytree(ran, tmp_path / "project", symlinks=True))
    shutil.copyfile(empty_database, copy.root / "mlflow.db")
    yield copy
    copy.stop_delivery()
