"""Real stores and projects, and the end of what delivers for them."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from neonym import experiment
from neonym.lab.tracking.store import Store
from processes import delivery_pids, kill


@pytest.fixture
def store(tmp_path: Path, empty_database: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """The store of an empty project; its delivery process is ended after the test."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    shutil.copyfile(empty_database, tmp_path / "mlflow.db")
    yield Store.of_project(experiment.PROJECT, tmp_path)
    kill(delivery_pids(tmp_path))
