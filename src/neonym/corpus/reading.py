"""From a file of names to clean, distinct names, with a report of what was dropped and why."""

import hashlib
import logging
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from neonym.base.errors import UserError
from neonym.corpus.capitals import capitals_of
from neonym.corpus.columns import HEADER_AGAIN, OTHER_COLUMNS, Entry, Layout, read_entries
from neonym.corpus.hints import hints, oddest
from neonym.corpus.source import as_text, lines_of, read_argument, read_source
from neonym.corpus.vocabulary import Unit, Vocabulary, describe, tokens_of

if TYPE_CHECKING:  # who only wants canonical names need not pay for the schema
    from neonym.settings import Data

logger = logging.getLogger("neonym")

# No alphabet holds these: they break lines, terminals and tables, and nobody sees them.
CONTROL_CHARACTERS = "\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff"

EMPTY = "empty"
DUPLICATE = "duplicate"
TOO_LONG = "too long"
OUTSIDE_ALPHABET = "outside the alphabet"
REASONS = (DUPLICATE, EMPTY, OUTSIDE_ALPHABET, TOO_LONG)

_REMEDIES = {
    EMPTY: "check data.column and the file",
    DUPLICATE: "check the file",
    TOO_LONG: "give one name a line",
    OUTSIDE_ALPHABET: "extend data.alphabet, or set it to null",
    OTHER_COLUMNS: "quote what holds the separator, or set data.separator",
    HEADER_AGAIN: "check the file",
}
OF_CONFIGURATION = Layout().prefix
_LONGEST_TEXT_SHOWN = 100
LONGEST_NAME = 100_000  # characters, on the command line
SHOWN_NAMES = 5
LOOKED_AT = 1000  # names, by which capitals are judged


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
    capitals
        How names were capitalised, see `neonym.corpus.capitals`; None where they still are.
    """

    names: list[str]
    dropped: list[Dropped]
    read: int
    comments: int
    unit: Unit
    sha256: str
    capitals: str | None = None

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """All letters, or words, of the names."""
        return Vocabulary.from_names(self.names, self.unit)

    def dropped_by_reason(self) -> dict[str, int]:
        """How many lines were dropped for each reason; those of every list with their zeros."""
        counts = Counter(dropped.reason for dropped in self.dropped)
        return dict.fromkeys(REASONS, 0) | dict(sorted(counts.items()))


def canonical(text: str, lowercase: bool, unit: Unit = "character") -> str:
    """The form in which names are compared: NFC, stripped, and lower-cased where asked.

    Between words any space is as good as any other, so it becomes a single one.
    """
    text = in_case(text, lowercase)
    return text.strip() if unit == "character" else " ".join(text.split())


def in_case(text: str, lowercase: bool) -> str:
    """Text in NFC, lower-cased where asked, with the spaces that it has."""
    text = unicodedata.normalize("NFC", text)
    # Lower case can come out decomposed, as that of a capital I with a dot does.
    return unicodedata.normalize("NFC", text.lower()) if lowercase else text


def read_corpus(path: Path, data: "Data") -> Corpus:
    """The names in a UTF-8 text file, one a line, or in one column of a CSV file.

    Parameters
    ----------
    path
        The file; a table where `data.column` is set.
    data
        How it is read: column, separator, comment, lowercase, alphabet, unit, max_length.

    Raises
    ------
    UserError
        If there is no such file, it is empty or not UTF-8, it is a table and lacks the column or
        none is named, or no line of it can be used.
    """
    return to_corpus(read_source(path), str(path), data)


def to_corpus(content: bytes, source: str, data: "Data", prefix: str = "data.") -> Corpus:
    """The names in the bytes of a file.

    Parameters
    ----------
    content
        What the file holds.
    source
        What it is called, for messages.
    data
        How it is read, as for `read_corpus`.
    prefix
        What keys are called in messages, see `Layout`.

    Raises
    ------
    UserError
        As `read_corpus`.
    """
    layout = Layout(data.column, data.separator, data.comment, prefix)
    if not content.strip(b"\xef\xbb\xbf \t\r\n"):
        which = "data.path must name" if prefix == OF_CONFIGURATION else "give"
        raise UserError(f"{source} is empty; {which} a file with one name a line")
    lines = lines_of(as_text(content, source))
    entries, comments = read_entries(lines, source, layout)
    kept, dropped = _judge(entries, data)
    names = list(kept)
    sha256 = hashlib.sha256(content).hexdigest()
    first = [entry.text for entry in islice(kept.values(), LOOKED_AT)]
    capitals = capitals_of(first) if data.lowercase else None
    counts = (len(entries) + comments, comments)
    corpus = Corpus(names, dropped, *counts, data.unit, sha256, capitals)
    if not names:
        raise UserError(_explain_nothing_left(source, corpus, layout))
    logger.info("%s: %s", source, summary_of(corpus))
    logger.info("first: %s; oddest: %s", _listed(names), _listed(oddest(names, corpus.vocabulary)))
    for hint in hints([(entry.line, entry.text) for entry in kept.values()], layout):
        logger.warning("%s, %s", source, hint)
    return corpus


def read_names(source: str, layout: Layout) -> list[Entry]:
    """The names in a file that is named on the command line, as they stand there.

    Parameters
    ----------
    source
        A path, or "-" for standard input.
    layout
        Where in it the names stand.

    Raises
    ------
    UserError
        If there is no such file, it holds no names, or it cannot be read as `read_corpus` reads.
    """
    entries, _ = read_entries(lines_of(as_text(read_argument(source), source)), source, layout)
    names = [entry for entry in entries if entry.text.strip() and not entry.reason]
    if not names:
        raise UserError(f"{source} holds no names; give one name a line")
    longest = max(names, key=lambda entry: len(entry.text))
    if len(longest.text) > LONGEST_NAME:
        raise UserError(
            f"{source}, line {longest.line}: {len(longest.text):,} characters are no name; "
            "give one name a line"
        )
    return names


def _judge(entries: list[Entry], data: "Data") -> tuple[dict[str, Entry], list[Dropped]]:
    """The names to keep, each with where it stands first, and what to drop."""
    forbidden = _forbidden(data)
    kept: dict[str, Entry] = {}
    dropped: list[Dropped] = []
    for entry in entries:
        name = canonical(entry.text, data.lowercase, data.unit)
        reason, detail = entry.reason, entry.detail
        if reason:
            pass
        elif name in kept:
            reason, detail = DUPLICATE, f"of line {kept[name].line}"
        elif not name:
            reason = EMPTY
        elif (length := len(tokens_of(name, data.unit))) > data.max_length:
            reason, detail = TOO_LONG, f"{length} {data.unit}s, at most {data.max_length}"
        elif (match := forbidden.search(name)) is not None:
            place = match.start() + 1
            reason, detail = OUTSIDE_ALPHABET, f"{describe(match[0])} at position {place}"
        else:
            kept[name] = entry
            continue
        dropped.append(Dropped(entry.line, _shorten(entry.text), reason, detail))
    return kept, dropped


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


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names[:SHOWN_NAMES]))


def summary_of(corpus: Corpus) -> str:
    """How many lines were kept, and why the others were not."""
    listed = []
    for reason, count in corpus.dropped_by_reason().items():
        if count:
            first = next(line for line in corpus.dropped if line.reason == reason)
            tells = reason not in (DUPLICATE, EMPTY)
            example = f" (the first on line {first.line}: {first.detail})" if tells else ""
            listed.append(f"{count:,} {reason}{example}")
    comments = f"; comments: {corpus.comments:,}" if corpus.comments else ""
    kept = f"kept {len(corpus.names):,} of {corpus.read:,} lines"
    return f"{kept}; dropped: {', '.join(listed) or 'none'}{comments}"


def _explain_nothing_left(source: str, corpus: Corpus, layout: Layout) -> str:
    if not corpus.dropped:
        remedy = "set data.path or data.comment"
        if layout.prefix != OF_CONFIGURATION:
            remedy = "give another file, or set --comment"
        return f"{source} holds no names, only {corpus.comments} comments; {remedy}"
    counts = Counter(dropped.reason for dropped in corpus.dropped).most_common()
    reason = counts[0][0]
    first = next(dropped for dropped in corpus.dropped if dropped.reason == reason)
    listed = ", ".join(f"{count:,} {name}" for name, count in counts)
    remedy = _REMEDIES[reason]
    if reason == TOO_LONG and layout.prefix == OF_CONFIGURATION:
        remedy += ", or raise data.max_length"
    if reason == OUTSIDE_ALPHABET and "\0" in first.text:
        remedy = "it is no text, or not UTF-8"
    elif reason == OUTSIDE_ALPHABET and re.search(f"[{CONTROL_CHARACTERS}]", first.text):
        remedy = "no name holds such a character; take it out"
        if "\t" in first.text:
            remedy += ", or set data.column if tabs separate columns"
    example = f"the first on line {first.line}" + (f": {first.detail}" if first.detail else "")
    return f"{source}: no line can be used ({listed}; {example}); {layout.said(remedy)}"
