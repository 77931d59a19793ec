from pathlib import Path

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib import font_manager

from neonym.drawing import lettering
from neonym.drawing.canvas import BASE_FONT
from neonym.drawing.lettering import lettering_for, shortened

NOT_ON_EARTH = "\u1880"  # a Mongolian sign; DejaVu Sans has no Mongolian


def make_font(path: Path, family: str, character: str) -> None:
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    pen.lineTo((500, 0))
    pen.lineTo((250, 700))
    pen.closePath()
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", "one"])
    builder.setupCharacterMap({ord(character): "one"})
    glyph = pen.glyph()
    builder.setupGlyf({".notdef": glyph, "one": glyph})
    builder.setupHorizontalMetrics({".notdef": (600, 0), "one": (600, 0)})
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": family, "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(path)


def test_letters_of_the_usual_font_stay_and_need_no_other() -> None:
    found = lettering_for(["abc", "łóūñ", "$_^"])
    assert found.families == (BASE_FONT,)
    assert [found.show(text) for text in ("abc", "łó", "$_")] == ["abc", "łó", "$_"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (" ", "␣"),
        ("\x07", "U+0007"),
        ("\u202e", "U+202E"),
        ("\u200d", "U+200D"),
        ("\xa0", "U+00A0"),
        ("\ud800", "U+D800"),
        ("a\nb", "aU+000Ab"),
        ("\u0301", "◌\u0301"),
        ("\U000f0000", "U+F0000"),
    ],
)
def test_what_nobody_sees_is_shown_as_its_code_point(text: str, shown: str) -> None:
    assert lettering_for([text]).show(text) == shown


def test_a_letter_that_no_font_has_is_shown_as_its_code_point(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lettering, "_families", lambda: iter(()))
    found = lettering_for(["a" + NOT_ON_EARTH])
    assert found.show("a" + NOT_ON_EARTH) == "aU+1880"
    assert found.families == (BASE_FONT,)


@pytest.mark.parametrize(
    ("letter", "shown"), [("な", "‹na›"), ("ナ", "‹NA›"), ("한", "‹han›"), ("っ", "U+3063")]
)
def test_a_letter_that_no_font_has_is_shown_by_its_sound_where_its_name_tells(
    letter: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lettering, "_families", lambda: iter(()))
    assert lettering_for([letter]).show(letter) == shown


def test_a_font_of_the_machine_that_has_the_letter_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fonts = font_manager.fontManager
    monkeypatch.setattr(fonts, "ttflist", list(fonts.ttflist))
    make_font(tmp_path / "font.ttf", "Aaa Test", NOT_ON_EARTH)
    fonts.addfont(tmp_path / "font.ttf")
    found = lettering_for([NOT_ON_EARTH])
    assert found.show(NOT_ON_EARTH) == NOT_ON_EARTH
    assert found.families == (BASE_FONT, "Aaa Test")


def test_a_font_that_has_vanished_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fonts = font_manager.fontManager
    monkeypatch.setattr(fonts, "ttflist", list(fonts.ttflist))
    path = tmp_path / "font.ttf"
    make_font(path, "Aaa Vanished", NOT_ON_EARTH)
    fonts.addfont(path)
    path.unlink()
    assert "Aaa Vanished" not in lettering_for([NOT_ON_EARTH]).families


def test_no_text_needs_no_search() -> None:
    assert lettering_for([]).families == (BASE_FONT,)


def test_long_words_are_cut() -> None:
    assert shortened("internationalization", 6) == "inter…"
    assert shortened("small", 5) == "small"
