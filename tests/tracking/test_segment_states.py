"""A segment is delivered, or damaged and put aside, or waits: none is lost, none blocks others."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from mlflow.entities import ViewType
from mlflow.tracking import MlflowClient
from test_replay import all_runs, curve, loss, opened, write

from marked_project import mark
from neonym.cli import cli
from neonym.lab.delivery import process
from neonym.lab.delivery.process import Delivery
from neonym.lab.delivery.replay import Replay
from neonym.lab.delivery.store_check import explain_unusable
from neonym.lab.tracking.courier import all_kept, take_back, wait_for_delivery
from neonym.lab.tracking.events import Artifact, Dataset, Metrics, Tags
from neonym.lab.tracking.spool import CURSOR, EVENTS, SegmentWriter, open_segments
from neonym.lab.tracking.spools import waiting_elsewhere
from neonym.lab.tracking.store import Store
from processes import delivery_pids, kill


class Round:
    """Delivery, one look into the spool at a time."""

    def __init__(self, store: Store) -> None:
        self._store, self._delivery, self._replay = store, Delivery(store), Replay(store)

    def __call__(self) -> list[Path]:
        """Deliver what waits; what is left."""
        self._delivery._try_round(self._replay, open_segments(self._store.segments))
        return [segment.folder for segment in open_segments(self._store.segments)]


def deleted_runs(store: Store) -> list[tuple[str, int]]:
    """Status and number of points of the runs in the trash."""
    client = MlflowClient(store.uri)
    ids = [found.experiment_id for found in client.search_experiments(ViewType.ALL)]
    found = client.search_runs(ids, run_view_type=ViewType.DELETED_ONLY)
    return [(run.info.status, len(curve(store, run))) for run in found]


def statuses(store: Store) -> dict[str, str]:
    return {str(run.info.run_name): str(run.info.status) for run in all_runs(store)}


def delete_experiment(store: Store) -> None:
    client = MlflowClient(store.uri)
    found = client.get_experiment_by_name("names")
    client.delete_experiment(found.experiment_id)


REFUSED = Metrics(time_ms=-1, step=0, values={"train/loss": 1.0})  # MLflow takes no time below 0


def test_an_experiment_deleted_between_two_runs_is_restored_with_its_runs(store: Store) -> None:
    deliver = Round(store)
    write(store, [opened("1"), loss(1, 1.0)])
    assert deliver() == []
    delete_experiment(store)
    write(store, [opened("2"), loss(1, 1.0)])
    assert deliver() == []
    assert statuses(store) == {"run 1": "FINISHED", "run 2": "FINISHED"}


def test_an_experiment_deleted_while_it_is_tracked_is_restored(store: Store) -> None:
    deliver = Round(store)
    writer = SegmentWriter(store.segments, opened("1"))
    writer.write(loss(1, 1.0))
    deliver()
    delete_experiment(store)
    writer.write(loss(2, 1.0))
    writer.close("FINISHED")
    assert deliver() == []
    [run] = all_runs(store)
    assert (run.info.status, curve(store, run)) == ("FINISHED", [(1, 1.0), (2, 1.0)])


def test_a_run_deleted_while_it_is_tracked_stays_deleted_and_is_closed(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "LIVE_SECONDS", 0.0)
    deliver = Round(store)
    writer = SegmentWriter(store.segments, opened("1"))
    writer.write(loss(1, 1.0))
    deliver()
    [run] = all_runs(store)
    MlflowClient(store.uri).delete_run(run.info.run_id)
    writer.write(loss(2, 1.0))
    behind = write(store, [opened("2")])
    assert deliver() == [writer.folder]
    assert not behind.folder.exists()
    [kept] = all_kept(store)
    assert (kept.folder, kept.is_damaged) == (writer.folder, False)
    assert "its run was deleted in MLflow" in kept.reason
    writer.close("FINISHED")
    assert deliver() == []
    assert deleted_runs(store) == [("FINISHED", 2)]
    assert statuses(store) == {"run 2": "FINISHED"}


def test_what_the_store_refuses_waits_and_is_named_and_blocks_nothing(store: Store) -> None:
    deliver = Round(store)
    refused = write(store, [opened("1"), loss(1, 1.0), REFUSED])
    write(store, [opened("2")])
    assert deliver() == [refused.folder]
    assert statuses(store) == {"run 1": "KILLED", "run 2": "FINISHED"}
    outcome = wait_for_delivery(store, 1)
    assert not outcome.delivered
    assert "Timestamp must be a nonnegative long" in outcome.message
    assert str(outcome).endswith(f"it is kept in {refused.folder}; `neonym sync` tries it again")


def test_what_was_refused_is_tried_again_when_somebody_asks(store: Store) -> None:
    deliver = Round(store)
    refused = write(store, [opened("1"), loss(1, 1.0), REFUSED])
    assert deliver() == [refused.folder]
    replaced = write(store, [opened("1"), loss(1, 1.0), loss(2, 2.0)])
    for name in (EVENTS, "cursor.json"):
        (refused.folder / name).unlink()
    shutil.copy(replaced.folder / EVENTS, refused.folder)
    shutil.rmtree(replaced.folder)
    assert deliver() == [refused.folder]
    store.status.unlink()
    assert deliver() == []
    assert statuses(store) == {"run 1": "FINISHED"}


def test_what_was_damaged_comes_back_and_is_delivered_once_it_is_mended(store: Store) -> None:
    deliver = Round(store)
    segment = write(store, [opened("1"), loss(1, 1.0), loss(2, 2.0)])
    whole = (segment.folder / EVENTS).read_bytes()
    (segment.folder / EVENTS).write_bytes(whole.replace(b'"step":2', b'"step":3'))
    assert deliver() == []
    assert statuses(store) == {"run 1": "KILLED"}
    [kept] = all_kept(store)
    assert "checksum does not fit; it is kept in" in str(kept)
    assert "`neonym sync --rejected` tries it again" in str(kept)
    (kept.folder / EVENTS).write_bytes(whole)
    take_back(store)
    assert deliver() == []
    assert all_kept(store) == []
    [run] = all_runs(store)
    assert (run.info.status, curve(store, run)) == ("FINISHED", [(1, 1.0), (2, 2.0)])


def test_what_is_no_segment_blocks_nothing(store: Store) -> None:
    (store.segments / "00000000000000000001-1-aaaaaaaa").mkdir(parents=True)
    (store.segments / "Thumbs.db").write_bytes(b"\0")
    write(store, [opened("1")])
    assert Round(store)() == []
    assert statuses(store) == {"run 1": "FINISHED"}
    [kept] = all_kept(store)
    assert (kept.folder.name, kept.is_damaged) == ("00000000000000000001-1-aaaaaaaa", True)
    assert kept.reason == "it has no events.jsonl"


@pytest.mark.parametrize("kind", ["pipe", "device", "loop", "folder"])
def test_events_that_are_no_ordinary_file_block_nothing(store: Store, kind: str) -> None:
    events = store.segments / "00000000000000000001-1-aaaaaaaa" / EVENTS
    events.parent.mkdir(parents=True)
    match kind:
        case "pipe":
            os.mkfifo(events)
            os.mkfifo(events.with_name(CURSOR))
        case "device":
            events.symlink_to("/dev/zero")
        case "loop":
            events.symlink_to(events)
        case "folder":
            events.mkdir()
    write(store, [opened("1")])
    assert Round(store)() == []
    assert statuses(store) == {"run 1": "FINISHED"}
    [kept] = all_kept(store)
    assert (kept.reason, kept.is_damaged) == ("it has no events.jsonl", True)


def test_a_segment_that_is_deleted_while_it_is_delivered_is_not_made_again(store: Store) -> None:
    class Deleting(Replay):
        def _log(self, *arguments: object) -> None:
            shutil.rmtree(store.root / ".neonym", ignore_errors=True)
            super()._log(*arguments)  # type: ignore[arg-type]

    write(store, [opened("1"), loss(1, 1.0), Tags(values={"a": "b"})])
    write(store, [opened("2")])
    delivery = Delivery(store)
    delivery._try_round(Deleting(store), open_segments(store.segments))
    assert not (store.root / ".neonym").exists()


NAMES = ["vowel (y too)", "../up", "a//b", "/", ".", "..", "ключ", "k" * 600, 'it\'s "so"', "a\nb"]


def test_names_that_mlflow_does_not_take_are_changed_and_none_is_lost(store: Store) -> None:
    first = opened("1").model_copy(
        update={
            "experiment": "e" * 600,
            "name": "n" * 600,
            "params": {name: str(number) for number, name in enumerate(NAMES)},
        }
    )
    values = dict.fromkeys(NAMES, 1.0)
    dataset = Dataset(
        name="d" * 600, context="training", digest="0" * 36, source="s", profile={"num_rows": 1}
    )
    events = [
        first,
        Metrics(time_ms=1, step=0, values=values),
        Tags(values=dict.fromkeys(NAMES, "x") | {"long": "x" * 9000}),
        dataset,
    ]
    write(store, events)
    assert Round(store)() == []
    assert all_kept(store) == []
    [run] = all_runs(store)
    assert run.info.status == "FINISHED"
    assert sorted(run.data.params.values()) == [str(number) for number in range(len(NAMES))]
    assert len(run.data.metrics) == len(NAMES)
    assert run.data.params["ключ"] == "6"
    assert len(run.inputs.dataset_inputs) == 1


def test_a_run_that_was_begun_before_its_configuration_was_refused_is_closed(store: Store) -> None:
    first = opened("1")
    MlflowClient(store.uri).create_experiment("names")
    write(store, [first.model_copy(update={"params": {"seed": "0"}})], status=None)
    writer = write(store, [first.model_copy(update={"params": {"seed": "1"}})])
    deliver = Round(store)
    assert deliver() == [writer.folder]
    assert statuses(store) == {"run 1": "KILLED"}


HOT = """
import os, sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("pragma cache_size=1")
database.execute("begin")
database.execute("update metrics set timestamp=timestamp+1")
database.execute("update params set value=value||1")
os.kill(os.getpid(), 9)
"""


def test_a_database_left_in_the_middle_of_a_commit_is_healed_by_looking_at_it(store: Store) -> None:
    many = {f"key {number}": "v" * 400 for number in range(90)}
    write(
        store,
        [opened("1").model_copy(update={"params": many}), *map(loss, range(2000), [1.0] * 2000)],
    )
    assert Round(store)() == []
    done = subprocess.run([sys.executable, "-c", HOT, str(store.database)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert Path(f"{store.database}-journal").stat().st_size > 0
    assert explain_unusable(store) == ""
    with closing(sqlite3.connect(store.database)) as database:
        assert database.execute("select count(*) from params where value like '%1'").fetchone() == (
            0,
        )
    write(store, [opened("2")])
    assert Round(store)() == []
    assert statuses(store) == {"run 1": "FINISHED", "run 2": "FINISHED"}


@pytest.mark.slow
def test_sync_names_what_was_put_aside_and_delivers_it_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(mark(store.root))
    segment = write(store, [opened("1"), loss(1, 1.0)])
    whole = (segment.folder / EVENTS).read_bytes()
    (segment.folder / EVENTS).write_bytes(whole[:-20] + b"\n")
    assert Round(store)() == []
    store.status.unlink()
    rejected = store.rejected / segment.folder.name
    done = CliRunner().invoke(cli, ["sync"], standalone_mode=False)
    assert done.return_value == 1
    assert f"its checksum does not fit; it is kept in {rejected}; " in done.output
    assert "up to date" not in done.output
    (rejected / EVENTS).write_bytes(whole)
    try:
        done = CliRunner().invoke(cli, ["sync", "--rejected"], standalone_mode=False)
    finally:
        kill(delivery_pids(store.root))
    assert done.return_value == 0, done.output
    assert "MLflow is up to date" in done.output
    assert statuses(store) == {"run 1": "FINISHED"}


def test_what_earlier_versions_put_aside_for_another_store_is_named(store: Store) -> None:
    other = store.folder.with_name("0123456789ab")
    (other / "rejected" / "00000000000000000001-1-aaaaaaaa").mkdir(parents=True)
    [elsewhere] = waiting_elsewhere(store)
    assert str(elsewhere).endswith("neonym sync --rejected delivers it")


def test_one_segment_at_which_a_store_fails_again_and_again_does_not_block_the_others(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.artifacts.write_text("a file where the folder should be")
    writer = SegmentWriter(store.segments, opened("1"))
    writer.write(Artifact(file=writer.write_in("names.csv", "name\n")))
    writer.close("FINISHED")
    behind = write(store, [opened("2")])
    deliver = Round(store)
    assert deliver() == [writer.folder, behind.folder]  # it may be away, and order counts
    assert wait_for_delivery(store, 1).is_away
    monkeypatch.setattr(process, "POISON_SECONDS", 0.0)
    deliver()
    assert deliver() == [writer.folder]
    assert statuses(store) == {"run 1": "KILLED", "run 2": "FINISHED"}
    assert "Not a directory" in all_kept(store)[0].reason
    store.artifacts.unlink()
    store.status.unlink()
    assert deliver() == []
    assert statuses(store) == {"run 1": "FINISHED", "run 2": "FINISHED"}


def test_what_was_complete_in_an_experiment_that_is_gone_for_good_is_asked_anew(
    store: Store,
) -> None:
    note = store.experiment_note("angry-bird", "c")
    note.parent.mkdir(parents=True)
    note.touch()
    write(store, [opened("1")])
    assert Round(store)() == []  # which makes the experiment
    assert not note.exists()
    note.parent.mkdir()
    note.touch()
    write(store, [opened("2")])
    assert Round(store)() == []
    assert note.exists()
