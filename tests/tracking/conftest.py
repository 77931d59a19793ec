"""A real MLflow store for tests: its database is made once, and copied."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from neonym import experiment
from neonym.lab.tracking.store import Store


@pytest.fixture
def store(tmp_path: Path, empty_database: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """The store of an empty project, in which nothing was tracked yet."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    shutil.copyfile(empty_database, tmp_path / "mlflow.db")
    yield Store.of_project(experiment.PROJECT, tmp_path)
