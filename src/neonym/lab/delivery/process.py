"""The delivery process: one for each store, it replays what the spool holds into MLflow.

Started by the first writer that needs it (see `courier`), in its own session, it ends when there
has been nothing to do for a while.
"""

import argparse
import io
import json
import logging
import os
import shutil
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from filelock import FileLock, Timeout

from neonym.base.errors import UserError
from neonym.base.files import write_text
from neonym.lab.delivery.store_check import explain_unusable, shorten_patience
from neonym.lab.project import load_project
from neonym.lab.tracking.events import UnreadableError
from neonym.lab.tracking.redaction import redact_text
from neonym.lab.tracking.spool import REASON, Segment, clear_forgotten, open_segments
from neonym.lab.tracking.store import TRACKING_URI, Store

if TYPE_CHECKING:
    from neonym.lab.delivery.replay import Replay

POLL_SECONDS = 0.3
IDLE_SECONDS = 20.0
TURN_SECONDS = 0.5  # who only looks whether somebody delivers holds the lock for less
AWAY_RETRY_SECONDS = 3.0
AWAY_GIVE_UP_SECONDS = 30.0

REFUSAL = "INVALID_PARAMETER_VALUE"
GONE = "RESOURCE_DOES_NOT_EXIST"

logger = logging.getLogger("neonym.delivery")


class Delivery:
    """Delivers to one store for as long as there is something to deliver."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._gave_up = False
        self._said = ""
        self._away_since: float | None = None
        self._database: tuple[int, int] | None = None
        self._refused: set[Path] = set()
        """Segments that cannot be read and whose writers live."""
        self._begun_anew: set[Path] = set()
        """Segments whose run was deleted while they were delivered."""

    def run(self) -> None:
        """Deliver until idle, unless another process already does."""
        lock = FileLock(self._store.lock, timeout=TURN_SECONDS)
        while True:
            try:
                lock.acquire()
            except Timeout:
                return
            try:
                self._deliver_until_idle()
            finally:
                lock.release()
            # A writer that came between the last look and the release saw the lock held
            if self._gave_up or not open_segments(self._store.segments):
                return

    def _deliver_until_idle(self) -> None:
        reason = explain_unusable(self._store)
        if reason:
            self._give_up("unusable", reason)
            return
        self._say("starting")
        from neonym.lab.delivery.replay import Replay  # noqa: PLC0415 (imports mlflow: 6 seconds)

        clear_forgotten(self._store.segments)
        replay = Replay(self._store)
        idle_since = time.monotonic()
        while time.monotonic() - idle_since < IDLE_SECONDS:
            segments = open_segments(self._store.segments)
            if segments and self._is_replaced():
                self._gave_up = True  # MLflow would go on with the file that was deleted
            elif not self._try_round(replay, segments):
                time.sleep(AWAY_RETRY_SECONDS)
            if self._gave_up:
                return
            if segments:
                idle_since = time.monotonic()
            time.sleep(POLL_SECONDS)
        self._say("idle")

    def _is_replaced(self) -> bool:
        """Whether the project's own database is another file than the one delivered to so far."""
        try:
            found = self._store.database.stat()
        except FileNotFoundError:
            return self._database is not None
        before, self._database = self._database, (found.st_dev, found.st_ino)
        return before not in (None, self._database)

    def _try_round(self, replay: "Replay", segments: list[Segment]) -> bool:
        """Deliver what waits; whether the store took it."""
        try:
            self._deliver_round(replay, segments)
        except Exception as error:
            logger.warning("cannot deliver: %s", error, exc_info=True)
            self._away_since = self._away_since or time.monotonic()
            self._say("away", _first_line(error))
            self._gave_up = time.monotonic() - self._away_since > AWAY_GIVE_UP_SECONDS
            return False
        self._say("delivering")
        self._away_since = None
        return True

    def _deliver_round(self, replay: "Replay", segments: list[Segment]) -> None:
        for segment in segments:
            try:
                if segment.folder in self._refused and not segment.is_abandoned:
                    continue
                if replay.deliver(segment):
                    segment.remove()
            except Exception as error:
                if _is_refusal(error):
                    self._reject(replay, segment, error)
                elif _is_gone(error) and segment.folder not in self._begun_anew:
                    self._begun_anew.add(segment.folder)
                    segment.forget_cursor()
                else:
                    raise

    def _reject(self, replay: "Replay", segment: Segment, error: Exception) -> None:
        """Put a segment that cannot be read aside, so that those behind it are delivered."""
        if not segment.is_abandoned:  # its writer still needs the folder
            self._refused.add(segment.folder)
            return
        try:
            replay.give_up(segment)
        except Exception as further:
            if not (_is_refusal(further) or _is_gone(further)):
                raise
        rejected = self._store.rejected / segment.folder.name
        rejected.parent.mkdir(exist_ok=True)
        shutil.move(segment.folder, rejected)
        write_text(rejected / REASON, f"{_first_line(error)}\n")
        logger.error("%s cannot be read (%s); it is kept in %s", segment.folder, error, rejected)

    def _give_up(self, state: str, message: str) -> None:
        self._gave_up = True
        self._say(state, message)

    def _say(self, state: str, message: str = "") -> None:
        said = json.dumps({"state": state, "message": message, "pid": os.getpid()})
        if said == self._said and self._store.status.exists():
            return
        with suppress(UserError):  # whoever waits sees that nothing is said
            write_text(self._store.status, said)
            self._said = said


def _is_refusal(error: Exception) -> bool:
    """Whether repeating cannot help: what the segment holds is wrong, not the store."""
    return isinstance(error, UnreadableError) or getattr(error, "error_code", "") == REFUSAL


def _is_gone(error: Exception) -> bool:
    """Whether the run, or the whole store, that something was delivered to was deleted since."""
    return getattr(error, "error_code", "") == GONE


def _first_line(error: Exception) -> str:
    return redact_text(next(iter(str(error).splitlines()), type(error).__name__))


class WithoutSecrets(io.TextIOBase):
    """A stream whose text is passed on without secrets, whoever writes: also MLflow's loggers."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write what can be shown of a text."""
        self._stream.write(redact_text(text))
        return len(text)

    def flush(self) -> None:
        """Write what waits."""
        self._stream.flush()


def main() -> None:
    """Run the delivery process of the store that the environment names."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--root", type=Path, required=True, help="the project's real root")
    parser.add_argument("--project", required=True, help="module:name of what the lab knows of it")
    arguments = parser.parse_args()
    sys.stdout, sys.stderr = WithoutSecrets(sys.stdout), WithoutSecrets(sys.stderr)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    shorten_patience()
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    store = Store.of_project(load_project(arguments.project), arguments.root)
    os.environ[TRACKING_URI] = store.uri
    Delivery(store).run()


if __name__ == "__main__":
    main()
