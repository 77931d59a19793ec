"""Log a model file as an MLflow model: pyfunc "from code", nothing pickled."""

from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import mlflow
from mlflow.models import Model, ModelSignature
from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema

from neonym.tracked.model_code import SERVED, copy_code

# What served_model.py imports; stated, since finding it out takes MLflow five seconds
REQUIREMENTS = ("mlflow", "numpy", "pandas", "threadpoolctl")

SIGNATURE = ModelSignature(
    inputs=Schema([ColSpec(DataType.string, "prefix")]),
    outputs=Schema([ColSpec(DataType.string, "prefix"), ColSpec(DataType.string, "name")]),
    params=ParamSchema(
        [
            ParamSpec("n", DataType.long, 1),
            ParamSpec("temperature", DataType.double, 1.0),
            ParamSpec("seed", DataType.long, 0),
        ]
    ),
)


def log_model(uri: str, run_id: str, file: Path) -> str:
    """Log the model in `file` to a run as `model`; the id that MLflow gives it.

    The run's status and times stay as they are.
    """
    mlflow.set_tracking_uri(uri)
    # Otherwise it would be one of MLflow's Default, in the working directory
    mlflow.set_experiment(experiment_id=mlflow.get_run(run_id).info.experiment_id)
    with TemporaryDirectory() as folder:
        code = copy_code(Path(folder))
        logged = Model.log(
            artifact_path=None,
            name="model",
            flavor=mlflow.pyfunc,
            flavor_name="pyfunc.ModelFromCode",
            run_id=run_id,
            python_model=str(code / SERVED),
            artifacts={"model": file.resolve().as_uri()},  # MLflow would unquote a path
            code_paths=[str(code)],
            signature=SIGNATURE,
            input_example=({"prefix": [""]}, {"n": 3, "temperature": 0.8, "seed": 0}),
            pip_requirements=[f"{name}=={version(name)}" for name in REQUIREMENTS],
        )
    return str(logged.model_id)
