"""Checkouts, databases and lists may be called anything: MLflow finds their files again."""

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from test_replay import all_runs, opened

from neonym import experiment
from neonym.lab.delivery.replay import Replay
from neonym.lab.delivery.store_check import explain_unusable
from neonym.lab.lineage.recorded import Recorded
from neonym.lab.tracking.run import Run
from neonym.lab.tracking.spool import Segment, SegmentWriter
from neonym.lab.tracking.spools import note_address, take_over, waiting_elsewhere
from neonym.lab.tracking.store import Store
from neonym.lab.tracking.tracking_uri import TRACKING_URI

StoreAt = Callable[[Path, str], Store]


@pytest.fixture
def store_at(monkeypatch: pytest.MonkeyPatch) -> StoreAt:
    """The store of a project in a folder, at an address."""

    def make(root: Path, uri: str = "") -> Store:
        monkeypatch.setenv(TRACKING_URI, uri)
        return Store.of_project(experiment.PROJECT, root)

    return make


def write(store: Store, *files: Path) -> Segment:
    """What a run leaves that logs files."""
    writer = SegmentWriter(store.segments, opened("k"))
    for file in files:
        Run(writer).artifact(file, "data")
    writer.close("FINISHED")
    return Segment(writer.folder)


@pytest.mark.parametrize("name", ["p%41c", "e%2Ff #d", "ü b?"])
def test_a_checkout_and_a_list_may_be_called_anything(
    tmp_path: Path, store_at: StoreAt, empty_database: Path, name: str
) -> None:
    root = tmp_path / name
    root.mkdir()
    shutil.copyfile(empty_database, root / "mlflow.db")
    names = root / "a%2fb?#.csv"
    names.write_text("rex\n")
    store = store_at(root, "")
    assert explain_unusable(store) == ""
    assert Replay(store).deliver(write(store, names))
    [run] = all_runs(store)
    recorded = Recorded.find(store, run.info.run_id)
    assert recorded.artifacts == ["data/a_2fb__.csv"]
    assert recorded.text("data/a_2fb__.csv") == "rex\n"
    assert list(tmp_path.iterdir()) == [root]
    kept = root / f"mlartifacts/{run.info.run_id}/artifacts/data"
    assert (kept / "a_2fb__.csv").read_text() == "rex\n"
    # as earlier versions logged it, under its own name
    (kept / "a_2fb__.csv").rename(kept / names.name)
    assert Recorded.find(store, run.info.run_id).text(f"data/{names.name}") == "rex\n"


@pytest.mark.parametrize("place", ["elsewhere/r.db", "project/sub/r.db"])
def test_artifacts_lie_beside_a_database_that_is_a_file(
    tmp_path: Path, store_at: StoreAt, empty_database: Path, place: str
) -> None:
    file = tmp_path / place
    file.parent.mkdir(parents=True)
    shutil.copyfile(empty_database, file)
    inside = "sqlite:///sub/r.db"
    store = store_at(tmp_path / "project", inside if place.startswith("p") else f"sqlite:///{file}")
    names = tmp_path / "names.csv"
    names.write_text("rex\n")
    assert Replay(store).deliver(write(store, names))
    [run] = all_runs(store)
    assert run.info.artifact_uri == f"file://{file.parent}/mlartifacts/{run.info.run_id}/artifacts"
    assert [path.name for path in file.parent.rglob("*.csv")] == ["names.csv"]


def test_equal_addresses_share_a_spool(tmp_path: Path, store_at: StoreAt) -> None:
    spellings = ["http://127.0.0.1:5077", "http://127.0.0.1:5077/", "HTTP://127.0.0.1:5077"]
    assert len({store_at(tmp_path, each).segments for each in spellings}) == 1


@pytest.mark.parametrize("place", ["http://127.0.0.1:5077", "postgresql://db/runs"])
def test_what_waits_is_found_whoever_logs_in(tmp_path: Path, store_at: StoreAt, place: str) -> None:
    scheme, _, rest = place.partition("://")
    who = ["", "me:sesame@", "me:changed@", "you:a%40b@", "token@"]
    stores = [store_at(tmp_path, f"{scheme}://{user}{rest}") for user in who]
    assert len({store.segments for store in stores}) == 1
    assert len({store.uri for store in stores}) == len(who)  # which is what is logged in with
    assert store_at(tmp_path, f"{place}2").segments != stores[0].segments


def test_what_an_earlier_version_left_for_who_logs_in_is_taken_over(
    tmp_path: Path, store_at: StoreAt
) -> None:
    store = store_at(tmp_path, "http://me:sesame@127.0.0.1:5077")
    key = hashlib.sha256(store.uri.encode()).hexdigest()[:12]
    old = SegmentWriter(store.folder.with_name(key) / "segments", opened("k"))
    old.close("FINISHED")
    take_over(store)
    assert [path.name for path in store.segments.iterdir()] == [old.folder.name]


def test_what_waits_under_another_spelling_is_taken_over(tmp_path: Path, store_at: StoreAt) -> None:
    store = store_at(tmp_path, "http://127.0.0.1:5077")
    [slashed] = store.other_folders  # where an earlier version put it
    old = SegmentWriter(slashed / "segments", opened("k"))
    take_over(store)
    assert not store.segments.exists()  # its writer lives
    old.close("FINISHED")
    take_over(store)
    assert [path.name for path in store.segments.iterdir()] == [old.folder.name]
    assert waiting_elsewhere(store) == []


def test_it_is_said_where_else_something_waits(tmp_path: Path, store_at: StoreAt) -> None:
    other = store_at(tmp_path, "http://me:sesame@127.0.0.1:5077/")
    write(other)
    store = store_at(tmp_path, "")
    [unknown] = waiting_elsewhere(store)
    assert str(unknown) == (
        f"what was logged for a store whose address was not noted waits in {other.folder}; "
        "MLFLOW_TRACKING_URI=… neonym sync delivers it"
    )
    note_address(other)
    [waiting] = waiting_elsewhere(store)
    assert waiting.address == "http://127.0.0.1:5077"
    assert waiting_elsewhere(other) == []
