"""A model file as an MLflow model, saved by a function of the project's."""

import re
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import mlflow
from mlflow.entities import LoggedModelOutput
from mlflow.tracking import MlflowClient

from neonym.base.errors import UserError
from neonym.lab.tracking import tags

KEPT = (tags.SOURCE_NAME, tags.SOURCE_TYPE, tags.USER, tags.GIT_COMMIT)
NO_NAME = re.compile(r"[^\w-]+")
DESCRIPTION = "MLmodel"


def log_saved(uri: str, run_id: str, file: Path, save_model: Callable[[Path, Path], None]) -> str:
    """Log a model file to a run as an MLflow model; the id that MLflow gives it.

    It is called as its run is. The run's status and times stay as they are.

    Parameters
    ----------
    uri
        MLflow's tracking address.
    run_id
        The run.
    file
        The model file.
    save_model
        Saves it as an MLflow model in a folder that is not there yet.

    Raises
    ------
    UserError
        If the function fails, or leaves no MLflow model.
    """
    mlflow.set_tracking_uri(uri)
    client = MlflowClient(uri)
    run = client.get_run(run_id)
    with TemporaryDirectory() as place:
        folder = Path(place) / "model"
        try:
            save_model(file, folder)
        except Exception as error:  # of the project's own, whatever it raises
            reason = next(iter(str(error).splitlines()), "")
            said = f"{type(error).__name__}: {reason}"
            raise UserError(f"the pipeline's save_model failed ({said})") from error
        if not (folder / DESCRIPTION).is_file():
            raise UserError("the pipeline's save_model left no MLflow model in its folder")
        model = client.create_logged_model(
            run.info.experiment_id,
            name=NO_NAME.sub("-", str(run.info.run_name)).strip("-") or "model",
            source_run_id=run_id,
            tags={key: run.data.tags[key] for key in KEPT if key in run.data.tags},
            params=run.data.params,
        )
        client.log_model_artifacts(model.model_id, str(folder))
    client.finalize_logged_model(model.model_id, "READY")
    client.log_outputs(run_id, [LoggedModelOutput(model.model_id, step=0)])
    return str(model.model_id)
