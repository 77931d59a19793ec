"""`neonym lineage` and `neonym reproduce` on runs of every kind, with the real DVC and MLflow."""

import hashlib
import json
import os
import re
import shutil
import signal
import time
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from mlflow.entities import Run
from mlflow.tracking import MlflowClient
from small_project import PROJECT, Project

from neonym.lab.tracking import tags
from neonym.tracked import VOCABULARY

TRAIN = ("python", "pipelines/train.py")
SWEEP = ("python", "pipelines/sweep.py")


@pytest.fixture(autouse=True)
def _temporary(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Temporary folders lie where a test sees whether any is left."""
    (tmp_path / "temporary").mkdir()
    names = ("descent", "project_that_ran", "project")
    own = next(name for name in names if name in request.fixturenames)
    request.getfixturevalue(own).environment["TMPDIR"] = str(tmp_path / "temporary")


def left_behind(project: Project) -> list[str]:
    """What `reproduce` may have left: worktrees, in git and on the disk."""
    listed = project.succeed("git", "worktree", "list", "--porcelain").splitlines()
    worktrees = [line for line in listed if line.startswith("worktree ")][1:]
    folders = Path(project.environment["TMPDIR"]).glob("neonym-reproduce-*")
    return [*worktrees, *map(str, folders)]


def snapshot(project: Project) -> dict[str, str]:
    """The sha256 of all of the workspace's files but the code's caches."""
    paths = [path for path in project.root.rglob("*") if path.is_file()]
    return {
        str(path.relative_to(project.root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in paths
        if "__pycache__" not in path.parts and not path.name.startswith("mlflow.db")
    }


def run_called(project: Project, name: str) -> Run:
    project.succeed("neonym", "sync")
    [run] = [run for run in project.runs() if run.info.run_name == name]
    return run


def reproduce(project: Project, run_id: str, status: int = 0) -> str:
    """What `neonym reproduce` prints, which must end with a status and leave nothing."""
    project.stop_delivery()
    before, runs = snapshot(project), len(project.runs())
    done = project.run("neonym", "reproduce", run_id)
    assert done.returncode == status, done.stdout
    assert snapshot(project) == before
    assert len(project.runs()) == runs
    assert left_behind(project) == []
    return done.stdout


def lineage(project: Project, start: str) -> dict[str, object]:
    [found, *_] = [json.loads(project.succeed("neonym", "lineage", start, "--json"))]
    chain = found[0] if isinstance(found, list) else found
    assert isinstance(chain, dict)
    return chain


@pytest.mark.slow
def test_runs_of_dvc_repro_and_dvc_exp_are_had_again_with_their_own_code(
    project_that_ran: Project,
) -> None:
    project = project_that_ran
    project.commit("Run")
    # Neither committed, and one of the files is new
    (project.root / "src/neonym/colder.py").write_text("SHIFT = 5\n")
    sampling = project.root / "src/neonym/steps/sample_step.py"
    text = sampling.read_text()
    shifted = text.replace("seed=settings.seed,", "seed=settings.seed + SHIFT,")
    assert shifted != text
    used = "from neonym.corpus.processed import read_processed\n"
    assert used in shifted
    sampling.write_text(shifted.replace(used, f"from neonym.colder import *\n{used}"))
    project.succeed("dvc", "exp", "run", "-n", "cold", "-S", "sample.temperature=0.7")
    project.succeed("neonym", "sync")
    runs = {run.data.tags[tags.DVC_EXPERIMENT]: run for run in project.runs()}

    chain = lineage(project, "dvc.lock")
    assert chain["run"]["id"] == runs["cold"].info.run_id
    assert chain["dvc"]["in_dvc_lock"] is True
    assert len(chain["dvc"]["experiment_commit"]) == 40
    assert chain["code"]["diff"]["state"] == "whole"
    assert chain["code"]["diff"]["files"] == [
        "src/neonym/colder.py",
        "src/neonym/steps/sample_step.py",
    ]
    assert chain["reproduce"]["possible"] is True
    shown = project.succeed("neonym", "lineage", runs["cold"].info.run_id)
    for digest in (tags.CONFIGURATION, tags.DATA, VOCABULARY, tags.MODEL, tags.GIT_COMMIT):
        assert runs["cold"].data.tags[digest] in shown
    assert "experiment cold" in shown

    project.succeed("git", "checkout", "-q", ".")
    (project.root / "src/neonym/colder.py").unlink()
    said = reproduce(project, runs["cold"].info.run_id)
    assert "2 files changed" in said
    assert "versions, processor and BLAS are the run's" in said
    said_of_all = re.compile(r"^all \d+ are equal$", re.MULTILINE)
    assert said_of_all.search(said)
    assert said_of_all.search(reproduce(project, runs[""].info.run_id))


@pytest.mark.slow
def test_jobs_of_a_sweep_are_had_again_from_the_table_among_their_artifacts(
    descent: Project,
) -> None:
    table = (descent.root / "data/raw/points.csv").read_text().splitlines()
    (descent.root / "mine.csv").write_text("\n".join(table[::2]))
    descent.succeed(*SWEEP, "-m", "data.path=mine.csv", "seed=0,1")
    descent.succeed("neonym", "sync")
    (descent.root / "mine.csv").unlink()
    [parent] = [run for run in descent.runs() if run.data.tags[tags.KIND] == "sweep"]
    said = reproduce(descent, parent.info.run_id)
    assert said.count("file: from the run's artifacts") == 2
    assert "2 of the sweep's 2 finished jobs are equal" in said
    child = str(parent.data.tags["sweep.best_run_id"])
    chain = lineage(descent, child)
    assert chain["sweep"]["run"] == parent.info.run_id
    assert chain["data"]["file"]["kept"] == "artifact"
    artifact(descent, child, "data/mine.csv").write_text("altered\n")
    said = reproduce(descent, child, status=2)
    assert "its file mine.csv is gone or changed" in said
    assert len(said.splitlines()) == 1


@pytest.mark.slow
def test_a_mixture_is_had_again_and_what_was_tampered_with_is_marked(project: Project) -> None:
    small = ("experiment=best", "train.members=2", "train.epochs=1", "train.ngram_max_order=3")
    project.succeed(*TRAIN, *small, PYTHONPATH="src")
    run = run_called(project, " ".join(small))
    run_id = run.info.run_id
    reproduce(project, run_id)
    file = artifact(project, run_id, "reports/history.csv")
    file.write_bytes(file.read_bytes() + b"\n")
    client = MlflowClient(f"sqlite:///{project.root / 'mlflow.db'}")
    best = run.data.metrics["best/val_nll"]
    step = client.get_metric_history(run_id, "best/val_nll")[-1].step
    client.log_metric(run_id, "best/val_nll", best - 1e-9, step=step)
    client.set_tag(run_id, tags.MODEL, "0" * 64)
    said = reproduce(project, run_id, status=1)
    marked = [line.split()[1] for line in said.splitlines() if line.startswith("DIFFERS")]
    assert marked == ["model", "reports/history.csv", "best/val_nll"]
    assert "3 of " in said


@pytest.mark.slow
def test_reproduce_leaves_nothing_however_it_is_ended(descent: Project) -> None:
    descent.succeed(*SWEEP, "train.epochs=200")
    run_id = run_called(descent, "train.epochs=200").info.run_id
    for number in (signal.SIGKILL, signal.SIGINT, signal.SIGTERM):
        status = end_while_a_stage_runs(descent, run_id, number)
        assert status == (-signal.SIGKILL if number == signal.SIGKILL else 130)
        end = time.monotonic() + 30
        while left_behind(descent):
            assert time.monotonic() < end
            time.sleep(0.05)


def end_while_a_stage_runs(project: Project, run_id: str, number: signal.Signals) -> int:
    """Send a signal to `neonym reproduce` in the middle of training; its status."""
    process = project.start("neonym", "reproduce", run_id)
    temporary = Path(project.environment["TMPDIR"])
    while not list(temporary.glob("neonym-reproduce-*/.neonym/spool/*/segments/*")):
        assert process.poll() is None
        time.sleep(0.01)
    os.kill(process.pid, number)
    return process.wait(timeout=30)


@pytest.mark.slow
def test_a_downloaded_archive_runs_and_says_that_its_commit_is_unknown(
    project: Project, tmp_path: Path
) -> None:
    shutil.rmtree(project.root / ".git")
    for name in ("Makefile", "requirements.lock", "README.md", "LICENSE"):
        shutil.copyfile(PROJECT / name, project.root / name)
    # The environment is there, and as new as it must be; what `make setup` writes beside it is not
    binaries = Path(project.environment["PATH"].split(os.pathsep)[0])
    (project.root / ".venv").symlink_to(binaries.parent)
    recipe = project.succeed("make", "-n", "-W", "pyproject.toml", "ALONE=1", "setup").splitlines()
    [line] = [line for line in recipe if "no_scm" in line]
    project.succeed("bash", "-c", line)
    ready = f"READY={tmp_path / 'ready'}"
    (tmp_path / "ready").touch()
    assert "new names" in project.succeed("make", "repro", ready)
    [run] = project.runs()
    assert run.data.tags[tags.GIT_COMMIT] == "unknown"
    assert run.info.status == "FINISHED"
    shown = project.succeed("neonym", "lineage", run.info.run_id)
    assert "commit unknown: made outside of a git checkout" in shown
    done = project.run("neonym", "reproduce", run.info.run_id)
    assert done.returncode == 2
    assert done.stdout.strip().endswith(
        "its commit is unknown: it was made outside of a git checkout, or before its first commit"
    )


def artifact(project: Project, run_id: str, path: str) -> Path:
    """One of a run's files in the store."""
    client = MlflowClient(f"sqlite:///{project.root / 'mlflow.db'}")
    folder = unquote(urlsplit(client.get_run(run_id).info.artifact_uri).path)
    return Path(folder, path)
