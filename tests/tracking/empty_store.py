"""MLflow's database with its tables and no run."""

import shutil
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from made_once import made_once


def make_empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file, to be copied."""
    return made_once(tmp_path_factory, "empty.db", _make)


def _make(path: Path) -> None:
    used = path.with_name("used.db")  # MLflow keeps it open
    MlflowClient(f"sqlite:///{used}").search_experiments()
    shutil.copyfile(used, path)
