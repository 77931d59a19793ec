"""From a file of names to clean, distinct names, with a report of what was dropped and why."""

import csv
import hashlib
import logging
import re
import stat
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from neonym.base.errors import UserError
from neonym.corpus.vocabulary import Unit, Vocabulary, describe, tokens_of

if TYPE_CHECKING:  # who only wants canonical names need not pay for the schema
    from neonym.settings import Data

logger = logging.getLogger("neonym")

# No alphabet holds these: they break lines, terminals and tables, and nobody sees them.
CONTROL_CHARACTERS = "\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff"

EMPTY = "empty"
DUPLICATE = "duplicate"
TOO_LONG = "too long"
OUTSIDE_ALPHABET = "outside the alphabet"
REASONS = (DUPLICATE, EMPTY, OUTSIDE_ALPHABET, TOO_LONG)

_REMEDIES = {
    EMPTY: "check data.column and the file",
    DUPLICATE: "check the file",
    TOO_LONG: "raise data.max_length",
    OUTSIDE_ALPHABET: "extend data.alphabet, or set it to null",
}
_LONGEST_TEXT_SHOWN = 100


class Entry(NamedTuple):
    """What a file says at one place, as it stands there."""

    line: int
    text: str


class Dropped(NamedTuple):
    """A line that is not used: its number, its text (cut when long), why, and the particulars."""

    line: int
    text: str
    reason: str
    detail: str


@dataclass(frozen=True)
class Corpus:
    """The names of a file.

    Attributes
    ----------
    names
        Distinct, in canonical form, in the order of the file.
    dropped
        The lines that are not used, in the order of the file.
    read
        How many lines, or CSV rows below the header, there were: kept, dropped and comments.
    comments
        How many of them were comments.
    unit
        Whether a name is a sequence of letters or of words.
    sha256
        Of the file's bytes, the very ones that were read.
    """

    names: list[str]
    dropped: list[Dropped]
    read: int
    comments: int
    unit: Unit
    sha256: str

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """All letters, or words, of the names."""
        return Vocabulary.from_names(self.names, self.unit)

    def dropped_by_reason(self) -> dict[str, int]:
        """How many lines were dropped for each reason, zeros included."""
        counts = Counter(dropped.reason for dropped in self.dropped)
        return {reason: counts[reason] for reason in REASONS}


def canonical(text: str, lowercase: bool, unit: Unit = "character") -> str:
    """The form in which names are compared: NFC, stripped, and lower-cased where asked.

    Between words any space is as good as any other, so it becomes a single one.
    """
    text = unicodedata.normalize("NFC", text)
    if lowercase:
        # Lower case can come out decomposed, as that of a capital I with a dot does.
        text = unicodedata.normalize("NFC", text.lower())
    return text.strip() if unit == "character" else " ".join(text.split())


def read_corpus(path: Path, data: "Data") -> Corpus:
    """The names in a UTF-8 text file, one a line, or in one column of a CSV file.

    Parameters
    ----------
    path
        The file; where `data.column` is set a CSV file with a header (tabs between the columns
        where its name ends in `.tsv`).
    data
        How it is read: column, comment, lowercase, alphabet, unit, max_length.

    Raises
    ------
    UserError
        If there is no such file, it is empty or not UTF-8, it lacks the column, or no line of it
        can be used.
    """
    content = read_source(path)
    text = _as_text(content, path)
    entries, comments = _read_entries(text, path, data)
    names, dropped = _judge(entries, data)
    sha256 = hashlib.sha256(content).hexdigest()
    corpus = Corpus(names, dropped, len(entries) + comments, comments, data.unit, sha256)
    if not names:
        raise UserError(_explain_nothing_left(path, corpus))
    logger.info("%s: %s", path, _summary(corpus))
    return corpus


def _as_text(content: bytes, path: Path) -> str:
    if not content.strip(b"\xef\xbb\xbf \t\r\n"):
        raise UserError(f"{path} is empty; data.path must name a file with one name a line")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = len(re.split(rb"\r\n|\r|\n", content[: error.start]))
        raise UserError(
            f"{path}, line {line}: not UTF-8 (byte 0x{content[error.start]:02x} at offset "
            f"{error.start}); save the file as UTF-8"
        ) from None
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def read_source(path: Path) -> bytes:
    """The bytes of a list of names.

    Raises
    ------
    UserError
        If there is no such file or it cannot be read.
    """
    try:
        kind = path.stat().st_mode
        if stat.S_ISDIR(kind):
            raise UserError(f"{path} is a directory; data.path must name a file of names")
        if not stat.S_ISREG(kind):  # which may never end
            raise UserError(f"{path} is no ordinary file; data.path must name a file of names")
        return path.read_bytes()
    except FileNotFoundError:
        raise UserError(f"{path} does not exist; set data.path to a file of names") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}); check data.path") from None
    except ValueError as error:  # of a path that no file can have
        raise UserError(f"{str(path)!r} is no path ({error}); check data.path") from None


def _read_entries(text: str, path: Path, data: "Data") -> tuple[list[Entry], int]:
    """What stands in the file without the comments, and how many of those there were."""
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    if data.column is not None:
        return _CsvColumn(lines, path, data.column, data.comment).read()
    if data.comment is None:
        return list(map(Entry, range(1, len(lines) + 1), lines)), 0
    entries = [
        Entry(number, line)
        for number, line in enumerate(lines, 1)
        if not line.lstrip().startswith(data.comment)
    ]
    return entries, len(lines) - len(entries)


class _CsvColumn:
    """Reads one column, knowing at every row on which line of the file it begins."""

    def __init__(self, lines: list[str], path: Path, column: str, comment: str | None) -> None:
        self.lines, self.path, self.column, self.comment = lines, path, column, comment
        self.next_line = 0  # index of the line that csv asks for next
        self.row_begins = True
        self.row_line = 0
        self.comments = 0

    def read(self) -> tuple[list[Entry], int]:
        delimiter = "\t" if self.path.suffix.lower() == ".tsv" else ","
        reader = csv.reader(self._feed(), delimiter=delimiter, strict=True)
        try:
            index = self._find_column(reader)
            self.comments = 0  # those above the header are not among the rows that are counted
            return list(self._entries(reader, index)), self.comments
        except csv.Error as error:
            raise UserError(
                f"{self.path}, line {self.row_line}: not valid CSV ({error}); correct the line"
            ) from None

    def _feed(self) -> Iterator[str]:
        """Lines for csv, which asks for one more within a row only inside quotes."""
        while self.next_line < len(self.lines):
            line = self.lines[self.next_line]
            self.next_line += 1
            if self.row_begins:
                if self.comment is not None and line.lstrip().startswith(self.comment):
                    self.comments += 1
                    continue
                self.row_line = self.next_line
                self.row_begins = False
            yield line + "\n"

    def _find_column(self, reader: Iterator[list[str]]) -> int:
        header: list[str] = []
        while not any(header):
            self.row_begins = True
            header = [name.strip() for name in next(reader, ["(none)"])]
        if self.column not in header:
            raise UserError(
                f"{self.path}, line {self.row_line}: no column {self.column!r}; set data.column "
                f"to one of {', '.join(map(repr, header))}, or to null for one name a line"
            )
        return header.index(self.column)

    def _entries(self, reader: Iterator[list[str]], index: int) -> Iterator[Entry]:
        while True:
            self.row_begins = True
            row = next(reader, None)
            if row is None:
                return
            yield Entry(self.row_line, row[index] if index < len(row) else "")


def _judge(entries: list[Entry], data: "Data") -> tuple[list[str], list[Dropped]]:
    """The names to keep, and what to drop."""
    forbidden = _forbidden(data)
    first_line: dict[str, int] = {}
    dropped: list[Dropped] = []
    for line, text in entries:
        name = canonical(text, data.lowercase, data.unit)
        if name in first_line:
            reason, detail = DUPLICATE, f"of line {first_line[name]}"
        elif not name:
            reason, detail = EMPTY, ""
        elif (length := len(tokens_of(name, data.unit))) > data.max_length:
            reason, detail = TOO_LONG, f"{length} {data.unit}s, at most {data.max_length}"
        elif (match := forbidden.search(name)) is not None:
            place = match.start() + 1
            reason, detail = OUTSIDE_ALPHABET, f"{describe(match[0])} at position {place}"
        else:
            first_line[name] = line
            continue
        dropped.append(Dropped(line, _shorten(text), reason, detail))
    return list(first_line), dropped


def _forbidden(data: "Data") -> re.Pattern[str]:
    """What finds a character that no name may have."""
    if data.alphabet is None:
        return re.compile(f"[{CONTROL_CHARACTERS}]")
    alphabet = unicodedata.normalize("NFC", data.alphabet)
    if data.lowercase:
        alphabet = unicodedata.normalize("NFC", alphabet.lower())
    alphabet = re.sub(f"[{CONTROL_CHARACTERS}]", "", alphabet)
    if data.unit == "word":
        alphabet += " "
    return re.compile(f"[^{re.escape(alphabet)}]" if alphabet else r"[\s\S]")


def _shorten(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT_SHOWN else text[: _LONGEST_TEXT_SHOWN - 1] + "…"


def _summary(corpus: Corpus) -> str:
    counts = {reason: count for reason, count in corpus.dropped_by_reason().items() if count}
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in counts.items()) or "none"
    comments = f"; comments: {corpus.comments:,}" if corpus.comments else ""
    return f"kept {len(corpus.names):,} of {corpus.read:,} lines; dropped: {reasons}{comments}"


def _explain_nothing_left(path: Path, corpus: Corpus) -> str:
    if not corpus.dropped:
        return (
            f"{path} holds no names, only {corpus.comments} comments; set data.path or data.comment"
        )
    counts = Counter(dropped.reason for dropped in corpus.dropped).most_common()
    reason = counts[0][0]
    first = next(dropped for dropped in corpus.dropped if dropped.reason == reason)
    listed = ", ".join(f"{count:,} {name}" for name, count in counts)
    remedy = _REMEDIES[reason]
    if reason == OUTSIDE_ALPHABET and "\0" in first.text:
        remedy = "it is no text, or not UTF-8"
    example = f"the first on line {first.line}" + (f": {first.detail}" if first.detail else "")
    return f"{path}: no line can be used ({listed}; {example}); {remedy}"
