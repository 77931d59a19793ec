"""The words of a command line, before Hydra composes: what it could not read is told in its place.

Hydra names the grammar's tokens that it misses; here a mistake names the key, the value, and how it
is written so that Hydra reads it.
"""

import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, Override, OverrideType
from hydra.errors import HydraException

from neonym.base.errors import UserError
from neonym.lab.composing.conf_files import read_conf_file

NAME = r"[A-Za-z_][\w$-]*"
KEY = re.compile(rf"[~+]{{0,2}}{NAME}(?:(?:\.[\w$-]+)*|(?:/[\w$-]+)*(?:@[\w.:-]+)?)", re.ASCII)
NULL = re.compile(r"(?<==|,)null(?=,|$)")
CALLS = {
    "range": "range(start,stop,step), of numbers",
    "interval": "interval(low,high), of numbers",
    "choice": "choice(a,b,c)",
    "tag": "tag(log,interval(low,high))",
}
CLOSING = {"[": "]", "{": "}"}
UNQUOTED = "Hydra reads only plain letters without quotes"


def read_words(words: Sequence[str], conf: Path) -> list[str]:
    """Overrides as Hydra takes them: `experiment=null`, which it does not, becomes `experiment=[]`.

    Parameters
    ----------
    words
        Without flags.
    conf
        The folder of configuration, whose subfolders are the groups.

    Raises
    ------
    UserError
        For the first word that Hydra could not read.
    """
    return [_read_word(word, conf) for word in words]


def _read_word(word: str, conf: Path) -> str:
    override = parse_word(word)
    group = conf / override.key_or_group
    if not group.is_dir() or override.type == OverrideType.DEL:
        return word
    written = override.value()
    values = written.list if isinstance(written, ChoiceSweep) else [written]
    choices = ", ".join(sorted(path.stem for path in group.glob("*.yaml")))
    for value in values:
        if value is None and _may_be_left_out(override.key_or_group, conf):
            continue
        if value is None or isinstance(value, bool | int | float):
            key, said = override.key_or_group, "null" if value is None else str(value).lower()
            a_key = f"; a key in it is written {key}.KEY={said}"
            raise UserError(
                f"{key}={said}: {key} needs one of its choices: {choices}"
                f"{'' if _may_be_left_out(key, conf) else a_key}"
            )
    return NULL.sub("[]", word) if None in values else word


def _may_be_left_out(group: str, conf: Path) -> bool:
    """Whether `config.yaml` itself chooses nothing of a group, which then has no keys either."""
    return {group: None} in read_conf_file(conf / "config.yaml").get("defaults", [])


def parse_word(word: str, loader: ConfigLoader | None = None) -> Override:
    """An override as Hydra reads it; with its loader `glob` knows the choices of a group.

    Raises
    ------
    UserError
        If it cannot be read: with the key, the value, and how to write it.
    """
    key, equals, value = word.partition("=")
    if not word.strip():
        raise UserError('an override is empty; leave it out, or write key=""')
    if word.lstrip("+~").startswith("="):
        raise UserError(f"{word} has no key before the =; write key=value, without spaces")
    if not KEY.fullmatch(key):
        raise UserError(_of_key(word, key))
    if not equals and not key.startswith("~"):
        raise UserError(f"{word} has no value; write {word}=VALUE, without spaces around the =")
    try:
        [override] = OverridesParser.create(loader).parse_overrides([word])
    except HydraException:
        raise UserError(_unreadable(key, value)) from None
    return override


def _of_key(word: str, key: str) -> str:
    """What is wrong with a key."""
    value = word.partition("=")[2].strip()
    separated = re.fullmatch(r"([\w.]+):\s*(.*)", word)
    if KEY.fullmatch(key.strip()):
        return f"{word}: write {key.strip()}={value}, without spaces around the ="
    if separated:
        return f"{word}: write {separated[1]}={separated[2]}"
    return f"{word}: {key} is no key; keys are plain letters, digits and _, with dots between them"


def _unreadable(key: str, value: str) -> str:
    """What is wrong with a value, and how to write it."""
    said, first = f"{key} = {value}: ", value[:1]
    closed = f"{value}{CLOSING.get(first, '')}"
    inside = ",".join(quote(text.strip(" \"'")) for text in value[1:-1].split(","))
    if "${" in value:
        return f"{said}${{ begins a reference to another key, as ${{seed}}, and needs its }}"
    if (bare := value.strip(",=")) not in ("", value) and _is_read(f"{key}={bare}"):
        return f"{said}there is a sign too many; write {_for_shell(key, bare)}"
    if first in CLOSING and len(value) > 1 and _is_read(f"{key}={closed}"):
        return f"{said}{first} is not closed; write {_for_shell(key, closed)}"
    if first == "{" and value.endswith("}"):
        return f"{said}within {{ }} keys are plain letters, other texts in quotes: '{{a: \"b c\"}}'"
    if first == "[" and value.endswith("]") and _is_read(f"{key}=[{inside}]"):
        return f"{said}within [ ] texts are in quotes; write {_for_shell(key, f'[{inside}]')}"
    return f"{said}{_of_text(key, value)}"


def _of_text(key: str, value: str) -> str:
    """How a text is written that Hydra does not read as it stands, or a call."""
    called, first = re.match(r"(\w+)\(", value), value[:1]
    name = called[1] if called else ""
    if name in CALLS:
        return f"{name} is written {CALLS[name]}"
    unknown = f"{name}( ) is none of {', '.join(CALLS)}; " if name else ""
    text = value[1:] if first in ("'", '"') and value.count(first) == 1 else value
    return f"{unknown}{UNQUOTED}; write {_for_shell(key, quote(text))}"


def _is_read(word: str) -> bool:
    try:
        OverridesParser.create().parse_overrides([word])
    except HydraException:
        return False
    return True


def quote(text: str) -> str:
    """A text as Hydra reads it whatever it holds."""
    escaped = re.sub(r'(\\*)("|$)', lambda m: m[1] * 2 + ('\\"' if m[2] else ""), text)
    return f'"{escaped}"'


def _for_shell(key: str, value: str) -> str:
    """An override, quoted for the shell."""
    return shlex.quote(f"{key}={value}")
