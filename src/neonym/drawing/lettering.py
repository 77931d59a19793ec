"""Letters of any script in pictures: in a font that has them, otherwise by name or code point."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

from matplotlib import font_manager
from matplotlib.font_manager import FontProperties

from neonym.drawing.canvas import BASE_FONT

# Not for text: a box for every character there is, pictures, and the pieces of formulas.
NOT_FOR_TEXT = ("Last Resort", "LastResort", "STIX", "cm", "DejaVu Math")

NORMAL = 400  # weight, as in CSS

# What nobody sees: controls, marks of direction, surrogates, separators; and what nobody defined
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"})
MARKS = frozenset({"Mn", "Mc", "Me"})
SPACE = "␣"
# た is ‹ta›, タ is ‹TA›: what a letter is called where no font has it
SOUND = re.compile(r"(?:LETTER|SYLLABLE) ([A-Z]{1,4})")
CARRIER = "◌"  # a combining mark needs something to stand on


class Lettering(NamedTuple):
    """How some texts can be drawn.

    Attributes
    ----------
    families
        The fonts, the usual one first.
    characters
        Those that one of the fonts has.
    """

    families: tuple[str, ...]
    characters: frozenset[str]

    def show(self, text: str) -> str:
        """The text as it can be drawn and read: spaces show, what has no glyph is ‹named› or U+…"""
        return "".join(map(self._show, text))

    def _show(self, character: str) -> str:
        if character == " ":
            return SPACE
        if unicodedata.category(character) in UNSEEN:
            return f"U+{ord(character):04X}"
        if character not in self.characters:
            return _named(character)
        is_mark = unicodedata.category(character) in MARKS
        return CARRIER + character if is_mark else character


def _named(character: str) -> str:
    """A character by its sound, from its name in Unicode, otherwise by its code point."""
    name = unicodedata.name(character, "")
    sound = SOUND.search(name)
    if sound is None or sound.end() != len(name):
        return f"U+{ord(character):04X}"
    return f"‹{sound[1] if name.startswith('KATAKANA') else sound[1].lower()}›"


def shortened(text: str, most: int) -> str:
    """The text, cut so that it has at most so many characters."""
    return text if len(text) <= most else text[: max(0, most - 1)] + "…"


def lettering_for(texts: Iterable[str]) -> Lettering:
    """Find fonts for the characters of these texts.

    The machine's fonts are looked through in alphabetical order, and only if the usual one does not
    suffice.
    """
    wanted = frozenset().union(*texts)
    families, missing = [BASE_FONT], wanted - _coverage(BASE_FONT)
    for family in _families() if missing else ():
        found = missing & _coverage(family)
        if found:
            families.append(family)
            missing -= found
        if not missing:
            break
    return Lettering(tuple(families), wanted - missing)


def _families() -> Iterator[str]:
    # Of a family without upright letters of normal weight matplotlib warns
    fonts = font_manager.fontManager.ttflist
    names = {font.name for font in fonts if font.weight == NORMAL and font.style == "normal"}
    return (name for name in sorted(names) if not name.startswith(NOT_FOR_TEXT))


@cache
def _coverage(family: str) -> frozenset[str]:
    """The characters that the font which stands for a family has; none if it cannot be used."""
    try:
        path = font_manager.findfont(FontProperties(family=[family]), fallback_to_default=False)
        font = font_manager.get_font(path)
    except (ValueError, OSError, RuntimeError):  # named by an old list, gone or damaged
        return frozenset()
    return frozenset(map(chr, font.get_charmap())) if font.scalable else frozenset()
