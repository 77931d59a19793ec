"""Lock files: one process at a time holds each, and lets go of it however it ends."""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from neonym.base.errors import UserError

HELD = (errno.EWOULDBLOCK, errno.EACCES)  # as filelock reads them


@contextmanager
def locked(path: Path, seconds: float = -1) -> Iterator[None]:
    """Hold a lock file, which is made where there is none, for as long as the block lasts.

    Parameters
    ----------
    path
        The file.
    seconds
        How long to wait for whoever holds it; below 0 without end.

    Raises
    ------
    filelock.Timeout
        If another still holds it.
    UserError
        If nobody can: the folder cannot be written, or its file system has no locks.
    """
    lock = FileLock(path, timeout=seconds)
    acquire(lock)
    try:
        yield
    finally:
        lock.release()


def acquire(lock: FileLock) -> None:
    """Take a lock; what it raises is what `locked` raises."""
    try:
        lock.acquire()
    except TimeoutError:  # filelock's Timeout is one
        raise
    except (OSError, NotImplementedError) as error:
        raise UserError(unlockable(Path(lock.lock_file), error)) from None


def is_held(path: Path) -> bool:
    """Whether a process holds a lock file; nothing is made or changed where there is none.

    Raises
    ------
    UserError
        If that cannot be told.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise UserError(unlockable(path, error)) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in HELD:
            return True
        raise UserError(unlockable(path, error)) from None
    finally:
        os.close(descriptor)
    return False


def unlockable(path: Path, error: Exception) -> str:
    """Why a lock cannot be used, in one line."""
    reason = getattr(error, "strerror", None) or str(error)
    if getattr(error, "errno", None) in (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP):
        return (
            f"{path} cannot be locked ({reason}): this file system has no locks; "
            "work in a folder on another"
        )
    return f"{path} cannot be locked: {reason}"
