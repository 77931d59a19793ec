"""What all launchers share: how any process runs a job, and what became of it."""

import hashlib
import math
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Protocol

from hydra.core.config_loader import ConfigLoader
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobStatus, run_job, setup_globals
from hydra.types import HydraContext
from omegaconf import DictConfig, open_dict

from neonym.lab.overrides import without_sweep
from neonym.lab.stage.console import say
from neonym.lab.sweeps.composing_jobs import compose_job
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
        conf = digest_of_conf(loader)
        job.note_start(conf)
        setup_globals()
        composed = compose_job(loader, self.config, job.overrides, conf)
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


class Source(Protocol):
    """Where the jobs of a sweep come from, each when there is room for it."""

    def is_empty(self) -> bool:
        """Whether every job has been taken."""

    def take(self) -> tuple[int, Sequence[str]] | None:
        """The next job's number and overrides; None where there is none until another ends."""

    def ended(self, number: int) -> None:
        """Look at the result of a job that was taken."""


class Listed:
    """Jobs that are known beforehand, as those of a grid.

    Parameters
    ----------
    jobs
        The number and the overrides of each.
    """

    def __init__(self, jobs: Iterable[tuple[int, Sequence[str]]]) -> None:
        self._waiting = deque(jobs)

    def is_empty(self) -> bool:
        """Whether every job has been taken."""
        return not self._waiting

    def take(self) -> tuple[int, Sequence[str]] | None:
        """The next job."""
        return self._waiting.popleft() if self._waiting else None

    def ended(self, number: int) -> None:
        """Nothing follows from a job's result."""


class Prepared:
    """The jobs of another source; what comes after them is prepared as soon as there is room.

    A worker that finds no job leaves a processor to the sweep's own process, whose threads wait.

    Parameters
    ----------
    source
        Gives the jobs.
    prepare
        Is called once, in a thread of its own, when there is none to take.
    """

    def __init__(self, source: Source, prepare: Callable[[], None]) -> None:
        self._source, self._prepare = source, prepare
        self._thread: Thread | None = None
        self.is_empty, self.ended = source.is_empty, source.ended

    def take(self) -> tuple[int, Sequence[str]] | None:
        """The next job."""
        found = self._source.take()
        if found is None and self._thread is None:
            self._thread = Thread(target=self._prepare)
            with suppress(RuntimeError):  # where there can be no thread, it is done when it is due
                self._thread.start()
        return found


class Launch:
    """The jobs of a sweep as a launcher sees them: taken one by one, each told when it ends.

    Parameters
    ----------
    task
        What runs any of them.
    source
        Where they come from.
    """

    def __init__(self, task: Task, source: Source) -> None:
        self.task = task
        self.folder = Path(task.config.hydra.sweep.dir)
        self._source = source
        self._settings = task.config.sweep
        self._store = Store.of_project(task.function.project)

    def take(self, most: float = math.inf) -> list[Job]:
        """Jobs to begin now; with none, and none running, the sweep is at its end.

        Parameters
        ----------
        most
            For how many there is room.
        """
        jobs: list[Job] = []
        while len(jobs) < most and (found := self._source.take()):
            jobs.append(self._job(*found))
        return jobs

    def _job(self, number: int, words: Sequence[str]) -> Job:
        own = [f"sweep.id={self._settings.id}", f"{NUMBER}{number}"]
        job = Job(number, [*words, *own], self.folder / str(number))
        job.forget_failure()
        return job

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
        self._source.ended(job.number)
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
