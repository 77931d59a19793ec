"""Writers append to segments; readers see whole events, in order, and know who was killed."""

import errno
import fcntl
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neonym.base.errors import UserError
from neonym.lab.tracking.events import Metrics, RunClosed, RunOpened, Tags, parse
from neonym.lab.tracking.spool import EVENTS, Segment, SegmentWriter, open_segments


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[SegmentWriter]:
    writer = SegmentWriter(tmp_path / "spool", opened())
    yield writer
    writer.abandon()


def opened(name: str = "run") -> RunOpened:
    return RunOpened(kind="job", key="k", name=name, time_ms=1, experiment="e")


@given(
    st.dictionaries(st.text(), st.floats(allow_nan=False, allow_infinity=False)),
    st.integers(0, 2**40),
)
def test_an_event_is_read_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, values: dict[str, float | None], step: int
) -> None:
    writer = SegmentWriter(tmp_path_factory.mktemp("spool"), opened())
    event = Metrics(time_ms=5, step=step, values=values)
    writer.write(event)
    writer.close("FINISHED")
    events = [event for event, _ in Segment(writer.folder).events_from(0)]
    assert events[:2] == [opened(), event]
    assert isinstance(events[2], RunClosed)


def test_reading_goes_on_where_it_ended(writer: SegmentWriter) -> None:
    [(_, offset)] = Segment(writer.folder).events_from(0)
    writer.write(Tags(values={"a": "b"}))
    assert [event for event, _ in Segment(writer.folder).events_from(offset)] == [
        Tags(values={"a": "b"})
    ]


def test_half_a_line_is_left_until_it_is_whole(writer: SegmentWriter) -> None:
    with (writer.folder / EVENTS).open("ab") as file:
        file.write(b'{"type":"tags","val')
    assert len(list(Segment(writer.folder).events_from(0))) == 1


@pytest.mark.parametrize("line", [b"", b"{}", b"[1]", b'{"type":"nosuch"}', b"\xff", b"null"])
def test_a_line_that_is_no_event_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError, match="not an event"):
        parse(line)


def test_segments_come_in_the_order_in_which_they_were_opened(tmp_path: Path) -> None:
    writers = [SegmentWriter(tmp_path, opened(str(i))) for i in range(5)]
    for writer in writers:
        writer.abandon()
    folders = [segment.folder for segment in open_segments(tmp_path)]
    assert folders == [writer.folder for writer in writers]


def test_a_segment_is_abandoned_once_its_writer_has_ended(tmp_path: Path) -> None:
    writer = SegmentWriter(tmp_path, opened())
    assert not Segment(writer.folder).is_abandoned
    writer.close("FINISHED")
    assert Segment(writer.folder).is_abandoned


def _write_until_killed(folder: Path) -> None:
    writer = SegmentWriter(folder, opened())
    time.sleep(60)
    writer.abandon()


def test_a_segment_is_abandoned_once_its_writer_was_killed(tmp_path: Path) -> None:
    process = multiprocessing.get_context("spawn").Process(
        target=_write_until_killed, args=(tmp_path,)
    )
    process.start()
    while not open_segments(tmp_path):
        time.sleep(0.01)
    [segment] = open_segments(tmp_path)
    assert not segment.is_abandoned
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert segment.is_abandoned


def test_a_file_is_logged_as_it_was_when_it_was_logged(
    tmp_path: Path, writer: SegmentWriter
) -> None:
    source = tmp_path / "figure.txt"
    source.write_text("before")
    name = writer.copy_in(source)
    source.write_text("after")
    assert Segment(writer.folder).path_of(name).read_text() == "before"
    assert Segment(writer.folder).path_of(name).name == "figure.txt"


@pytest.mark.parametrize("name", ["../../secret", "/etc/passwd", "a/../../../b"])
def test_an_event_cannot_refer_to_a_file_outside_its_segment(
    writer: SegmentWriter, name: str
) -> None:
    with pytest.raises(ValueError, match="not a file of the segment"):
        Segment(writer.folder).path_of(name)


def test_a_removed_segment_is_gone(tmp_path: Path) -> None:
    writer = SegmentWriter(tmp_path, opened())
    writer.close("FINISHED")
    Segment(writer.folder).remove()
    assert open_segments(tmp_path) == []
    assert not writer.folder.exists()


def test_a_writer_that_cannot_have_its_lock_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_locks(*_: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", without_locks)
    with pytest.raises(UserError, match="this file system has no locks"):
        SegmentWriter(tmp_path / "segments", opened())
    assert list((tmp_path / "segments").iterdir()) == []
