"""The files of `conf/`, one by one: what is no YAML is told with the file and the line."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from neonym.base.errors import UserError

CONF = Path("conf")
# What reading a file raises that is no YAML, in Hydra too
NO_YAML = (yaml.YAMLError, UnicodeDecodeError)


def read_conf_file(path: Path) -> Mapping[str, Any]:
    """The keys of a file, which may have none.

    Raises
    ------
    UserError
        If it is no YAML.
    """
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except NO_YAML as error:
        raise UserError(explain_no_yaml(error, path)) from None
    return values if isinstance(values, dict) else {}


def explain_no_yaml(error: Exception, path: Path | None = None) -> str:
    """What is wrong with a file of `conf/`, and on which line.

    Parameters
    ----------
    error
        One of `NO_YAML`.
    path
        The file; None: the one that Hydra was reading.
    """
    mark = getattr(error, "problem_mark", None)
    named = mark.name if mark else getattr(error, "name", None)
    place = path or (Path(named) if named else _undecodable())
    if place.is_absolute() and place.is_relative_to(Path.cwd()):
        place = place.relative_to(Path.cwd())
    line = f", line {mark.line + 1}" if mark else ""
    if isinstance(error, UnicodeDecodeError):
        return f"{place}: not UTF-8; save the file as UTF-8"
    said = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    spaces = "; indent by spaces" if "'\\t'" in said else ""
    return f"{place}{line}: not YAML ({' '.join(said.split())}){spaces or '; correct the line'}"


def _undecodable() -> Path:
    """The first file that is not UTF-8."""
    for path in sorted(CONF.rglob("*.yaml")):
        try:
            path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            return path
    return CONF
