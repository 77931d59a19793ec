"""One HTML file that coins names with a model: no server, no network, nothing beside it.

What a list or a model holds is text and never markup: the page's scripts write text alone, and its
content security policy lets no other script run and nothing be fetched.
"""

import base64
import hashlib
import html
import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from neonym.base.files import write_text
from neonym.base.text import escape, escape_json
from neonym.export.payload import payload
from neonym.models.model_file import Model

GENERATOR = '<meta name="generator" content="neonym export">'
"""By this an earlier page is known, among its first bytes."""
BEGINNING = 4096

ENGINE = (
    "payload",
    "products",
    "cells",
    "network",
    "ngram",
    "model",
    "recall",
    "drawing",
    "known",
    "spelling",
    "wishes",
    "coining",
    "worker",
)
APP = ("text", "coiner", "form", "names", "remembered", "letters", "shortlist", "main")
MARKUP = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


def write_page(path: Path, model: Model, title: str, listed: Sequence[str] | None = None) -> None:
    """Write the page, whole or not at all; equal models give equal bytes.

    Parameters
    ----------
    path
        The file.
    model
        What coins.
    title
        What the page is called.
    listed
        The names that were learned from, in canonical form, if they are to be in the page.

    Raises
    ------
    UserError
        If the file cannot be written.
    """
    write_text(path, page(model, title, listed))


def page(model: Model, title: str, listed: Sequence[str] | None = None) -> str:
    """The page; arguments as for `write_page`."""
    header, content = payload(model, title, listed)
    text = escape_json(json.dumps(header, ensure_ascii=False, separators=(",", ":")))
    engine, app, style = _joined("engine", ENGINE), _joined("app", APP), _source("page.css")
    parts = {
        "POLICY": _policy([engine, app], style),
        "GENERATOR": GENERATOR,
        "TITLE": html.escape(escape(title)),
        "STYLE": style,
        "ENGINE": engine,
        "APP": app,
        "HEADER": text.translate(MARKUP),
        "CONTENT": base64.b64encode(content).decode(),
    }
    # Each part once, in one pass: what a part holds is not looked through for others
    before, *rest = _source("page.html").split("{{")
    pieces = [before]
    for piece in rest:
        name, _, after = piece.partition("}}")
        pieces += [parts[name], after]
    return "".join(pieces)


def _policy(scripts: Sequence[str], style: str) -> str:
    """Only these scripts, as they stand, and a worker made of the first; nothing is fetched."""
    rules = {
        "default-src": ["'none'"],
        "script-src": [_hash(script) for script in scripts],
        "style-src": [_hash(style)],
        "worker-src": ["blob:"],
        "connect-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
        "require-trusted-types-for": ["'script'"],
        "trusted-types": ["neonym"],
    }
    return "; ".join(" ".join([name, *sources]) for name, sources in rules.items())


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _joined(folder: str, names: Sequence[str]) -> str:
    return "\n" + "\n".join(_source(f"{folder}/{name}.js") for name in names)


def _source(name: str) -> str:
    return files("neonym.export").joinpath("page", name).read_text(encoding="utf-8")


def is_page(path: Path) -> bool:
    """Whether a file is one that `write_page` wrote."""
    try:
        with path.open("rb") as file:
            return GENERATOR.encode() in file.read(BEGINNING)
    except OSError:
        return False
