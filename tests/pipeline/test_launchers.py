"""Launchers: jobs side by side, their deaths, and going on after a kill at any moment."""

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from mlflow.entities import Run
from small_project import Project

from neonym.lab.tracking import tags

pytestmark = pytest.mark.slow

TRAIN = ("python", "pipelines/train.py", "-m")
SWEEP = ("python", "pipelines/sweep.py", "-m")
JOBLIB = ("hydra/launcher=joblib", "hydra.launcher.workers=2")
LONG = ("train.pause=0.05",)  # two seconds
SECONDS = 120


def sweep_folders(project: Project) -> list[Path]:
    return [path.parent for path in sorted((project.root / "multirun").glob("*/*/sweep.json"))]


def started(folder: Path) -> dict[int, int]:
    """The processes of the jobs that have begun and not ended, by the jobs' numbers."""
    return {
        int(path.parent.name): json.loads(path.read_bytes())["pid"]
        for path in folder.glob("*/started.json")
        if not (path.parent / "result.json").exists()
    }


def wait_for(holds: Callable[[], object]) -> None:
    end = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def family(project: Project, folder: Path) -> tuple[Run, list[Run]]:
    """The parent run of a sweep, and its children."""
    project.succeed("neonym", "sync")
    sweep = json.loads((folder / "sweep.json").read_bytes())["id"]
    runs = [run for run in project.runs() if run.data.tags.get(tags.SWEEP) == sweep]
    [parent] = [run for run in runs if run.data.tags[tags.KIND] == "sweep"]
    children = [run for run in runs if run is not parent]
    assert {run.data.tags[tags.PARENT] for run in children} == {parent.info.run_id}
    return parent, children


def assert_one_finished_child_each(project: Project, folder: Path, count: int) -> None:
    parent, children = family(project, folder)
    finished = [run for run in children if run.info.status == "FINISHED"]
    assert len({run.data.tags[tags.CONFIGURATION] for run in finished}) == len(finished) == count
    assert {run.data.tags[tags.JOB] for run in finished} == {str(job) for job in range(count)}
    assert not [run for run in children if run.info.status == "RUNNING"]
    assert parent.info.status == "FINISHED"
    assert parent.data.metrics["sweep/jobs"] == count


def test_jobs_run_side_by_side_and_share_their_data(project_that_ran: Project) -> None:
    project = project_that_ran
    command = ("python", "pipelines/sweep.py", "-m", *JOBLIB)
    said = project.succeed(*command, "data.max_length=50", "seed=range(4)", PYTHONPATH="src")
    [folder] = sweep_folders(project)
    assert_one_finished_child_each(project, folder, 4)
    processes = [json.loads(path.read_bytes())["pid"] for path in folder.glob("*/started.json")]
    assert len(set(processes)) == 2
    logs = [(folder / str(job) / "job.log").read_text() for job in range(4)]
    assert "".join([said, *logs]).count("kept 1,") == 1, "data was made more than once"
    assert all("epoch 2 of 2" in log for log in logs)
    assert "epoch" not in said
    for job in range(4):
        assert f"job {job} (data.max_length=50 seed={job}) finished: val.nll" in said
    assert project.succeed("dvc", "status").strip() == "Data and pipelines are up to date."


def test_a_launcher_makes_the_same_models_as_any_other_also_without_streams(
    project: Project,
) -> None:
    closed = ("bash", "-c", 'exec "$@" <&- >&- 2>&-', "bash")
    project.succeed(*TRAIN, "seed=0,1", PYTHONPATH="src")
    project.succeed(*closed, *TRAIN, *JOBLIB, "seed=0,1", PYTHONPATH="src")
    alone, beside = sweep_folders(project)
    for job in ("0", "1"):
        model = Path(job, "models/model.npz")
        assert (alone / model).read_bytes() == (beside / model).read_bytes()


def test_a_process_that_is_killed_fails_its_own_job_alone(descent: Project) -> None:
    sweep = descent.start(*SWEEP, *JOBLIB, *LONG, "seed=range(4)")
    wait_for(lambda: sweep_folders(descent) and len(started(sweep_folders(descent)[0])) == 2)
    [folder] = sweep_folders(descent)
    job, pid = next(iter(started(folder).items()))
    os.kill(pid, signal.SIGKILL)
    assert sweep.wait(SECONDS) == 1
    results = {i: json.loads((folder / str(i) / "result.json").read_bytes()) for i in range(4)}
    assert "its process died (SIGKILL" in results.pop(job)["error"]
    assert {result["status"] for result in results.values()} == {"finished"}
    before = {i: (folder / str(i) / "result.json").stat().st_mtime_ns for i in results}
    descent.succeed("neonym", "resume-sweep", str(folder))
    assert before == {i: (folder / str(i) / "result.json").stat().st_mtime_ns for i in results}
    assert_one_finished_child_each(descent, folder, 4)


@pytest.mark.parametrize("launcher", [(), JOBLIB])
def test_fail_fast_ends_the_sweep_with_the_first_job_that_fails(
    descent: Project, launcher: tuple[str, ...]
) -> None:
    words = ("fault.step=fit,null", "seed=0,1", "sweep.fail_fast=true", *LONG)
    done = descent.run(*SWEEP, *launcher, *words)
    assert done.returncode == 1
    assert "ArithmeticError: fit fails at 1" in done.stdout
    assert "neonym resume-sweep multirun/" in done.stdout
    [folder] = sweep_folders(descent)
    assert not [job for job in (2, 3) if (folder / str(job) / "result.json").exists()]
    wait_for(lambda: not any(is_running(pid) for pid in started(folder).values()))


@pytest.mark.parametrize("launcher", [(), JOBLIB])
def test_ctrl_c_ends_a_sweep_quietly_with_all_its_jobs(
    descent: Project, launcher: tuple[str, ...]
) -> None:
    sweep = subprocess.Popen(
        [*SWEEP, *launcher, "train.pause=0.1", "seed=0,1"],
        cwd=descent.root,
        env=descent.environment,
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    wait_for(lambda: sweep_folders(descent) and started(sweep_folders(descent)[0]))
    [folder] = sweep_folders(descent)
    jobs = list(started(folder).values())
    os.killpg(sweep.pid, signal.SIGINT)
    said, _ = sweep.communicate(timeout=SECONDS)
    assert sweep.returncode == 130
    assert "Traceback" not in said
    assert f"neonym resume-sweep {folder.relative_to(descent.root)}\n" in said
    wait_for(lambda: not any(is_running(pid) for pid in jobs))
    assert not list(folder.glob("*/result.json"))


def test_jobs_are_run_again_where_conf_has_changed(descent: Project) -> None:
    descent.succeed(*SWEEP, "seed=0,1")
    [folder] = sweep_folders(descent)
    before = {job: (folder / job / "result.json").stat().st_mtime_ns for job in ("0", "1")}
    descent.edit("conf/train/default.yaml", "epochs", "20")
    descent.succeed("neonym", "resume-sweep", str(folder))
    after = {job: (folder / job / "result.json").stat().st_mtime_ns for job in ("0", "1")}
    assert all(after[job] > before[job] for job in before)
    assert_one_finished_child_each(descent, folder, 2)


def test_a_job_that_was_killed_behind_its_last_event_is_one_finished_child(
    descent: Project,
) -> None:
    descent.succeed(*SWEEP, "seed=0,1")
    [folder] = sweep_folders(descent)
    (folder / "1" / "result.json").unlink()
    descent.succeed("neonym", "resume-sweep", str(folder))
    assert_one_finished_child_each(descent, folder, 2)
    _, children = family(descent, folder)
    [first, second] = sorted(
        (run for run in children if run.data.tags[tags.JOB] == "1"),
        key=lambda run: run.info.start_time,
    )
    assert first.info.status == "KILLED"
    assert first.data.tags[tags.SUPERSEDED_BY] == second.data.tags[tags.RUN_KEY]


@pytest.mark.parametrize(("launcher", "seed"), [((), 0), (JOBLIB, 1), (JOBLIB, 2)])
def test_a_sweep_killed_at_any_moments_ends_with_one_finished_child_each(
    descent: Project, launcher: tuple[str, ...], seed: int
) -> None:
    moments = random.Random(seed)  # noqa: S311 (moments, not secrets)
    words = (*launcher, *LONG, "seed=range(4)")
    command: tuple[str, ...] = (*SWEEP, *words)
    for _ in range(4):
        sweep = descent.start(*command)
        wait_for(lambda: sweep_folders(descent))
        time.sleep(moments.uniform(0, 5))
        [folder] = sweep_folders(descent)
        jobs = list(started(folder).values())
        killed_one = _kill(moments.choice([sweep.pid, *jobs]), sweep)
        if not killed_one:
            sweep.kill()
        sweep.wait(SECONDS)
        wait_for(lambda pids=jobs: not any(is_running(pid) for pid in pids))
        command = ("neonym", "resume-sweep", str(folder))
    descent.succeed(*command)
    assert_one_finished_child_each(descent, folder, 4)
    descent.succeed(*SWEEP, *words, "sweep.resume=true")
    assert_one_finished_child_each(descent, folder, 4)


def _kill(pid: int, sweep: "subprocess.Popen[bytes]") -> bool:
    """Kill the sweep or one of its jobs; whether the sweep has ended by that."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return pid == sweep.pid


def test_two_sweeps_at_the_same_time_do_not_touch_each_other(descent: Project) -> None:
    words = ("seed=0,1",)
    sweeps = [
        descent.start(*SWEEP, *words),
        descent.start(*SWEEP, *JOBLIB, *words),
    ]
    assert [sweep.wait(SECONDS) for sweep in sweeps] == [0, 0]
    first, second = sweep_folders(descent)
    for folder in (first, second):
        assert_one_finished_child_each(descent, folder, 2)
    for job in ("0", "1"):
        model = Path(job, "models/model.json")
        assert (first / model).read_bytes() == (second / model).read_bytes()


def test_a_sweep_that_runs_is_not_resumed_beside_itself(descent: Project) -> None:
    sweep = descent.start(*SWEEP, "train.pause=0.15", "seed=0,1")
    wait_for(lambda: sweep_folders(descent) and started(sweep_folders(descent)[0]))
    [folder] = sweep_folders(descent)
    done = descent.run("neonym", "resume-sweep", str(folder))
    assert done.returncode == 2
    assert len(done.stdout.splitlines()) == 1
    assert "is still running" in done.stdout
    assert sweep.wait(SECONDS) == 0
    assert_one_finished_child_each(descent, folder, 2)


def test_a_folder_of_another_sweep_is_refused(descent: Project) -> None:
    descent.succeed(*SWEEP, "seed=0", "hydra.sweep.dir=multirun/sweep/mine")
    done = descent.run(*SWEEP, "seed=1", "hydra.sweep.dir=multirun/sweep/mine")
    assert done.returncode == 2
    assert "multirun/sweep/mine is the folder of another sweep" in done.stdout
