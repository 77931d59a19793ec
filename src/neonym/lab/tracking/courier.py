"""Start the delivery process and wait for it: what writers see of delivery, without MLflow."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from neonym.base.errors import UserError
from neonym.lab.tracking.spool import REASON, open_segments
from neonym.lab.tracking.store import TRACKING_URI, Store

POLL_SECONDS = 0.05
DEATH_SECONDS = 2.0  # how long a process that has just started may take until it holds the lock
LIVES = 10


@dataclass(frozen=True)
class Outcome:
    """How waiting for delivery ended."""

    delivered: bool
    message: str = ""
    """Why not, in one line."""


def ensure_delivery(store: Store) -> None:
    """Start the store's delivery process, unless it runs or others see to it.

    Raises
    ------
    UserError
        If its folder cannot be written.
    """
    if _left_to_others:
        return
    started = _started.get(store.folder)
    try:
        if is_delivering(store) or (started and started.poll() is None):
            return  # one that has just started holds no lock yet
        store.folder.mkdir(parents=True, exist_ok=True)
        store.status.unlink(missing_ok=True)
        log = store.log.open("ab")
    except OSError as error:
        reason = error.strerror or error
        raise UserError(f"{store.folder} cannot be written: {reason}; see to it") from None
    with log:
        _started[store.folder] = _Detached(
            [
                *(sys.executable, "-m", "neonym.lab.delivery.process"),
                *("--root", str(store.root), "--project", store.project.reference),
            ],
            cwd="/",  # holds no folder of a queued experiment's copy
            env={**os.environ, TRACKING_URI: store.uri},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # outlives the stage, and Ctrl-C at its terminal
        )


def leave_delivery_to_others() -> None:
    """Only write from here on: for the jobs of a sweep, which the sweep's own process delivers."""
    global _left_to_others  # noqa: PLW0603 (holds for the whole process)
    _left_to_others = True


_left_to_others = False


class _Detached(subprocess.Popen[bytes]):
    """A process that outlives this one; Popen would warn that nobody has waited for its end."""

    def __del__(self) -> None:
        pass


# The delivery process that this process last started for each spool
_started: dict[Path, _Detached] = {}


def is_delivering(store: Store) -> bool:
    """Whether the store's delivery process runs."""
    if not store.lock.exists():
        return False
    try:
        with FileLock(store.lock, timeout=0):
            return False
    except Timeout:
        return True


def wait_for_delivery(store: Store, seconds: float, folder: Path | None = None) -> Outcome:
    """Wait until the spool, or one segment of it, is delivered.

    Parameters
    ----------
    store
        Where to.
    seconds
        How long at most.
    folder
        The segment to wait for; None for all that wait now.
    """
    wanted = [folder] if folder else [segment.folder for segment in open_segments(store.segments)]
    end = time.monotonic() + seconds
    look = time.monotonic() + DEATH_SECONDS
    lives = LIVES
    while any(path.exists() for path in wanted):
        state, message = _status(store)
        if state in {"away", "unusable"}:
            return Outcome(False, message)
        if time.monotonic() > end:
            return Outcome(False, f"not everything was delivered within {seconds:g} s")
        if time.monotonic() > look:
            look = time.monotonic() + DEATH_SECONDS
            if not is_delivering(store):  # it was killed
                if not lives:
                    return Outcome(False, f"delivery ends early; {store.log} tells why")
                lives -= 1
                ensure_delivery(store)
        time.sleep(POLL_SECONDS)
    return _unless_rejected(store, wanted)


def _unless_rejected(store: Store, wanted: list[Path]) -> Outcome:
    for path in wanted:
        rejected = store.rejected / path.name
        if rejected.exists():
            return Outcome(False, f"{_reason(rejected)}; it is kept in {rejected}")
    return Outcome(True)


def _reason(rejected: Path) -> str:
    try:
        return (rejected / REASON).read_text(encoding="utf-8").strip()
    except OSError:
        return "a part cannot be read"


def _status(store: Store) -> tuple[str, str]:
    try:
        said = json.loads(store.status.read_text(encoding="utf-8"))
        return str(said["state"]), str(said["message"])
    except (OSError, ValueError, KeyError, TypeError):
        return "", ""
