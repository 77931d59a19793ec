"""The write-ahead spool: writers append events to segments, the delivery process reads them.

A segment is a folder with `events.jsonl`, the files it refers to, and a lock that its writer holds
for as long as it lives. Folders sort by the time at which they were opened.
"""

import json
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from neonym.files import write_text
from neonym.tracking.events import Event, RunClosed, Status, UnreadableError, parse

EVENTS = "events.jsonl"
CURSOR = "cursor.json"
LOCK = "writer.lock"


def now_ms() -> int:
    """Milliseconds since 1970, as MLflow counts time."""
    return time.time_ns() // 1_000_000


class SegmentWriter:
    """Appends the events of one execution of a stage or job.

    The segment appears under its name only once it is locked and its first event is written, so a
    reader never takes a new segment for one whose writer was killed.
    """

    def __init__(self, segments: Path, first: Event) -> None:
        name = f"{time.time_ns():020d}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        segments.mkdir(parents=True, exist_ok=True)
        hidden = segments / f".{name}"
        hidden.mkdir()
        self._lock = FileLock(hidden / LOCK, thread_local=False)
        self._lock.acquire()
        self._file = (hidden / EVENTS).open("ab")
        self._files = 0
        self.write(first)
        self.folder = segments / name
        hidden.rename(self.folder)

    def write(self, event: Event) -> None:
        """Append an event; it survives the death of this process from here on."""
        line = event.model_dump_json(exclude_defaults=True, exclude={"type"})
        kind = json.dumps(event.type)  # type: ignore[attr-defined]
        separator = "," if len(line) > 2 else ""
        self._file.write(f'{{"type":{kind}{separator}{line[1:]}\n'.encode())
        self._file.flush()

    def copy_in(self, source: Path, name: str | None = None) -> str:
        """Copy a file into the segment; how events refer to it."""
        target = self._new_file(name or source.name)
        shutil.copyfile(source, target)
        return str(target.relative_to(self.folder))

    def write_in(self, name: str, text: str) -> str:
        """Put text into the segment as a file; how events refer to it."""
        target = self._new_file(name)
        target.write_bytes(text.encode())
        return str(target.relative_to(self.folder))

    def _new_file(self, name: str) -> Path:
        self._files += 1
        folder = self.folder / f"{self._files:04d}"
        folder.mkdir()
        return folder / name

    def close(self, status: Status) -> None:
        """Append the end and let go of the segment."""
        self.write(RunClosed(time_ms=now_ms(), status=status))
        os.fsync(self._file.fileno())
        self.abandon()

    def abandon(self) -> None:
        """Let go of the segment without an end, as the death of this process does."""
        self._file.close()
        self._lock.release()


class Segment:
    """A segment as its reader sees it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def is_abandoned(self) -> bool:
        """Whether no writer holds it: ended, or killed."""
        lock = FileLock(self.folder / LOCK, timeout=0)
        try:
            lock.acquire()
        except Timeout:
            return False
        lock.release()
        return True

    def events_from(self, offset: int) -> Iterator[tuple[Event, int]]:
        """Complete events behind `offset`, each with the offset behind it.

        Raises
        ------
        UnreadableError
            At a line that holds no event.
        """
        with (self.folder / EVENTS).open("rb") as file:
            file.seek(offset)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                offset += len(line)
                yield parse(line), offset

    def path_of(self, file: str) -> Path:
        """The file of the segment that an event refers to.

        Raises
        ------
        UnreadableError
            If the name leads out of the segment.
        """
        path = (self.folder / file).resolve()
        if not path.is_relative_to(self.folder.resolve()):
            raise UnreadableError(f"{file!r} is not a file of the segment")
        return path

    def load_cursor(self) -> dict[str, object]:
        """What the reader noted; empty where there is nothing, or nothing readable."""
        try:
            cursor = json.loads((self.folder / CURSOR).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return cursor if isinstance(cursor, dict) else {}

    def save_cursor(self, cursor: dict[str, object]) -> None:
        """Note how far the reader has come."""
        write_text(self.folder / CURSOR, json.dumps(cursor))

    def remove(self) -> None:
        """Delete a delivered segment; it is gone for others at once."""
        hidden = self.folder.with_name(f".done-{self.folder.name}")
        self.folder.rename(hidden)
        shutil.rmtree(hidden, ignore_errors=True)


def open_segments(segments: Path) -> list[Segment]:
    """The segments that wait, in the order in which they were opened."""
    if not segments.is_dir():
        return []
    names = sorted(path.name for path in segments.iterdir() if not path.name.startswith("."))
    return [Segment(segments / name) for name in names]
