"""Start the delivery process and wait for it: what writers see of delivery, without MLflow."""

import errno
import os
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from neonym.base.errors import UserError
from neonym.base.files import read_bytes, read_json
from neonym.base.locks import is_held
from neonym.lab.tracking.spool import REASON, open_segments
from neonym.lab.tracking.spools import note_address
from neonym.lab.tracking.store import Store
from neonym.lab.tracking.tracking_uri import TRACKING_URI

WAITS = "it waits in .neonym, and `neonym sync` delivers it"
POLL_SECONDS = 0.05
DEATH_SECONDS = 2.0  # how long a process that has just started may take until it holds the lock
LIVES = 10


@dataclass(frozen=True)
class Outcome:
    """How waiting for delivery ended."""

    delivered: bool
    message: str = ""
    """Why not, in one line."""
    is_away: bool = False
    """Whether the store takes nothing at all now."""

    def __str__(self) -> str:
        return f"{self.message}; {WAITS}" if self.is_away else self.message


@dataclass(frozen=True)
class Kept:
    """A segment that is not delivered although the store answers."""

    folder: Path
    reason: str
    is_damaged: bool
    """Whether it was put aside; the others are tried again by each delivery."""

    def __str__(self) -> str:
        remedy = (
            "`neonym sync --rejected` tries it again; who can do without it deletes the folder"
            if self.is_damaged
            else "`neonym sync` tries it again"
        )
        return f"{self.reason}; it is kept in {self.folder}; {remedy}"


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
        note_address(store)
        store.status.unlink(missing_ok=True)
        log = _open_log(store)
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


def _open_log(store: Store) -> IO[bytes]:
    """The log, or nowhere where there is no room for one: delivering is what makes room."""
    try:
        return store.log.open("ab")
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        return Path(os.devnull).open("ab")


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
    return is_held(store.lock)


def wait_for_delivery(store: Store, seconds: float, *folders: Path) -> Outcome:
    """Wait until the spool, or one segment of it, is delivered, or waits for good reasons.

    Parameters
    ----------
    store
        Where to.
    seconds
        How long at most.
    folders
        The segments to wait for; without any all that wait now.
    """
    wanted = folders or [segment.folder for segment in open_segments(store.segments)]
    end = time.monotonic() + seconds
    look = time.monotonic() + DEATH_SECONDS
    lives = LIVES
    while waiting := [path for path in wanted if path.exists()]:
        said = _read_status(store)
        if said.state in {"away", "unusable"}:
            return Outcome(False, said.message, is_away=True)
        if all(path.name in said.refused for path in waiting):
            break
        if time.monotonic() > end:
            late = f"not everything was delivered within {seconds:g} s"
            return Outcome(False, late, is_away=True)
        if time.monotonic() > look:
            look = time.monotonic() + DEATH_SECONDS
            if not is_delivering(store):  # it was killed
                if not lives:
                    ends = f"delivery ends early; {store.log} tells why"
                    return Outcome(False, ends, is_away=True)
                lives -= 1
                ensure_delivery(store)
        time.sleep(POLL_SECONDS)
    known = {kept.folder.name: kept for kept in all_kept(store)}
    found = [known[path.name] for path in wanted if path.name in known]
    return Outcome(False, _in_one_line(found)) if found else Outcome(True)


def _in_one_line(kept: list[Kept]) -> str:
    others = len(kept) - 1
    return f"{kept[0]} (and {others} more)" if others else str(kept[0])


def all_kept(store: Store) -> list[Kept]:
    """The segments that are put aside, and those that the store does not take."""
    return [
        *(Kept(folder, _reason(folder), True) for folder in rejected_segments(store)),
        *(
            Kept(store.segments / name, reason, False)
            for name, reason in sorted(_read_status(store).refused.items())
            if (store.segments / name).exists()
        ),
    ]


def rejected_segments(store: Store) -> list[Path]:
    """The folders of damaged segments, oldest first."""
    return [segment.folder for segment in open_segments(store.rejected)]


def take_back(store: Store) -> None:
    """Let what was put aside wait again.

    Raises
    ------
    UserError
        If a folder cannot be moved.
    """
    for folder in rejected_segments(store):
        try:
            store.segments.mkdir(exist_ok=True)
            (folder / REASON).unlink(missing_ok=True)
            folder.rename(store.segments / folder.name)
        except OSError as error:
            raise UserError(f"{folder} cannot be moved: {error.strerror or error}") from None


def _reason(rejected: Path) -> str:
    try:
        return read_bytes(rejected / REASON).decode(errors="replace").strip()
    except OSError:
        return "a part cannot be read"


@dataclass(frozen=True)
class _Status:
    """What the delivery process last said of itself."""

    state: str = ""
    message: str = ""
    refused: dict[str, str] = field(default_factory=dict)
    """Why segments wait although the store answers, by their names."""


def _read_status(store: Store) -> _Status:
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        said = read_json(store.status)
        refused = {str(name): str(reason) for name, reason in said.get("refused", {}).items()}
        return _Status(str(said["state"]), str(said["message"]), refused)
    return _Status()
