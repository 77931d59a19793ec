"""The scripts are applications of Hydra's: its flags, keys, folders and callbacks work."""

import json
from pathlib import Path

import pytest
import yaml
from small_project import Project

from warm import Warm

SMALL = ("train.epochs=1", "model.hidden_size=4")
CALLBACK = """
from pathlib import Path
from hydra.experimental.callback import Callback

class Noting(Callback):
    def __init__(self, file):
        self.file = file

    def note(self, what):
        with Path(self.file).open("a") as file:
            file.write(what + "\\n")

    def on_multirun_start(self, config, **kwargs):
        self.note("multirun start")

    def on_job_start(self, config, **kwargs):
        self.note(f"job {config.hydra.job.num} start")

    def on_job_end(self, config, job_return, **kwargs):
        self.note(f"job {config.hydra.job.num} end")

    def on_multirun_end(self, config, **kwargs):
        self.note("multirun end")
"""


def train(project: Project, *arguments: str, **environment: str) -> str:
    return project.succeed(
        "python", "pipelines/train.py", *arguments, PYTHONPATH="src", **environment
    )


def sweep(descent: Project, *arguments: str) -> str:
    words = ("train.epochs=1", "tracking.enabled=false")
    return descent.succeed("python", "pipelines/sweep.py", "-m", *words, *arguments)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--cfg", "job", "seed=7"], "\nseed: 7\n"),
        (["--cfg", "hydra"], "_target_: hydra_plugins.neonym_lab.PlannedSweeper"),
        (["--cfg", "job", "--package", "model", "model=rnn"], "cell: rnn"),
        (["--info", "plugins"], "PlannedSweeper"),
        (["--info", "defaults", "model=gru"], "model/gru"),
        (["--info"], "Config search path"),
        (["--help"], "train is powered by Hydra."),
        (["--hydra-help"], "--multirun"),
        (["--version"], "Hydra 1.3"),
    ],
)
def test_hydras_flags_work(project: Project, warm: Warm, arguments: list[str], said: str) -> None:
    done = project.run_warm(warm, "python", "pipelines/train.py", *arguments)
    assert done.returncode == 0, done.stdout
    assert said in done.stdout
    assert not (project.root / "outputs").exists()


def test_the_tabulator_completes(project: Project) -> None:
    typed = "python pipelines/train.py model="
    environment = {"COMP_LINE": typed, "COMP_POINT": str(len(typed))}
    printed = train(project, "-sc", "query=bash", **environment)
    assert {"model=gru", "model=lstm", "model=rnn"} <= set(printed.split())


@pytest.mark.parametrize("group", ["sweep", "experiment"])
def test_a_preset_chooses_the_launcher_unless_the_command_line_does(
    project: Project, warm: Warm, group: str
) -> None:
    preset = "# @package _global_\ndefaults:\n  - override /hydra/launcher: joblib\n"
    (project.root / f"conf/{group}/mine.yaml").write_text(preset)
    asked = ("--cfg", "hydra", "--package", "hydra.launcher", f"{group}=mine")
    asked = ("python", "pipelines/train.py", *asked)
    assert "neonym_lab.Joblib" in project.run_warm(warm, *asked).stdout
    in_process = project.run_warm(warm, *asked, "hydra/launcher=in_process")
    assert "neonym_lab.InProcess" in in_process.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    "written",
    [
        "hydra.sweep.dir=multirun/mine",
        "++hydra.sweep.dir=multirun/mine",
        "hydra.sweep.dir=multirun/${now:%Y}",
        "hydra.sweep.dir='multirun/mine (1)'",
        "hydra.sweep={dir: multirun/mine}",
        "hydra.sweep.dir=multirun/${hydra.job.name}",
    ],
)
def test_the_folder_of_a_sweep_is_the_one_that_hydra_composes(
    descent: Project, written: str
) -> None:
    sweep(descent, "seed=0,1", written)
    [folder] = (descent.root / "multirun").iterdir()
    assert folder.name in ("mine", "mine (1)", "sweep") or folder.name.isdigit()
    kept = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {"sweep.json", "multirun.yaml"} <= kept
    for job in "01":
        files = {"models/model.json", "result.json"}
        files |= {f".hydra/{name}.yaml" for name in ("config", "hydra", "overrides")}
        assert {f"{job}/{name}" for name in files} <= kept
        composed = yaml.safe_load((folder / job / ".hydra/config.yaml").read_text())
        assert composed["seed"] == int(job)
    # and it goes on there
    again = sweep(descent, "seed=0,1", written)
    assert "job 0" not in again
    assert len(list((descent.root / "multirun").iterdir())) == 1


@pytest.mark.slow
def test_a_folder_of_configuration_on_the_command_line_counts_in_each_job_and_on_resuming(
    descent: Project, tmp_path: Path
) -> None:
    more = tmp_path / "more"
    (more / "train").mkdir(parents=True)
    text = (descent.root / "conf/train/default.yaml").read_text()
    (more / "train/tiny.yaml").write_text(text.replace("degree: 3", "degree: 1"))
    asked = ("train=tiny,default", "hydra.sweep.dir=multirun/mine")
    words = ("--config-dir", str(more), "-m", *asked, "tracking.enabled=false")
    descent.succeed("python", "pipelines/sweep.py", *words)
    folder = descent.root / "multirun/mine"
    composed = yaml.safe_load((folder / "0/.hydra/config.yaml").read_text())
    assert composed["train"]["degree"] == 1
    (folder / "0/result.json").unlink()
    refused = descent.run("neonym", "resume-sweep", "multirun/mine")
    assert refused.returncode == 2
    assert f"asks for --config-dir={more}, which could run anything" in refused.stdout
    said = descent.succeed("neonym", "resume-sweep", "multirun/mine", "--trust")
    assert "job 0 (train=tiny" in said
    assert "job 1" not in said


@pytest.mark.slow
@pytest.mark.parametrize("launcher", ["in_process", "joblib"])
def test_callbacks_are_told_and_the_name_of_a_job_is_the_users(
    descent: Project, launcher: str
) -> None:
    (descent.root / "src/noting.py").write_text(CALLBACK)
    noted = descent.root / "noted.txt"
    sweep(
        descent,
        *("seed=0,1", f"hydra/launcher={launcher}", "hydra.job.name=mine"),
        f"+hydra.callbacks.noting={{_target_: noting.Noting, file: {noted}}}",
    )
    lines = noted.read_text().splitlines()
    assert (lines[0], lines[-1]) == ("multirun start", "multirun end")
    assert sorted(lines[1:-1]) == [
        f"job {job} {what}" for job in (0, 1) for what in ("end", "start")
    ]
    [folder] = (descent.root / "multirun/mine").iterdir()
    assert json.loads((folder / "sweep.json").read_text())["script"] == "sweep"


@pytest.mark.slow
@pytest.mark.parametrize("launcher", ["in_process", "joblib"])
def test_jobs_that_change_their_folder_are_tracked_with_their_parent(
    descent: Project, launcher: str
) -> None:
    words = ("tracking.enabled=true", "seed=0,1", f"hydra/launcher={launcher}")
    sweep(descent, *words, "hydra.job.chdir=true")
    descent.succeed("python", "pipelines/sweep.py", "hydra.job.chdir=true")
    descent.succeed("neonym", "sync")  # waits until all is delivered
    parents = [run for run in descent.runs() if run.data.tags["neonym.kind"] == "sweep"]
    single, *jobs = [run for run in descent.runs() if run.data.tags["neonym.kind"] == "job"]
    assert "mlflow.parentRunId" not in single.data.tags
    assert [job.data.tags["mlflow.parentRunId"] for job in jobs] == [parents[0].info.run_id] * 2
    assert list(descent.root.rglob(".neonym")) == [descent.root / ".neonym"]


@pytest.mark.slow
def test_a_seed_is_no_hyperparameter_however_it_is_written(descent: Project) -> None:
    for written in ("seed=0,1", "++seed=0,1", "++data.seed=0,1"):
        done = descent.run(
            *("python", "pipelines/sweep.py", "-m", "sweep.search=random", "sweep.trials=2"),
            written,
        )
        assert done.returncode == 2
        assert "is no hyperparameter" in done.stdout
