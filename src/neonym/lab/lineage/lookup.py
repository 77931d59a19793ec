"""Look up runs in MLflow."""

import os

from mlflow.entities import Run
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from neonym.base.errors import UserError
from neonym.lab.delivery.store_check import check_usable, shorten_patience
from neonym.lab.tracking import tags
from neonym.lab.tracking.redaction import redact_text
from neonym.lab.tracking.store import Store

# How MLflow says that there is no such thing, or that nothing can be called so
ABSENT = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")


def connect(store: Store) -> MlflowClient:
    """A client of a store that is there and can be used.

    Raises
    ------
    UserError
        If nothing was tracked yet, or the store cannot be used.
    """
    check_usable(store)
    shorten_patience()
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    try:
        return MlflowClient(store.uri)
    except Exception as error:  # also of SQLAlchemy, or a database's driver that is not installed
        raise unusable(store, error) from None


def find_run(store: Store, run_id: str) -> Run:
    """A run that neonym made.

    Raises
    ------
    UserError
        If the store cannot be used, or has no such run of ours.
    """
    client = connect(store)
    try:
        run = client.get_run(run_id)
    except MlflowException as error:
        if error.error_code in ABSENT:
            raise UserError(f"{run_id} is not a run in {store.address}") from None
        raise unusable(store, error) from None
    if not run.data.tags.get(tags.RUN_KEY):
        raise UserError(f"run {run_id} was not made by neonym")
    return run


def unusable(store: Store, error: Exception) -> UserError:
    """What to tell where a store does not answer, or not as it should."""
    reason = next(iter(str(error).splitlines()), type(error).__name__)
    return UserError(f"MLflow at {store.address} cannot be used: {redact_text(reason)}")
