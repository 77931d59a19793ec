"""The registry: which model is the champion, and which run it came from."""

import math
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

import mlflow
from mlflow.entities import LoggedModelStatus
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from neonym.base.errors import UserError
from neonym.base.files import sha256_of_file
from neonym.lab.lineage.lookup import ABSENT, connect, unusable
from neonym.lab.lineage.recorded import Recorded
from neonym.lab.tracking import tags
from neonym.lab.tracking.store import Store

ALIAS = "champion"
NAME = re.compile(r"\w[\w.-]{0,99}")
# Noted at the version too, so that a champion can be compared with when its run is gone
VAL_NLL = "neonym.val_nll"
VAL_DATA = "neonym.val_data"


@dataclass(frozen=True)
class Entry:
    """A run whose model is, or may become, the champion.

    Attributes
    ----------
    run_id
        The run; "" where a version was registered without one.
    val_nll
        The metric by which the project's models are promoted; NaN if unknown.
    val_data
        The digest of the validation data; "" if unknown.
    version
        Its version in the registry, "" before it has one.
    """

    run_id: str
    val_nll: float
    val_data: str
    version: str = ""


@dataclass(frozen=True)
class Promotion:
    """What a promotion found and left."""

    before: Entry | None
    after: Entry

    @property
    def changed(self) -> bool:
        """Whether the champion is another now."""
        return self.before is None or self.before.run_id != self.after.run_id


def promote(store: Store, run_id: str, name: str, force: bool = False) -> Promotion:
    """Register the model of a run, and make it the champion.

    Parameters
    ----------
    store
        Where the run is, and the registry.
    run_id
        A finished run of neonym.
    name
        The registered model.
    force
        Also where the run is worse than the champion or cannot be compared with it.

    Raises
    ------
    UserError
        If the run cannot be promoted, or should not be. Nothing has changed then.
    """
    if not NAME.fullmatch(name):
        raise UserError(f"{name!r} cannot name a model; take letters, digits, dots, dashes")
    recorded, client = Recorded.find(store, run_id), connect(store)
    try:
        candidate = _candidate(recorded)
        before = champion(client, name)
        if before is not None and before.run_id == run_id:
            return Promotion(before, before)
        reason = _reason_against(candidate, before)
        if reason and not force:
            raise UserError(f"{reason}; --force promotes it nevertheless")
        version = _version_of(client, name, run_id) or _register(recorded, client, name, candidate)
        client.set_registered_model_alias(name, ALIAS, version)
    except MlflowException as error:
        raise unusable(store, error) from None
    after = Entry(candidate.run_id, candidate.val_nll, candidate.val_data, version)
    return Promotion(before, after)


def champion(client: MlflowClient, name: str) -> Entry | None:
    """The present champion of a registered model; None where there is none."""
    try:
        version = client.get_model_version_by_alias(name, ALIAS)
    except MlflowException as error:
        if error.error_code in ABSENT:
            return None
        raise
    noted = version.tags
    return Entry(
        version.run_id or "",
        float(noted.get(VAL_NLL, "nan")),
        noted.get(VAL_DATA, ""),
        str(version.version),
    )


def _candidate(recorded: Recorded) -> Entry:
    """What is to be promoted: a finished run that has a model."""
    run_id, info = recorded.id, recorded.run.info
    if recorded.kind == "sweep":
        best = recorded.tag("sweep.best_run_id")
        raise UserError(
            f"run {run_id} is a sweep; promote one of its jobs"
            + (f", such as the best, {best}" if best else "")
        )
    if info.lifecycle_stage == "deleted":
        raise UserError(f"run {run_id} was deleted; restore it in MLflow before it is promoted")
    if info.status != "FINISHED":
        raise UserError(f"run {run_id} is {info.status}; only a finished run has its model")
    if not recorded.tag(tags.MODEL):
        raise UserError(f"run {run_id} has no model; promote one that trained a network")
    return Entry(run_id, val_nll_of(recorded), recorded.splits.get("validation", ""))


def val_nll_of(recorded: Recorded) -> float:
    """The metric of the model that a run kept; NaN if it has none.

    The last stage measures it. A run without that stage has it as its best step's.
    """
    project = recorded.store.project
    is_whole = project.last_stage in recorded.stages
    metric = project.promoted_by if is_whole else project.charts.best
    return float(recorded.run.data.metrics.get(metric, math.nan))


def _reason_against(candidate: Entry, present: Entry | None) -> str:
    """Why the candidate should not take the champion's place; "" if it may."""
    subject = f"run {candidate.run_id}"
    if math.isnan(candidate.val_nll):
        return f"{subject} has no figure of the validation data"
    if present is None:
        return ""
    rival = f"the champion, version {present.version}"
    if math.isnan(present.val_nll) or not present.val_data:
        return f"{subject} cannot be compared: {rival}, was not registered by neonym"
    if candidate.val_data != present.val_data:
        return f"{subject} cannot be compared: {rival}, was validated on other data"
    if candidate.val_nll > present.val_nll:
        return (
            f"{subject} is worse than {rival}: "
            f"val nll {candidate.val_nll:.4f} against {present.val_nll:.4f}"
        )
    return ""


def _version_of(client: MlflowClient, name: str, run_id: str) -> str:
    """The version that an earlier promotion of the run made; "" if there is none."""
    found: list[ModelVersion] = [
        version
        for version in client.search_model_versions(f"name = '{name}'")
        if version.run_id == run_id and VAL_DATA in version.tags
    ]
    return str(max(found, key=lambda version: int(version.version)).version) if found else ""


def _register(recorded: Recorded, client: MlflowClient, name: str, candidate: Entry) -> str:
    """A new version of the registered model; its number."""
    # where the registry looks up the model, whatever its client
    mlflow.set_tracking_uri(recorded.store.uri)
    model_id = _logged_model(recorded, client)
    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    noted = {VAL_NLL: repr(candidate.val_nll), VAL_DATA: candidate.val_data}
    version = client.create_model_version(
        name, f"models:/{model_id}", recorded.id, tags=noted, model_id=model_id
    )
    return str(version.version)


def _logged_model(recorded: Recorded, client: MlflowClient) -> str:
    """The MLflow model of a run; made from the run's model file where it logged only that."""
    outputs = recorded.run.outputs.model_outputs if recorded.run.outputs else []
    for model_id in (str(output.model_id) for output in reversed(outputs)):
        if _is_ready(client, model_id):
            return model_id
    store, digest = recorded.store, recorded.tag(tags.MODEL)
    with tempfile.TemporaryDirectory() as folder:
        file = _download(recorded, Path(folder), digest)
        model_id = store.project.log_model(store.uri, recorded.id, file)
    client.set_tag(recorded.id, tags.LOGGED_MODEL, digest)
    return model_id


def _is_ready(client: MlflowClient, model_id: str) -> bool:
    try:
        return bool(client.get_logged_model(model_id).status == LoggedModelStatus.READY)
    except MlflowException as error:
        if error.error_code in ABSENT:
            return False
        raise


def _download(recorded: Recorded, folder: Path, digest: str) -> Path:
    """The run's model file, which must be the one that it trained."""
    project = recorded.store.project
    file = recorded.download(project.model, folder)
    if file is None:
        raise UserError(f"run {recorded.id} has no {project.model} among its artifacts any more")
    if sha256_of_file(file) != digest:
        raise UserError(f"{project.model} of run {recorded.id} is not the file that the run logged")
    project.check_model(file)
    return file
