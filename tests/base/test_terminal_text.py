"""What a terminal would obey is written out: as code points, in one place for all streams."""

import io

import pytest

from neonym.base.text import escape, escape_json, escape_stream
from neonym.cli import _Harmless

MARKS = ["\u061c", "\u200e", "\u200f", "\u202a", "\u202e", "\u2066", "\u2069", "\u206a"]
CONTROLS = ["\x00", "\x07", "\x08", "\r", "\x1b", "\x7f", "\x9b", "\u2028", "\ud800"]


@pytest.mark.parametrize("character", MARKS + CONTROLS)
def test_what_a_terminal_obeys_is_shown_as_its_code_point(character: str) -> None:
    number = ord(character)
    shown = f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"
    assert escape(f"a{character}b") == f"a{shown}b"
    assert escape_stream(f"a{character}b") == f"a{shown}b"
    assert escape_json(f"a{character}b") == f"a\\u{number:04x}b"


@pytest.mark.parametrize(
    "text", ["a\u200db", "می\u200cخواهم", "שלום", "e\u0301", "名前", "🏳\ufe0f"]
)
def test_letters_and_what_joins_them_stay(text: str) -> None:
    assert escape(text) == escape_stream(text) == text


def test_a_stream_takes_lines_tabs_and_colours_and_nothing_that_hides_or_moves() -> None:
    stream = io.StringIO()
    harmless = _Harmless(stream)
    harmless.write("\x1b[1;31ma\tb\x1b[0m\n\x1b[8mhidden\x1b[2J\x1b]0;title\x07")
    assert stream.getvalue() == ("\x1b[1;31ma\tb\x1b[0m\n\\x1b[8mhidden\\x1b[2J\\x1b]0;title\\x07")
    assert not harmless.isatty()
