"""Log a model file as an MLflow model: pyfunc "from code", nothing pickled."""

from importlib.metadata import version
from pathlib import Path

import mlflow
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema

PACKAGE = Path(__file__).resolve().parent.parent
CODE = PACKAGE / "tracking" / "served_model.py"
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


def log_model(uri: str, run_id: str, file: Path) -> None:
    """Log the model in `file` to a run as `model`."""
    mlflow.set_tracking_uri(uri)
    with mlflow.start_run(run_id=run_id):
        mlflow.pyfunc.log_model(
            name="model",
            python_model=str(CODE),
            artifacts={"model": str(file)},
            code_paths=[str(PACKAGE)],
            signature=SIGNATURE,
            input_example=({"prefix": [""]}, {"n": 3, "temperature": 0.8, "seed": 0}),
            pip_requirements=[f"{name}=={version(name)}" for name in REQUIREMENTS],
        )
