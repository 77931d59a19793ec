"""The delivery process, started as stages start it, against real stores."""

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient
from mlflow_server import SPARING
from written_runs import write_run, write_run_at

from neonym import experiment
from neonym.lab.delivery.store_check import explain_unusable
from neonym.lab.tracking.courier import ensure_delivery, is_delivering, wait_for_delivery
from neonym.lab.tracking.spool import open_segments
from neonym.lab.tracking.store import Store
from processes import delivery_pids, kill, kill_group


@pytest.fixture
def delivered_store(store: Store) -> Iterator[Store]:
    """A store whose delivery process is ended after the test."""
    yield store
    end_delivery(store)


def end_delivery(store: Store) -> None:
    kill(delivery_pids(store.root))


def points_of(store: Store) -> list[int]:
    client = MlflowClient(store.uri)
    ids = [experiment.experiment_id for experiment in client.search_experiments()]
    return [
        len(client.get_metric_history(run.info.run_id, "train/loss"))
        for run in client.search_runs(ids)
        if run.info.status == "FINISHED"
    ]


def test_a_run_is_delivered_without_its_writer_importing_mlflow(delivered_store: Store) -> None:
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from neonym import experiment\n"
        "from small_training import configuration\n"
        "from neonym.lab.tracking.opening import open_job\n"
        "from neonym.lab.tracking.store import Store\n"
        "store = Store.of_project(experiment.PROJECT, Path(sys.argv[1]))\n"
        "with open_job(store, configuration(), name='run') as run:\n"
        "    run.metrics({'train/loss': 1.0}, 1)\n"
        "assert 'mlflow' not in sys.modules\n"
    )
    subprocess.run(
        [sys.executable, "-c", code, str(delivered_store.root)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])},
        check=True,
    )
    assert wait_for_delivery(delivered_store, 60).delivered
    assert points_of(delivered_store) == [1]


@pytest.mark.slow
def test_eight_processes_on_a_fresh_store_lose_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    store = Store.of_project(experiment.PROJECT, tmp_path)
    processes = [
        get_context("spawn").Process(target=write_run_at, args=(tmp_path,)) for _ in range(8)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    outcome = wait_for_delivery(store, 90)
    end_delivery(store)
    assert outcome.delivered, outcome.message
    assert points_of(store) == [50] * 8


@pytest.mark.slow
def test_what_a_server_that_is_away_misses_is_delivered_later(
    tmp_path: Path, empty_database: Path, monkeypatch: pytest.MonkeyPatch, unused_port: int
) -> None:
    address = f"http://user:hunter22@127.0.0.1:{unused_port}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    store = Store.of_project(experiment.PROJECT, tmp_path)
    write_run(store)
    outcome = wait_for_delivery(store, 60)
    assert not outcome.delivered
    assert len(open_segments(store.segments)) == 1
    for said in (outcome.message, store.status.read_text(), store.log.read_text()):
        assert "127.0.0.1" in said
        assert "hunter22" not in said
    shutil.copyfile(empty_database, tmp_path / "server.db")
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "mlflow", "server", "--workers", "1"),
            *("--backend-store-uri", f"sqlite:///{tmp_path / 'server.db'}"),
            *("--artifacts-destination", str(tmp_path / "artifacts")),
            *("--host", "127.0.0.1", "--port", str(unused_port)),
        ],
        env={**os.environ, **SPARING},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + 120
        while not outcome.delivered and time.monotonic() < deadline:
            ensure_delivery(store)
            outcome = wait_for_delivery(store, 5)
            time.sleep(0.5)
        assert points_of(store) == [50]
    finally:
        end_delivery(store)
        kill_group(server)


@pytest.fixture
def unused_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_store_that_was_moved_is_explained_and_not_written_to(store: Store) -> None:
    with closing(sqlite3.connect(store.database)) as database:
        database.execute("UPDATE experiments SET artifact_location = '/elsewhere/mlartifacts'")
        database.commit()
    reason = explain_unusable(store)
    assert "the checkout was moved or copied" in reason
    assert "/elsewhere/mlartifacts" in reason
    write_run(store)
    outcome = wait_for_delivery(store, 30)
    assert (outcome.delivered, outcome.message) == (False, reason)
    assert points_of(store) == []


@pytest.mark.parametrize(
    ("revision", "line"),
    [("0a8213491aaa", "older MLflow"), ("ffffffffffff", "newer MLflow")],
)
def test_a_store_of_another_mlflow_is_explained(store: Store, revision: str, line: str) -> None:
    with closing(sqlite3.connect(store.database)) as database:
        database.execute("UPDATE alembic_version SET version_num = ?", [revision])
        database.commit()
    assert line in explain_unusable(store)


def test_a_file_that_is_no_database_is_explained(store: Store) -> None:
    store.database.write_bytes(b"nonsense" * 1000)
    assert "cannot be read" in explain_unusable(store)


def test_a_store_that_can_be_used_is_not_complained_of(store: Store) -> None:
    assert explain_unusable(store) == ""


def test_nothing_is_delivering_where_nothing_was_started(store: Store) -> None:
    assert not is_delivering(store)
