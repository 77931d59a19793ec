"""Names in a column of a table, and how to tell a table from a list.

`csv.Sniffer` takes a list in which one name is quoted for a table, so the separator is found by
reading the first rows with each: what gives all of them equally many columns makes a table.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from neonym.base.errors import UserError

SEPARATORS = ",;\t|"
TAB = "tab"  # which few can type
LINE = "line"  # as the separator: a line is a name, whatever it holds
LEAST_SHARE = 0.95  # of rows with equally many columns
ROWS_LOOKED_AT = 200
LONGEST_SHOWN = 20  # columns
# What spreadsheets write, and read, above a table whose separator is none of theirs
DECLARATION = re.compile(r'"?sep=([^\w\s"]|\t)"?', re.IGNORECASE)
BREAKS = re.compile("[ \t]*[\t\n\v\f\r\x85\u2028\u2029]\\s*")

OTHER_COLUMNS = "more columns"
HEADER_AGAIN = "header"


class Entry(NamedTuple):
    """What a file says at one place, as it stands there, and why it cannot be a name."""

    line: int
    text: str
    reason: str = ""
    detail: str = ""


class Layout(NamedTuple):
    """Where in a file the names stand.

    Attributes
    ----------
    column
        The column's name, or its number where there is no header; None: a line is a name.
    separator
        What separates columns, `TAB` for a tab; None: what is found; `LINE`: nothing does.
    comment
        What a line begins with that is left out.
    prefix
        What keys are called in messages: `data.column`, `--column`.
    usual
        The column to take of a table that has it, where none is named.
    """

    column: str | int | None = None
    separator: str | None = None
    comment: str | None = None
    prefix: str = "data."
    usual: str | int | None = None

    def said(self, remedy: str) -> str:
        """A remedy that speaks of `data.column`, in the words of who named the file."""
        return remedy.replace("data.", self.prefix)


def read_entries(lines: list[str], source: str, layout: Layout) -> tuple[list[Entry], int]:
    """What may be names in these lines, and how many comments there were.

    Parameters
    ----------
    lines
        Of the file.
    source
        What the file is called, for messages.
    layout
        Where the names stand.

    Raises
    ------
    UserError
        If it is a table and no column is named, lacks the column, has it twice, or is not CSV.
    """
    if layout.separator == LINE:
        return _whole_lines(lines, layout.comment)
    if layout.separator == TAB:
        layout = layout._replace(separator="\t")
    declared = DECLARATION.fullmatch(lines[0].strip(" ")) if lines else None
    if declared:
        layout = layout._replace(separator=layout.separator or declared[1])
    top = 1 if declared else 0
    if layout.column is not None:
        return _column(lines, top, source, layout).read()
    separator = layout.separator or found_separator(lines, layout.comment)
    usual = layout._replace(column=layout.usual, separator=separator)
    if layout.usual is not None and _fits(lines, top, source, usual):
        return _column(lines, top, source, usual).read()
    if separator is None:
        return _whole_lines(lines, layout.comment)
    table = _Column(lines, top, source, layout._replace(separator=separator))
    raise _unnamed_column(table, found=layout.separator is None)


def _fits(lines: list[str], top: int, source: str, layout: Layout) -> bool:
    """Whether these lines have the column: by its name, or by its number where it is a table."""
    try:
        header = _column(lines, top, source, layout).header()
    except csv.Error:
        return False
    if isinstance(layout.column, int):
        return layout.separator is not None and layout.column <= len(header)
    return _has(header, layout.column)


def found_separator(lines: Sequence[str], comment: str | None) -> str | None:
    """What separates the columns, if these are the lines of a table."""
    wanted = (line for line in lines if line.strip() and not is_comment(line, comment))
    first = list(islice(wanted, ROWS_LOOKED_AT))
    columns = {separator: _common_columns(first, separator) for separator in SEPARATORS}
    # of two that give equally many, as in `1;2,5`, the one that separates the header, too
    best = max(SEPARATORS, key=lambda s: (columns[s], bool(first) and s in first[0]))
    return best if columns[best] > 1 else None


def _common_columns(lines: list[str], separator: str) -> int:
    """How many columns nearly all rows have; 1 where they differ."""
    try:
        widths = Counter(map(len, _reader(lines, separator)))
    except csv.Error:  # one stray quote makes no list of a table
        widths = Counter(line.count(separator) + 1 for line in lines)
    [(width, count)] = widths.most_common(1) or [(1, 0)]
    rows = widths.total()
    return width if rows > 1 and count >= LEAST_SHARE * rows else 1


def is_comment(line: str, comment: str | None) -> bool:
    """Whether a line is left out."""
    return comment is not None and line.lstrip().startswith(comment)


def _whole_lines(lines: list[str], comment: str | None) -> tuple[list[Entry], int]:
    entries = [
        Entry(number, line) for number, line in enumerate(lines, 1) if not is_comment(line, comment)
    ]
    return entries, len(lines) - len(entries)


def _reader(lines: "Sequence[str] | Iterator[str]", separator: str) -> Iterator[list[str]]:
    return csv.reader(lines, delimiter=separator, strict=True, skipinitialspace=separator != "\t")


def _column(lines: list[str], top: int, source: str, layout: Layout) -> "_Column":
    """The column that is named: by the first separator by which there is one of this name."""
    if layout.separator is None and source.lower().endswith(".tsv"):
        layout = layout._replace(separator="\t")
    if layout.separator is None and isinstance(layout.column, str):
        for separator in SEPARATORS:
            table = _Column(lines, top, source, layout._replace(separator=separator))
            try:
                if _has(table.header(), layout.column):
                    layout = table.layout
                    break
            except csv.Error:
                continue
    separator = layout.separator or found_separator(lines[top:], layout.comment) or ","
    return _Column(lines, top, source, layout._replace(separator=separator))


class _Column:
    """Reads one column, knowing at every row on which line of the file it begins."""

    def __init__(self, lines: list[str], top: int, source: str, layout: Layout) -> None:
        self.lines, self.top, self.source, self.layout = lines, top, source, layout
        self.separator = layout.separator or ","
        self.row_line = 0
        self._begin_at(top)

    def read(self) -> tuple[list[Entry], int]:
        column = self.layout.column
        try:
            if isinstance(column, int):
                header = self.first_row()
                index = self._numbered(header, column)
                self._begin_at(self.top)
            else:
                header = self.header()
                index = self._named(header, str(column))
                self.comments = 0  # those above the header are not among the rows that are counted
            return list(self._entries(header, index)), self.comments
        except csv.Error as error:
            raise UserError(
                f"{self.source}, line {self.row_line}: not valid CSV ({error}); correct the line"
            ) from None

    def header(self) -> list[str]:
        """The names of the columns: the first row, or the last comment above if that fits."""
        first, line = self.first_row(), self.row_line
        above = self._comment_above(len(first))
        if above is None or _has(first, self.layout.column):
            return first
        self._begin_at(line - 1)
        return above

    def first_row(self) -> list[str]:
        """The first row that is not empty."""
        row: list[str] = []
        while not any(row):
            row = [cell.strip() for cell in self._next() or ["(none)"]]
        return row

    def _comment_above(self, width: int) -> list[str] | None:
        """The cells of the last comment above the first row, if it can be the header."""
        comment, column = self.layout.comment or "", self.layout.column
        above = self.lines[self.top : self.row_line - 1]
        line = next((line.strip() for line in reversed(above) if is_comment(line, comment)), None)
        if not comment or line is None:
            return None
        try:
            row = [cell.strip() for cell in next(_reader([line], self.separator))]
        except csv.Error:
            return None
        bare = [row[0].removeprefix(comment).strip() or row[0], *row[1:]]
        if len(row) != width:
            return None
        if _has(row, column) or _has(bare, column):
            return row if _has(row, column) else bare
        # "# made by Ann, 2020" is no header, "#,name" and "#id,name" are
        return None if width == 1 or line.removeprefix(comment)[:1].isspace() else bare

    def _begin_at(self, index: int) -> None:
        self.next_line = index  # index of the line that csv asks for next
        self.row_begins = True
        self.comments = 0
        self.rows = _reader(self._feed(), self.separator)

    def _feed(self) -> Iterator[str]:
        """Lines for csv, which asks for one more within a row only inside quotes."""
        while self.next_line < len(self.lines):
            line = self.lines[self.next_line]
            self.next_line += 1
            if self.row_begins:
                if is_comment(line, self.layout.comment):
                    self.comments += 1
                    continue
                self.row_line = self.next_line
                self.row_begins = False
            yield line + "\n"

    def _next(self) -> list[str] | None:
        self.row_begins = True
        return next(self.rows, None)

    def _named(self, header: list[str], column: str) -> int:
        numbered = numbered_where_equal(header)
        if header.count(column) == 1:
            return header.index(column)
        if column in numbered:
            return numbered.index(column)
        key = f"{self.layout.prefix}column"
        if column in header:
            alike = [name for name, plain in zip(numbered, header, strict=True) if plain == column]
            raise UserError(
                f"{self.source}, line {self.row_line}: {len(alike)} columns are called "
                f"{column!r}; set {key} to one of {_listed(alike)}"
            )
        plain = "null" if self.layout.prefix == "data." else "nothing"
        raise UserError(
            f"{self.source}, line {self.row_line}: no column {column!r}; set {key} to one of "
            f"{_listed(numbered)}, or to {plain} for one name a line, or to a number (1 to "
            f"{len(header)}) where there is no header"
        )

    def _numbered(self, first: list[str], number: int) -> int:
        if number > len(first):
            raise UserError(
                f"{self.source}, line {self.row_line}: no column {number}; the first row has "
                f"{len(first)}: {_listed(first)}"
            )
        return number - 1

    def _entries(self, header: list[str], index: int) -> Iterator[Entry]:
        width, has_header = len(header), isinstance(self.layout.column, str)
        while (row := self._next()) is not None:
            text = BREAKS.sub(" ", row[index].strip()) if index < len(row) else ""
            if any(cell.strip() for cell in row[width:]):
                detail = f"{len(row)} columns, the first row has {width}"
                yield Entry(self.row_line, self.separator.join(row), OTHER_COLUMNS, detail)
            elif has_header and [cell.strip() for cell in row] == header:
                yield Entry(self.row_line, text, HEADER_AGAIN, "again")
            else:
                yield Entry(self.row_line, text)


def _has(header: list[str], column: str | int | None) -> bool:
    return column in header or column in numbered_where_equal(header)


def numbered_where_equal(header: list[str]) -> list[str]:
    """The columns' names; those that come several times as `name.1`, `name.2`."""
    counts, seen = Counter(header), Counter[str]()
    names = []
    for name in header:
        seen[name] += 1
        names.append(f"{name}.{seen[name]}" if counts[name] > 1 else name)
    return names


def _listed(columns: list[str]) -> str:
    shown = ", ".join(map(repr, columns[:LONGEST_SHOWN]))
    return f"{shown}, … ({len(columns)} in all)" if len(columns) > LONGEST_SHOWN else shown


def _unnamed_column(table: _Column, *, found: bool) -> UserError:
    """What to do about a table of which no column is named, and whose separator was found."""
    try:
        columns = table.header()
    except csv.Error as error:
        return UserError(f"{table.source}, line {table.row_line}: not valid CSV ({error})")
    prefix, line = table.layout.prefix, max(table.row_line, 1)
    plain = f"{prefix}separator{'=' if prefix == 'data.' else ' '}{LINE}"
    if len(columns) == 1 and found:
        return UserError(
            f"{table.source}, line {line}: {columns[0]!r} is one column, while "
            f"{table.separator!r} separates other rows; if it is a title or JSON, take what is no "
            f"row out and set {prefix}column; where each line is a name, {plain}"
        )
    if len(columns) == 1:
        return UserError(
            f"{table.source}, line {line}: {table.separator!r} separates no columns there; leave "
            f"{prefix}separator out, or set {prefix}column"
        )
    return UserError(
        f"{table.source}, line {line}: a table with the columns {_listed(columns)}, separated by "
        f"{table.separator!r}; set {prefix}column to the name of one, or to a number (1 to "
        f"{len(columns)}) if these are no header; where each line is a name, {plain}"
    )
