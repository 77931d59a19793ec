"""Files that appear whole or not at all, and their digests."""

import errno
import hashlib
import json
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import Any

from neonym.base.errors import UserError

MOST_BYTES = 64 * 2**20  # of a document
MOST_LEVELS = 64  # of lists and dictionaries within each other


def check_ordinary(path: Path, most: int = MOST_BYTES) -> None:
    """See, before it is read, that a file ends, and fits into memory.

    Raises
    ------
    OSError
        If there is none, it is no ordinary file, or it is larger than `most` bytes.
    """
    found = path.stat()
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):  # for `open` to refuse
        raise OSError(errno.EINVAL, "it is no ordinary file", str(path))
    if found.st_size > most:
        raise OSError(errno.EFBIG, f"it is larger than {most >> 20} MB", str(path))


def read_bytes(path: Path, most: int = MOST_BYTES) -> bytes:
    """The bytes of a file, as far as `check_ordinary` has nothing against it."""
    check_ordinary(path, most)
    return path.read_bytes()


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` that takes its place when the block ends without an error.

    Raises
    ------
    UserError
        If the file cannot be written; the earlier file stays as it was.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.parent / f".{path.name}.{token_hex(4)}.part"
        temporary.touch(exist_ok=False)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror or error}") from None
    try:
        yield temporary
        temporary.replace(path)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror or error}") from None
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text with Unix line ends, whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_bytes(text.encode("utf-8"))


def parse_json(content: bytes | str) -> Any:
    """The plain values in a JSON text.

    Raises
    ------
    ValueError
        If it is not JSON, or nested too deep for those who walk through it.
    """
    with suppress(RecursionError):
        values = json.loads(content)
        if _levels_end(values):
            return values
    raise ValueError("not JSON that anybody wrote: nested too deep")


def read_json(path: Path) -> Any:
    """The plain values in a JSON file.

    Raises
    ------
    OSError
        If it cannot be read, see `read_bytes`.
    ValueError
        If it is not JSON, see `parse_json`.
    """
    return parse_json(read_bytes(path))


def _levels_end(values: Any) -> bool:
    level = [values]
    for _ in range(MOST_LEVELS):
        nested = [value for value in level if isinstance(value, dict | list)]
        if not nested:
            return True
        level = []
        for value in nested:
            level.extend(value.values() if isinstance(value, dict) else value)
    return False


def sha256_of_file(path: Path) -> str:
    """The sha256 of a file's bytes, as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def md5_of(path: Path) -> str:
    """The md5 of a file's bytes, as DVC records it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
