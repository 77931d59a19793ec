"""What is wrong with values that do not fit a schema, in one line."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel, ValidationError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

LONGEST_SHOWN = 100
_TRUTHS = ("yes", "no", "on", "off", "y", "n", "t", "f")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?")
_NOTHINGS = ("none", "nil", "never", "nothing", "no", "off")


def explain(
    error: ValidationError, schema: type[BaseModel], values: Mapping[str, Any], source: str
) -> str:
    """The first thing that is wrong: its key, its value and what is allowed.

    Parameters
    ----------
    error
        What the schema found.
    schema
        The schema of the whole.
    values
        What it was given.
    source
        Where that comes from.
    """
    first, *others = _mistyped_first(error.errors(include_url=False))
    location = _key_path(first, values)
    key = ".".join(location)
    # What a value might have been is an error each in a union, and one for the reader
    same = [other for other in others if _key_path(other, values) == location]
    more = f" (and {len(others) - len(same)} more)" if len(others) > len(same) else ""
    if first["type"] == "extra_forbidden":
        return f"{source}: unknown key {key}{nearest(key, keys_of(schema))}{more}"
    if first["type"] == "missing":
        return f"{source}: {key} is missing{more}"
    if first["type"] == "union_tag_invalid":
        name, allowed = first["ctx"]["tag"], first["ctx"]["expected_tags"]
        return f"{source}: {key}.name = {json.dumps(name)}: input should be one of {allowed}{more}"
    messages = [_message(item) for item in (first, *same)]
    alternatives = [text.removeprefix("input should be ") for text in messages[1:]]
    said = " or ".join([messages[0], *alternatives])
    if isinstance(first["input"], Mapping):  # a section whose keys do not fit together
        return f"{source}: {f'{key}: ' if key else ''}{said}{more}"
    return f"{source}: {key} = {_shown(first['input'])}: {said}{_remedy(first, key)}{more}"


def _mistyped_first(errors: "list[ErrorDetails]") -> "list[ErrorDetails]":
    """A key that is missing and stands there mistyped is told by what stands there."""
    missing = {str(each["loc"][-1]) for each in errors if each["type"] == "missing"}
    for each in errors if missing else ():
        if each["type"] == "extra_forbidden" and closest(str(each["loc"][-1]), missing, 65):
            return [each, *(other for other in errors if other is not each)]
    return errors


def _shown(value: Any) -> str:
    """A value as JSON, cut where it is long: in YAML few letters make an endless one."""
    chunks = json.JSONEncoder(default=str, ensure_ascii=False).iterencode(value)
    try:
        text = "".join(islice(chunks, LONGEST_SHOWN + 1))
    except ValueError:  # it holds itself, or has thousands of digits
        return "(a value that cannot be shown)"
    return text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "…"


def _message(error: "ErrorDetails") -> str:
    if error["type"] in ("model_type", "model_attributes_type", "dict_type"):
        return "input should be keys with values, as {key: value}"
    text = error["msg"].removeprefix("Value error, ")
    return text[:1].lower() + text[1:]


def _key_path(error: "ErrorDetails", values: Any) -> list[str]:
    """The configuration keys of an error, without pydantic's names of union members."""
    *_, last = location = error["loc"] or ("",)
    path: list[str] = []
    for part in location:
        missing = error["type"] == "missing" and part is last
        if isinstance(values, Mapping) and (part in values or missing):
            path.append(str(part))
            values = values.get(part)
        elif isinstance(values, Mapping) and not path and part:
            path.append(str(part))
    return path


def nearest(key: str, known: Iterable[str]) -> str:
    """What a key that is not known could have been, as the end of a sentence.

    Parameters
    ----------
    key, known
        With dots; sections are keys too.
    """
    names = [name for name in dict.fromkeys(known) if name != key]
    section, _, last = key.rpartition(".")
    whole = [name for name in names if name.lower() == key.lower()]
    elsewhere = [name for name in names if name.rpartition(".")[2].lower() == last.lower()]
    beside = {name.rpartition(".")[2]: name for name in names if name.rpartition(".")[0] == section}
    meant = whole or elsewhere[:3]
    if not meant and (match := closest(last, list(beside), 65)):
        meant = [beside[match]]
    if not beside and (match := closest(key, names, 75)):
        meant = [match]
    if meant:
        return f"; did you mean {' or '.join(meant)}?"
    return f"; known are {', '.join(beside)}" if beside else ""


def closest(word: str, choices: Iterable[str], likeness: float) -> str | None:
    """The choice that is spelt most like a word, if any is as like as that, of 100."""
    from rapidfuzz import fuzz, process, utils  # noqa: PLC0415 (for a mistake alone)

    match = process.extractOne(
        word, choices, scorer=fuzz.ratio, processor=utils.default_process, score_cutoff=likeness
    )
    return None if match is None else match[0]


def keys_of(schema: Any, prefix: str = "") -> Iterator[str]:
    """All keys that a schema knows, with dots, sections among them; of a union those of each."""
    for name, field in schema.model_fields.items():
        yield f"{prefix}{name}"
        members = get_args(field.annotation) or (field.annotation,)
        for section in members:
            if hasattr(section, "model_fields"):
                yield from keys_of(section, f"{prefix}{name}.")


def _remedy(error: "ErrorDetails", key: str) -> str:
    """How a value is written that was meant otherwise than it reads, as the end of a sentence."""
    kind, value = error["type"], error["input"]
    text = value.strip().lower() if isinstance(value, str) else ""
    number, of_list = kind in ("int_type", "float_type"), isinstance(error["loc"][-1], int)
    # Shown, and so cut: in YAML a few letters make an endless list, or number
    plain = value if isinstance(value, str) else _shown(value)
    quoted = f'"{plain}"' if of_list else f"'{key}=\"{_shown(value)}\"'"
    remedies = {
        "write true or false": kind == "bool_type" and (text in _TRUTHS or value in (0, 1)),
        'a text without letters is ""': kind == "string_type" and value is None,
        f"a text is in quotes: {quoted}": (
            kind == "string_type" and isinstance(value, bool | int | float)
        ),
        f"write {key}=[{plain}]": kind == "list_type" and isinstance(value, str | int | float),
        "none at all, where that is allowed, is written null": number and text in _NOTHINGS,
        "write it without quotes": number and bool(_NUMBER.fullmatch(text)),
        "several values are written without [ ], and need -m": number and isinstance(value, list),
        "a share is written as 0.1": number and text.endswith("%"),
        f"write {value:.0f}" if isinstance(value, float) else "": (
            kind == "int_type" and isinstance(value, float) and value.is_integer()
        ),
    }
    return "".join(f"; {remedy}" for remedy, fits in remedies.items() if fits)
