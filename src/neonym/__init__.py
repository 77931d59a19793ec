"""Learn how the names in a list are built, and coin new ones."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from neonym.generation.generator import NameGenerator

__all__ = ["NameGenerator"]


def __getattr__(name: str) -> object:
    # So that who reads a corpus need not import the network, nor a DVC stage depend on it.
    if name == "NameGenerator":
        return import_module("neonym.generation.generator").NameGenerator
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
