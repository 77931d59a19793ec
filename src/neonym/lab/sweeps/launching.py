"""What all launchers share: how any process runs a job, and what became of it."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hydra.core.config_loader import ConfigLoader
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn, JobStatus, filter_overrides, run_job, setup_globals
from hydra.types import HydraContext
from omegaconf import DictConfig, open_dict

from neonym.lab.overrides import without_sweep
from neonym.lab.stage.console import say
from neonym.lab.sweeps.jobs import NUMBER, Job, JobFunction
from neonym.lab.sweeps.results import Result, read_result, result_of, write_result
from neonym.lab.tracking.courier import ensure_delivery
from neonym.lab.tracking.store import Store


class JobFailedError(Exception):
    """A job failed, and the sweep is to end with it."""


def digest_of_conf(loader: ConfigLoader) -> str:
    """The sha256 of all configuration files that Hydra composes from."""
    digest = hashlib.sha256()
    for source in loader.get_search_path().get_path():
        folder = Path(str(source.path).removeprefix("file://"))
        if source.provider in ("main", "command-line") and folder.is_dir():
            for path in sorted(folder.rglob("*.yaml")):
                digest.update(f"{path.relative_to(folder)} ".encode() + path.read_bytes())
    return digest.hexdigest()


@dataclass(frozen=True)
class Task:
    """What any process needs to run a job of the sweep; it can be pickled."""

    hydra_context: HydraContext
    config: DictConfig
    function: JobFunction

    def run(self, job: Job) -> str:
        """Run a job as Hydra's own launchers do; what went wrong beyond its result, or ""."""
        loader = self.hydra_context.config_loader
        job.note_start(digest_of_conf(loader))
        setup_globals()
        composed = loader.load_sweep_config(self.config, list(job.overrides))
        with open_dict(composed):
            composed.hydra.job.id = f"{composed.hydra.job.name}_{job.number}"
            composed.hydra.job.num = job.number
            composed.hydra.sweep.dir = self.config.hydra.sweep.dir
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
    """The jobs that a launcher is asked to run at one time.

    Parameters
    ----------
    task
        What runs any of them.
    job_overrides
        Of each job.
    first
        The number of the first job; the others follow it, unless `sweep.job` says otherwise.
    """

    def __init__(self, task: Task, job_overrides: Sequence[Sequence[str]], first: int) -> None:
        self.task = task
        self.folder = Path(task.config.hydra.sweep.dir)
        self.jobs = [
            _job(self.folder, list(overrides), number)
            for number, overrides in enumerate(job_overrides, first)
        ]
        self._settings = task.config.sweep
        self._store = Store.of_project(task.function.project)

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
            result = Result("failed", None, without_sweep(job.overrides), "", "", error=reason)
            write_result(job.folder, result)
        self._say(job, result)
        if self.task.config.tracking.enabled:
            ensure_delivery(self._store)  # jobs elsewhere only write
        if result.status == "failed" and self._settings.fail_fast:
            raise JobFailedError(result.error)

    def _say(self, job: Job, result: Result) -> None:
        metric = self._settings.optimized_metric
        value = "" if result.value is None else f": {metric} {result.value:.5g}"
        outcome = (
            f"failed: {result.error}" if result.status == "failed" else f"{result.status}{value}"
        )
        line = f"job {job.number} ({' '.join(result.overrides)}) {outcome}"
        say(line, style="red" if result.status == "failed" else None)

    def returns(self) -> list[JobReturn]:
        """What the jobs returned, as Hydra's sweepers expect it; NaN for a job without a value."""
        return [_as_return(job) for job in self.jobs]


def _job(folder: Path, overrides: list[str], number: int) -> Job:
    for word in overrides:
        if word.startswith(NUMBER):
            number = int(word.removeprefix(NUMBER))
    return Job(number, overrides, folder / str(number))


def _as_return(job: Job) -> JobReturn:
    value = read_result(result_of(job.folder)).value
    return JobReturn(
        overrides=filter_overrides(job.overrides),
        status=JobStatus.COMPLETED,
        _return_value=math.nan if value is None else value,
    )
