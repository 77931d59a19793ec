"""Look up runs in MLflow."""

import os
import re
from collections.abc import Iterator
from itertools import islice

from mlflow.entities import Run
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from neonym.base.errors import UserError
from neonym.lab.delivery.store_check import check_usable, shorten_patience
from neonym.lab.tracking import tags
from neonym.lab.tracking.redaction import redact_text
from neonym.lab.tracking.store import Store

LATEST = "latest"
RUN_ID = re.compile(r"[0-9a-f]{32}")
BEGINNING = re.compile(r"[0-9a-f]{1,31}")
SHOWN_DIGITS = 8
PAGE = 100
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


def find_run(store: Store, word: str) -> Run:
    """A run that neonym made.

    Parameters
    ----------
    store
        Where to look.
    word
        Its id, or enough of the beginning to tell it from others; the name of a DVC experiment,
        whose last run is meant; or `latest`.

    Raises
    ------
    UserError
        If the store cannot be used, has no such run of ours, or several.
    """
    client = connect(store)
    try:
        found = _by_id(client, word) if RUN_ID.fullmatch(word) else _by_word(client, word)
    except MlflowException as error:
        raise unusable(store, error) from None
    if not found:
        asked = word or "an empty word"
        raise UserError(f"{asked} is not a run in {store.address}; `neonym runs` lists them")
    if len(found) > 1:
        ids = ", ".join(run.info.run_id[:SHOWN_DIGITS] for run in found[:3])
        more = f" and {len(found) - 3} more" if len(found) > 3 else ""
        raise UserError(f"{word} begins the ids of {len(found)} runs, {ids}{more}; add letters")
    if not found[0].data.tags.get(tags.RUN_KEY):
        raise UserError(f"run {found[0].info.run_id} was not made by neonym")
    return found[0]


def _by_id(client: MlflowClient, run_id: str) -> list[Run]:
    try:
        return [client.get_run(run_id)]
    except MlflowException as error:
        if error.error_code in ABSENT:
            return []
        raise


def _by_word(client: MlflowClient, word: str) -> list[Run]:
    """The runs that a word may mean: several only where it begins the ids of all of them."""
    if word == LATEST:
        return list(islice(latest(client), 1))
    if not word:  # as of a variable that is not set; of no experiment of DVC's are most runs
        return []
    # MLflow cannot be asked for what holds an apostrophe
    asked = "!= ''" if "'" in word else f"= '{word}'"
    named = search(client, f"tags.`{tags.DVC_EXPERIMENT}` {asked}")
    found = [run for run in named if run.data.tags[tags.DVC_EXPERIMENT] == word][:1]
    if found or not BEGINNING.fullmatch(word):
        return found
    return list(search(client, f"attributes.run_id LIKE '{word}%'"))


def latest(client: MlflowClient) -> Iterator[Run]:
    """The runs of neonym without the jobs of sweeps, the latest first."""
    ours = search(client, f"tags.`{tags.RUN_KEY}` != ''")
    return (run for run in ours if tags.PARENT not in run.data.tags)


def search(client: MlflowClient, conditions: str) -> Iterator[Run]:
    """The runs in any experiment of which something holds, the latest first.

    Raises
    ------
    mlflow.exceptions.MlflowException
        If the store does not answer.
    """
    places = [found.experiment_id for found in client.search_experiments()]
    # Runs of versions that numbered none come last
    order = [f"tags.`{tags.NUMBER}` DESC", "attributes.start_time DESC"]
    token = None
    while True:
        page = client.search_runs(
            places, conditions, max_results=PAGE, order_by=order, page_token=token
        )
        yield from page
        token = page.token
        if not token:
            return


def unusable(store: Store, error: Exception) -> UserError:
    """What to tell where a store does not answer, or not as it should."""
    reason = next(iter(str(error).splitlines()), type(error).__name__)
    return UserError(f"MLflow at {store.address} cannot be used: {redact_text(reason)}")
