"""A pipeline that is not about names has of the lab all that names have."""

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from own_projects import begin_example
from small_project import Project

from processes import kill_group
from warm import Warm

pytestmark = pytest.mark.slow

ERROR_OF_SERVED = """
import mlflow, numpy as np
mlflow.set_tracking_uri("sqlite:///mlflow.db")
rows = np.loadtxt("data/processed/val.csv", delimiter=",", skiprows=1)
errors = mlflow.pyfunc.load_model("models:/{}").predict(rows[:, :-1]) - rows[:, -1]
print(np.sqrt(np.mean(errors**2)))
"""


@pytest.fixture
def example(tmp_path: Path, empty_database: Path, warm_programs: Warm) -> Iterator[Project]:
    project = begin_example(tmp_path / "mine", empty_database, warm_programs)
    yield project
    project.stop_delivery()


def test_repro_runs_what_has_changed_and_a_run_holds_its_figures_data_and_model(
    example: Project,
) -> None:
    assert example.repro() == ["compose", "prepare", "fit", "evaluate"]
    example.commit("Keep the results")
    example.edit("conf/model/ridge.yaml", "alpha", "3.0")
    assert example.repro() == ["compose", "fit", "evaluate"]
    with (example.root / "src/diabetes/evaluate.py").open("a") as file:
        file.write("# looked at again\n")
    assert example.repro() == ["evaluate"]
    example.succeed("neonym", "sync")
    run, *_, earlier = example.runs()
    assert run.info.run_name == earlier.info.run_name == "ridge seed 0"
    assert run.data.params["model.alpha"] == "3.0"
    metrics = json.loads((example.root / "reports/metrics.json").read_text())
    assert run.data.metrics["val/rmse"] == metrics["val"]["rmse"]
    assert run.data.metrics["test/r2"] == metrics["test"]["r2"]
    inputs = {dataset.tags[0].value for dataset in run.inputs.dataset_inputs}
    assert inputs == {"training", "validation", "test"}

    [logged] = run.outputs.model_outputs
    error = example.succeed("python", "-c", ERROR_OF_SERVED.format(logged.model_id))
    assert float(error) == pytest.approx(metrics["val"]["rmse"], rel=1e-12)


def test_a_script_by_hand_leaves_the_workspace_alone_and_reads_what_fits(
    example: Project,
) -> None:
    refused = example.run("python", "pipelines/sweep.py", "data.path=data/raw/other.csv")
    assert refused.returncode == 2
    assert refused.stdout == "sweep: data.path = data/raw/other.csv: there is no such file\n"
    example.succeed("dvc", "repro", "prepare")
    refused = example.run("python", "pipelines/fit.py", "data.val=0.3")
    assert refused.returncode == 2
    assert refused.stdout.startswith("fit: data: the workspace's results of prepare were made with")
    example.succeed(
        "python", "pipelines/fit.py", "model=boosting", "model.rounds=3", "hydra.run.dir=outputs/a"
    )
    assert (example.root / "outputs/a/reports/curves.csv").read_text().count("\n") == 4
    assert not (example.root / "models").exists()
    example.succeed("neonym", "sync")
    [run] = example.runs()
    assert run.info.run_name == "model=boosting model.rounds=3"


SWEPT = ["model=forest,boosting", "seed=0,1"]


def test_a_sweep_that_was_killed_goes_on_and_its_jobs_are_one_familys(example: Project) -> None:
    for model in ("forest", "boosting"):
        example.edit(f"conf/model/{model}.yaml", "rounds", "3")
    place = example.root / "multirun/a"
    sweep = subprocess.Popen(
        ["python", "pipelines/sweep.py", "-m", *SWEPT, "hydra.sweep.dir=multirun/a"],
        cwd=example.root,
        env=example.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    while not (place / "1/result.json").exists():
        assert sweep.poll() is None
        time.sleep(0.02)
    kill_group(sweep)
    kept = (place / "0/result.json").stat().st_mtime_ns
    done = example.succeed("neonym", "resume-sweep", "multirun/a")
    assert "job 0" not in done
    assert "job 3 (model=boosting seed=1) finished" in done
    assert (place / "0/result.json").stat().st_mtime_ns == kept

    example.succeed("neonym", "sync")
    runs = example.runs()
    [parent] = [run for run in runs if run.data.tags["neonym.kind"] == "sweep"]
    jobs = [run for run in runs if run.data.tags["neonym.kind"] == "job"]
    finished = [run for run in jobs if run.info.status == "FINISHED"]
    assert len(finished) == 4
    assert {run.data.tags["mlflow.parentRunId"] for run in finished} == {parent.info.run_id}
    values = [run.data.metrics["val/rmse"] for run in finished]
    assert parent.data.metrics["best/val_rmse"] == min(values)
    assert {path.name for path in (place / "figures").iterdir()} >= {
        "learning_curves.png",
        "objective.png",
    }
    table = example.succeed("neonym", "compare", "multirun/a")
    assert table.splitlines()[0] == "| `model` | seeds | val.rmse | val.r2 | test.rmse | test.r2 |"


def test_tpe_ends_jobs_whose_curve_is_hopeless(example: Project) -> None:
    said = example.succeed(
        *("python", "pipelines/sweep.py", "-m", "sweep=tpe", "model=boosting", "model.rounds=6"),
        *("sweep.trials=10", "sweep.at_once=1", "tracking.enabled=false"),
        "model.learning_rate=tag(log,interval(1e-4,0.5))",
    )
    statuses = [
        json.loads(path.read_text())["status"]
        for path in sorted((example.root / "multirun").glob("*/*/*/result.json"))
    ]
    assert len(statuses) == 10
    assert statuses.count("finished") + statuses.count("pruned") == 10
    assert statuses.count("pruned") >= 1
    assert f"{statuses.count('pruned')} jobs were pruned" in said


def test_what_a_step_leaves_undone_is_told_in_one_line_and_nothing_is_kept(
    example: Project,
) -> None:
    code = example.root / "src/diabetes/__init__.py"
    code.write_text(code.read_text().replace('"test.r2"]', '"test.r2", "val.mae"]'))
    failed = example.run("python", "pipelines/sweep.py", "hydra.run.dir=outputs/a")
    assert failed.returncode == 2
    assert failed.stdout == (
        "sweep: step evaluate returns no val.mae, which is among its `returns`\n"
    )
    assert not (example.root / "outputs/a/reports/metrics.json").exists()
