"""MLflow's server away, slow, failing, losing answers, and delivery killed: nothing is lost."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from mlflow.tracking import MlflowClient
from mlflow_server import serving
from unreliable import MODES, Proxy, unreliable
from written import check, write_run

from neonym import experiment
from neonym.lab.tracking.courier import ensure_delivery, wait_for_delivery
from neonym.lab.tracking.spool import open_segments
from neonym.lab.tracking.store import Store
from processes import delivery_pids, kill

SEED = 6
SYNC = (
    "import sys; from pathlib import Path; from neonym import experiment; "
    "from neonym.lab.delivery.synchronization import sync; "
    "from neonym.lab.tracking.store import Store; "
    "print(sync(Store.of_project(experiment.PROJECT, Path(sys.argv[1])), 60).outcome)"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("server")) as uri:
        yield uri


@pytest.fixture
def client(server: str) -> Iterator[MlflowClient]:
    """A client of the server, which is emptied after the test."""
    found = MlflowClient(server)
    yield found
    for run in found.search_runs([one.experiment_id for one in found.search_experiments()]):
        found.delete_run(run.info.run_id)


@pytest.fixture
def proxy(server: str) -> Iterator[Proxy]:
    with unreliable(server) as proxy:
        yield proxy


@pytest.fixture
def store(
    tmp_path: Path, proxy: Proxy, empty_database: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Store]:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", proxy.uri)
    yield Store.of_project(experiment.PROJECT, tmp_path)
    kill(delivery_pids(tmp_path))


def deliver_all(store: Store, seconds: float = 120) -> None:
    """Call for delivery until all is delivered, as somebody would who runs `neonym sync` again."""
    end = time.monotonic() + seconds
    while open_segments(store.segments):
        assert time.monotonic() < end, store.log.read_text()[-3000:]
        ensure_delivery(store)
        wait_for_delivery(store, 10)
        time.sleep(0.2)


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES[1:])
def test_writers_do_not_wait_for_a_server_that_fails(
    store: Store, proxy: Proxy, client: MlflowClient, tmp_path: Path, mode: str
) -> None:
    proxy.mode = mode
    before = time.monotonic()
    written = [write_run(store, number, points=1000) for number in range(2)]
    assert time.monotonic() - before < 10
    end = time.monotonic() + 60
    while not proxy.requests and time.monotonic() < end:
        time.sleep(0.1)
    assert proxy.requests
    time.sleep(2)
    proxy.mode = "pass"
    deliver_all(store)
    check(client, written, tmp_path)


@pytest.mark.slow
def test_whatever_fails_and_whoever_is_killed_each_run_arrives_once_and_whole(
    store: Store, proxy: Proxy, client: MlflowClient, tmp_path: Path
) -> None:
    chance = np.random.default_rng(SEED)
    written = []
    for number in range(8):
        proxy.mode = MODES[chance.integers(len(MODES))]
        written.append(write_run(store, number))
        command = [sys.executable, "-c", SYNC, str(tmp_path)]
        syncing = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # importing MLflow takes delivery some seconds, in which killing it would test little
        waited = time.monotonic() + 20
        before = proxy.requests
        while proxy.requests < before + 3 and time.monotonic() < waited:
            time.sleep(0.05)
        time.sleep(chance.random())
        proxy.mode = MODES[chance.integers(len(MODES))]
        time.sleep(chance.random())
        kill([syncing.pid, *delivery_pids(tmp_path)] if chance.random() < 0.7 else [syncing.pid])
        syncing.wait()
    proxy.mode = "pass"
    deliver_all(store)
    print(f"seed {SEED}")
    check(client, written, tmp_path)


@pytest.mark.slow
def test_delivery_killed_while_it_logs_the_model_logs_one(
    store: Store, proxy: Proxy, client: MlflowClient, tmp_path: Path
) -> None:
    from formats import make_model

    from neonym.base.files import sha256_of_file
    from neonym.lab.tracking.opening import open_job
    from small_training import configuration

    chance = np.random.default_rng(SEED)
    model = make_model(tmp_path)
    with open_job(store, configuration(), name="run") as run:
        run.model(model, sha256_of_file(model))
    for _ in range(4):
        end = time.monotonic() + 30
        ensure_delivery(store)
        while not models(client) and open_segments(store.segments) and time.monotonic() < end:
            time.sleep(0.02)
        time.sleep(chance.random())
        kill(delivery_pids(tmp_path))
    deliver_all(store)
    [logged] = models(client)
    assert str(logged.status) == "READY"


def models(client: MlflowClient):
    ids = [experiment.experiment_id for experiment in client.search_experiments()]
    return list(client.search_logged_models(ids))
