"""The commands that the guides name, each with its place."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).resolve().parents[2]
GUIDES = [
    PROJECT / "README.md",
    PROJECT / "CONTRIBUTING.md",
    *sorted((PROJECT / "docs").rglob("*.md")),
    *sorted((PROJECT / "examples").rglob("*.md")),
]
FOLLOWED = {"docs/own-pipeline.md": "tests/own/test_own_page.py"}
"""Guides that a test of their own follows from the first command to the last."""
FENCE = re.compile(r"^(```+)(\S*)[^\n]*\n(.*?)^\1$", re.MULTILINE | re.DOTALL)
BETWEEN = {"&&", "||", "|", ";"}


class Command(NamedTuple):
    """A line that a reader may type; lines that go on are one."""

    place: str
    text: str


class Block(NamedTuple):
    """What stands between fences."""

    place: str
    language: str
    lines: list[str]


def blocks() -> Iterator[Block]:
    """All of them, in the order of the guides."""
    for path in GUIDES:
        text = path.read_text()
        for found in FENCE.finditer(text):
            line = text.count("\n", 0, found.start()) + 2
            place = f"{path.relative_to(PROJECT)}:{line}"
            yield Block(place, found[2], found[3].splitlines())


def commands() -> list[Command]:
    """All of blocks of `bash`, and of `console` what is typed."""
    found = []
    for place, language, lines in blocks():
        if place.partition(":")[0] in FOLLOWED:
            continue
        if language == "bash":
            found += [Command(place, text) for text in _whole(lines) if text]
        elif language == "console":
            starts = [number for number, line in enumerate(lines) if line.startswith("$ ")]
            for number in starts:
                typed = [lines[number].removeprefix("$ "), *lines[number + 1 :]]
                found.append(Command(place, next(_whole(typed))))
    return found


def _whole(lines: list[str]) -> Iterator[str]:
    """Each command without its comment, put together where a quote or a backslash goes on."""
    begun = ""
    for line in lines:
        begun = f"{begun}\n{line}" if begun else line
        try:
            words = shlex.split(begun, comments=True)
        except ValueError:  # an open quote
            continue
        if begun.endswith("\\"):
            continue
        yield begun if words else ""
        begun = ""
    assert not begun, f"does not end: {begun}"


def parts(text: str) -> list[list[str]]:
    """The words of each command of a line, of a synopsis with all that may be left out."""
    text = re.sub(r"\[(-[^\]]*)\]", r"\1", text.replace("\\\n", " "))
    text = re.sub(r"(?<=\w)\|[\w.]+", "", text)
    lexer = shlex.shlex(text, posix=True, punctuation_chars="&|;")
    lexer.whitespace_split = True
    found: list[list[str]] = [[]]
    for word in lexer:
        if word in BETWEEN:
            found.append([])
        elif word == "<":
            next(lexer)
        else:
            found[-1].append(word)
    return found


def spoken() -> list[Command]:
    """Commands in the middle of text and tables, as `neonym sync`."""
    found = []
    for path in GUIDES:
        text = FENCE.sub("", path.read_text())
        for code in re.findall(r"(?<!`)`((?:neonym|make|python pipelines/)[^`]*)`(?!`)", text):
            command = " ".join(code.replace(r"\|", "|").split())
            found.append(Command(str(path.relative_to(PROJECT)), command))
    return found
