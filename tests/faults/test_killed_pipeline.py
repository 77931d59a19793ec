"""kill -9 of `dvc repro` in every stage: started again, it ends as if nothing had happened."""

import hashlib
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from mlflow.entities import Run
from mlflow.tracking import MlflowClient
from own_projects import begin_descent, begin_example
from small_project import Project, make_project

from neonym.lab.tracking import tags
from processes import delivery_pids, kill, kill_group, stage_runs
from warm import Warm

SEED = 6
MADE = (
    *("dvc.lock", "params.yaml", "data/processed", "models", "reports"),
    *(".dvc/cache", ".dvc/tmp", "mlflow.db", "mlartifacts", ".neonym"),
)


@dataclass(frozen=True)
class Pipeline:
    """A pipeline that is killed."""

    begin: Callable[[Path, Path, Warm], Project]
    stages: tuple[str, ...]
    tracked: str
    """Those that log, as a run names them."""
    chains: tuple[int, ...]
    """Their numbers; in those that are even delivery is killed too."""
    longer: tuple[str, str, str]
    """File, key and value by which it takes some time."""


PIPELINES = {
    "names": Pipeline(
        make_project,
        ("compose", "preprocess", "train", "sample", "evaluate"),
        "train,sample,evaluate",
        chains=(0, 1),
        longer=("conf/train/default.yaml", "epochs", "12"),
    ),
    "diabetes": Pipeline(
        begin_example,
        ("compose", "prepare", "fit", "evaluate"),
        "fit,evaluate",
        chains=(2,),
        longer=("conf/config.yaml", "- model", "boosting"),
    ),
    "descent": Pipeline(
        begin_descent,
        ("compose", "prepare", "fit", "judge"),
        "fit,judge",
        chains=(3,),
        longer=("conf/train/default.yaml", "pause", "0.02"),
    ),
}


@dataclass(frozen=True)
class Reference:
    """A project and what came of a run that nobody interrupted."""

    pipeline: Pipeline
    project: Project
    seconds: dict[str, float]
    """How long each stage took, and DVC behind it."""
    digests: dict[str, str]
    points: set[tuple[str, int, str]]
    database: bytes
    """MLflow's, without a run."""


@pytest.fixture
def reference(
    tmp_path: Path, empty_database: Path, warm_programs: Warm, request: pytest.FixtureRequest
) -> Iterator[Reference]:
    pipeline = PIPELINES[request.param]
    project = pipeline.begin(tmp_path / "project", empty_database, warm_programs)
    project.edit(*pipeline.longer)
    empty = empty_database.read_bytes()
    seconds = time_stages(project, pipeline.stages)
    project.succeed("neonym", "sync")
    [run] = project.runs()
    yield Reference(pipeline, project, seconds, digests(project), points(project, run), empty)
    kill(delivery_pids(project.root))


def start(project: Project) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        ["dvc", "repro"],
        cwd=project.root,
        env=project.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def time_stages(project: Project, stages: tuple[str, ...]) -> dict[str, float]:
    process, began = start(project), {}
    while process.poll() is None:
        following = stages[len(began) :]
        if following and stage_runs(process.pid, following[0]):
            began[following[0]] = time.monotonic()
        time.sleep(0.02)
    assert process.returncode == 0
    moments = [*(began[stage] for stage in stages), time.monotonic()]
    return {stage: moments[i + 1] - moments[i] for i, stage in enumerate(stages)}


def digests(project: Project) -> dict[str, str]:
    """The sha256 of everything that the pipeline leaves."""
    paths = [project.root / name for name in ("dvc.lock", "params.yaml")]
    for folder in ("data/processed", "models", "reports"):
        paths += sorted(path for path in (project.root / folder).rglob("*") if path.is_file())
    return {
        str(path.relative_to(project.root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in paths
    }


def points(project: Project, run: Run) -> set[tuple[str, int, str]]:
    """All points of all curves of a run."""
    client = MlflowClient(f"sqlite:///{project.root / 'mlflow.db'}")
    histories = [client.get_metric_history(run.info.run_id, key) for key in run.data.metrics]
    return {(point.key, point.step, str(point.value)) for found in histories for point in found}


def forget(project: Project) -> None:
    """Delete everything that runs made."""
    kill(delivery_pids(project.root))
    for name in MADE:
        path = project.root / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def kill_in(stage: str, reference: Reference, moment: float, with_delivery: bool) -> None:
    """Start the pipeline, and kill it a share of the stage's time after that has begun."""
    project = reference.project
    project.succeed("neonym", "mend")
    process = start(project)
    while not stage_runs(process.pid, stage) and process.poll() is None:
        time.sleep(0.02)
    time.sleep(moment * reference.seconds[stage])
    if with_delivery:
        kill(delivery_pids(project.root))
    kill_group(process)


@pytest.mark.slow
@pytest.mark.parametrize("reference", PIPELINES, indirect=True)
def test_a_killed_pipeline_started_again_ends_as_if_nothing_had_happened(
    reference: Reference,
) -> None:
    for number in reference.pipeline.chains:
        kill_in_each_stage(reference, number)
        project = reference.project
        project.succeed("neonym", "mend")
        done = project.run("dvc", "repro")
        assert done.returncode == 0, done.stdout
        project.succeed("neonym", "sync")
        assert digests(project) == reference.digests
        runs = project.runs()
        assert {run.info.status for run in runs} <= {"FINISHED", "KILLED"}
        tracked = reference.pipeline.tracked
        complete = [run for run in runs if run.data.tags.get(tags.STAGES) == tracked]
        [run] = [run for run in runs if run.info.status == "FINISHED"]
        assert complete == [run]
        assert points(project, run) == reference.points
        assert not list((project.root / ".neonym/spool").glob("*/rejected/*"))


def kill_in_each_stage(reference: Reference, number: int) -> None:
    """Begin anew, and kill each stage once, at a moment of its own."""
    project, stages = reference.project, reference.pipeline.stages
    chance = np.random.default_rng([SEED, number])
    moments = {stage: chance.random() for stage in stages}
    print(f"seed {SEED}, chain {number}: {moments}")
    forget(project)
    if number:  # else delivery may be killed while it makes the database
        (project.root / "mlflow.db").write_bytes(reference.database)
    for stage, moment in moments.items():
        kill_in(stage, reference, moment, with_delivery=number % 2 == 0)
