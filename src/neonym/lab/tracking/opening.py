"""How runs are opened: those that stages share, those of jobs, of sweeps, of files left behind."""

import json
import os
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from neonym.base.errors import PrunedError
from neonym.base.files import md5_of
from neonym.base.nested import flatten
from neonym.base.text import shortened
from neonym.lab.configuration import UNTRACKED_SECTIONS, Configuration, Tracking, configuration_hash
from neonym.lab.overrides import key_of
from neonym.lab.tracking import tags
from neonym.lab.tracking.checkout import Checkout, read_checkout, user_name
from neonym.lab.tracking.courier import ensure_delivery
from neonym.lab.tracking.events import (
    Identity,
    Kind,
    RunClosed,
    RunOpened,
    Status,
)
from neonym.lab.tracking.provenance import environment
from neonym.lab.tracking.redaction import redact, redact_text
from neonym.lab.tracking.run import Run, tell
from neonym.lab.tracking.spool import SegmentWriter, now_ms
from neonym.lab.tracking.store import Store

ENVIRONMENT = "environment"  # the folder of artifacts that tell what stages computed with
EXPERIMENT = "MLFLOW_EXPERIMENT_NAME"
DVC_EXPERIMENT = "DVC_EXP_NAME"  # the environment variable with its name
# How many characters MLflow takes; it cuts what is longer without a mark
MAX_PARAM = 6000
MAX_TAG = 8000
MAX_NAME = 250  # of a run's name; PostgreSQL refuses more


@contextmanager
def open_stage(
    store: Store,
    configuration: Configuration,
    *,
    stage: str,
    name: str,
    model_sha256: str | None = None,
    source: str = "",
    result: Path | None = None,
) -> Iterator[Run]:
    """Log to the run that DVC's stages share, for as long as the block lasts.

    The stages of one run find it by configuration, model and DVC experiment.

    Parameters
    ----------
    store
        Where to.
    configuration
        What is run.
    stage
        The stage of `dvc.yaml` that is executed.
    name
        What the run is called in MLflow.
    model_sha256
        The model that the stage works on; None where it makes one.
    source
        The script; "" for the program that runs.
    result
        The file that tells what all stages came to, where the last one is executed.
    """
    experiment, checkout = (
        os.environ.get(DVC_EXPERIMENT, ""),
        _checkout(store),
    )
    opened = _opened(
        store,
        checkout,
        configuration,
        kind="workspace",
        stage=stage,
        name=name,
        experiment=experiment,
        model_sha256=model_sha256,
        source=source,
        result=result,
    )
    identity = Identity(
        configuration=opened.tags[tags.CONFIGURATION], model=model_sha256, experiment=experiment
    )
    opened = opened.model_copy(update={"identity": identity})
    with _written(store, opened, configuration.tracking) as run:
        _log_origin(run, checkout, configuration, result)
        _log_environment(run, stage)
        yield run


@contextmanager
def open_job(
    store: Store,
    configuration: Configuration,
    *,
    stage: str = "",
    name: str,
    model_sha256: str | None = None,
    source: str = "",
    result: Path | None = None,
) -> Iterator[Run]:
    """Log to a run of its own; arguments are those of `open_stage`, "" is the whole pipeline."""
    experiment, checkout = (
        os.environ.get(DVC_EXPERIMENT, ""),
        _checkout(store),
    )
    opened = _opened(
        store,
        checkout,
        configuration,
        kind="job",
        stage=stage,
        name=name,
        experiment=experiment,
        model_sha256=model_sha256,
        source=source,
        result=result,
    )
    with _written(store, opened, configuration.tracking) as run:
        _log_origin(run, checkout, configuration, result)
        _log_environment(run, stage or "pipeline")
        yield run


@contextmanager
def open_results(
    store: Store,
    configuration: Configuration,
    *,
    name: str,
    model_sha256: str,
    result: Path,
    experiment: str | None = None,
) -> Iterator[Run]:
    """Log files that are there to the run that DVC's stages share; nothing is executed.

    Parameters
    ----------
    store, configuration, name, model_sha256, result
        As for `open_stage`.
    experiment
        The DVC experiment whose files they are; None: the run of any will do.
    """
    checkout = _checkout(store)
    opened = _opened(
        store,
        checkout,
        configuration,
        kind="workspace",
        stage="",
        name=name,
        experiment=experiment or "",
        model_sha256=model_sha256,
        result=result,
    )
    identity = Identity(
        configuration=opened.tags[tags.CONFIGURATION], model=model_sha256, experiment=experiment
    )
    opened = opened.model_copy(update={"identity": identity})
    with _written(store, opened, configuration.tracking) as run:
        _log_origin(run.for_stage(store.project.last_stage), checkout, configuration, result)
        yield run


def _opened(
    store: Store,
    checkout: Checkout,
    configuration: Configuration,
    *,
    kind: Kind,
    stage: str,
    name: str,
    experiment: str,
    model_sha256: str | None,
    source: str = "",
    result: Path | None = None,
) -> RunOpened:
    sweep, job = configuration.sweep.id, configuration.sweep.job
    return RunOpened(
        kind=kind,
        key=uuid.uuid4().hex,
        name=f"{name}, {experiment}" if experiment else name,
        stage=stage,
        time_ms=now_ms(),
        experiment=_experiment(configuration.tracking),
        parent_key=sweep,
        params=_as_params(configuration),
        tags={
            **_own_tags(configuration.tracking),
            **_common_tags(store, checkout, source),
            tags.CONFIGURATION: configuration_hash(configuration),
            tags.DVC_EXPERIMENT: experiment,
            tags.SEED: str(configuration.seed),
            **({tags.MODEL: model_sha256} if model_sha256 else {}),
            **_result_tags(result),
            **(_sweep_tags(configuration, name) if sweep else {}),
            **({} if job is None else {tags.JOB: str(job)}),
        },
    )


def _result_tags(result: Path | None) -> dict[str, str]:
    return {tags.RESULT: md5_of(result)} if result else {}


def _sweep_tags(configuration: Configuration, overrides: str) -> dict[str, str]:
    """Tags by which the jobs of a sweep are grouped; seeds of a configuration have equal ones.

    Equal overrides may mean another configuration in another sweep, so those are told apart.
    """
    words = [word for word in overrides.split() if key_of(word) not in configuration.seeds]
    asked, sweep = " ".join(words) or "(defaults)", str(configuration.sweep.id)
    return {tags.SWEEP: sweep, tags.SWEEP_CONFIGURATION: f"{asked} · {sweep[:6]}"}


def _log_origin(
    run: Run, checkout: Checkout, configuration: Configuration, result: Path | None
) -> None:
    """Log what it takes to have the run again; stages may run at different commits."""
    run.tags(_code_tags(checkout) | _result_tags(result))
    if checkout.diff:
        run.text("uncommitted.diff", checkout.diff, "code")
    values = redact(configuration.model_dump(mode="json"))
    run.text("configuration.yaml", yaml.safe_dump(values, sort_keys=False, allow_unicode=True))


def _log_environment(run: Run, stage: str) -> None:
    run.text(f"{stage}.json", json.dumps(environment(), indent=2), ENVIRONMENT)


@contextmanager
def open_sweep(store: Store, key: str, name: str, tracking: Tracking) -> Iterator[Run]:
    """Log to the parent run of a sweep; the same key leads to the same run.

    Parameters
    ----------
    store
        Where to.
    key
        The sweep's id.
    name
        What the run is called in MLflow.
    tracking
        MLflow's experiment, and whether anything is tracked.
    """
    if not tracking.enabled:
        yield Run(None)
        return
    opened = RunOpened(
        kind="sweep",
        key=key,
        name=tracking.run_name or name,
        time_ms=now_ms(),
        experiment=_experiment(tracking),
        tags={
            **_own_tags(tracking),
            **_common_tags(store, _checkout(store)),
            tags.SWEEP: key,
        },
    )
    with _written(store, opened, tracking) as run:
        yield run


@contextmanager
def _written(store: Store, opened: RunOpened, tracking: Tracking) -> Iterator[Run]:
    """A segment that begins with an event and ends with how the block ended."""
    first = _without_secrets(opened)
    writer = SegmentWriter(store.segments, first)
    listener = store.project.listener
    if listener:
        tell(listener, opened.key, writer.folder, first)
    ensure_delivery(store)
    status: Status = "FAILED"
    try:
        yield Run(writer, key=opened.key, note=tracking.note, listener=listener)
        status = "FINISHED"
    except (KeyboardInterrupt, PrunedError):
        status = "KILLED"
        raise
    finally:
        writer.close(status)
        if listener:
            ended = RunClosed(time_ms=now_ms(), status=status)
            tell(listener, opened.key, writer.folder, ended)
        ensure_delivery(store)


def _checkout(store: Store) -> Checkout:
    return read_checkout(Path.cwd(), store.project.made)


def _own_tags(tracking: Tracking) -> dict[str, str]:
    """What the configuration says of a run."""
    return {**(tracking.tags or {}), **({tags.NOTE: tracking.note} if tracking.note else {})}


def _experiment(tracking: Tracking) -> str:
    """MLflow's experiment: the one that the environment names comes first, as its store does."""
    return os.environ.get(EXPERIMENT) or tracking.experiment


def _without_secrets(opened: RunOpened) -> RunOpened:
    shown = {
        "name": shortened(redact_text(opened.name), MAX_NAME),
        "experiment": redact_text(opened.experiment),
        "tags": _shortened(redact(opened.tags), MAX_TAG),
        "params": _shortened(redact(opened.params), MAX_PARAM),
    }
    return opened.model_copy(update=shown)


def _shortened(values: dict[str, str], most: int) -> dict[str, str]:
    return {key: shortened(value, most) for key, value in values.items()}


def _common_tags(store: Store, checkout: Checkout, source: str = "") -> dict[str, str]:
    return {
        tags.VERSION: version("neonym"),
        tags.CHECKOUT: store.checkout,
        **_code_tags(checkout),
        tags.SOURCE_NAME: source or _program(),
        tags.SOURCE_TYPE: "LOCAL",
        tags.USER: user_name(),
    }


def _program() -> str:
    """The script that runs, as it is called from the project's folder; or the command."""
    script = Path(sys.argv[0]).resolve()
    if script.suffix == ".py" and script.is_relative_to(Path.cwd()):
        return str(script.relative_to(Path.cwd()))
    return " ".join([script.name, *sys.argv[1:2]])


def _code_tags(checkout: Checkout) -> dict[str, str]:
    return {
        tags.GIT_COMMIT: checkout.commit,
        tags.GIT_DIRTY: str(checkout.dirty).lower(),
        tags.GIT_DIFF: checkout.state,
        tags.CODE: checkout.digest,
    }


def _as_params(configuration: Configuration) -> dict[str, str]:
    """The configuration as MLflow's parameters: flat, and text."""
    values = configuration.model_dump(mode="json", exclude=set(UNTRACKED_SECTIONS))
    return {key: _as_text(value) for key, value in flatten(values).items()}


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
