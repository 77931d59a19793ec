"""Databases and discs that are locked, full or not to be written: said, and nothing is harmed."""

import hashlib
import os
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
from mlflow.tracking import MlflowClient
from own_projects import begin_descent
from small_project import Project, make_project
from written import check, write_run

from neonym.lab.delivery.synchronization import sync
from neonym.lab.tracking import tags
from neonym.lab.tracking.courier import Outcome, ensure_delivery, wait_for_delivery
from neonym.lab.tracking.opening import open_job
from neonym.lab.tracking.store import Store
from processes import delivery_pids, kill
from small_training import configuration

SEED = 6
pytestmark = pytest.mark.slow


def may(*command: str | Path) -> None:
    """Run a command that only root may run, or skip the test."""
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    if done.returncode:
        pytest.skip(f"not permitted here: {done.stderr.strip()}")


@contextmanager
def immutable(path: Path) -> Iterator[None]:
    """Nobody may change a file, or what is in a folder: for root permissions would not do."""
    may("chattr", "+i", path)
    try:
        yield
    finally:
        subprocess.run(["chattr", "-i", path], check=True)


def deliver(store: Store, seconds: float = 60) -> Outcome:
    ensure_delivery(store)
    return wait_for_delivery(store, seconds)


def deliver_at_last(store: Store) -> None:
    """Deliver, now that it can be done; what was said before may still stand."""
    end = time.monotonic() + 90
    while not (outcome := deliver(store, 20)).delivered:
        assert time.monotonic() < end, outcome.message
        time.sleep(0.5)


def test_a_locked_database_is_told_and_delivered_to_later(store: Store, tmp_path: Path) -> None:
    with closing(sqlite3.connect(store.database)) as other:
        other.execute("BEGIN EXCLUSIVE")
        written = [write_run(store, 0, points=10)]
        outcome = deliver(store)
        assert not outcome.delivered
        assert "database is locked" in outcome.message
    deliver_at_last(store)
    (tmp_path / "downloaded").mkdir()
    check(MlflowClient(store.uri), written, tmp_path / "downloaded")


def test_a_database_that_cannot_be_written_is_told_and_delivered_to_later(
    store: Store, tmp_path: Path
) -> None:
    with immutable(store.database):
        written = [write_run(store, 0, points=10)]
        outcome = deliver(store)
        assert not outcome.delivered
        assert "cannot be written; check who may write there" in outcome.message
    deliver_at_last(store)
    (tmp_path / "downloaded").mkdir()
    check(MlflowClient(store.uri), written, tmp_path / "downloaded")


def test_a_deleted_database_is_made_again_for_what_was_not_delivered(
    store: Store, tmp_path: Path
) -> None:
    with open_job(store, configuration(), name="begun") as run:
        run.metrics({"train/loss": 1.0}, 1)
        end = time.monotonic() + 60
        while not (run.folder / "cursor.json").exists() and time.monotonic() < end:
            time.sleep(0.1)
        store.database.unlink()
        run.metrics({"train/loss": 0.5}, 2)
    deliver_at_last(store)
    client = MlflowClient(f"sqlite:///{shutil.copyfile(store.database, tmp_path / 'copy.db')}")
    [found] = client.search_runs([one.experiment_id for one in client.search_experiments()])
    assert found.info.status == "FINISHED"
    assert len(client.get_metric_history(found.info.run_id, "train/loss")) == 2


@pytest.fixture
def small_spool(store: Store) -> Iterator[Path]:
    """A spool on a disc of its own, with a run that waits."""
    folder = store.root / ".neonym"
    folder.mkdir()
    may("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder)
    yield folder
    kill(delivery_pids(store.root))
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_spool_without_room_is_drained(store: Store, small_spool: Path, tmp_path: Path) -> None:
    written = [write_run(store, number, points=200) for number in range(2)]
    kill(delivery_pids(store.root))
    with suppress(OSError), (small_spool / "filler").open("wb", buffering=0) as filler:
        while filler.write(bytes(512)):
            pass
    assert sync(store, 60).outcome.delivered
    (tmp_path / "downloaded").mkdir()
    check(MlflowClient(store.uri), written, tmp_path / "downloaded")


@contextmanager
def small_disc(root: Path) -> Iterator[None]:
    """A folder on a disc of its own."""
    root.mkdir()
    may("mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", root)
    try:
        yield
    finally:
        kill(delivery_pids(root))
        subprocess.run(["umount", "-l", root], check=True)


def results(project: Project) -> dict[str, str]:
    """The sha256 of every file that stages leave, also of those that nobody asked for.

    A training that did not end may leave its checkpoint.
    """
    folders = [project.root / name for name in ("models", "reports", "data/processed")]
    return {
        str(path.relative_to(project.root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "checkpoint.npz"
    }


def run_stage(project: Project, stage: str) -> subprocess.CompletedProcess[str]:
    return project.run("python", f"pipelines/{stage}.py", PYTHONPATH="src", DVC_STAGE=stage)


def fill(project: Project, free: int) -> Path:
    """Fill the disc but for so many bytes."""
    state = os.statvfs(project.root)
    size = state.f_bavail * state.f_frsize - free
    path = project.root / "filler"
    path.write_bytes(bytes(size))
    return path


def run_without_room(project: Project, stage: str, free: int) -> bool:
    """Run a stage on a disc with so many bytes; whether it failed, which is one line."""
    filler = fill(project, free)
    done = run_stage(project, stage)
    filler.unlink()
    assert "Traceback" not in done.stdout, done.stdout
    if done.returncode:
        assert done.returncode == 2, done.stdout
        assert "cannot be written: No space left on device" in done.stdout.splitlines()[-1]
    return bool(done.returncode)


def test_a_full_disc_is_one_line_and_leaves_earlier_results(
    tmp_path: Path, empty_database: Path
) -> None:
    chance, failed = np.random.default_rng(SEED), 0
    with small_disc(tmp_path / "project"):
        project = make_project(tmp_path / "project", empty_database)
        project.repro()
        before = results(project)
        for stage in ("train", "train", "sample", "evaluate", "preprocess"):
            free = int(chance.integers(200_000)) if failed else 0
            failed += run_without_room(project, stage, free)
            assert results(project) == before, f"seed {SEED}, {stage}, {free} bytes left"
    assert failed


def test_after_a_full_disc_a_pipeline_ends_as_if_nothing_had_happened(
    tmp_path: Path, empty_database: Path
) -> None:
    with small_disc(tmp_path / "project"):
        project = begin_descent(tmp_path / "project", empty_database)
        project.repro()
        before = results(project)
        for stage in ("fit", "judge"):
            assert run_without_room(project, stage, 0)
        project.succeed("dvc", "repro", "--force")
        assert results(project) == before
        project.succeed("neonym", "sync")
        runs = project.runs()
        assert "RUNNING" not in {run.info.status for run in runs}
        assert [run for run in runs if run.data.tags.get(tags.STAGES) == "fit,judge"]


def test_what_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    project = begin_descent(tmp_path / "project")
    project.edit("conf/tracking/default.yaml", "enabled", "false")
    project.repro()
    before = results(project)
    for stage, place in (("fit", "models/model.json"), ("judge", "reports")):
        with immutable(project.root / place):
            done = run_stage(project, stage)
        assert done.returncode == 2, done.stdout
        [line] = done.stdout.splitlines()
        assert line.startswith(f"{stage}: ")
        assert line.endswith(" cannot be written: Operation not permitted")
        assert results(project) == before

    (project.root / "outputs").mkdir()
    with immutable(project.root / "outputs"):
        done = project.run("python", "pipelines/sweep.py")
    assert done.returncode == 2, done.stdout
    [line] = done.stdout.splitlines()
    assert line.startswith("sweep: outputs/sweep")
    assert line.endswith(" cannot be written: Operation not permitted")

    project.edit("conf/tracking/default.yaml", "enabled", "true")
    (project.root / ".neonym").mkdir(exist_ok=True)
    with immutable(project.root / ".neonym"):
        assert run_stage(project, "compose").returncode == 0  # tracks nothing
        done = run_stage(project, "fit")
    assert done.returncode == 2, done.stdout
    assert "set tracking.enabled=false" in done.stdout.splitlines()[-1]
    assert results(project) == before
