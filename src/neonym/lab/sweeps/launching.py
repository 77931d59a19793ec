"""What all launchers share: which jobs are left, how any process runs one, what became of it."""

import hashlib
import json
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn, JobStatus, filter_overrides, run_job, setup_globals
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, open_dict

from neonym.base.files import write_text
from neonym.base.terminal import escape
from neonym.lab.composing.composition import CONF
from neonym.lab.stage.stage import console
from neonym.lab.sweeps.multirun import (
    ENDED,
    JobFailedError,
    Result,
    asked,
    read_result,
    result_of,
    write_result,
)
from neonym.lab.tracking.courier import ensure_delivery
from neonym.lab.tracking.store import Store, project_root

STARTED = "started.json"
OF_THE_SWEEP = tuple(f"sweep.{key}=" for key in ("id", "job", "resume", "fail_fast"))


@dataclass(frozen=True)
class Job:
    """A job of a sweep."""

    number: int
    overrides: list[str]
    folder: Path

    @property
    def composed_from(self) -> str:
        """Tells what the job's configuration is composed from: equal for equal configurations."""
        words = [word for word in self.overrides if not word.startswith(OF_THE_SWEEP)]
        return hashlib.sha256(f"{digest_of_conf()} {words}".encode()).hexdigest()

    @property
    def is_finished(self) -> bool:
        """Whether the job has a result, and composing it anew would change nothing."""
        try:
            started = json.loads((self.folder / STARTED).read_bytes())
            ended = read_result(result_of(self.folder)).status in ENDED
        except (OSError, ValueError):
            return False
        return ended and started["composed_from"] == self.composed_from

    def note_start(self) -> None:
        """Leave behind where the job runs and what it is composed from."""
        host = os.environ.get("SLURMD_NODENAME") or os.uname().nodename
        values = {"composed_from": self.composed_from, "host": host}
        write_text(self.folder / STARTED, json.dumps({**values, "pid": os.getpid()}) + "\n")


def digest_of_conf() -> str:
    """The sha256 of all files in `conf/`."""
    digest = hashlib.sha256()
    for path in sorted(CONF.rglob("*.yaml")):
        digest.update(f"{path.relative_to(CONF)} ".encode() + path.read_bytes())
    return digest.hexdigest()


@dataclass(frozen=True)
class Task:
    """What any process needs to run a job of the sweep; it can be pickled."""

    hydra_context: HydraContext
    config: DictConfig
    function: TaskFunction

    def run(self, job: Job) -> str:
        """Run a job as Hydra's own launchers do; what went wrong beyond its result, or ""."""
        job.note_start()
        setup_globals()
        composed = self.hydra_context.config_loader.load_sweep_config(
            self.config, list(job.overrides)
        )
        with open_dict(composed):
            composed.hydra.job.id = f"{composed.hydra.job.name}_{job.number}"
            composed.hydra.job.num = job.number
        HydraConfig.instance().set_config(composed)
        done = run_job(
            hydra_context=self.hydra_context,
            task_function=self.function,
            config=composed,
            job_dir_key="hydra.sweep.dir",
            job_subdir_key="hydra.sweep.subdir",
        )
        return "" if done.status is JobStatus.COMPLETED else str(done._return_value)


class Launch:
    """The jobs that a sweeper asks for at one time."""

    def __init__(
        self,
        job_overrides: Sequence[Sequence[str]],
        first: int,
        *,
        hydra_context: HydraContext,
        config: DictConfig,
        function: TaskFunction,
    ) -> None:
        self.task = Task(hydra_context, config, function)
        self.folder = Path(config.hydra.sweep.dir)
        own = f"sweep.id={config.sweep.id}"
        self._jobs = [
            Job(number, [*overrides, own, f"sweep.job={number}"], self.folder / str(number))
            for number, overrides in enumerate(job_overrides, first)
        ]
        self._store = Store.of_project(project_root(Path.cwd()))

    @cached_property
    def left(self) -> list[Job]:
        """The jobs that are not finished; how an earlier attempt failed is forgotten."""
        left = [job for job in self._jobs if not job.is_finished]
        for job in left:
            path = result_of(job.folder)
            if path.exists() and read_result(path).status == "failed":
                path.unlink(missing_ok=True)
        return left

    def ended(self, job: Job, reason: str = "") -> None:
        """Say how a job ended; one without a result has failed, for the reason given.

        Raises
        ------
        JobFailedError
            If it failed and `sweep.fail_fast` asks for the end.
        """
        try:
            result = read_result(result_of(job.folder))
        except FileNotFoundError:
            result = Result("failed", None, asked(job.overrides), "", "", error=reason)
            write_result(job.folder, result)
        self._say(job, result)
        if self.task.config.tracking.enabled:
            ensure_delivery(self._store)  # jobs elsewhere only write
        if result.status == "failed" and self.task.config.sweep.fail_fast:
            raise JobFailedError(result.error)

    def _say(self, job: Job, result: Result) -> None:
        metric = self.task.config.sweep.optimized_metric
        value = "" if result.value is None else f": {metric} {result.value:.5g}"
        outcome = (
            f"failed: {result.error}" if result.status == "failed" else f"{result.status}{value}"
        )
        line = f"job {job.number} ({' '.join(result.overrides)}) {outcome}"
        style = "red" if result.status == "failed" else None
        console().print(escape(line), markup=False, soft_wrap=True, style=style)

    def returns(self) -> list[JobReturn]:
        """What the jobs returned, as Hydra's sweepers expect it; NaN for a job without a value."""
        return [_as_return(job) for job in self._jobs]


def _as_return(job: Job) -> JobReturn:
    value = read_result(result_of(job.folder)).value
    return JobReturn(
        overrides=filter_overrides(job.overrides),
        status=JobStatus.COMPLETED,
        _return_value=math.nan if value is None else value,
    )
