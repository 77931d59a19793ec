"""Keep secrets out of recorded diffs, and say what was left out.

Lines are looked at in both versions of a file, each as a whole: a value may stand lines below its
key. Where in doubt it is left out, since a diff that lacks something only cannot be run again.
"""

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import PurePosixPath
from typing import Any

from neonym.lab.tracking.addresses import REDACTED
from neonym.lab.tracking.redaction import PROSE, is_no_secret, line_hider, quoted_hider
from neonym.lab.tracking.secret_keys import is_secret_key

# Before a redacted line of a diff. No patch has it, so `git apply` refuses the diff as a whole.
MARK = "!"
LONGEST = 2000  # characters of a line that is looked at; a longer one is left out

_SECRET_FILE = re.compile(
    r"(^|/)(\.env(\..*)?|\.netrc|\.pgpass|\.pypirc|\.npmrc|\.htpasswd|id_(rsa|dsa|ecdsa|ed25519)"
    r"|credentials(\.\w+)?|[^/]*\.(pem|key|p12|pfx|keystore))$"
)
_KEY_BEGINS = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY")
_KEY_ENDS = re.compile(r"-----END [A-Z ]*PRIVATE KEY")
_FILE = re.compile(r"diff --git (?:\"?a/.*) \"?b/(?P<path>.*?)\"?$")
_HUNK = re.compile(r"(@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@)(.*)", re.DOTALL)

# A key with what separates it from its value: `key:`, `"key" =`, `<key>`, `ENV KEY`
_SIGNED = re.compile(
    r"(?<![\w.-])(?:key|name)[\"']?\s{0,9}[:=]\s{0,9}[\"']?(?P<named>[\w.-]{1,200})[\"']?(?:[\s,]|$)"
    r"|(?:ENV|ARG|export|set)\s+(?P<set>[A-Za-z_]\w{0,200})[ =]"
    r"|(?<![\w.-])(?P<key>[A-Za-z_][\w.-]{0,200})[\"'\]]{0,3}\s{0,20}[:=>]=?"
)
_GOES_ON = re.compile(r"(?:[=\\]|[\"']\s{0,9}:)\s*$")
_OPENS = re.compile(r"(?:[=(\[{,\\]|[\"']\s{0,9}:|\"{3}|'{3})\s*$")
_TRIPLE = re.compile(r"\"{3}|'{3}")
_LITERAL = re.compile(r"(?P<quote>[\"'])(?P<value>(?:\\.|(?!(?P=quote))[^\\])+)(?P=quote)")
# The value of a secret key among others: `key = a or "value"`, `"KEY", "value"`
_ASSIGNED = re.compile(
    r"(?<![\w.-])(?P<key>[A-Za-z_][\w.]{0,200})(?:\s{0,9}:\s{0,9}[\w.\[\]| ,]{1,80}?)?"
    r"\s{0,20}:?=(?!=)(?P<between>(?:(?!:=)[^,\"'#]){0,80}?)(?P<quote>[\"'])"
    r"(?P<value>(?:\\.|(?!(?P=quote))[^\\])+)(?P=quote)?"
)
# … and of a list of them: `keys = ["a", "b"]`, `"keys": ["a"]`, `BasicAuth("a", "b")`
_LISTED = re.compile(
    r"(?:(?<![\w.-])(?P<key>[A-Za-z_][\w.]{0,200})(?:\s{0,9}:\s{0,9}[\w.\[\]| ,]{1,80}?)?\s{0,20}="
    r"|[\"'](?P<quoted>[A-Za-z_][\w.-]{0,200})[\"']\s{0,9}:"
    r"|(?<!\w)(?P<called>[A-Za-z_]\w{0,200}Auth)(?=\())\s{0,20}(?=[\[({])"
)
_BRACKET = re.compile(r"(?P<opens>[\[({])|[\])}]|#.*")
_PAIRED = re.compile(
    r"(?P<before>[\"'])(?P<key>-{0,2}[A-Za-z_][\w.-]{0,200})(?P=before)"
    r"\s{0,9}(?:[,:]|(?:,\s{0,9}\w{1,40}\s{0,9})?[\])]\s{0,9}or\b)\s{0,9}[rbfuRBFU]{0,2}"
    r"(?P<quote>[\"'])(?P<value>(?:\\.|(?!(?P=quote))[^\\])+)(?P=quote)?"
)


def redact_diff(text: str, whole: str = "") -> tuple[str, bool]:
    """A diff as `git diff` shows it, without what looks like a secret.

    Parameters
    ----------
    text
        The diff.
    whole
        The same with all unchanged lines, so that a value is known whose key is far; "": none.

    Returns
    -------
    text
        The diff; a line of which something was left out begins with `!`, so that git refuses to
        apply it.
    redacted
        Whether something was left out.
    """
    shown = _shown_lines(whole or text)
    lines = text.split("\n")
    for at, path, sign, numbers in _walked(lines):
        content = lines[at][1:]
        if sign == "@":
            lines[at] = _HUNK.sub(r"\1", lines[at])  # behind it may stand any line of the file
            continue
        versions = (shown.get((path, side, number), content) for side, number in numbers)
        hidden = next((each for each in versions if each != content), content)
        hidden = _hide_detected(PurePosixPath(path).suffix, hidden)
        if hidden != content:
            lines[at] = f"{MARK}{sign}{hidden}"
    redacted = "\n".join(lines)
    return redacted, is_redacted_diff(redacted)


def holds_secret(path: str, text: str) -> bool:
    """Whether something in a file looks like a secret."""
    lines = text.split("\n")
    shown = (_hide_detected(PurePosixPath(path).suffix, line) for line in _shown(path, lines))
    return list(shown) != lines


def is_redacted_diff(text: str) -> bool:
    """Whether something was left out of a diff that was recorded, so that it cannot be applied."""
    marks = (f"\n{MARK}+", f"\n{MARK}-", f"\n{MARK} ")
    return REDACTED in text and any(mark in f"\n{text}" for mark in marks)


_Numbers = tuple[tuple[str, int], ...]


def _walked(lines: list[str]) -> Iterator[tuple[int, str, str, _Numbers]]:
    """Where the lines of files stand in a diff: at, path, sign, and their numbers before, after."""
    path, old, new = "", 1, 1
    for at, line in enumerate(lines):
        if match := _FILE.match(line):
            path, old, new = match["path"], 1, 1
        elif match := _HUNK.match(line):
            old, new = int(match[2]), int(match[3])
            yield at, path, "@", ()
        elif line.startswith(("+++ ", "--- ")):
            continue
        elif line[:1] in ("+", "-", " "):
            sides = {"+": (("new", new),), "-": (("old", old),)}
            yield at, path, line[0], sides.get(line[0], (("old", old), ("new", new)))
            old, new = old + (line[0] != "+"), new + (line[0] != "-")


def _shown_lines(diff: str) -> dict[tuple[str, str, int], str]:
    """What can be shown of the lines of both versions of each file, as far as a diff has them."""
    lines = diff.split("\n")
    found: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for at, path, sign, numbers in _walked(lines):
        for side, number in numbers if sign != "@" else ():
            found.setdefault((path, side), []).append((number, lines[at][1:]))
    return {
        (path, side, number): shown
        for (path, side), numbered in found.items()
        for (number, _), shown in zip(
            numbered, _shown(path, [line for _, line in numbered]), strict=True
        )
    }


def _shown(path: str, lines: list[str]) -> Iterator[str]:
    """What can be shown of the lines of a file, one after the other."""
    reader = _Reader(path)
    return map(reader.shown, lines)


class _Reader:
    """Reads a file line by line, and knows in which value it is.

    Parameters
    ----------
    path
        The file, whose name tells how keys and values are written in it.
    """

    def __init__(self, path: str) -> None:
        suffix = PurePosixPath(path).suffix
        self._is_code, self._is_prose = suffix == ".py", suffix in PROSE
        self._is_secret = bool(_SECRET_FILE.search(path))
        self._hide = quoted_hider() if self._is_code else line_hider(self._is_prose)
        self._within_key = False
        self._below = -1
        """How far a secret key is indented: what stands further is its value; -1: there is none."""
        self._goes_on = False
        """Whether the value begins on the next line, however far that is indented."""
        self._unclosed = 0
        """How many brackets of a value in code are open."""
        self._closing = ""
        """The quotes that end the text of a value; "" where there is none."""

    def shown(self, line: str) -> str:
        """What can be shown of the next line."""
        self._within_key = self._within_key or bool(_KEY_BEGINS.search(line))
        if not line.strip():
            return line
        if self._closing or self._within_key or self._is_secret or len(line) > LONGEST:
            self._closing = "" if self._closing and self._closing in line else self._closing
            self._within_key = self._within_key and not _KEY_ENDS.search(line)
            return REDACTED
        if self._is_in_value(line):
            self._closing = _open_triple(line) if self._is_code else ""
            indented = line[: _indent(line)] + REDACTED
            return _LITERAL.sub(_hide_literal, line) if self._is_code else indented
        self._note_key(line)
        shown = self._hide(line)
        if self._is_code:
            shown = _hide_listed(shown)
            return _PAIRED.sub(_hide_literal_of_key, _ASSIGNED.sub(_hide_literal_of_key, shown))
        return shown if self._is_prose else _hide_values(shown)

    def _is_in_value(self, line: str) -> bool:
        """Whether a line belongs to the value of a secret key above it."""
        indent = _indent(line)
        is_item = indent == self._below and line.lstrip().startswith("- ")
        if not (self._goes_on or (self._below >= 0 and (indent > self._below or is_item))):
            self._below = -1
        is_in_value = self._goes_on or self._below >= 0 or self._unclosed > 0
        self._goes_on = False
        self._unclosed = max(0, self._unclosed + _opened(line)) if self._unclosed else 0
        return is_in_value

    def _note_key(self, line: str) -> None:
        """Note where a value may begin that goes on below this line."""
        at = _secret_key_in(line)
        if at < 0 or self._is_prose:
            return
        if self._is_code:
            self._unclosed = max(0, _opened(line[at:]))
            if not _OPENS.search(line):
                return
        self._below = _indent(line) if self._is_code else at
        self._goes_on = bool(_GOES_ON.search(line))
        self._closing = _open_triple(line)


def _opened(line: str) -> int:
    """How many brackets of code a line opens more than it closes."""
    found = _BRACKET.finditer(_LITERAL.sub("", line))
    return sum(1 if each["opens"] else -1 for each in found if each[0][0] != "#")


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _secret_key_in(line: str) -> int:
    """Where the first key begins that is called a secret and has a value; -1 if none does."""
    for match in _SIGNED.finditer(line):
        for group in ("key", "set", "named"):
            annotation = line[: match.start()].rstrip(" \t\"'").endswith("->")
            if match[group] and is_secret_key(match[group]) and not annotation:
                # beside what names a key stands its value
                at = match.start() - 1 if group == "named" else match.start(group)
                return len(line[:at].rstrip("<\"'")) if line[:at].strip() else at
    return -1


def _hide_values(line: str) -> str:
    """A line of configuration without what stands behind a key that is called a secret."""
    for match in _SIGNED.finditer(line):
        key, rest = match["key"] or match["set"] or match["named"], line[match.end() :]
        value = rest.strip(" \t\"',;[](){}<>/|-+")
        harmless = not value or is_no_secret(value) or is_no_secret(rest.strip(" \t\"',;"))
        if is_secret_key(key) and not harmless and not rest.lstrip(" \t\"'").startswith(REDACTED):
            return f"{line[: match.end()]} {REDACTED}"
    return line


def _hide_listed(line: str) -> str:
    """A line of code without the texts in a list that has a secret's name."""
    for match in _LISTED.finditer(line):
        if is_secret_key(match["key"] or match["quoted"] or match["called"]):
            return line[: match.end()] + _LITERAL.sub(_hide_literal, line[match.end() :])
    return line


def _hide_literal(match: re.Match[str]) -> str:
    if is_secret_key(match["value"]) and re.fullmatch(r"[\w.-]+", match["value"]):
        return match[0]  # a key's name, as in environ["API_KEY"]
    if is_no_secret(match["value"]) or not match["value"].strip() or REDACTED in match[0]:
        return match[0]
    start, end = match.start("value") - match.start(), match.end("value") - match.start()
    return match[0][:start] + REDACTED + match[0][end:]


def _hide_literal_of_key(match: re.Match[str]) -> str:
    if not is_secret_key(match["key"]):
        return match[0]
    between = match.groupdict().get("between", "").strip()
    if between and (between.endswith("[") or len(match["value"]) < 4):
        return match[0]  # of a call or an expression: one that is short says what, not which
    return _hide_literal(match)


def _open_triple(line: str) -> str:
    """The quotes of a text that a line leaves open; "" if it leaves none."""
    marks = _TRIPLE.findall(line)
    return marks[-1] if len(marks) % 2 else ""


@cache
def _detectors() -> list[Any]:
    from detect_secrets.core.plugins.util import (  # noqa: PLC0415 (only where there is a diff)
        get_mapping_from_secret_type_to_class,
    )

    classes: Any = get_mapping_from_secret_type_to_class().values()
    return [each() for each in classes if each.__name__ != "IPPublicDetector"]


@lru_cache(maxsize=10_000)  # stages record the same diff again
def _hide_detected(suffix: str, line: str) -> str:
    """A line without what the detectors of detect-secrets know; none is asked to verify it."""
    from detect_secrets.plugins.keyword import (  # noqa: PLC0415 (only where there is a diff)
        QUOTES_REQUIRED_DENYLIST_REGEX_TO_GROUP,
        REGEX_BY_FILETYPE,
        KeywordDetector,
    )
    from detect_secrets.util.filetype import determine_file_type  # noqa: PLC0415 (see above)

    quoted = QUOTES_REQUIRED_DENYLIST_REGEX_TO_GROUP
    patterns = REGEX_BY_FILETYPE.get(determine_file_type(f"file{suffix}"), quoted)
    for detector in _detectors():
        if isinstance(detector, KeywordDetector):
            values = detector.analyze_string(line, denylist_regex_to_group=patterns)
        else:
            values = detector.analyze_string(line)
        limit = getattr(detector, "entropy_limit", None)
        for value in values:
            if limit is not None and detector.calculate_shannon_entropy(value) <= limit:
                continue
            if value and not is_no_secret(value.strip("\"' ,")) and REDACTED not in value:
                line = line.replace(value, REDACTED)
    return line
