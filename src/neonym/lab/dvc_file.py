"""What `dvc.yaml` says of its stages, as far as the lab asks."""

import posixpath
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from neonym.base.errors import UserError
from neonym.base.nested import value_at

OUTPUTS = ("outs", "metrics", "plots")


def read_stages(root: Path) -> dict[str, Mapping[str, Any]]:
    """The stages in the `dvc.yaml` of a folder.

    Raises
    ------
    UserError
        If it is missing or no YAML.
    """
    try:
        values = yaml.safe_load((root / "dvc.yaml").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{root} has no dvc.yaml, in which the stages stand") from None
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise UserError(f"dvc.yaml cannot be read ({' '.join(str(error).split())})") from None
    stages = value_at(values, "stages")
    listed = stages.items() if isinstance(stages, dict) else ()
    return {str(name): stage for name, stage in listed if isinstance(stage, dict)}


def outputs_of(stage: Mapping[str, Any]) -> list[str]:
    """All that a stage names among what it makes."""
    return [path for key in OUTPUTS for path in _paths(stage.get(key))]


def dependencies_of(stage: Mapping[str, Any]) -> list[str]:
    """All that a stage reads."""
    return _paths(stage.get("deps"))


def _paths(listed: Any) -> list[str]:
    """The paths in a list; with options an entry is a mapping of its path."""
    entries = listed if isinstance(listed, list) else ()
    named = (next(iter(entry), None) if isinstance(entry, dict) else entry for entry in entries)
    return [posixpath.normpath(path) for path in named if isinstance(path, str)]
