import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from own_projects import begin_descent
from relocation import rename_place
from small_project import Project, make_project

from made_once import made_once
from warm import Warm


@pytest.fixture(scope="session")
def begun(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Path:
    """A small copy of the project in which nothing has run, to be copied."""

    def make(root: Path) -> None:
        make_project(root, empty_database)

    return made_once(tmp_path_factory, "small", make)


@pytest.fixture
def project(tmp_path: Path, begun: Path, warm_programs: Warm) -> Iterator[Project]:
    """A fresh small copy of the project, in which nothing has run."""
    copy = Project(shutil.copytree(begun, tmp_path / "project", symlinks=True), warm_programs)
    yield copy
    copy.stop_delivery()


@pytest.fixture
def descent(tmp_path: Path, empty_database: Path, warm_programs: Warm) -> Iterator[Project]:
    """The pipeline that is not about names and takes the least: for what is the machinery's."""
    project = begin_descent(tmp_path / "descent", empty_database, warm_programs)
    yield project
    project.stop_delivery()


ELSEWHERE = Path("/elsewhere")


@pytest.fixture(scope="session")
def ran(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Path:
    """A small copy of the project that `dvc repro` has run in, to be copied."""

    def make(root: Path) -> None:
        copy = make_project(root, empty_database)
        copy.repro()
        copy.succeed("neonym", "sync")
        copy.stop_delivery()
        rename_place(root, root, ELSEWHERE)
        shutil.rmtree(root / ".neonym")  # the spool, which is delivered

    return made_once(tmp_path_factory, "ran", make)


@pytest.fixture
def project_that_ran(tmp_path: Path, ran: Path, warm_programs: Warm) -> Iterator[Project]:
    """What `dvc repro` and `neonym sync` leave in a small copy of the project."""
    copy = Project(shutil.copytree(ran, tmp_path / "project", symlinks=True), warm_programs)
    rename_place(copy.root, ELSEWHERE, copy.root)
    yield copy
    copy.stop_delivery()
