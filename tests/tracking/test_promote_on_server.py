"""`neonym promote` where runs, models and artifacts are on an MLflow server."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import mlflow
import pandas as pd
import pytest
from mlflow.tracking import MlflowClient
from mlflow_server import serving
from promotable import deliver_run, run_of, write_model

from marked_project import mark
from neonym import experiment
from neonym.cli import run as run_cli
from neonym.generation.generator import NameGenerator
from neonym.lab.tracking.store import Store

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("default::UserWarning"),  # MLflow warns when it loads a model
]


@pytest.fixture
def served_store(
    tmp_path: Path, empty_database: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Store]:
    shutil.copyfile(empty_database, tmp_path / "server.db")
    monkeypatch.chdir(mark(tmp_path))
    with serving(tmp_path) as uri:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
        yield Store(tmp_path, uri, experiment.PROJECT)


def test_workspace_runs_and_jobs_take_turns_as_champion(
    served_store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store = served_store

    def promote(run_id: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["neonym", "promote", run_id])
        capsys.readouterr()
        return run_cli(), capsys.readouterr().out

    workspace = deliver_run(store, "workspace", kind="workspace", as_model=True, val_nll=1.7)
    job = deliver_run(store, "job", val_nll=1.6)
    worse = deliver_run(store, "worse", val_nll=1.65)
    assert promote(workspace) == (
        0,
        "champion before  none\n"
        f"champion now     version 1, run {workspace}, val nll 1.7000\n"
        "It loads as      models:/neonym@champion\n",
    )
    assert promote(job) == (
        0,
        f"champion before  version 1, run {workspace}, val nll 1.7000\n"
        f"champion now     version 2, run {job}, val nll 1.6000\n"
        "It loads as      models:/neonym@champion\n",
    )
    assert promote(worse)[0] == 2
    assert promote(job)[1].startswith("champion already version 2")
    assert len(run_of(store, "workspace").outputs.model_outputs) == 1
    versions = MlflowClient(store.uri).search_model_versions("name = 'neonym'")
    assert {version.run_id for version in versions} == {workspace, job}

    mlflow.set_tracking_uri(store.uri)
    model = mlflow.pyfunc.load_model("models:/neonym@champion")
    coined = model.predict(pd.DataFrame({"prefix": ["a"]}), params={"n": 3, "seed": 2})
    same = NameGenerator.load(write_model(store.root / "same.npz", seed=len("job")))
    assert coined["name"].tolist() == same.sample(3, seed=2, prefix="a")
