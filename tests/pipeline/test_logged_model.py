"""The model in MLflow is the one in `models/model.npz`, and loads without pickle."""

import time

import mlflow
import pandas as pd
import pytest
from small_project import Project

from neonym import NameGenerator


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # MLflow warns of itself when it loads a model
def test_the_logged_model_coins_the_same_names(
    project_that_ran: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = project_that_ran
    project.succeed("neonym", "sync")
    [run] = project.runs()
    [logged] = run.outputs.model_outputs
    mlflow.set_tracking_uri(f"sqlite:///{project.root / 'mlflow.db'}")
    of_data = {
        figure.key: (figure.value, figure.dataset_name)
        for figure in mlflow.get_logged_model(logged.model_id).metrics
        if figure.dataset_name
    }
    assert of_data["best/val_nll"] == (run.data.metrics["best/val_nll"], "dinosaurs val")
    assert of_data["best/train_nll"] == (run.data.metrics["best/train_nll"], "dinosaurs train")
    monkeypatch.setattr("pickle.load", _refuse)
    monkeypatch.setattr("pickle.loads", _refuse)
    model = mlflow.pyfunc.load_model(f"models:/{logged.model_id}")
    params = {"n": 4, "temperature": 0.7, "seed": 3}
    coined = model.predict(pd.DataFrame({"prefix": ["tyr", ""]}), params=params)
    generator = NameGenerator.load(project.root / "models/model.npz")
    expected = [
        (prefix, name)
        for prefix in ("tyr", "")
        for name in generator.sample(4, seed=3, temperature=0.7, prefix=prefix)
    ]
    assert list(coined.itertuples(index=False, name=None)) == expected


def _refuse(*_: object, **__: object) -> None:
    raise AssertionError("something was unpickled")


@pytest.mark.slow
def test_curves_appear_while_training_goes_on(project_that_ran: Project) -> None:
    project = project_that_ran
    project.edit("conf/train/default.yaml", "epochs", "600")
    project.edit("conf/train/default.yaml", "patience", "null")
    training = project.start("dvc", "repro", "train")
    seen = set()
    while training.poll() is None:
        time.sleep(0.2)
        seen |= {run.info.status for run in project.runs() if "val/nll" in run.data.metrics}
    assert training.returncode == 0
    assert "RUNNING" in seen
