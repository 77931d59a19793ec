"""Models are loaded, promoted and served in a Python that cannot unpickle anything."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from promotable import deliver_run, write_model

from marked_project import mark
from neonym import experiment
from neonym.lab.tracking.store import Store

pytestmark = pytest.mark.slow

DISABLE = """
import _pickle, pickle, yaml

def refuse(*arguments, **options):
    raise AssertionError("something was unpickled")

class Refusing(pickle.Unpickler):
    __init__ = refuse

for module in (pickle, _pickle):
    module.load = module.loads = refuse
    module.Unpickler = Refusing
pickle._Unpickler.__init__ = refuse
SAFE = (yaml.SafeLoader, yaml.CSafeLoader, yaml.BaseLoader)
load = yaml.load

def load_safely(stream, Loader):
    assert issubclass(Loader, SAFE), "yaml loaded what can execute"
    return load(stream, Loader)

yaml.load = load_safely
yaml.full_load = yaml.unsafe_load = refuse
"""
COMMAND = "from neonym.cli import main; main()"
LOAD = """
import mlflow, pandas
model = mlflow.pyfunc.load_model("models:/neonym@champion")
print(*model.predict(pandas.DataFrame({"prefix": ["a"]}), params={"n": 3})["name"], sep="\\n")
"""
# Importing the server's module loads the model, as `mlflow models serve` does
SERVE = """
import json, os, mlflow
from mlflow.pyfunc import scoring_server
path = mlflow.artifacts.download_artifacts("models:/neonym@champion")
os.environ[scoring_server._SERVER_MODEL_PATH] = path
import mlflow.pyfunc.scoring_server.app
model = scoring_server.load_model_with_mlflow_config(path)
request = json.dumps({"inputs": {"prefix": ["a"]}, "params": {"n": 3}})
schema = model.metadata.get_input_schema()
answer = scoring_server.invocations(request, "application/json", model, schema)
print(*(row["name"] for row in json.loads(answer.response)["predictions"]), sep="\\n")
"""


def run(root: Path, program: str, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", DISABLE + program, *words],
        cwd=mark(root),
        env={**os.environ, "MLFLOW_TRACKING_URI": f"sqlite:///{root / 'mlflow.db'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_sampling_promoting_loading_and_serving(tmp_path: Path, empty_database: Path) -> None:
    shutil.copyfile(empty_database, tmp_path / "mlflow.db")
    store = Store(tmp_path, f"sqlite:///{tmp_path / 'mlflow.db'}", experiment.PROJECT)
    run_id = deliver_run(store, "first")
    model = str(write_model(tmp_path / "model.npz", seed=len("first")))
    sampled = run(tmp_path, COMMAND, "sample", "-n", "3", "--prefix", "a", "--model", model)
    assert len(sampled.splitlines()) == 3
    assert "champion now     version 1" in run(tmp_path, COMMAND, "promote", run_id)
    assert run(tmp_path, LOAD) == sampled
    assert run(tmp_path, SERVE) == sampled


def test_unpickling_is_disabled_indeed() -> None:
    for program in ("pickle.loads(pickle.dumps(1))", "pickle.Unpickler(None)"):
        done = subprocess.run(
            [sys.executable, "-c", DISABLE + program], capture_output=True, text=True, check=False
        )
        assert "something was unpickled" in done.stderr
