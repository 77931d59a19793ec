"""Overrides, as Hydra's command line takes them: what each is about, however it is written."""

from collections.abc import Iterable


def key_of(override: str) -> str:
    """The key of an override such as `++a.b=1`, without the signs that say how it is set."""
    return override.partition("=")[0].lstrip("+~")


def is_hydras(word: str) -> bool:
    """Whether an argument is a flag, or sets a key of Hydra's own."""
    return word.startswith("-") or key_of(word).startswith(("hydra.", "hydra/"))


def without_sweep(overrides: Iterable[str]) -> list[str]:
    """The overrides that are about a job, and not about the sweep that it belongs to."""
    return [word for word in overrides if key_of(word).partition(".")[0] != "sweep"]
