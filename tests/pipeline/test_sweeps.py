"""Sweeps: a parent with its children, a report, and going on after a failure or a kill."""

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest
from small_project import Project
from tracked_sweep import family, sweep_folder

from neonym.lab.tracking import tags
from warm import Warm

SEEDS = ("python", "pipelines/train.py", "-m", "model.hidden_size=3,4", "seed=0,1")
SWEEP = ("python", "pipelines/sweep.py", "-m")


@pytest.mark.slow
def test_a_sweep_is_a_parent_with_a_child_a_job(project_that_ran: Project) -> None:
    project = project_that_ran
    said = project.succeed(*SEEDS, PYTHONPATH="src")
    parent, children = family(project)
    assert parent.info.status == "FINISHED"
    assert sorted(child.info.run_name for child in children) == [
        f"model.hidden_size={hidden} seed={seed}" for hidden in (3, 4) for seed in (0, 1)
    ]
    sweep = parent.data.tags[tags.SWEEP]
    assert {child.data.tags[tags.SWEEP_CONFIGURATION] for child in children} == {
        f"model.hidden_size={hidden} · {sweep[:6]}" for hidden in (3, 4)
    }
    best = min(children, key=lambda child: float(child.data.metrics["best/val_nll"]))
    assert parent.data.tags["sweep.best_run_id"] == best.info.run_id
    assert parent.data.metrics["best/val_nll"] == best.data.metrics["best/val_nll"]
    assert f"best job again: {parent.data.tags['sweep.best_command']}" in said
    assert r"| model.hidden\_size=3 | 2 |" in parent.data.tags[tags.NOTE]
    assert project.succeed("dvc", "status").strip() == "Data and pipelines are up to date."


@pytest.mark.slow
def test_a_job_that_fails_does_not_take_the_sweep_with_it(descent: Project) -> None:
    words = ("tracking=default", "train.epochs=10", "fault.step=null,fit")
    done = descent.run(*SWEEP, *words)
    assert done.returncode == 1
    assert "job 1 failed" in done.stdout
    parent, children = family(descent)
    assert parent.data.metrics["sweep/failed"] == 1
    shared = "tracking=default train.epochs=10"
    assert {(child.info.run_name, child.info.status) for child in children} == {
        (f"fault.step=null {shared}", "FINISHED"),
        (f"fault.step=fit {shared}", "FAILED"),
    }
    assert parent.info.run_name == f"sweep {words[2]} {words[0]} {words[1]}"
    assert "ArithmeticError: fit fails at 1" in parent.data.tags[tags.NOTE]


@pytest.mark.slow
def test_a_sweep_that_was_ended_says_how_it_goes_on_where_it_was(descent: Project) -> None:
    words = ("train.degree=2,3", "seed=0,1", "train.pause=0.03")
    with (descent.root / "said").open("wb") as said:
        environment = descent.environment
        sweep = subprocess.Popen([*SWEEP, *words], cwd=descent.root, env=environment, stderr=said)
    while not list((descent.root / "multirun").glob("*/*/1/result.json")):
        time.sleep(0.05)
    sweep.terminate()
    assert sweep.wait() == -signal.SIGTERM
    folder = sweep_folder(descent)
    last = (descent.root / "said").read_text().splitlines()[-1]
    assert last.endswith(f" runs by: neonym resume-sweep {folder.relative_to(descent.root)}")
    before = {path: path.read_bytes() for path in folder.glob("*/result.json")}
    assert 2 <= len(before) < 4
    descent.succeed("neonym", "resume-sweep", str(folder))
    assert all(path.read_bytes() == content for path, content in before.items())
    parent, children = family(descent)
    finished = [child for child in children if child.info.status == "FINISHED"]
    assert len({child.data.tags[tags.CONFIGURATION] for child in finished}) == len(finished) == 4
    assert parent.info.status == "FINISHED"
    descent.succeed("neonym", "resume-sweep", parent.info.run_id)
    assert len(family(descent)[1]) == len(children)
    # and so does the same command that asks for it, however that is written
    for word in ("sweep.resume=true", "++sweep.resume=true"):
        (folder / "2" / "result.json").unlink()
        descent.succeed(*SWEEP, *words, word)
        assert sweep_folder(descent) == folder
        assert len(list(folder.glob("*/result.json"))) == 4


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["model.hiden_size=1,2"], "there is no such key; did you mean model.hidden_size?"),
        (["seed=range(0)"], "has no value"),
        (["hydra/launcher=nosuch", "seed=0,1"], "nosuch"),
        (["sweep.optimized_metric=test.nll", "seed=0,1"], "nothing is chosen by looking at test"),
        (["sweep.resume=true", "seed=0,1"], "no sweep of this command is here to resume"),
        (["seed=0,1", "--info"], "Only one of --run, --multirun, --cfg"),
        (["seed=0,1", "hydra/sweeper=basic"], "hydra/sweeper cannot be chosen"),
        (["seed=0,1", "hydra.sweeper._target_=os.system"], "Invalid plugin 'os.system'"),
        (["seed=0,1", "model=null"], "model needs one of its choices: gru, lstm, rnn"),
        (["model=rnn,null"], "model needs one of its choices: gru, lstm, rnn"),
        (["seed=0,1", "hydra.sweep.dir=conf"], "hydra.sweep.dir = conf: would change conf"),
    ],
)
def test_a_mistake_in_a_sweep_is_one_line_before_anything_starts(
    project: Project, warm: Warm, arguments: list[str], line: str
) -> None:
    done = project.run_warm(warm, "python", "pipelines/train.py", "-m", *arguments)
    assert done.returncode == 2
    assert len(done.stdout.splitlines()) == 1, done.stdout
    assert line in done.stdout
    assert not (project.root / "multirun").exists()


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (None, "not a sweep's folder"),
        ("{", "damaged"),
        (json.dumps({"version": 99, "id": "", "script": "train", "arguments": []}), "version 99"),
    ],
)
def test_a_folder_that_is_no_sweep_of_ours_is_refused(
    project: Project, content: str | None, line: str
) -> None:
    folder = project.root / "multirun" / "train" / "old"
    folder.mkdir(parents=True)
    if content:
        (folder / "sweep.json").write_text(content)
    done = project.run("neonym", "resume-sweep", "multirun/train/old", PYTHONPATH="src")
    assert done.returncode == 2
    assert line in done.stdout


@pytest.mark.slow
def test_a_sweep_goes_on_whatever_its_folder_is_called(descent: Project) -> None:
    words = ("tracking.enabled=false", "seed=0")
    folder = "multirun/it's $HOME=1 (2), \\"
    named = "hydra.sweep.dir='multirun/it\\'s $HOME=1 (2), \\\\'"
    descent.succeed(*SWEEP, *words, named)
    assert (descent.root / folder / "0/result.json").exists()
    for typed in (folder, f"{folder}/", str(descent.root / folder)):
        (descent.root / folder / "0/result.json").unlink()
        said = descent.succeed("neonym", "resume-sweep", typed)
        assert "job 0" in said


def test_a_sweep_is_resumed_in_its_project(project: Project, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    project.root = tmp_path / "elsewhere"
    done = project.run("neonym", "resume-sweep", "mine")
    assert done.returncode == 2
    line = f"{project.root} is in no project of neonym's; go to the folder with dvc.yaml"
    assert done.stdout == f"neonym: {line}\n"


@pytest.mark.slow
def test_the_whole_pipeline_is_one_job(project: Project) -> None:
    project.succeed(
        *("python", "pipelines/sweep.py", "-m", "sample.temperature=0.5,1.0"),
        *("sweep.optimized_metric=names.validity", "sweep.direction=maximize"),
        PYTHONPATH="src",
    )
    parent, children = family(project)
    assert {child.data.tags[tags.STAGES] for child in children} == {"train,sample,evaluate"}
    validities = [child.data.metrics["names/validity"] for child in children]
    assert parent.data.metrics["best/names_validity"] == max(validities)
    assert len(list((project.root / ".neonym/data").glob("*/train.txt"))) == 1


@pytest.mark.slow
def test_a_preset_sweeps_what_it_says(project: Project) -> None:
    project.succeed("python", "pipelines/train.py", "-m", "sweep=seeds", PYTHONPATH="src")
    _, children = family(project)
    assert sorted(child.info.run_name for child in children) == [f"seed={i}" for i in range(5)]
