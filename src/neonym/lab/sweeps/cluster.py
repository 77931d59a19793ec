"""Jobs on the nodes of a cluster: submitted to Slurm by submitit, watched in its queue.

A node needs this checkout and this Python at the same paths, on a file system whose locks hold
across nodes; it talks to nobody. Slurm tells when a job has ended, its folder how.
"""

import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import submitit
from hydra.core.singleton import Singleton
from submitit.core.utils import FailedJobError, FailedSubmissionError

from neonym.base.errors import UserError
from neonym.base.files import write_text
from neonym.lab.composing.composition import prefer_own_launchers
from neonym.lab.sweeps.jobs import Job
from neonym.lab.sweeps.launching import Launch, Task
from neonym.lab.sweeps.results import result_of
from neonym.lab.sweeps.workers import ONE_THREAD, run_elsewhere

SUBMITTED = "slurm_job"  # the file in a job's folder with Slurm's id of it
SLURM_ID = re.compile(r"\d+(_\d+)?")
GRACE_SECONDS = 10.0  # until what a node wrote is seen here
SHARED_OPTIONS = ("timeout_min", "cpus_per_task", "mem_gb")  # submitit's, for every cluster
OWN_OPTIONS = ("setup", "poll_seconds")
ALIVE = ("PENDING", "RUNNING", "CONFIGURING", "COMPLETING", "SUSPENDED", "REQUEUED", "PREEMPTED")


def run_on_slurm(launch: Launch, options: Mapping[str, Any]) -> None:
    """Run the jobs of a launch on the cluster; what still runs there is only watched.

    Raises
    ------
    UserError
        If Slurm does not take the jobs.
    """
    watched: dict[str, Job] = {}
    try:
        while True:
            jobs = launch.take()
            there = _still_there(jobs)
            watched |= there
            kept = list(there.values())
            watched |= _submit(launch, [job for job in jobs if job not in kept], options)
            if not watched:
                return
            for known, state in _wait_for_ends(watched, options["poll_seconds"]).items():
                job = watched.pop(known)
                launch.ended(job, _explain_end(launch, job, known, state))
    except BaseException:
        if watched:
            subprocess.run(["scancel", *watched], check=False)
        raise


def _still_there(jobs: Iterable[Job]) -> dict[str, Job]:
    """The jobs that a sweep which was killed left in the queue, by Slurm's ids."""
    paths = {job.folder / SUBMITTED: job for job in jobs}
    noted = {path.read_text("utf-8"): job for path, job in paths.items() if path.exists()}
    known = {key: job for key, job in noted.items() if SLURM_ID.fullmatch(key)}
    states = _states(known) or {}
    return {key: job for key, job in known.items() if states.get(key) in ALIVE}


def _submit(launch: Launch, jobs: Sequence[Job], options: Mapping[str, Any]) -> dict[str, Job]:
    """Submit jobs as one array; the jobs by Slurm's ids."""
    if not jobs:
        return {}
    executor = submitit.AutoExecutor(launch.folder / ".submitit" / "%j", "slurm")
    singletons = Singleton.get_state()
    calls = [(launch.task, singletons, job) for job in jobs]
    try:
        executor.update_parameters(**_as_parameters(options))
        submitted = executor.map_array(run_on_node, *zip(*calls, strict=True))
    except (FailedJobError, FailedSubmissionError, NameError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"hydra/launcher=slurm: the cluster does not take jobs: {reason}") from None
    for known, job in zip(submitted, jobs, strict=True):
        write_text(job.folder / SUBMITTED, known.job_id)
    return {known.job_id: job for known, job in zip(submitted, jobs, strict=True)}


def _as_parameters(options: Mapping[str, Any]) -> dict[str, Any]:
    """The preset's options as submitit wants them."""
    shared = {key: options[key] for key in SHARED_OPTIONS}
    others = {
        f"slurm_{key}": value
        for key, value in options.items()
        if value is not None and key not in (*SHARED_OPTIONS, *OWN_OPTIONS)
    }
    # srun passes on what the script exports, also where sbatch is told not to
    path = os.pathsep.join(str(Path(entry).resolve()) for entry in sys.path if Path(entry).is_dir())
    exported = {"PYTHONPATH": path, **ONE_THREAD}
    exports = [f"export {name}={shlex.quote(value)}" for name, value in exported.items()]
    return {**shared, **others, "name": "neonym", "slurm_setup": [*options["setup"], *exports]}


def run_on_node(task: Task, singletons: Any, job: Job) -> None:
    """Run a job in a process that Slurm has started."""
    Singleton.set_state(singletons)
    prefer_own_launchers()
    run_elsewhere(task, job)


def _wait_for_ends(watched: Iterable[str], seconds: float) -> dict[str, str]:
    """Wait until some of the jobs have ended; their states by Slurm's ids, "" where forgotten."""
    while True:
        states = _states(watched)
        if states is not None:
            known = {each: states.get(each, "") for each in watched}
            if ended := {each: state for each, state in known.items() if state not in ALIVE}:
                return ended
        time.sleep(seconds)


def _explain_end(launch: Launch, job: Job, known: str, state: str) -> str:
    """Why a job has left no result, once it has had the time to be seen here."""
    end = time.monotonic() + GRACE_SECONDS
    while not result_of(job.folder).exists() and time.monotonic() < end:
        list(job.folder.iterdir())  # asks a network file system anew
        time.sleep(0.1)
    output = launch.folder / ".submitit" / known
    said = state.lower().replace("_", " ") or "gone from the queue"
    return f"Slurm job {known} left no result: {said}; see {output}"


def _states(known: Iterable[str]) -> dict[str, str] | None:
    """The states of jobs, without those that Slurm has forgotten; None if it cannot be asked."""
    numbers = sorted({key.partition("_")[0] for key in known})
    if not numbers:
        return {}
    command = ["squeue", "--noheader", "--array", "--states=all", "--format=%i %T"]
    asked = [*command, f"--jobs={','.join(numbers)}"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    if done.returncode != 0 and "Invalid job id" not in done.stderr:
        return None
    return dict(line.split() for line in done.stdout.splitlines())
