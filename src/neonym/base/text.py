"""Text from outside, made safe for where it is shown: terminals, Markdown, spreadsheets.

A name can hold what a terminal obeys: escape sequences that move the cursor, set the window's title
or hide text, and marks that turn the direction of writing around.
"""

import re

# The C0 and C1 controls, lone surrogates, line and paragraph separators, and the marks that embed,
# override or isolate a direction. Joiners stay: Persian and the scripts of India need them.
_OBEYED = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
# How MLflow renders the description of a run
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_MARKUP = re.compile(r"([\\`*_{}\[\]()#|~!])")
# With these a spreadsheet begins a formula, in half or full width; the apostrophe itself is among
# them, so that whoever drops one leading apostrophe reads exactly what was written.
_BEGINS_FORMULA = tuple("=+-@\t\r\n'＝＋－＠")


def escape(text: str) -> str:
    r"""The text with each character that a terminal would obey written out, as \x1b or \u202e."""
    return _OBEYED.sub(lambda match: _written_out(ord(match[0])), text)


def escape_lines(text: str) -> str:
    """Several lines, each escaped."""
    return "\n".join(map(escape, text.split("\n")))


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
    """Text that no spreadsheet takes for a formula: an apostrophe goes before what could be one."""
    return "'" + text if text.startswith(_BEGINS_FORMULA) else text


def exact(cell: str) -> str:
    """The text that `inert` made a cell of."""
    return cell.removeprefix("'")
