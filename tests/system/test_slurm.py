"""A team's set-up: jobs on the nodes of a Slurm cluster, tracked by a server on PostgreSQL."""

import json
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from mlflow.entities import Run
from mlflow.tracking import MlflowClient
from slurm_cluster import NODES, Cluster
from small_project import Project

from neonym.lab.tracking import tags

pytestmark = pytest.mark.system

LAUNCHER = (
    *("hydra/launcher=slurm", "hydra.launcher.mem_gb=1", "hydra.launcher.poll_seconds=0.2"),
    "hydra.launcher.partition=all",
)
SECONDS = 120


@dataclass
class Team:
    """A checkout on the cluster's shared file system."""

    project: Project
    cluster: Cluster
    server: str

    @property
    def environment(self) -> dict[str, str]:
        own = {"MLFLOW_TRACKING_URI": self.server, "PYTHONPATH": "src"}
        return {**self.cluster.environment, **own}

    def sweep(self, script: str, *words: str) -> "subprocess.CompletedProcess[str]":
        command = ("python", f"pipelines/{script}.py", "-m", *LAUNCHER, *words)
        return self.project.run(*command, **self.environment)

    def start(self, script: str, *words: str) -> "subprocess.Popen[bytes]":
        command = ("python", f"pipelines/{script}.py", "-m", *LAUNCHER, *words)
        return self.project.start(*command, **self.environment)

    def resume(self) -> "subprocess.CompletedProcess[str]":
        return self.project.run("neonym", "resume-sweep", str(self.folder), **self.environment)

    @property
    def folder(self) -> Path:
        [path] = (self.project.root / "multirun").glob("*/*/sweep.json")
        return path.parent

    def started(self, job: int) -> dict[str, object] | None:
        path = self.folder / str(job) / "started.json"
        return json.loads(path.read_bytes()) if path.exists() else None

    def slurm_id(self, job: int) -> str:
        return (self.folder / str(job) / "slurm_job").read_text()

    def family(self) -> tuple[Run, list[Run]]:
        """The sweep's parent run, and its children."""
        self.project.succeed("neonym", "sync", **self.environment)
        client = MlflowClient(self.server)
        sweep = json.loads((self.folder / "sweep.json").read_bytes())["id"]
        ids = [found.experiment_id for found in client.search_experiments()]
        runs = list(client.search_runs(ids, f"tags.`{tags.SWEEP}` = '{sweep}'"))
        [parent] = [run for run in runs if run.data.tags[tags.KIND] == "sweep"]
        children = [run for run in runs if run is not parent]
        assert {run.data.tags[tags.PARENT] for run in children} == {parent.info.run_id}
        return parent, children


@pytest.fixture
def team(project: Project, cluster: Cluster, server: str) -> Team:
    """With names."""
    return Team(project, cluster, server)


@pytest.fixture
def other_team(descent: Project, cluster: Cluster, server: str) -> Team:
    """With a pipeline of its own, for what is the machinery's."""
    return Team(descent, cluster, server)


def wait_for(holds: Callable[[], object]) -> None:
    end = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def assert_one_finished_child_each(team: Team, count: int) -> None:
    parent, children = team.family()
    finished = [run for run in children if run.info.status == "FINISHED"]
    assert len({run.data.tags[tags.CONFIGURATION] for run in finished}) == count == len(finished)
    assert not [run for run in children if run.info.status == "RUNNING"]
    assert parent.info.status == "FINISHED"


def test_jobs_run_on_both_nodes_and_are_children_of_one_parent(team: Team) -> None:
    done = team.sweep("sweep", "model.hidden_size=3,4", "seed=0,1")
    assert done.returncode == 0, done.stdout
    assert_one_finished_child_each(team, 4)
    _, children = team.family()
    assert {run.data.tags[tags.STAGES] for run in children} == {"train,sample,evaluate"}
    assert {run.data.tags[tags.SOURCE_NAME] for run in children} == {"pipelines/sweep.py"}
    hosts = {started["host"] for job in range(4) if (started := team.started(job))}
    assert hosts == set(NODES)
    assert "job 3 (model.hidden_size=4 seed=1) finished: val.nll" in done.stdout
    assert len(list((team.project.root / ".neonym/data").glob("*/train.txt"))) == 1


def test_jobs_that_a_node_lost_fail_with_a_reason_and_are_run_again(other_team: Team) -> None:
    team = other_team
    # A cancelled job has two seconds to end: long enough that it cannot have finished by then
    sweep = team.start("sweep", "seed=0,1,2", "train.pause=0.15")
    wait_for(lambda: list((team.project.root / "multirun").glob("*/*/sweep.json")))
    wait_for(lambda: team.started(0))
    team.cluster.ask("scancel", team.slurm_id(0))
    wait_for(lambda: team.started(1))
    started = team.started(1)
    assert started
    os.kill(int(str(started["pid"])), signal.SIGKILL)
    assert sweep.wait(SECONDS) == 1
    errors = [json.loads((team.folder / str(job) / "result.json").read_bytes()) for job in range(3)]
    assert "left no result: cancelled" in errors[0]["error"]
    assert "left no result: failed" in errors[1]["error"]
    assert errors[2]["status"] == "finished"
    done = team.resume()
    assert done.returncode == 0, done.stdout
    assert_one_finished_child_each(team, 3)


def kill_and_resume(team: Team, sweep: subprocess.Popen[bytes], submitted: int) -> None:
    """Kill a sweep while two of its jobs run; resumed, it submits none of them again."""
    wait_for(lambda: list((team.project.root / "multirun").glob("*/*/sweep.json")))
    wait_for(lambda: team.started(0) and team.started(1))
    sweep.kill()
    sweep.wait()
    before = [team.slurm_id(job) for job in range(submitted)]
    done = team.resume()
    assert done.returncode == 0, done.stdout
    assert [team.slurm_id(job) for job in range(submitted)] == before


def test_jobs_that_outlive_a_killed_sweep_are_its_own_when_it_goes_on(other_team: Team) -> None:
    sweep = other_team.start("sweep", "seed=0,1,2,3", "train.pause=0.05")
    kill_and_resume(other_team, sweep, submitted=4)
    assert_one_finished_child_each(other_team, 4)


def test_a_search_prunes_on_both_nodes_and_goes_on_with_the_jobs_a_kill_left(
    team: Team,
) -> None:
    sweep = team.start(
        *("train", "sweep=tpe", "sweep.trials=8", "sweep.at_once=2", "train.epochs=20"),
        *("optimizer.lr=tag(log,interval(1e-6,1e-1))", "model.hidden_size=range(3,9)"),
        "model.output_dropout=0.2",
    )
    kill_and_resume(team, sweep, submitted=2)
    parent, children = team.family()
    statuses = Counter(run.info.status for run in children)
    assert statuses["FINISHED"] + statuses["KILLED"] == len(children) == 8
    assert statuses["KILLED"] == parent.data.metrics["sweep/pruned"] > 0
    assert len({run.data.tags[tags.JOB] for run in children}) == 8
    assert {started["host"] for job in range(8) if (started := team.started(job))} == set(NODES)
    assert len(str(parent.info.run_name)) == 250  # PostgreSQL refuses more


def test_a_cluster_that_does_not_take_jobs_is_one_line(other_team: Team) -> None:
    done = other_team.sweep("sweep", "seed=0,1", "hydra.launcher.partition=nosuch")
    assert done.returncode == 2
    assert "the cluster does not take jobs" in done.stdout.splitlines()[-1]
    assert "invalid partition" in done.stdout.splitlines()[-1]


def test_a_cluster_that_cannot_be_reached_is_one_line_before_anything_starts(
    descent: Project,
) -> None:
    done = descent.run("python", "pipelines/sweep.py", "-m", *LAUNCHER, "seed=0,1")
    assert done.returncode == 2
    assert len(done.stdout.splitlines()) == 1
    assert "the cluster cannot be reached" in done.stdout
    assert not (descent.root / "multirun").exists()
