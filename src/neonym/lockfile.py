"""What `dvc.lock` says of the stages that made the workspace's results."""

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from neonym.errors import UserError


class Lock:
    """The stages in a `dvc.lock`.

    DVC writes YAML 1.2, in which `1e-08` is a number; it is read as such.

    Raises
    ------
    UserError
        If the file is missing or damaged.
    """

    def __init__(self, path: Path) -> None:
        try:
            loaded = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
            self._stages: dict[str, Any] = dict(loaded["stages"])
        except FileNotFoundError:
            raise UserError(f"{path} does not exist; run `dvc repro`") from None
        except (YAMLError, UnicodeDecodeError, KeyError, TypeError, ValueError):
            raise UserError(f"{path} is damaged; restore it from git or run `dvc repro`") from None

    def params(self, stage: str) -> dict[str, Any]:
        """The keys of `params.yaml` with which a stage last ran; empty if it never did."""
        found: dict[str, Any] = self._stages.get(stage, {}).get("params", {}).get("params.yaml", {})
        return found

    def md5(self, stage: str, output: str) -> str | None:
        """The md5 of an output that a stage last made; None if there is none."""
        outputs = self._stages.get(stage, {}).get("outs", [])
        return next((out.get("md5") for out in outputs if out.get("path") == output), None)
