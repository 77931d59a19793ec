"""Searches with real trainings: pruned jobs, kills at any moment, what the parent run holds."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mlflow.tracking import MlflowClient
from small_project import PROJECT, Project
from tracked_sweep import family, sweep_folder

from neonym.lab.own.curves_file import read_curves
from neonym.lab.sweeps import search
from neonym.lab.tracking import tags
from neonym.training.history import read_history

pytestmark = pytest.mark.slow

JOBLIB = ("hydra/launcher=joblib", "hydra.launcher.workers=2")
SEARCH = ("python", "pipelines/sweep.py", "-m", "sweep=tpe", "train.epochs=10")
SECONDS = 120


def results(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_bytes()) for path in folder.glob("*/result.json")]


def running_as_each_began(folder: Path) -> list[int]:
    """How many others ran as each trial of a search began: always all workers but one."""
    trials = search.open_study(folder / search.STUDY, "minimize").trials
    began = [trial.datetime_start for trial in trials]
    ended = [trial.datetime_complete for trial in trials]
    return [place - sum(end <= begin for end in ended) for place, begin in enumerate(began)]


@pytest.mark.parametrize("launcher", [(), JOBLIB])
def test_hopeless_jobs_are_pruned_and_told_apart(
    descent: Project, launcher: tuple[str, ...]
) -> None:
    said = descent.succeed(*SEARCH, *launcher, "sweep.trials=14")
    folder = sweep_folder(descent)
    pruned = [result for result in results(folder) if result["status"] == "pruned"]
    assert len(results(folder)) == 14
    assert pruned
    at_once = 2 if launcher else 1
    assert running_as_each_began(folder) == [*range(at_once), *[at_once - 1] * (14 - at_once)]
    assert {result["value"] for result in pruned} == {None}
    assert f"{len(pruned)} jobs were pruned, which is no failure" in said
    parent, children = family(descent)
    assert parent.data.metrics["sweep/pruned"] == len(pruned)
    assert parent.data.metrics["sweep/failed"] == 0
    stopped = [run for run in children if run.info.status == "KILLED"]
    assert {frozenset(run.info.run_name.split()) for run in stopped} == {
        frozenset(result["overrides"]) for result in pruned
    }
    assert all(run.info.run_name.endswith(" train.epochs=10") for run in stopped)
    assert {run.data.tags[tags.STATUS] for run in stopped} == {"pruned"}
    assert all(tags.STATUS not in run.data.tags for run in children if run not in stopped)
    for run in stopped:
        curves = read_curves(folder / run.data.tags[tags.JOB] / "reports/curves.csv")
        assert curves[-1][1]["val/loss"] == run.data.metrics["val/loss"]
        assert len(curves) < 10


def test_a_pruned_training_is_told_apart(project: Project) -> None:
    """As above, of what names tell of a training."""
    search = ("optimizer.lr=tag(log,interval(1e-6,1e-1))", "model=rnn", "sweep.trials=8")
    words = ("sweep=tpe", "sweep.at_once=1", *search, "train.epochs=10", "model.hidden_size=4")
    project.succeed("python", "pipelines/train.py", "-m", *words, PYTHONPATH="src")
    folder = sweep_folder(project)
    pruned = [result for result in results(folder) if result["status"] == "pruned"]
    _, children = family(project)
    stopped = [run for run in children if run.info.status == "KILLED"]
    assert len(stopped) == len(pruned) > 0
    for run in stopped:
        history = read_history(folder / run.data.tags[tags.JOB] / "reports" / "history.csv")
        assert history[-1].val_nll == run.data.metrics["val/nll"]
        assert len(history) < 10


def test_the_parent_of_a_sweep_holds_pictures_and_what_mattered(descent: Project) -> None:
    descent.succeed(*SEARCH, "sweep.trials=14", "sweep.pruner=null")
    parent, children = family(descent)
    client = MlflowClient(f"sqlite:///{descent.root / 'mlflow.db'}")
    pictures = {file.path for file in client.list_artifacts(parent.info.run_id, "figures")}
    names = ("importance", "learning_curves", "objective", "parallel_coordinates")
    assert pictures == {f"figures/{name}.png" for name in names}
    note = parent.data.tags[tags.NOTE]
    assert "14 jobs finished, 0 failed" in note
    assert "each key explains: train.lr 0." in note
    best = min(children, key=lambda run: float(run.data.metrics["val/loss"]))
    assert f"run `{best.info.run_id}`" in note
    descent.succeed(*parent.data.tags["sweep.best_command"].split())
    [again] = (descent.root / "outputs").glob("*/*/reports/curves.csv")
    [first] = sweep_folder(descent).glob(f"{best.data.tags[tags.JOB]}/reports/curves.csv")
    assert again.read_bytes() == first.read_bytes()


@pytest.mark.parametrize(("launcher", "seed"), [((), 0), (JOBLIB, 1)])
def test_a_search_killed_at_any_moments_ends_with_one_finished_child_each(
    descent: Project, launcher: tuple[str, ...], seed: int
) -> None:
    moments = np.random.default_rng(seed)
    words = ("sweep.trials=10", "sweep.pruner=null", "train.pause=0.03")
    command = [*SEARCH, *launcher, *words]
    for _ in range(3):
        attempt = descent.start(*command)
        end_after_a_while(descent, attempt, moments)
        command = [*command, "sweep.resume=true"] if list_results(descent) else command
    folder = sweep_folder(descent)
    descent.succeed("neonym", "resume-sweep", str(folder))
    parent, children = family(descent)
    finished = [run for run in children if run.info.status == "FINISHED"]
    assert len({run.data.tags[tags.CONFIGURATION] for run in finished}) == len(finished) == 10
    assert {run.data.tags[tags.JOB] for run in finished} == {str(job) for job in range(10)}
    assert parent.info.status == "FINISHED"
    assert parent.data.metrics["sweep/jobs"] == 10
    said = descent.succeed("neonym", "resume-sweep", str(folder))
    assert "best job again" in said
    assert family(descent)[0].info.end_time == parent.info.end_time  # it was not opened anew


def list_results(project: Project) -> list[Path]:
    return list((project.root / "multirun").glob("*/*/*/result.json"))


def end_after_a_while(
    project: Project, attempt: subprocess.Popen[bytes], moments: np.random.Generator
) -> None:
    """Kill a sweep once it has made some progress and a little more."""
    before, end = len(list_results(project)), time.monotonic() + SECONDS
    while attempt.poll() is None and len(list_results(project)) < before + 2:
        assert time.monotonic() < end
        time.sleep(0.02)
    time.sleep(moments.uniform(0, 0.5))
    attempt.send_signal(signal.SIGKILL)
    attempt.wait()


WRITER = """
import sys
from pathlib import Path
from optuna.trial import create_trial
from neonym.lab.sweeps.search import open_study
study = open_study(Path(sys.argv[1]), "minimize")
print("ready", flush=True)
while True:
    study.add_trial(create_trial(value=float(len(study.get_trials(deepcopy=False)))))
"""


def test_a_kill_while_the_study_is_written_loses_nothing_and_blocks_nobody(tmp_path: Path) -> None:
    moments, path = np.random.default_rng(0), tmp_path / "study.log"
    known = 0
    for _ in range(4):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)], cwd=PROJECT, stdout=subprocess.PIPE
        )
        assert writer.stdout is not None
        with writer.stdout:
            assert writer.stdout.readline() == b"ready\n"  # read, whole and without waiting
            time.sleep(moments.uniform(0.05, 0.3))
            os.kill(writer.pid, signal.SIGKILL)
            writer.wait()
        lines = path.read_bytes().splitlines(keepends=True)
        whole = [json.loads(line) for line in lines if line.endswith(b"\n")]
        values = [line["value"] for line in whole if "value" in line]
        assert values == list(range(len(values)))
        assert len(values) > known
        known = len(values)
