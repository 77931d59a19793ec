"""The delivery process: one for each store, it replays what the spool holds into MLflow.

Started by the first writer that needs it (see `courier`), in its own session, it ends when there
has been nothing to do for a while.
"""

import argparse
import io
import json
import logging
import math
import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from filelock import Timeout

from neonym.base.errors import UserError
from neonym.base.files import write_text
from neonym.base.garbage import collect_late
from neonym.base.locks import locked
from neonym.lab.delivery.outcomes import Refusal, first_line, is_gone, is_of_the_segment
from neonym.lab.delivery.store_check import explain_unusable, shorten_patience
from neonym.lab.project import load_project
from neonym.lab.tracking.events import UnreadableError
from neonym.lab.tracking.redaction import redact_text
from neonym.lab.tracking.spool import REASON, Segment, clear_forgotten, open_segments
from neonym.lab.tracking.store import Store
from neonym.lab.tracking.tracking_uri import TRACKING_URI

if TYPE_CHECKING:
    from neonym.lab.delivery.replay import Replay

POLL_SECONDS = 0.3
LIVE_SECONDS = 2.0  # between portions of what is being written, each of which costs 30 ms; of
# several, as of the jobs of a sweep, each comes as much more seldom as there are
IDLE_SECONDS = 20.0
TURN_SECONDS = 0.5  # who only looks whether somebody delivers holds the lock for less
AWAY_RETRY_SECONDS = 3.0
AWAY_GIVE_UP_SECONDS = 30.0
POISON_SECONDS = 15.0  # after which a store that answers is not what is wrong

logger = logging.getLogger("neonym.delivery")


class Delivery:
    """Delivers to one store for as long as there is something to deliver."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._gave_up = False
        self._said = ""
        self._away_since: float | None = None
        self._files: tuple[tuple[int, int] | None, ...] = (None, None)
        """The lock and the database, if that is a file, as they were when last looked at."""
        self._at: Segment | None = None
        """The segment that is being delivered."""
        self._refused: dict[str, Refusal] = {}
        """Segments that the store does not take, or that are damaged and whose writers live."""
        self._portions: dict[str, float] = {}
        """When segments that are being written were last delivered."""
        self._live = 1
        """How many of these there are now, at least one."""
        self._begun_anew: set[str] = set()
        """Segments whose run is gone since they were delivered."""

    def run(self) -> None:
        """Deliver until idle, unless another process already does."""
        while True:
            try:
                with locked(self._store.lock, TURN_SECONDS):
                    self._deliver_until_idle()
            except Timeout:
                return
            except UserError as error:
                self._give_up("unusable", str(error))
            # A writer that came between the last look and the release saw the lock held
            if self._gave_up or not self._due(open_segments(self._store.segments)):
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
        self._files = (None, None)
        idle_since = time.monotonic()
        while time.monotonic() - idle_since < IDLE_SECONDS:
            if self._is_replaced():
                self._gave_up = True
                return
            segments = open_segments(self._store.segments)
            if not self._try_round(replay, segments):
                time.sleep(AWAY_RETRY_SECONDS)
            if self._gave_up:
                return
            if self._due(segments):
                idle_since = time.monotonic()
            time.sleep(POLL_SECONDS)
        self._say("idle")

    def _due(self, segments: list[Segment]) -> list[Segment]:
        """Those of the segments that are not refused, or refused while they are written."""
        refused = {name for name, each in self._refused.items() if not each.is_written}
        return [segment for segment in segments if segment.folder.name not in refused]

    def _is_replaced(self) -> bool:
        """Whether the lock or the database is another file than it was, or gone.

        Then others may deliver too, or MLflow would go on with the file that was deleted.
        """
        before = self._files
        self._files = _identity(self._store.lock), _identity(self._store.file)
        return any(old not in (None, new) for old, new in zip(before, self._files, strict=True))

    def _try_round(self, replay: "Replay", segments: list[Segment]) -> bool:
        """Deliver what waits; whether the store took it."""
        try:
            self._deliver_round(replay, segments)
        except Exception as error:
            logger.warning("cannot deliver: %s", error, exc_info=True)
            self._away_since = self._away_since or time.monotonic()
            seconds = time.monotonic() - self._away_since
            if seconds > POISON_SECONDS and self._at and replay.answers():
                self._pass_over(replay, self._at, error)
                self._say("delivering")
                return True
            self._say("away", first_line(error))
            self._gave_up = seconds > AWAY_GIVE_UP_SECONDS
            return False
        self._say("delivering")
        self._away_since = None
        return True

    def _deliver_round(self, replay: "Replay", segments: list[Segment]) -> None:
        if self._said and not self._store.status.exists():  # somebody asks anew
            self._refused.clear()
            self._portions.clear()
        self._live = max(1, sum(segment.folder.name in self._portions for segment in segments))
        for segment in segments:
            refusal = self._refused.get(segment.folder.name)
            if refusal is None or refusal.is_over:
                self._at = segment
                self._deliver(replay, segment)

    def _deliver(self, replay: "Replay", segment: Segment) -> None:
        name = segment.folder.name
        try:
            if self._can_wait(segment):
                return
            if replay.deliver(segment):
                segment.remove()
            self._portions[name] = time.monotonic()
            self._refused.pop(name, None)
        except Exception as error:
            if not segment.folder.exists():  # deleted meanwhile, with all that was in it
                return
            if is_gone(error) and name not in self._begun_anew:
                self._begun_anew.add(name)
                segment.forget_cursor()
            elif is_of_the_segment(error, segment):
                self._pass_over(replay, segment, error)
            else:
                raise

    def _can_wait(self, segment: Segment) -> bool:
        """Whether a writer that still lives was delivered a moment ago."""
        since = time.monotonic() - self._portions.get(segment.folder.name, -math.inf)
        return since < LIVE_SECONDS * self._live and not segment.is_abandoned

    def _pass_over(self, replay: "Replay", segment: Segment, error: Exception) -> None:
        """Let a segment wait, or put it aside if it is damaged: those behind it are delivered."""
        if not segment.is_abandoned:  # its writer still needs the folder, and its run stays open
            self._refuse(segment, error)
            return
        is_damaged = isinstance(error, UnreadableError)
        try:
            replay.give_up(segment)
        except Exception as further:
            settled = is_gone(further) or is_of_the_segment(further, segment)
            if is_damaged and not settled:  # once it is put aside nobody would close its run
                raise
        if is_damaged and self._put_aside(segment, error):
            self._refused.pop(segment.folder.name, None)
        else:
            self._refuse(segment, error)

    def _refuse(self, segment: Segment, error: Exception) -> None:
        logger.warning("%s waits: %s", segment.folder, error)
        reason, is_written = first_line(error), not segment.is_abandoned
        self._refused[segment.folder.name] = Refusal(segment, reason, is_written)

    def _put_aside(self, segment: Segment, error: Exception) -> bool:
        """Move a damaged segment out of the way, whether or not there is room to say why."""
        rejected = self._store.rejected / segment.folder.name
        try:
            rejected.parent.mkdir(exist_ok=True)
            segment.folder.rename(rejected)
        except OSError:
            return False
        with suppress(UserError):
            write_text(rejected / REASON, f"{first_line(error)}\n")
        logger.error("%s is damaged (%s); it is kept in %s", segment.folder, error, rejected)
        return True

    def _give_up(self, state: str, message: str) -> None:
        self._gave_up = True
        self._say(state, message)

    def _say(self, state: str, message: str = "") -> None:
        refused = {name: each.reason for name, each in self._refused.items()}
        said = json.dumps(
            {"state": state, "message": message, "pid": os.getpid(), "refused": refused}
        )
        if said == self._said and self._store.status.exists():
            return
        if self._store.folder.is_dir():  # else it was deleted, and is not ours to make
            with suppress(UserError):  # whoever waits sees that nothing is said
                write_text(self._store.status, said)
                self._said = said


def _identity(path: Path | None) -> tuple[int, int] | None:
    """Tells a file from another that takes its place."""
    if path is None:
        return None
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


class WithoutSecrets(io.TextIOBase):
    """A stream whose text is passed on without secrets, whoever writes: also MLflow's loggers."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write what can be shown of a text, if there is room: delivery does not end for it."""
        with suppress(OSError):
            self._stream.write(redact_text(text))
        return len(text)

    def flush(self) -> None:
        """Write what waits."""
        with suppress(OSError):
            self._stream.flush()


def main() -> None:
    """Run the delivery process of the store that the environment names."""
    collect_late()
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--root", type=Path, required=True, help="the project's real root")
    parser.add_argument("--project", required=True, help="module:name of what the lab knows of it")
    arguments = parser.parse_args()
    sys.stdout, sys.stderr = WithoutSecrets(sys.stdout), WithoutSecrets(sys.stderr)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    shorten_patience()
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    store = Store.of_project(load_project(arguments.project, arguments.root), arguments.root)
    os.environ[TRACKING_URI] = store.uri
    Delivery(store).run()


if __name__ == "__main__":
    main()
