"""What delivery finds after a kill, a clock set back, another version or another checkout."""

import json
import os
import time
from pathlib import Path

import pytest
from test_replay import all_runs, curve, later, loss, opened, trained, write

from neonym import experiment
from neonym.lab.delivery.process import LIVE_SECONDS, Delivery
from neonym.lab.delivery.replay import Replay
from neonym.lab.tracking import tags
from neonym.lab.tracking.courier import wait_for_delivery
from neonym.lab.tracking.events import Artifact, Event, RunOpened, UnreadableError, run_id_of
from neonym.lab.tracking.spool import (
    CURSOR,
    EVENTS,
    Segment,
    SegmentWriter,
    clear_forgotten,
    open_segments,
)
from neonym.lab.tracking.store import Store


def at(checkout: str, event: Event) -> Event:
    assert isinstance(event, RunOpened)
    return event.model_copy(update={"tags": event.tags | {tags.CHECKOUT: checkout}})


CURSORS = [
    b"",
    b"{",
    b"[]",
    b"{}",
    b'{"offset": "x"}',
    b'{"offset": 7, "version": 9}',
    b'{"offset":99999999,"run_id":"x","stage":"","known_stages":[],"new_stages":[],"changed":true}',
    b'{"offset":-3,"run_id":"x","stage":"","known_stages":[],"new_stages":[],"changed":true}',
    b'{"offset":5,"run_id":"x","stage":"","known_stages":[],"new_stages":[],"changed":true}',
    b'{"offset":0,"run_id":3,"stage":"","known_stages":{},"new_stages":[],"changed":true}',
]


@pytest.mark.parametrize("content", CURSORS)
def test_a_cursor_that_makes_no_sense_is_not_followed(store: Store, content: bytes) -> None:
    segment = write(store, [opened("k"), loss(1, 3.0), loss(2, 2.0)])
    (segment.folder / CURSOR).write_bytes(content)
    assert Replay(store).deliver(segment)
    [run] = all_runs(store)
    assert curve(store, run) == [(1, 3.0), (2, 2.0)]


def test_a_cursor_is_followed_from_any_event_on(store: Store) -> None:
    segment = write(store, [opened("k"), *[loss(step, step) for step in range(5)]])
    whole = (segment.folder / EVENTS).read_bytes()
    for lines in range(1, 7):
        (segment.folder / EVENTS).write_bytes(b"".join(whole.splitlines(True)[:lines]))
        Replay(store).deliver(segment)
    (segment.folder / EVENTS).write_bytes(whole)
    assert Replay(store).deliver(segment)
    [run] = all_runs(store)
    assert curve(store, run) == [(step, step) for step in range(5)]


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"state": 3}', b'{"says": "away"}'])
def test_a_status_of_another_version_is_not_an_answer(store: Store, content: bytes) -> None:
    write(store, [opened("k")])
    store.status.write_bytes(content)
    store.lock.touch()
    outcome = wait_for_delivery(store, 0.2)
    assert outcome.message == "not everything was delivered within 0.2 s"


def test_segments_stay_in_order_where_the_clock_was_set_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = []
    for now in (5_000, 4_000, 4_500, 9_000):
        monkeypatch.setattr(time, "time_ns", lambda now=now: now)
        writer = SegmentWriter(tmp_path, opened("k"))
        writer.abandon()
        names.append(writer.folder)
    assert [segment.folder for segment in open_segments(tmp_path)] == names


def test_stages_join_the_run_of_their_own_checkout(store: Store) -> None:
    replay = Replay(store)
    for checkout in ("a", "b"):
        first, *rest = trained(checkout, "m")
        replay.deliver(write(store, [at(checkout, first), *rest]))
    for checkout in ("a", "b"):
        first, *rest = later(f"{checkout}2", "sample", "m")
        replay.deliver(write(store, [at(checkout, first), *rest]))
    assert [run.data.tags[tags.STAGES] for run in all_runs(store)] == ["train,sample"] * 2


def test_a_run_that_was_deleted_meanwhile_is_made_again(store: Store) -> None:
    writer = SegmentWriter(store.segments, opened("k"))
    writer.write(loss(1, 3.0))
    Delivery(store)._deliver_round(Replay(store), open_segments(store.segments))
    database = store.database.read_bytes()
    replay = Replay(Store(store.root, f"sqlite:///{store.root / 'other.db'}", experiment.PROJECT))
    writer.close("FINISHED")
    delivery = Delivery(store)
    for _ in range(2):
        delivery._deliver_round(replay, open_segments(store.segments))
    assert open_segments(store.segments) == []
    assert store.database.read_bytes() == database
    [run] = all_runs(Store(store.root, f"sqlite:///{store.root / 'other.db'}", experiment.PROJECT))
    assert run.info.status == "FINISHED"


def test_what_is_being_written_comes_in_portions_and_its_end_at_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery, replay = Delivery(store), Replay(store)
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    writer = SegmentWriter(store.segments, opened("k"))
    steps = []
    for passed in (0.0, 0.3, LIVE_SECONDS, 0.3):
        now += passed
        writer.write(loss(len(steps) + 1, 3.0))
        delivery._deliver_round(replay, open_segments(store.segments))
        steps.append([step for step, _ in curve(store, all_runs(store)[0])])
    assert steps == [[1], [1], [1, 2, 3], [1, 2, 3]]
    writer.close("FINISHED")
    delivery._deliver_round(replay, open_segments(store.segments))
    assert open_segments(store.segments) == []
    [run] = all_runs(store)
    assert run.info.status == "FINISHED"
    assert len(curve(store, run)) == 4


def test_several_that_are_being_written_come_as_seldom_as_keeps_their_cost_that_of_one(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery, replay = Delivery(store), Replay(store)
    now, delivered = time.monotonic(), []
    monkeypatch.setattr(time, "monotonic", lambda: now)
    writers = [SegmentWriter(store.segments, opened(key)) for key in "abc"]
    deliver = replay.deliver
    monkeypatch.setattr(replay, "deliver", lambda each: delivered.append(now) or deliver(each))
    delivery._deliver_round(replay, open_segments(store.segments))
    for _ in range(6):
        now += LIVE_SECONDS
        delivery._deliver_round(replay, open_segments(store.segments))
    for writer in writers:
        writer.close("FINISHED")
    assert len(delivered) == 3 + 6


def test_what_cannot_be_read_is_put_aside_and_told_once_its_writer_has_ended(store: Store) -> None:
    writer = SegmentWriter(store.segments, opened("k"))
    with (writer.folder / EVENTS).open("ab") as file:
        file.write(b"nonsense\n")
    behind = write(store, [opened("k2"), loss(1, 1.0)])
    delivery, replay = Delivery(store), Replay(store)
    delivery._deliver_round(replay, open_segments(store.segments))
    assert [segment.folder for segment in open_segments(store.segments)] == [writer.folder]
    assert not behind.folder.exists()
    writer.close("FINISHED")
    delivery._deliver_round(replay, open_segments(store.segments))
    assert open_segments(store.segments) == []
    outcome = wait_for_delivery(store, 1, writer.folder)
    assert not outcome.delivered
    assert "its checksum does not fit; it is kept in" in outcome.message
    assert sorted(run.info.status for run in all_runs(store)) == ["FINISHED", "KILLED"]


def test_a_file_that_was_altered_in_the_spool_is_not_delivered(store: Store) -> None:
    writer = SegmentWriter(store.segments, opened("k"))
    file = writer.write_in("names.csv", "name\nrex\n")
    writer.write(Artifact(file=file))
    writer.close("FINISHED")
    (writer.folder / file).write_text("name\nrax\n")
    with pytest.raises(UnreadableError, match="not as it was written"):
        Replay(store).deliver(Segment(writer.folder))


def test_the_names_of_runs_in_a_table_do_not_change_the_spool(store: Store) -> None:
    key = "0" * 32
    Replay(store).deliver(write(store, [opened(key)]))
    writer = SegmentWriter(store.segments, opened("k2"))
    file = writer.write_in("jobs.json", json.dumps({"columns": ["run"], "data": [run_id_of(key)]}))
    writer.write(Artifact(file=file, is_table=True, names_runs=True))
    writer.close("FINISHED")
    segment = Segment(writer.folder)
    for _ in range(2):
        Replay(store).deliver(segment)
        segment.forget_cursor()
    [run] = [run for run in all_runs(store) if run.data.tags[tags.RUN_KEY] == key]
    [table] = (store.root / "mlartifacts").rglob("jobs.json")
    assert json.loads(table.read_text())["data"] == [run.info.run_id]
    assert key in (segment.folder / file).read_text()


def test_leftovers_of_the_killed_are_deleted_and_nothing_else(store: Store) -> None:
    waiting = write(store, [opened("k")])
    fresh, old, done = (store.segments / name for name in (".fresh", ".old", ".done-1"))
    for folder in (fresh, old, done):
        folder.mkdir()
    two_days_ago = time.time() - 2 * 24 * 3600
    os.utime(old, (two_days_ago, two_days_ago))
    clear_forgotten(store.segments)
    assert sorted(store.segments.iterdir()) == [fresh, waiting.folder]
