"""The delivery process: one for each store, it replays what the spool holds into MLflow.

Started by the first writer that needs it (see `courier`), in its own session, it ends when there
has been nothing to do for a while.
"""

import argparse
import json
import logging
import os
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from neonym.files import write_text
from neonym.tracking.events import UnreadableError
from neonym.tracking.spool import Segment, open_segments
from neonym.tracking.store import TRACKING_URI, Store
from neonym.tracking.store_check import explain_unusable

if TYPE_CHECKING:
    from neonym.tracking.replay import Replay

POLL_SECONDS = 0.3
IDLE_SECONDS = 20.0
AWAY_RETRY_SECONDS = 3.0
AWAY_GIVE_UP_SECONDS = 30.0

REFUSALS = ("INVALID_PARAMETER_VALUE", "BAD_REQUEST", "RESOURCE_DOES_NOT_EXIST")

logger = logging.getLogger("neonym.delivery")


class Delivery:
    """Delivers to one store for as long as there is something to deliver."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def run(self) -> None:
        """Deliver until idle, unless another process already does."""
        lock = FileLock(self._store.lock, timeout=0)
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

    _gave_up = False

    def _deliver_until_idle(self) -> None:
        reason = explain_unusable(self._store)
        if reason:
            self._give_up("unusable", reason)
            return
        self._say("starting")
        from neonym.tracking.replay import Replay  # noqa: PLC0415 (imports mlflow: 6 seconds)

        replay = Replay(self._store)
        last_success = idle_since = time.monotonic()
        while time.monotonic() - idle_since < IDLE_SECONDS:
            segments = open_segments(self._store.segments)
            try:
                self._deliver_round(replay, segments)
                last_success = time.monotonic()
                self._say("delivering")
            except Exception as error:
                logger.warning("cannot deliver: %s", error, exc_info=True)
                self._say("away", _first_line(error))
                if time.monotonic() - last_success > AWAY_GIVE_UP_SECONDS:
                    self._give_up("away", _first_line(error))
                    return
                time.sleep(AWAY_RETRY_SECONDS)
                continue
            if segments:
                idle_since = time.monotonic()
            time.sleep(POLL_SECONDS)
        self._say("idle")

    def _deliver_round(self, replay: "Replay", segments: list[Segment]) -> None:
        for segment in segments:
            try:
                if replay.deliver(segment):
                    segment.remove()
            except Exception as error:
                if not _is_refusal(error):
                    raise
                self._reject(segment, error)

    def _reject(self, segment: Segment, error: Exception) -> None:
        """Put a segment that cannot be read aside, so that those behind it are delivered."""
        rejected = self._store.folder / "rejected" / segment.folder.name
        rejected.parent.mkdir(exist_ok=True)
        shutil.move(segment.folder, rejected)
        logger.error("%s cannot be read (%s); it is kept in %s", segment.folder, error, rejected)

    def _give_up(self, state: str, message: str) -> None:
        self._gave_up = True
        self._say(state, message)

    def _say(self, state: str, message: str = "") -> None:
        said = {"state": state, "message": message, "pid": os.getpid()}
        write_text(self._store.status, json.dumps(said))


def _is_refusal(error: Exception) -> bool:
    """Whether repeating cannot help: what the segment holds is wrong, not the store."""
    return isinstance(error, UnreadableError) or getattr(error, "error_code", "") in REFUSALS


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


def main() -> None:
    """Run the delivery process of the store that the environment names."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--root", type=Path, required=True, help="the project's real root")
    root = parser.parse_args().root
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    # MLflow's own defaults hang for four minutes on a server that is away
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "5")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    store = Store.of_project(root)
    os.environ[TRACKING_URI] = store.uri
    Delivery(store).run()


if __name__ == "__main__":
    main()
