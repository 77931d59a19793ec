"""Keep secrets out of what is tracked: parameters, tags, titles and diffs.

What counts as one: the value of a key that is called like one, credentials in an address, what has
the form of a well-known kind of key, and the values of this process's environment variables that
are called like secrets. A secret under a harmless name in a form of its own is not recognized.
"""

import json
import os
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from neonym.base.text import escape, literal
from neonym.lab.tracking.addresses import (
    REDACTED,
    SHORTEST,
    hide_addresses,
    secrets_of,
)
from neonym.lab.tracking.secret_keys import is_secret_key

PROSE = (".md", ".rst")  # of which only what is clearly a value is hidden

_FORMS = re.compile(
    r"\b(?:"
    r"(?:AKIA|ASIA)[A-Z0-9]{16}"  # AWS
    r"|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,}|glpat-[\w-]{20,}"
    r"|xox[abprs]-[\w-]{10,}"  # Slack
    r"|sk-[\w-]{20,}|hf_[A-Za-z0-9]{30,}|AIza[\w-]{35}"  # OpenAI and others, Hugging Face, Google
    r"|npm_[A-Za-z0-9]{30,}|pypi-[\w-]{30,}"
    r"|eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]+"  # JSON web tokens
    r")"
)
_KEY = r"(?<![\w.-])(?P<key>[A-Za-z_][\w.-]{0,200})[\"'\]]{0,3}"
_ANNOTATION = r"(?:\s{0,9}:\s{0,9}[\w.]{1,40})?"
# key = "value", "key": "value", key: str = "value"
_QUOTED = re.compile(
    _KEY + _ANNOTATION + r"\s{0,20}[:=]\s{0,20}[rbfuRBFU]{0,2}(?P<quote>[\"'])"
    r"(?P<value>(?:\\.|(?!(?P=quote))[^\\])+)(?P=quote)?"
)
_FLAG = re.compile(r"(?<!\S)--(?P<key>[A-Za-z][\w-]{0,80})[ =](?P<value>[^\s\"'-]\S*)")
_TIGHT = re.compile(_KEY + r"=(?P<value>[^\s\"'=&][^\s&]*)")  # key=value
_LOOSE = re.compile(_KEY + r"(?:\s{0,20}:\s{1,20}|\s{1,20}=\s{1,20})(?P<value>[^\s\"'=].*)")
_NO_SECRET = re.compile(
    r"\$\{[^}]*\}|\$\w+|<[^>]*>|null|none|true|false|~|\.{3}|\*+", re.IGNORECASE
)

_PATTERNS_OF_PROSE = (_QUOTED, _FLAG, _TIGHT)
_PATTERNS = (_QUOTED, _FLAG, _TIGHT, _LOOSE)

_KEY_BEGINS = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY")
_KEY_ENDS = re.compile(r"-----END [A-Z ]*PRIVATE KEY")


def redact(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values, however deeply they are nested, without what looks like a secret."""
    return {
        key: REDACTED if is_secret_key(key) and not _is_empty(value) else _redact_value(value)
        for key, value in values.items()
    }


def _redact_value(value: Any) -> Any:
    match value:
        case str():
            return redact_text(value)
        case Mapping():
            return redact(value)
        case list() | tuple():
            return [_redact_value(item) for item in value]
        case _:
            return value


def _is_empty(value: Any) -> bool:
    return value is None or isinstance(value, bool) or value in ("", [], {})


def redact_text(text: str) -> str:
    """Text without what looks like a secret: `key=value`, credentials in addresses, keys."""
    hide = _hider(_PATTERNS)
    lines, within = [], False
    for line in text.split("\n"):
        within = within or bool(_KEY_BEGINS.search(line))
        lines.append(REDACTED if within else hide(line))
        within = within and not _KEY_ENDS.search(line)
    return "\n".join(lines)


def hide_known(text: str) -> str:
    """Text without the secrets that stand in environment variables, in whatever way it is escaped.

    For what is no prose, such as tables and diffs, whose own words may look like keys.
    """
    return _hider(())(text)


def line_hider(of_prose: bool = False) -> Callable[[str], str]:
    """What takes secrets out of one line of a configuration, or of prose."""
    return _hider(_PATTERNS_OF_PROSE if of_prose else _PATTERNS)


def quoted_hider() -> Callable[[str], str]:
    """What takes secrets out of a line of code, where `token=token`, `token: str` are common."""
    return _hider((_QUOTED,))


def is_no_secret(value: str) -> bool:
    """Whether a value is none, or stands for one that is elsewhere: null, ${oc.env:X}."""
    return bool(_NO_SECRET.fullmatch(value))


def _hider(patterns: tuple[re.Pattern[str], ...]) -> Callable[[str], str]:
    """What takes secrets out of one line."""
    known = _environment_secrets()
    longest_first = sorted(known, key=len, reverse=True)
    environment = re.compile("|".join(map(re.escape, longest_first))) if known else None

    def hide(line: str) -> str:
        if environment:
            line = environment.sub(lambda match: known[match[0]], line)
        if not patterns:
            return line
        line = hide_addresses(line)
        line = _FORMS.sub(REDACTED, line)
        for pattern in patterns:
            line = pattern.sub(_hide_value, line)
        return line

    return hide


def _environment_secrets() -> dict[str, str]:
    """What stands in environment variables and is looked for in other text, and what is shown."""
    known: dict[str, str] = {}
    for name, value in os.environ.items():
        if secrets := secrets_of(value):
            known |= secrets
        elif name != "PWD" and len(value) >= SHORTEST and is_secret_key(name):
            known[value] = REDACTED
    return {form: shown for value, shown in known.items() for form in _forms_of(value)}


@lru_cache(maxsize=256)
def _forms_of(value: str) -> frozenset[str]:
    """A text as it may stand in Markdown, JSON, YAML, an address or at a terminal."""
    in_json = (json.dumps(value, ensure_ascii=ascii_)[1:-1] for ascii_ in (True, False))
    others = (escape(value), literal(value), quote(value, safe=""), value.replace("'", "''"))
    return frozenset((value, *in_json, *others))


def _hide_value(match: re.Match[str]) -> str:
    value = match["value"]
    if REDACTED in value or not is_secret_key(match["key"]) or is_no_secret(value.strip()):
        return match[0]
    start, end = match.start("value") - match.start(), match.end("value") - match.start()
    return match[0][:start] + REDACTED + match[0][end:]
