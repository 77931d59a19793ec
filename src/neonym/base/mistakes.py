"""What is wrong with values that do not fit a schema, in one line."""

import json
from collections.abc import Mapping
from itertools import islice
from typing import Any, Literal

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

LONGEST_SHOWN = 100


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
    first, *others = error.errors(include_url=False)
    location = _key_path(first["loc"], values)
    key = ".".join(location)
    # What a value might have been is an error each in a union, and one for the reader
    same = [other for other in others if _key_path(other["loc"], values) == location]
    more = f" (and {len(others) - len(same)} more)" if len(others) > len(same) else ""
    if first["type"] == "extra_forbidden":
        return f"{source}: unknown key {key}{_nearest_key(location, schema, values)}{more}"
    if first["type"] == "missing":
        return f"{source}: {key} is missing{more}"
    if first["type"] == "union_tag_invalid":
        name, allowed = first["ctx"]["tag"], first["ctx"]["expected_tags"]
        return f"{source}: {key}.name = {json.dumps(name)}: input should be one of {allowed}{more}"
    messages = [_message(item) for item in (first, *same)]
    alternatives = [text.removeprefix("input should be ") for text in messages[1:]]
    said = " or ".join([messages[0], *alternatives])
    if isinstance(first["input"], Mapping):  # a section whose keys do not fit together
        return f"{source}: {key}: {said}{more}"
    return f"{source}: {key} = {_shown(first['input'])}: {said}{more}"


def _shown(value: Any) -> str:
    """A value as JSON, cut where it is long: in YAML few letters make an endless one."""
    chunks = json.JSONEncoder(default=str, ensure_ascii=False).iterencode(value)
    try:
        text = "".join(islice(chunks, LONGEST_SHOWN + 1))
    except ValueError:  # it holds itself, or has thousands of digits
        return "(a value that cannot be shown)"
    return text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "…"


def _message(error: ErrorDetails) -> str:
    text = error["msg"].removeprefix("Value error, ")
    return text[:1].lower() + text[1:]


def _key_path(location: tuple[int | str, ...], values: Any) -> list[str]:
    """The configuration keys in an error's location, without pydantic's names of union members."""
    path: list[str] = []
    for depth, part in enumerate(location):
        if isinstance(values, Mapping) and (part in values or depth == len(location) - 1):
            path.append(str(part))
            values = values.get(part)
        elif isinstance(values, Mapping) and not path:
            path.append(str(part))
    return path


def _nearest_key(location: list[str], schema: type[BaseModel], values: Any) -> str:
    from rapidfuzz import process  # noqa: PLC0415 (for a mistake alone)

    known: Any = schema
    for part in location[:-1]:
        annotation = known.model_fields[part].annotation if hasattr(known, "model_fields") else None
        values = values.get(part, {})
        known = _section_class(annotation, values)
    if not hasattr(known, "model_fields"):
        return ""
    names = list(known.model_fields)
    match = process.extractOne(location[-1], names, score_cutoff=60)
    return f"; did you mean {match[0]}?" if match else f"; known are {', '.join(names)}"


def _section_class(annotation: Any, values: Any) -> Any:
    for candidate in getattr(annotation, "__args__", (annotation,)):
        if not hasattr(candidate, "model_fields"):
            continue
        name = candidate.model_fields.get("name")
        if name is None or name.annotation == Literal[values.get("name", "")]:
            return candidate
    return annotation
