"""One job of a sweep: what is run in its folder, by whatever process."""

import functools
import hashlib
import json
import math
import os
import sys
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from neonym.base.errors import PrunedError, UserError
from neonym.base.files import read_json, write_text
from neonym.base.locks import locked
from neonym.lab.composing.by_hand import Script
from neonym.lab.configuration import configuration_hash, seedless_hash
from neonym.lab.overrides import key_of, without_sweep
from neonym.lab.project import Project
from neonym.lab.stage.console import log_to_terminal
from neonym.lab.stage.execution import Stage, StageFunction
from neonym.lab.stage.profile import run_function
from neonym.lab.sweeps.results import ENDED, Result, read_result, result_of, write_result

LOCK = ".lock"
STARTED = "started.json"
NUMBER = "sweep.job="
OF_THE_SWEEP = ("sweep.id", "sweep.job", "sweep.resume", "sweep.fail_fast")


@dataclass(frozen=True)
class Job:
    """A job of a sweep: what it is asked for, and where it leaves its results."""

    number: int
    overrides: list[str]
    folder: Path

    def composed_from(self, conf: str) -> str:
        """Tells what the job's configuration is composed from: equal for equal configurations.

        Parameters
        ----------
        conf
            The digest of all configuration files.
        """
        words = [word for word in self.overrides if key_of(word) not in OF_THE_SWEEP]
        return hashlib.sha256(f"{conf} {words}".encode()).hexdigest()

    def is_finished(self, conf: str) -> bool:
        """Whether the job has a result, and composing it anew would change nothing."""
        try:
            started = read_json(self.folder / STARTED)
            ended = read_result(result_of(self.folder)).status in ENDED
        except (OSError, ValueError):
            return False
        return ended and started["composed_from"] == self.composed_from(conf)

    def note_start(self, conf: str) -> None:
        """Leave behind where the job runs and what it is composed from."""
        host = os.environ.get("SLURMD_NODENAME") or os.uname().nodename
        values = {"composed_from": self.composed_from(conf), "host": host, "pid": os.getpid()}
        write_text(self.folder / STARTED, json.dumps(values) + "\n")

    def forget_failure(self) -> None:
        """Delete what an earlier attempt left that failed."""
        path = result_of(self.folder)
        if path.exists() and read_result(path).status == "failed":
            path.unlink(missing_ok=True)


class JobFunction:
    """What Hydra calls for a job of a sweep; never raises, and can be sent to other processes.

    Parameters
    ----------
    script
        The script whose jobs are swept.
    shared
        The overrides that all jobs have.
    """

    is_job = True

    def __init__(self, script: Script[Any], shared: Collection[str]) -> None:
        self._script, self._shared = script, shared
        functools.update_wrapper(self, script.function)

    @property
    def project(self) -> Project[Any]:
        """Whose jobs they are."""
        return self._script.project

    def __call__(self, composed: DictConfig) -> float:
        """Run the job, leave its result in its folder, and return the optimized metric."""
        log_to_terminal()
        return run_job(self._script.stage(composed, self._shared), self._script.function)


def run_job(stage: Stage[Any], function: StageFunction[Any]) -> float:
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
    with locked(stage.results / LOCK):
        result = read_result(path) if path.exists() else None
        if result is None or result.status not in ENDED or result.configuration != digest:
            path.unlink(missing_ok=True)
            repeated = seedless_hash(stage.configuration)
            result = Result("failed", None, without_sweep(stage.overrides), digest, repeated)
            _run(stage, function, result)
            write_result(stage.results, result)
    return math.nan if result.value is None else result.value


def _run(stage: Stage[Any], function: StageFunction[Any], result: Result) -> None:
    try:
        result.value = run_function(stage, function)
        result.status = "finished"
    except PrunedError as stop:
        result.status, result.error = "pruned", str(stop)
    except Exception as error:
        known = isinstance(error, UserError)
        result.error = str(error) if known else f"{type(error).__name__}: {error}"
        if not known:
            sys.excepthook(type(error), error, error.__traceback__)
    result.run_key = stage.run_key
