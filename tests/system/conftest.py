import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow_server import serving
from own_projects import begin_descent
from postgres import postgres
from slurm_cluster import Cluster
from small_project import Project, make_project


@pytest.fixture
def project(tmp_path: Path, empty_database: Path) -> Iterator[Project]:
    """A fresh small copy of the project, in which nothing has run."""
    copy = make_project(tmp_path / "project", empty_database)
    yield copy
    copy.stop_delivery()


@pytest.fixture
def descent(tmp_path: Path, empty_database: Path) -> Iterator[Project]:
    """The pipeline that is not about names and takes the least: for what is the machinery's."""
    project = begin_descent(tmp_path / "descent", empty_database)
    yield project
    project.stop_delivery()


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A Slurm cluster of two nodes; its folder has a short path, since sockets lie in it."""
    with tempfile.TemporaryDirectory(prefix="slurm-") as folder:
        started = Cluster(Path(folder))
        try:
            started.start()
            yield started
        finally:
            started.stop()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an MLflow server whose database is PostgreSQL's."""
    with postgres() as database, serving(tmp_path_factory.mktemp("server"), database) as uri:
        yield uri
