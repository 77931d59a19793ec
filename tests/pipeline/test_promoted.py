"""The champion comes from `dvc repro` or from a sweep, whichever is better on val."""

import pytest
from mlflow.entities import Run
from mlflow.tracking import MlflowClient
from small_project import Project

from neonym.lab.tracking import tags


def nll(run: Run) -> float:
    value: float = run.data.metrics["val/nll"]
    return value


@pytest.mark.slow
def test_runs_of_dvc_and_of_a_sweep_compete_on_val(project_that_ran: Project) -> None:
    project = project_that_ran
    project.succeed(
        *("python", "pipelines/sweep.py", "-m", "seed=1,2", "evaluate.temperatures=[1.0]"),
        PYTHONPATH="src",
    )
    project.succeed("neonym", "sync")
    runs = sorted((run for run in project.runs() if "val/nll" in run.data.metrics), key=nll)
    assert sorted(run.data.tags[tags.KIND] for run in runs) == ["job", "job", "workspace"]
    best, middle, worst = runs
    said = project.succeed("neonym", "promote", middle.info.run_id)
    assert f"run {middle.info.run_id}, val nll {nll(middle):.4f}" in said
    refused = project.run("neonym", "promote", worst.info.run_id)
    assert refused.returncode == 2
    assert f"val nll {nll(worst):.4f} against {nll(middle):.4f}" in refused.stdout
    project.succeed("neonym", "promote", best.info.run_id)
    client = MlflowClient(f"sqlite:///{project.root / 'mlflow.db'}")
    champion = client.get_model_version_by_alias("neonym", "champion")
    assert (champion.run_id, champion.version) == (best.info.run_id, 2)
    [parent] = [run for run in project.runs() if run.data.tags[tags.KIND] == "sweep"]
    refused = project.run("neonym", "promote", parent.info.run_id)
    assert "is a sweep; promote one of its jobs, such as the best, " in refused.stdout
