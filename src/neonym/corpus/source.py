"""The lines of a file of names: its bytes within bounds, decoded, without what only files have."""

import re
import stat
import sys
from pathlib import Path
from typing import NamedTuple

from neonym.base.errors import UserError

STANDARD_INPUT = "-"
MOST_BYTES = 128 * 2**20  # ten million names


class Remedies(NamedTuple):
    """What to do about a file that cannot be read, in the words of whoever names it."""

    missing: str = "set data.path to a file of names"
    other_kind: str = "data.path must name a file of names"
    unreadable: str = "check data.path"


OF_DATA = Remedies()
BY_ARGUMENT = Remedies(*["name a file, or - for standard input"] * 3)


def read_source(path: Path, remedies: Remedies = OF_DATA, *, pipes: bool = False) -> bytes:
    """The bytes of a list of names.

    Parameters
    ----------
    path
        The file.
    remedies
        What to do, for the messages.
    pipes
        Whether it may be a pipe, which can be read but once.

    Raises
    ------
    UserError
        If there is no such file, it is larger than any list, or cannot be read.
    """
    try:
        kind = path.stat()
        if stat.S_ISDIR(kind.st_mode):
            raise UserError(f"{path} is a directory; {remedies.other_kind}")
        if not (stat.S_ISREG(kind.st_mode) or (pipes and stat.S_ISFIFO(kind.st_mode))):
            raise UserError(f"{path} is no ordinary file; {remedies.other_kind}")
        if kind.st_size > MOST_BYTES:
            raise _too_large(path)
        with path.open("rb") as file:
            return _bounded(file.read(MOST_BYTES + 1), path)
    except FileNotFoundError:
        raise UserError(f"{path} does not exist; {remedies.missing}") from None
    except OSError as error:
        raise UserError(
            f"{path} cannot be read ({error.strerror}); {remedies.unreadable}"
        ) from None
    except ValueError as error:  # of a path that no file can have
        raise UserError(f"{str(path)!r} is no path ({error}); {remedies.unreadable}") from None


def read_argument(source: str) -> bytes:
    """The bytes of a list that is named on the command line; "-" is standard input.

    Raises
    ------
    UserError
        As `read_source`.
    """
    if source == STANDARD_INPUT:
        return _bounded(sys.stdin.buffer.read(MOST_BYTES + 1), source)
    return read_source(Path(source), BY_ARGUMENT, pipes=True)


def _bounded(content: bytes, source: str | Path) -> bytes:
    if len(content) > MOST_BYTES:
        raise _too_large(source)
    return content


def _too_large(source: str | Path) -> UserError:
    return UserError(
        f"{source} is larger than any list of names (more than {MOST_BYTES >> 20} MB); "
        "give one name a line"
    )


def as_text(content: bytes, source: str | Path) -> str:
    """UTF-8 text with Unix line ends, without the byte order marks at which files were joined.

    Raises
    ------
    UserError
        If it is not UTF-8.
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = len(re.split(rb"\r\n|\r|\n", content[: error.start]))
        raise UserError(
            f"{source}, line {line}: not UTF-8 (byte 0x{content[error.start]:02x} at offset "
            f"{error.start}); save the file as UTF-8"
        ) from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return re.sub("^\ufeff+", "", text, flags=re.MULTILINE) if "\ufeff" in text else text


def lines_of(text: str) -> list[str]:
    """The lines of a text; the last need not be ended."""
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    return lines
