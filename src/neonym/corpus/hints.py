"""What in a list is surely no name, though it can be read as one; and which names are odd."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from neonym.corpus.columns import LINE, SEPARATORS, Layout
from neonym.corpus.vocabulary import Vocabulary, describe

MOST_HINTS = 5
SHOWN_LETTERS = 40


class Pattern(NamedTuple):
    """What gives a line away, what it then is, and what to do."""

    expression: str
    what: str
    remedy: str


EDIT = "take it out of the file"
COLUMN = "set data.column to the column that holds the names"
# In this order: the first that fits is told
PATTERNS = (
    Pattern(r"[a-z][a-z0-9+.-]*://\S|www\.\S+\.\S", "is an address", EDIT),
    Pattern(r"[^\s@]+@[^\s@]+\.[a-z]{2,}$", "is an e-mail address", EDIT),
    Pattern(r".*</?[a-z][a-z0-9]*(\s[^>]*)?/?>", "holds HTML", EDIT),
    Pattern(r".*&(#\d+|#x[0-9a-f]+|[a-z]{2,8}\d?);", "holds an HTML entity", "write the letter"),
    Pattern(r"[\[{}\]]|\"[^\"]*\"\s*:", "looks like JSON", "give one name a line"),
    Pattern(r"(\"[^\"]*\"|'[^']*'|“[^”]*”|«[^»]*»|‘[^’]*’)\s*[,;]?$", "is in quotes",
            "take them off, or read it as a table: data.column=1"),
    Pattern(r"\|.*\|$", "is a row of a table", COLUMN),
    Pattern(r"\d+\s*[.):\]-]\s|\(\d+\)\s|\d+\s+[^\W\d]", "begins with a number",
            "take the numbers off"),
    Pattern(r"[-*+•‣◦·–—]\s+\S|[•‣◦]", "begins with a bullet", "take the bullets off"),
    Pattern(r"//|/\*|--\s|<!--|;;|rem\s", "looks like a comment", "set data.comment"),
    Pattern(r"[\w.-]+\s*(=|:=|=>)\s*\S|[\w.-]+:\s*[\"'\w]", "is a key and a value", EDIT),
    Pattern(r".*\\(u[0-9a-f]{4}|x[0-9a-f]{2}|[nt])", "holds an escape sequence",
            "write the letter"),
    Pattern(r".*(%[0-9a-f]{2}){2}", "is percent-encoded", "write the letters"),
    # UTF-8 that was read as Latin-1 and written again, and what could not be read at all
    Pattern(r".*([Ããâ][\u0080-\u00bf€™œ]|Ã[ƒ©¨]|\ufffd)", "holds garbled letters",
            "save the file as UTF-8 from where it is whole"),
    Pattern(r"[\d\s.,:/+-]+$|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", "is a number", EDIT),
    Pattern(r".*[,;]$", "ends with a separator", "take it off"),
    Pattern(r".*[\u00ad\u200b\u2060-\u2064]", "holds a letter that nobody sees", EDIT),
)  # fmt: skip
_ANY = re.compile("|".join(f"({p.expression})" for p in PATTERNS), re.IGNORECASE)
_EACH = [re.compile(pattern.expression, re.IGNORECASE) for pattern in PATTERNS]
HEADERS = frozenset(
    (
        *("name", "names", "title", "titles", "label", "value", "word", "words", "genus"),
        *("species", "first_name", "firstname", "last_name", "lastname", "surname"),
        *("nom", "noms", "nombre", "nome", "naam", "imię", "jméno", "имя", "名前", "名称"),
    )
)
LARGE_SHARE = 0.5
LOOKED_AT = 100_000  # names, among which the oddest are sought: of more it takes a gigabyte
PLAIN = Layout()


def hints(lines: Sequence[tuple[int, str]], layout: Layout = PLAIN) -> list[str]:
    """What is wrong with lines that were kept: a line for each kind, with one that shows it.

    Parameters
    ----------
    lines
        The number and the text of each.
    layout
        Where they stand.
    """
    first: dict[int, tuple[int, str]] = {}
    counts = dict.fromkeys(range(len(PATTERNS)), 0)
    for line, text in lines:
        text = text.strip()  # noqa: PLW2901
        if _ANY.match(text):
            kind = next(k for k, pattern in enumerate(_EACH) if pattern.match(text))
            first.setdefault(kind, (line, text))
            counts[kind] += 1
    found = [
        f"line {line}: {_shown(text)} {PATTERNS[kind].what}"
        f"{_others(counts[kind], PATTERNS[kind].what)}; {layout.said(PATTERNS[kind].remedy)}"
        for kind, (line, text) in sorted(first.items(), key=lambda item: -counts[item[0]])
    ]
    found = [*_header(lines, layout), *_columns(lines, layout), *found]
    more = len(found) - MOST_HINTS
    return found if more <= 0 else [*found[:MOST_HINTS], f"and {more} more kinds of odd lines"]


def _header(lines: Sequence[tuple[int, str]], layout: Layout) -> Iterable[str]:
    """The first name may be what the column is called."""
    line, text = lines[0]
    if not isinstance(layout.column, str) and text.strip().casefold() in HEADERS:
        yield f"line {line}: {_shown(text)} looks like a header; set {layout.prefix}column to it"


def _columns(lines: Sequence[tuple[int, str]], layout: Layout) -> Iterable[str]:
    """A table whose rows are too different to be taken for one."""
    plain = layout.column is None and layout.separator != LINE and len(lines) > 1
    for separator in SEPARATORS if plain else "":
        having = [(line, text) for line, text in lines if separator in text.strip()]
        if len(having) >= LARGE_SHARE * len(lines):
            line, text = having[0]
            others = _others(len(having))
            what = f"holds {describe(separator)}{others}"
            yield f"line {line}: {_shown(text)} {what}; {layout.said(COLUMN)}"


def _shown(text: str) -> str:
    return repr(text if len(text) <= SHOWN_LETTERS else text[: SHOWN_LETTERS - 1] + "…")


def _others(count: int, what: str = "holds") -> str:
    one, many = ("is", "are") if what.startswith("is ") else ("does", "do")
    if count < 2:
        return ""
    return f", as {many} {count - 1:,} others" if count > 2 else f", as {one} another"


def oddest(names: Sequence[str], vocabulary: Vocabulary, count: int = 5) -> list[str]:
    """The names whose tokens follow each other as in few others, the oddest first.

    Of a long list the first hundred thousand are looked at.
    """
    names = names[:LOOKED_AT]
    ids = vocabulary.encode_all(names)
    ends = np.cumsum([len(row) + 1 for row in ids]) - 1  # where each name's end stands
    tokens = np.zeros(ends[-1] + 1, dtype=np.int64)
    of_names = np.ones(len(tokens), dtype=bool)
    of_names[ends] = False
    tokens[of_names] = np.concatenate(ids)
    pairs = np.roll(tokens, 1) * len(vocabulary) + tokens
    _, kinds, counts = np.unique(pairs, return_inverse=True, return_counts=True)
    starts = np.concatenate(([0], ends[:-1] + 1))
    rarity = np.add.reduceat(-np.log(counts)[kinds], starts) / np.diff(starts, append=len(tokens))
    return [names[place] for place in np.argsort(-rarity, kind="stable")[:count]]
