"""Dictionaries within dictionaries, and the same values under dotted names."""

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
