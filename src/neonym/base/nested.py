"""Plain values: dictionaries within dictionaries, dotted names for what is in them, a digest."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def nest(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Values under dotted names as dictionaries within dictionaries."""
    nested: dict[str, Any] = {}
    for name, value in flat.items():
        *path, last = name.split(".")
        place = nested
        for part in path:
            place = place.setdefault(part, {})
        place[last] = value
    return nested


def flatten(nested: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Dictionaries within dictionaries as values under dotted names; an empty one is a value."""
    flat: dict[str, Any] = {}
    for name, value in nested.items():
        if isinstance(value, Mapping) and value:
            flat |= flatten(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def value_at(nested: Any, name: str) -> Any:
    """The value at a dotted name; None where there is none."""
    for part in name.split("."):
        nested = nested.get(part) if isinstance(nested, Mapping) else None
    return nested


def put_at(nested: dict[str, Any], name: str, value: Any) -> None:
    """Set the value at a dotted name, which is there."""
    *path, last = name.split(".")
    for part in path:
        nested = nested[part]
    nested[last] = value


def sha256_of(value: object) -> str:
    """The sha256 of a plain value's canonical JSON, as hexadecimal digits."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
