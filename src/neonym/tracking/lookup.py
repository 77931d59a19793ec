"""Look up runs in MLflow."""

from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from neonym.errors import UserError
from neonym.tracking import tags
from neonym.tracking.store import Store
from neonym.tracking.store_check import explain_unusable


def run_key_of(store: Store, run_id: str) -> str:
    """The key under which a run was spooled.

    Raises
    ------
    UserError
        If the store cannot be used, or has no such run of ours.
    """
    reason = explain_unusable(store)
    if reason:
        raise UserError(reason)
    try:
        run = MlflowClient(store.uri).get_run(run_id)
    except MlflowException:
        raise UserError(f"{run_id} is neither a folder nor a run in {store.address}") from None
    key = run.data.tags.get(tags.RUN_KEY)
    if not key:
        raise UserError(f"run {run_id} was not made by neonym")
    return str(key)
