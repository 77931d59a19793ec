"""Which store a project has: its own database, or what `MLFLOW_TRACKING_URI` names."""

from pathlib import Path

import pytest

from marked_project import mark
from neonym import experiment
from neonym.base.errors import UserError
from neonym.lab.stage.execution import Stage
from neonym.lab.tracking.store import Store
from neonym.lab.tracking.tracking_uri import TRACKING_URI
from small_training import configuration


def named(root: Path, uri: str, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv(TRACKING_URI, uri)
    return Store.of_project(experiment.PROJECT, root)


@pytest.mark.parametrize("uri", ["", "sqlite:///mlflow.db", "sqlite:///./mlflow.db"])
def test_a_relative_database_lies_in_the_project_wherever_it_is_delivered_from(
    tmp_path: Path, uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = named(tmp_path, uri, monkeypatch)
    assert store.uri == f"sqlite:///{tmp_path}/mlflow.db"
    assert store.is_own


@pytest.mark.parametrize("uri", ["sqlite:////other/mlflow.db", "http://127.0.0.1:5000"])
def test_another_store_is_taken_as_it_is_named(
    tmp_path: Path, uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = named(tmp_path, uri, monkeypatch)
    assert store.uri == uri
    assert not store.is_own


def test_what_is_no_address_is_said_without_showing_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UserError) as caught:
        named(tmp_path, "http://me:sesame@[runs", monkeypatch)
    assert "sesame" not in str(caught.value)
    assert str(caught.value).startswith(f"{TRACKING_URI} is no address: host and port cannot be")


def test_a_store_that_cannot_be_is_refused_before_a_stage_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(mark(tmp_path))
    monkeypatch.setenv(TRACKING_URI, "127.0.0.1:5077")
    stage = Stage(
        experiment.PROJECT,
        "train",
        tmp_path,
        by_hand=True,
        configuration=configuration(tracking__enabled=True),
    )
    with pytest.raises(UserError, match="has no scheme; write http://"), stage.tracked():
        pytest.fail("it was begun")
    assert not (tmp_path / ".neonym").exists()
