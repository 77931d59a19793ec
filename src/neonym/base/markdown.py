"""Text in Markdown, as MLflow renders it in the description of a run."""

import re

from neonym.base.terminal import escape

_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_MARKUP = re.compile(r"([\\`*_{}\[\]()#|~!])")


def literal(text: str) -> str:
    """Text that Markdown shows as it stands: no markup, no HTML, no line break."""
    plain = "".join(_HTML.get(character, character) for character in escape(text))
    return _MARKUP.sub(r"\\\1", plain)
