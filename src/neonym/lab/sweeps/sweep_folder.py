"""A sweep's folder: what was asked for, so that it can go on, and a folder for each of its jobs."""

import json
import re
import shlex
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import Timeout
from pydantic import TypeAdapter, ValidationError

from neonym.base.errors import UserError
from neonym.base.files import read_json, write_text
from neonym.base.locks import locked
from neonym.lab.overrides import is_hydras, key_of
from neonym.lab.sweeps.results import RESULT, Result, read_result

VERSION = 1
LOCK = ".lock"
SWEEP = "sweep.json"


@dataclass
class Sweep:
    """A sweep's folder, and what was asked for."""

    folder: Path
    id: str
    script: str
    arguments: list[str]
    """Of the command line: flags and overrides, without the folder and whether to resume."""
    version: int = VERSION

    @classmethod
    def begin(cls, folder: Path, script: str, arguments: list[str]) -> "Sweep":
        """A new sweep in a folder, or the one that is there.

        Raises
        ------
        UserError
            If there is another sweep, or something else.
        """
        if not (folder / SWEEP).exists():
            if folder.is_dir() and any(folder.iterdir()):
                raise UserError(f"{folder} holds other things than a sweep; name a new folder")
            sweep = cls(folder, uuid.uuid4().hex, script, arguments)
            sweep.write()
            return sweep
        sweep = cls.read(folder)
        if sweep.script != script or not sweep.goes_on_with(arguments):
            command = shlex.join(["python", f"pipelines/{sweep.script}.py", "-m", *sweep.arguments])
            raise UserError(f"{folder} is the folder of another sweep: {command}")
        return sweep

    @classmethod
    def last(cls, folder: Path, script: str, arguments: list[str]) -> "Sweep":
        """The last sweep of the same command among those in a folder.

        Raises
        ------
        UserError
            If there is none.
        """
        for path in sorted(folder.glob(f"*/{SWEEP}"), reverse=True):
            sweep = cls.read(path.parent)
            if sweep.script == script and sweep.goes_on_with(arguments):
                return sweep
        raise UserError("no sweep of this command is here to resume; leave out sweep.resume=true")

    def goes_on_with(self, arguments: list[str]) -> bool:
        """Whether arguments ask for this very sweep; a search may be asked for more trials."""
        if _what_is_asked(arguments) != _what_is_asked(self.arguments):
            return False
        if arguments != self.arguments:
            self.arguments = arguments
            self.write()
        return True

    @classmethod
    def read(cls, folder: Path) -> "Sweep":
        """The sweep in a folder.

        Raises
        ------
        UserError
            If there is none, or it is of another version.
        """
        damaged = UserError(f"{folder / SWEEP} is damaged; begin the sweep anew")
        try:
            values = read_json(folder / SWEEP)
            version = values["version"]
        except FileNotFoundError:
            raise UserError(f"{folder} is not a sweep's folder: it has no {SWEEP}") from None
        except (ValueError, KeyError, TypeError):
            raise damaged from None
        if version != VERSION:
            raise UserError(
                f"{folder} is a sweep of version {version}, this neonym goes on with version "
                f"{VERSION}; begin it anew"
            )
        try:
            sweep = TypeAdapter(cls).validate_python(values | {"folder": folder})
        except ValidationError:
            raise damaged from None
        # the one becomes part of a path, the other of overrides
        if not sweep.script.isidentifier() or not re.fullmatch("[0-9a-f]{32}", sweep.id):
            raise damaged
        return sweep

    def write(self) -> None:
        """Note what was asked for."""
        values = {name: getattr(self, name) for name in ("version", "id", "script", "arguments")}
        write_text(self.folder / SWEEP, json.dumps(values, indent=2) + "\n")

    @property
    def resuming(self) -> str:
        """The command that runs what is missing or failed."""
        return shlex.join(["neonym", "resume-sweep", str(self.folder)])

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the sweep for as long as the block lasts.

        Raises
        ------
        UserError
            If another process runs it, or its folder cannot be written.
        """
        with ExitStack() as held:
            try:
                held.enter_context(locked(self.folder / LOCK, seconds=0))
            except Timeout:
                raise UserError(f"the sweep in {self.folder} is still running") from None
            yield


def read_results(folder: Path) -> list[Result]:
    """The results of all jobs in a sweep's folder, in the order of their numbers."""
    paths = [path for path in folder.glob(f"*/{RESULT}") if path.parent.name.isdigit()]
    return [read_result(path) for path in sorted(paths, key=lambda path: int(path.parent.name))]


def _what_is_asked(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """What makes one sweep of two commands; the places of Hydra's own words say nothing."""
    asked = [word for word in arguments if key_of(word) != "sweep.trials"]
    own = [word for word in asked if not is_hydras(word)]
    return own, sorted(word for word in asked if is_hydras(word))
