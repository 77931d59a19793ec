"""Names from a file or standard input, one a line."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from neonym.base.errors import UserError

STANDARD_INPUT = "-"


class Line(NamedTuple):
    """A line that is not blank, and its number, counted from 1."""

    number: int
    text: str


def read_lines(source: str) -> list[Line]:
    """The lines of a UTF-8 file that are not blank.

    Parameters
    ----------
    source
        A path, or "-" for standard input. A byte order mark and Windows line ends are left out.

    Raises
    ------
    UserError
        If there is no such file, it is not UTF-8, or it has nothing but blank lines.
    """
    lines = list(_split(_decode(_read(source), source)))
    if not lines:
        raise UserError(f"{source} holds no names; give one name a line")
    return lines


def _read(source: str) -> bytes:
    if source == STANDARD_INPUT:
        return sys.stdin.buffer.read()
    try:
        return Path(source).read_bytes()
    except FileNotFoundError:
        raise UserError(f"{source} does not exist; name a file, or - for standard input") from None
    except OSError as error:
        raise UserError(f"{source} cannot be read ({error.strerror}); name a file") from None


def _decode(content: bytes, source: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = error.start + len(content) - len(error.object)  # a byte order mark was taken off
        line = content.count(b"\n", 0, place) + 1
        raise UserError(
            f"{source}:{line}: not UTF-8 (byte 0x{content[place]:02x} at offset {place}); "
            "save the file as UTF-8"
        ) from None


def _split(text: str) -> Iterator[Line]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield Line(number, line.removesuffix("\r"))
