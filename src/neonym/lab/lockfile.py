"""What `dvc.lock` says of the stages that made the workspace's results."""

from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import BaseModel
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from neonym.base.errors import UserError
from neonym.base.files import read_bytes

UNREADABLE = (ValueError, TypeError, AttributeError, LookupError, ArithmeticError, RecursionError)


class _Output(BaseModel):
    path: str
    md5: str | None = None


class _Stage(BaseModel):
    params: dict[str, dict[str, Any]] = {}
    deps: list[_Output] = []
    outs: list[_Output] = []


class _Lock(BaseModel):
    stages: dict[str, _Stage]


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
            loaded = YAML(typ="safe", pure=True).load(read_bytes(path).decode())
            self._stages = _Lock.model_validate(loaded).stages
        except FileNotFoundError:
            raise UserError(f"{path} does not exist; run `dvc repro`") from None
        except OSError as error:
            raise UserError(f"{path} cannot be read ({error.strerror}); check its rights") from None
        # What the parser raises for bytes that are no YAML depends on which they are
        except (YAMLError, *UNREADABLE):
            raise UserError(f"{path} is damaged; restore it from git or run `dvc repro`") from None

    def params(self, stage: str) -> dict[str, Any]:
        """The keys of `params.yaml` with which a stage last ran; empty if it never did."""
        return self._stages.get(stage, _Stage()).params.get("params.yaml", {})

    def md5(self, stage: str, output: str) -> str | None:
        """The md5 of an output that a stage last made; None if there is none."""
        outputs = self._stages.get(stage, _Stage()).outs
        return next((out.md5 for out in outputs if out.path == output), None)

    def made(self, stage: str, path: str) -> tuple[str, str | None]:
        """The output of a stage that a path is, or lies in, and its md5; None if there is none."""
        inside = PurePosixPath(path)
        for out in self._stages.get(stage, _Stage()).outs:
            if inside.is_relative_to(out.path):
                return out.path, out.md5
        return path, None

    def dependency(self, stage: str, path: str) -> str | None:
        """The md5 of a file that a stage last read; None if it is not named among its deps."""
        deps = self._stages.get(stage, _Stage()).deps
        return next((dep.md5 for dep in deps if dep.path == path), None)

    def read(self, stage: str) -> dict[str, str]:
        """All that a stage last read, and its md5."""
        deps = self._stages.get(stage, _Stage()).deps
        return {dep.path: dep.md5 or "" for dep in deps}

    @property
    def outputs(self) -> dict[str, str]:
        """All that stages last made, and its md5."""
        made = [out for stage in self._stages.values() for out in stage.outs]
        return {out.path: out.md5 or "" for out in made}
