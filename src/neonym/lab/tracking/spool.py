"""The write-ahead spool: writers append events to segments, the delivery process reads them.

A segment is a folder with `events.jsonl`, the files it refers to, and a lock that its writer holds
for as long as it lives. Folders sort in the order in which they were opened. Each line ends with
the CRC-32 of all events so far; a file lies in a folder whose name ends with its own.

A segment waits until it is delivered, whatever a store says of it; only one that is damaged is put
aside. Reading needs no room: nothing that a reader leaves here is needed, and it makes no folders.
"""

import json
import os
import shutil
import time
import uuid
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock

from neonym.base.errors import UserError
from neonym.base.files import MOST_BYTES, read_json
from neonym.base.locks import acquire, is_held
from neonym.lab.tracking.events import Event, RunClosed, Status, UnreadableError, parse

EVENTS = "events.jsonl"
CURSOR = "cursor.json"
REASON = "reason.txt"  # why a segment was put aside
LOCK = "writer.lock"
TIME_DIGITS = 20
FORGOTTEN_SECONDS = 24 * 3600


def now_ms() -> int:
    """Milliseconds since 1970, as MLflow counts time."""
    return time.time_ns() // 1_000_000


class UnwritableError(UserError):
    """The spool cannot be written, whatever it is that was to be tracked."""


class SegmentWriter:
    """Appends the events of one execution of a stage or job.

    The segment appears under its name only once it is locked and its first event is written, so a
    reader never takes a new segment for one whose writer was killed.
    """

    def __init__(self, segments: Path, first: Event) -> None:
        self._segments, self._files, self._broken, self._checksum = segments, 0, False, 0
        with self._explained():
            segments.mkdir(parents=True, exist_ok=True)
            name = f"{_next_time(segments):0{TIME_DIGITS}d}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
            hidden = segments / f".{name}"
            hidden.mkdir()
            try:
                self._lock = FileLock(hidden / LOCK, thread_local=False)
                acquire(self._lock)
                self._file = (hidden / EVENTS).open("ab")
                self.write(first)
                self.folder = segments / name
                hidden.rename(self.folder)
            except BaseException:
                shutil.rmtree(hidden, ignore_errors=True)
                raise

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Say that the spool cannot be written; half a line is the last one then."""
        try:
            yield
        except OSError as error:
            self._broken = True
            raise UnwritableError(
                f"{self._segments} cannot be written: {error.strerror or error}; "
                "see to it, or set tracking.enabled=false"
            ) from None

    def write(self, event: Event) -> None:
        """Append an event; it survives the death of this process from here on.

        Raises
        ------
        UserError
            If the file cannot be written, say because the disk is full.
        """
        line = event.model_dump_json(exclude_defaults=True, exclude={"type"})
        kind = json.dumps(event.type)  # type: ignore[attr-defined]
        separator = "," if len(line) > 2 else ""
        content = f'{{"type":{kind}{separator}{line[1:]}'.encode()
        self._checksum = zlib.crc32(content, self._checksum)
        with self._explained():
            self._file.write(b"%s %08x\n" % (content, self._checksum))
            self._file.flush()

    def copy_in(self, source: Path, name: str | None = None) -> str:
        """Copy a file into the segment; how events refer to it."""
        return self.write_in(name or source.name, source.read_bytes())

    def write_in(self, name: str, content: str | bytes) -> str:
        """Put something into the segment as a file; how events refer to it."""
        data = content.encode() if isinstance(content, str) else content
        self._files += 1
        file = Path(f"{self._files:04d}-{zlib.crc32(data):08x}", name)
        with self._explained():
            (self.folder / file).parent.mkdir()
            (self.folder / file).write_bytes(data)
        return str(file)

    def close(self, status: Status) -> None:
        """Append the end and let go of the segment."""
        try:
            if not self._broken:
                self.write(RunClosed(time_ms=now_ms(), status=status))
                os.fsync(self._file.fileno())
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Let go of the segment without an end, as the death of this process does."""
        with suppress(OSError):  # what was not written before is not written now
            self._file.close()
        self._lock.release()


class Segment:
    """A segment as its reader sees it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def is_abandoned(self) -> bool:
        """Whether no writer holds it: ended, or killed."""
        return not is_held(self.folder / LOCK)

    def events_from(self, offset: int) -> Iterator[tuple[Event, int]]:
        """Complete events after `offset`, each with the offset after it.

        Raises
        ------
        UnreadableError
            At a line that holds no event, or if there are no lines.
        """
        if not (self.folder / EVENTS).is_file() and self.folder.exists():  # a pipe would not end
            raise UnreadableError(f"it has no {EVENTS}")
        checksum = self._checksum_before(offset) or 0
        with (self.folder / EVENTS).open("rb") as file:
            file.seek(offset)
            while (line := file.readline(MOST_BYTES)).endswith(b"\n"):
                offset += len(line)
                content, _, end = line.rstrip(b"\n").rpartition(b" ")
                checksum = zlib.crc32(content, checksum)
                if end != b"%08x" % checksum:
                    raise UnreadableError("not an event: its checksum does not fit")
                yield parse(content), offset

    def has_line_at(self, offset: int) -> bool:
        """Whether a line begins there, or may once it is written."""
        return offset == 0 or self._checksum_before(offset) is not None

    def _checksum_before(self, offset: int) -> int | None:
        """The checksum with which the line before an offset ends; None where none ends there."""
        if offset < 9:
            return None
        with (self.folder / EVENTS).open("rb") as file:
            file.seek(offset - 9)
            end = file.read(9)
        try:
            return int(end[:8], 16) if end.endswith(b"\n") else None
        except ValueError:
            return None

    def path_of(self, file: str) -> Path:
        """The file of the segment that an event refers to.

        Raises
        ------
        UnreadableError
            If there is none, it is not as it was written, or the name leads out of the segment.
        """
        path = (self.folder / file).resolve()
        if not path.is_relative_to(self.folder.resolve()) or not path.is_file():
            raise UnreadableError(f"{file!r} is not a file of the segment")
        if not path.parent.name.endswith(f"-{zlib.crc32(path.read_bytes()):08x}"):
            raise UnreadableError(f"{file!r} is not as it was written")
        return path

    def load_cursor(self) -> dict[str, object]:
        """What the reader noted; empty where there is nothing, or nothing readable."""
        try:
            cursor = read_json(self.folder / CURSOR)
        except (OSError, ValueError):
            return {}
        return cursor if isinstance(cursor, dict) else {}

    def save_cursor(self, cursor: dict[str, object]) -> None:
        """Note how far the reader has come; where that cannot be, it will begin further back."""
        part = self.folder / f".{CURSOR}.part"
        with suppress(OSError):
            part.write_text(json.dumps(cursor))
            part.replace(self.folder / CURSOR)

    def forget_cursor(self) -> None:
        """Let the reader begin anew."""
        (self.folder / CURSOR).unlink(missing_ok=True)

    def remove(self) -> None:
        """Delete a delivered segment; it is gone for others at once."""
        hidden = self.folder.with_name(f".done-{self.folder.name}")
        self.folder.rename(hidden)
        shutil.rmtree(hidden, ignore_errors=True)


def open_segments(segments: Path) -> list[Segment]:
    """The segments that wait, in the order in which they were opened; files are none."""
    return [Segment(path) for path in _entries(segments) if path.is_dir()]


def stray_files(segments: Path) -> list[Path]:
    """What others left between the segments, say a file manager."""
    return [path for path in _entries(segments) if not path.is_dir()]


def _entries(segments: Path) -> list[Path]:
    try:
        return sorted(path for path in segments.iterdir() if not path.name.startswith("."))
    except FileNotFoundError:
        return []


def clear_forgotten(segments: Path) -> None:
    """Delete what was left by those who were killed while they made or deleted a segment."""
    for path in segments.glob(".*"):
        with suppress(OSError):  # somebody else may be at it
            if path.is_dir() and (path.name.startswith(".done-") or _is_old(path)):
                shutil.rmtree(path)


def _is_old(path: Path) -> bool:
    return time.time() - path.stat().st_mtime > FORGOTTEN_SECONDS


def _next_time(segments: Path) -> int:
    """The time, nanoseconds since 1970; after all segments also where the clock was set back."""
    waiting = open_segments(segments)
    last = waiting[-1].folder.name[:TIME_DIGITS] if waiting else ""
    return max(time.time_ns(), int(last) + 1 if last.isdecimal() else 0)
