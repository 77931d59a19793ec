"""Text from outside, made safe for where it is shown: terminals, Markdown, spreadsheets.

A name can hold what a terminal obeys: escape sequences that move the cursor, set the window's title
or hide text, and marks that turn the direction of writing around.
"""

import re

# The C0 and C1 controls, lone surrogates, line and paragraph separators, all marks of direction.
# Joiners stay: Persian and the scripts of India need them.
_MARKS = "\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ud800-\udfff"
_OBEYED = re.compile(f"[\x00-\x1f\x7f-\x9f{_MARKS}]")
# What a stream takes beside letters: lines, tabs, and bold and colours, but nothing that hides
_COLOUR = "(?:[0-4]|22|39|3[0-7]|9[0-7])?"
_OBEYED_BY_STREAM = re.compile(
    f"(\x1b\\[{_COLOUR}(?:;{_COLOUR})*m)|[\x00-\x08\x0b-\x1f\x7f-\x9f{_MARKS}]"
)
# How MLflow renders the description of a run
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_MARKUP = re.compile(r"([\\`*_{}\[\]()#|~!])")
# With these a spreadsheet begins a formula, in half or full width; the apostrophe itself is among
# them, so that whoever drops one leading apostrophe reads exactly what was written.
_FORMULA = "=+\\-@\\t\\r\\n'＝＋－＠"
# Where a cell begins: in front, and behind what separates cells in one country or another
_CELL = '(?:^|(?<=[;,|"\\t\\r\\n]))'
_BEGINS_FORMULA = re.compile(f"{_CELL}(?=[{_FORMULA}])")
_MADE_INERT = re.compile(f"{_CELL}'")


def escape(text: str) -> str:
    r"""The text with each character that a terminal would obey written out, as \x1b or \u202e."""
    return _OBEYED.sub(lambda match: _written_out(ord(match[0])), text)


def escape_lines(text: str) -> str:
    """Several lines, each escaped."""
    return "\n".join(map(escape, text.split("\n")))


def escape_stream(text: str) -> str:
    """What is printed, whoever forgot to escape it: lines, tabs and colours stay."""
    return _OBEYED_BY_STREAM.sub(lambda match: match[1] or _written_out(ord(match[0])), text)


def escape_json(text: str) -> str:
    r"""JSON text with those characters written as \u001b, so that it reads back as it was."""
    return _OBEYED.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _written_out(code_point: int) -> str:
    return f"\\x{code_point:02x}" if code_point < 0x100 else f"\\u{code_point:04x}"


def literal(text: str) -> str:
    """Text that Markdown shows as it stands: no markup, no HTML, no line break."""
    plain = "".join(_HTML.get(character, character) for character in escape(text))
    return _MARKUP.sub(r"\\\1", plain)


def shortened(text: str, most: int) -> str:
    """The text, or where it is longer than that its beginning and a mark: `…`."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def inert(text: str) -> str:
    """Text that no spreadsheet takes for a formula: an apostrophe goes before what could be one.

    Also within the text, where a spreadsheet with another separator than ours begins a cell.
    """
    if text.isalpha() or not text:  # most names, of which none begins a formula
        return text
    return _BEGINS_FORMULA.sub("'", text)


def exact(cell: str) -> str:
    """The text that `inert` made a cell of."""
    if cell.isalpha():
        return cell
    return _MADE_INERT.sub("", cell)
