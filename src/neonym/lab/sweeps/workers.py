"""Jobs side by side on one machine: processes of loky's, each of which runs one job at a time.

Each is an executor of its own, so that one that dies (killed, out of memory) takes no other job
with it.
"""

import os
import re
import signal
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hydra.core.singleton import Singleton
from loky import cpu_count
from loky.process_executor import ProcessPoolExecutor, ShutdownExecutorError

from neonym.base.garbage import collect_late
from neonym.lab.composing.composition import prefer_own_launchers
from neonym.lab.sweeps.jobs import Job
from neonym.lab.sweeps.launching import Launch, Task
from neonym.lab.tracking.courier import leave_delivery_to_others

LOG = "job.log"
ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"), "1")
WATCH_SECONDS = 0.2
EXIT_CODES = re.compile(r"exit codes of the workers are \{(.*?)\}")


def run_side_by_side(launch: Launch, workers: int | None) -> None:
    """Run the jobs of a launch, several at the same time, each as soon as a worker is free.

    Parameters
    ----------
    launch
        Gives the jobs, and is told of each that ends.
    workers
        How many at most; None: as many as there are processors.
    """
    idle = [Worker() for _ in range(workers or cpu_count())]
    running: dict[Future[str], tuple[Worker, Job]] = {}
    try:
        while True:
            for job in launch.take(len(idle)):
                worker = idle.pop()
                running[worker.start(launch.task, job)] = worker, job
            if not running:
                return
            future = wait(running, return_when=FIRST_COMPLETED).done.pop()
            worker, job = running.pop(future)
            idle.append(worker)
            launch.ended(job, worker.outcome(future))
    except BaseException:
        for worker, _ in running.values():
            worker.kill()
        raise


class Worker:
    """A process for one job at a time, begun with the first; another takes its place if it dies."""

    def __init__(self) -> None:
        self._executor: ProcessPoolExecutor | None = None

    def start(self, task: Task, job: Job) -> Future[str]:
        """Begin a job."""
        if self._executor is None:
            self._executor = ProcessPoolExecutor(
                1, initializer=begin, initargs=(Singleton.get_state(), os.getpid()), env=ONE_THREAD
            )
        started: Future[str] = self._executor.submit(run_elsewhere, task, job)
        return started

    def outcome(self, ended: Future[str]) -> str:
        """What went wrong with a job beyond its result, or ""."""
        try:
            return ended.result()
        except (BrokenExecutor, ShutdownExecutorError) as error:
            self._executor = None
            codes = EXIT_CODES.search(str(error))
            return f"its process died ({codes[1] if codes else error}); was memory short?"
        except Exception as error:
            return f"{type(error).__name__}: {error}"

    def kill(self) -> None:
        """End the process, whatever it does."""
        if self._executor:
            self._executor.shutdown(wait=True, kill_workers=True)
            self._executor = None


def begin(singletons: Any, parent: int) -> None:
    """Prepare a process for jobs: Hydra's state, and an end that comes with the sweep's."""
    collect_late()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the sweep's to deal with
    Singleton.set_state(singletons)
    prefer_own_launchers()
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(WATCH_SECONDS)
    os._exit(1)


def run_elsewhere(task: Task, job: Job) -> str:
    """Run a job in a process that is not the sweep's: what it prints goes to its folder."""
    leave_delivery_to_others()
    with _output_to(job.folder / LOG):
        return task.run(job)


@contextmanager
def _output_to(path: Path) -> Iterator[None]:
    """Append what this process and its libraries print to a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    streams = (sys.stdout, sys.stderr)
    kept = [os.dup(stream.fileno()) for stream in streams]
    try:
        with path.open("ab") as file:
            for stream in streams:
                stream.flush()
                os.dup2(file.fileno(), stream.fileno())
        yield
    finally:
        for stream, descriptor in zip(streams, kept, strict=True):
            stream.flush()
            os.dup2(descriptor, stream.fileno())
            os.close(descriptor)
