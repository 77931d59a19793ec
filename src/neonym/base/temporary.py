"""Temporary folders that tell whether somebody works in them.

Whoever makes one holds it, by a lock on the folder itself that ends with the process. So what a
killed process has left is known, and the next one removes it.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def held_folder(prefix: str) -> Iterator[Path]:
    """A fresh folder, held while the block lasts, which is to remove it; others leave it alone."""
    hidden = Path(tempfile.mkdtemp(prefix=f".{prefix}")).resolve()
    folder = hidden.with_name(hidden.name.removeprefix("."))
    lock = os.open(hidden, os.O_RDONLY)
    try:
        with suppress(OSError):  # where nothing can be locked, it counts as held
            fcntl.flock(lock, fcntl.LOCK_EX)
        hidden.rename(folder)  # which is seen by others only now that it is held
        yield folder
    finally:
        os.close(lock)


@contextmanager
def temporary_folder(prefix: str) -> Iterator[Path]:
    """A fresh folder while the block lasts; those that the killed have left are removed first."""
    for left in left_behind(prefix):
        shutil.rmtree(left, ignore_errors=True)
    with held_folder(prefix) as folder:
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def left_behind(prefix: str) -> list[Path]:
    """The folders of this user that `held_folder` made and that nobody holds any more."""
    places = Path(tempfile.gettempdir()).resolve().glob(f"{prefix}*")
    return [path for path in places if is_left(path)]


def is_left(path: Path) -> bool:
    """Whether it is a folder of this user that nobody holds."""
    if path.is_symlink() or not path.is_dir() or path.stat().st_uid != os.getuid():
        return False
    try:
        lock = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(lock)
    return True
