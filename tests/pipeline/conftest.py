from collections.abc import Iterator
from pathlib import Path

import pytest
from small_project import Project, make_project


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A fresh small copy of the project."""
    copy = make_project(tmp_path / "project")
    yield copy
    copy.stop_delivery()
