"""The registry: which model is the champion, and which run it came from."""

import math
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any

import mlflow
from filelock import Timeout
from mlflow.entities import LoggedModelStatus
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from neonym.base.errors import UserError
from neonym.base.files import sha256_of_file
from neonym.base.locks import locked
from neonym.lab.lineage.lookup import ABSENT, connect, unusable
from neonym.lab.lineage.recorded import Recorded
from neonym.lab.project import Project
from neonym.lab.tracking import tags
from neonym.lab.tracking.store import Store

ALIAS = "champion"
PATIENCE = 120.0  # seconds; logging a model takes a few
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
        A finished run of neonym, see `find_run`.
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
        with _alone(store):
            return _promote(recorded, client, candidate, name, force)
    except MlflowException as error:
        raise unusable(store, error) from None


def _promote(
    recorded: Recorded, client: MlflowClient, candidate: Entry, name: str, force: bool
) -> Promotion:
    clear_leftovers(client)
    before = champion(client, name)
    if before is not None and before.run_id == recorded.id:
        return Promotion(before, before)
    _refuse_unless(force, recorded, candidate, before)
    version = _version_of(client, name, recorded.id) or _register(recorded, client, name, candidate)
    before = champion(client, name)  # once more: on another machine it may have changed meanwhile
    _refuse_unless(force, recorded, candidate, before)
    client.set_registered_model_alias(name, ALIAS, version)
    return Promotion(before, replace(candidate, version=version))


@contextmanager
def _alone(store: Store) -> Iterator[None]:
    """Hold others of this checkout up, so that nobody becomes champion between look and change."""
    store.folder.mkdir(parents=True, exist_ok=True)
    try:
        with locked(store.folder / "promote.lock", PATIENCE):
            yield
    except Timeout:
        raise UserError("another `neonym promote` has not ended; try again later") from None


def clear_leftovers(client: MlflowClient) -> None:
    """Delete models that were being logged when who did it was killed.

    Only those of runs that have ended: delivery logs the models of the others.
    """
    places = [found.experiment_id for found in client.search_experiments()]
    pending = LoggedModelStatus.PENDING
    for model in client.search_logged_models(places, f"status = {pending.to_int()}"):
        if model.status == pending and not _is_running(client, model.source_run_id):
            client.delete_logged_model(model.model_id)


def _is_running(client: MlflowClient, run_id: str | None) -> bool:
    try:
        return bool(run_id) and client.get_run(run_id).info.status == "RUNNING"
    except MlflowException as error:
        if error.error_code in ABSENT:
            return False
        raise


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


def _refuse_unless(
    force: bool, recorded: Recorded, candidate: Entry, present: Entry | None
) -> None:
    """Raise why the candidate should not take the champion's place, with the remedy."""
    reason = _reason_against(candidate, present, recorded.store.project)
    if reason and not force:
        own = "" if present is None or _same_data(candidate, present) else _own_name(recorded)
        advice = f"--name {own} gives it a place of its own" if own else ""
        raise UserError(f"{reason}; {advice or '--force promotes it nevertheless'}")


def _same_data(candidate: Entry, present: Entry) -> bool:
    return not present.val_data or candidate.val_data == present.val_data


def _own_name(recorded: Recorded) -> str:
    """A name for the models of the run's raw data: that of its file."""
    path = recorded.store.project.raw_path(recorded.configuration)
    name = re.sub(r"[^\w-]+", "-", PurePath(path).stem).strip("-")
    return name if NAME.fullmatch(name) else "NAME"


def _reason_against(candidate: Entry, present: Entry | None, project: Project[Any]) -> str:
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
    sign = -1.0 if project.charts.highest_first else 1.0
    if sign * candidate.val_nll > sign * present.val_nll:
        return (
            f"{subject} is worse than {rival}: {figure_called(project)} "
            f"{candidate.val_nll:.4f} against {present.val_nll:.4f}"
        )
    return ""


def figure_called(project: Project[Any]) -> str:
    """How the metric by which models are promoted is said."""
    return project.promoted_by.replace("/", " ")


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
