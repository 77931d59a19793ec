"""MLflow's database with its tables and no run, made once for all tests."""

import shutil
from pathlib import Path

import pytest
from filelock import FileLock
from mlflow.tracking import MlflowClient


def make_empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file, to be copied."""
    shared = tmp_path_factory.getbasetemp().parent / "mlflow_template.db"
    with FileLock(shared.with_suffix(".lock")):
        if not shared.exists():
            fresh = tmp_path_factory.mktemp("mlflow") / "fresh.db"
            MlflowClient(f"sqlite:///{fresh}").search_experiments()
            shutil.copyfile(fresh, shared)
    return shared
