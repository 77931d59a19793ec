"""A sweep: many jobs of one script, one parent run for them, and a report at the end.

A job never raises: it leaves `result.json` in its folder, which is all that the end looks at. So
jobs may run in other processes or on other machines, and a sweep that was killed can go on.
"""

import json
import math
import shlex
import sys
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import TypeAdapter, ValidationError

from neonym.base.errors import PrunedError, UserError
from neonym.base.files import parse_json, write_text
from neonym.lab.stage.stage import Stage, StageFunction
from neonym.settings import configuration_hash, seedless_hash

VERSION = 1
ENDED = ("finished", "pruned")
RESULT = "result.json"
LOCK = ".lock"  # in the folders of jobs, and of sweeps
SWEEP = "sweep.json"
RESUME = "sweep.resume=true"


@dataclass
class Result:
    """How a job ended."""

    status: str
    """finished or failed; or pruned, which is an end as good as finished."""
    value: float | None
    """The optimized metric; None where there is none."""
    overrides: list[str]
    configuration: str
    """The configuration's hash."""
    repetition_of: str
    """The same for all seeds of a configuration."""
    run_key: str = ""
    error: str = ""
    number: int = -1
    """The job's, which is the name of its folder."""


@dataclass
class Sweep:
    """A sweep's folder, and what was asked for."""

    folder: Path
    id: str
    script: str
    arguments: list[str]
    version: int = VERSION

    @classmethod
    def begin(cls, script: str, arguments: Sequence[str]) -> "Sweep":
        """A new sweep, or with `sweep.resume=true` the last one of the same command."""
        asked = [word for word in arguments if not word.startswith(("sweep.resume=", "sweep.id="))]
        folders = [word for word in asked if word.startswith("hydra.sweep.dir=")]
        asked = [word for word in asked if word not in folders]
        if folders:
            return cls._in(Path(folders[0].partition("=")[2]), script, asked)
        if RESUME in arguments:
            return cls._last(script, asked)
        time = datetime.now(UTC).strftime("%Y-%m-%d_%H-%M-%S-%f")
        return cls._new(script, asked, Path("multirun", script, time))

    @classmethod
    def _in(cls, folder: Path, script: str, arguments: list[str]) -> "Sweep":
        if not (folder / SWEEP).exists():
            if folder.is_dir() and any(folder.iterdir()):
                raise UserError(f"{folder} holds other things than a sweep; name a new folder")
            return cls._new(script, arguments, folder)
        sweep = cls.read(folder)
        if sweep.script != script or not sweep.goes_on_with(arguments):
            command = shlex.join(["python", f"pipelines/{sweep.script}.py", "-m", *sweep.arguments])
            raise UserError(f"{folder} is the folder of another sweep: {command}")
        return sweep

    @classmethod
    def _new(cls, script: str, arguments: list[str], folder: Path) -> "Sweep":
        sweep = cls(folder, uuid.uuid4().hex, script, arguments)
        sweep.write()
        return sweep

    @classmethod
    def _last(cls, script: str, arguments: list[str]) -> "Sweep":
        for path in sorted(Path("multirun", script).glob(f"*/{SWEEP}"), reverse=True):
            sweep = cls.read(path.parent)
            if sweep.goes_on_with(arguments):
                return sweep
        raise UserError("no sweep of this command is here to resume; leave out sweep.resume=true")

    def goes_on_with(self, arguments: list[str]) -> bool:
        """Whether arguments ask for this very sweep; a search may be asked for more trials."""
        if _without_trials(arguments) != _without_trials(self.arguments):
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
        try:
            values = parse_json((folder / SWEEP).read_bytes())
            version = values["version"]
        except FileNotFoundError:
            raise UserError(f"{folder} is not a sweep's folder: it has no {SWEEP}") from None
        except (ValueError, KeyError, TypeError):
            raise UserError(f"{folder / SWEEP} is damaged; begin the sweep anew") from None
        if version != VERSION:
            raise UserError(
                f"{folder} is a sweep of version {version}, this neonym goes on with version "
                f"{VERSION}; begin it anew"
            )
        try:
            return TypeAdapter(cls).validate_python(values | {"folder": folder})
        except ValidationError:
            raise UserError(f"{folder / SWEEP} is damaged; begin the sweep anew") from None

    def write(self) -> None:
        """Note what was asked for."""
        values = {
            "version": self.version,
            "id": self.id,
            "script": self.script,
            "arguments": self.arguments,
        }
        write_text(self.folder / SWEEP, json.dumps(values, indent=2) + "\n")

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the sweep for as long as the block lasts.

        Raises
        ------
        UserError
            If another process runs it.
        """
        lock = FileLock(self.folder / LOCK, timeout=0)
        try:
            lock.acquire()
        except Timeout:
            raise UserError(f"the sweep in {self.folder} is still running") from None
        try:
            yield
        finally:
            lock.release()

    @property
    def overrides(self) -> list[str]:
        """What Hydra is told beyond the arguments."""
        return [f"hydra.sweep.dir={self.folder}", f"sweep.id={self.id}"]

    def read_results(self) -> list[Result]:
        """The results of all jobs so far, in the order of their numbers."""
        paths = [path for path in self.folder.glob(f"*/{RESULT}") if path.parent.name.isdigit()]
        return [read_result(path) for path in sorted(paths, key=lambda path: int(path.parent.name))]


def _without_trials(arguments: list[str]) -> list[str]:
    return [word for word in arguments if not word.startswith("sweep.trials=")]


def result_of(folder: Path) -> Path:
    """Where a job that works in this folder leaves its result."""
    return folder / RESULT


def read_result(path: Path) -> Result:
    """The result in a file.

    Raises
    ------
    UserError
        If it is damaged.
    """
    try:
        values = {**parse_json(path.read_bytes()), "number": int(path.parent.name)}
        return TypeAdapter(Result).validate_python(values)
    except (ValueError, TypeError):
        raise UserError(f"{path} is damaged; delete it, and the job runs again") from None


def write_result(folder: Path, result: Result) -> None:
    """Leave a job's result in its folder."""
    write_text(result_of(folder), json.dumps(asdict(result), indent=2) + "\n")


def asked(overrides: list[str]) -> list[str]:
    """The overrides that are a job's own, not its sweep's."""
    return [word for word in overrides if not word.startswith(("sweep.", "sweep="))]


class JobFailedError(Exception):
    """A job failed, and the sweep is to end with it."""


def run_job(stage: Stage, function: StageFunction) -> float:
    """Run one job of a sweep, unless it is finished already, and leave its result in its folder.

    Nobody else runs the same job meanwhile: what a killed sweep has left running is waited for.

    Parameters
    ----------
    stage
        The job.
    function
        What it runs; returns the optimized metric.

    Returns
    -------
    value
        The optimized metric; NaN where the job failed.
    """
    digest = configuration_hash(stage.configuration)
    path = result_of(stage.results)
    with FileLock(stage.results / LOCK):
        result = read_result(path) if path.exists() else None
        if result is None or result.status not in ENDED or result.configuration != digest:
            path.unlink(missing_ok=True)
            repeated = seedless_hash(stage.configuration)
            result = Result("failed", None, asked(stage.overrides), digest, repeated)
            _run(stage, function, result)
            write_result(stage.results, result)
    return math.nan if result.value is None else result.value


def _run(stage: Stage, function: StageFunction, result: Result) -> None:
    try:
        result.value = function(stage)
        result.status = "finished"
    except PrunedError as stop:
        result.status, result.error = "pruned", str(stop)
    except Exception as error:
        known = isinstance(error, UserError)
        result.error = str(error) if known else f"{type(error).__name__}: {error}"
        if not known:
            sys.excepthook(type(error), error, error.__traceback__)
    result.run_key = stage.run_key
