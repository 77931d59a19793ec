"""Bring MLflow up to date: the spool, and one run for the workspace and each DVC experiment."""

from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path

import yaml

from neonym.base.errors import UserError
from neonym.base.files import md5_of, sha256_of_file
from neonym.base.nested import value_at
from neonym.corpus.processed import read_processed
from neonym.lab.delivery.dvc_experiments import checked_out, untracked_experiments
from neonym.lab.stage.lockfile import Lock
from neonym.lab.tracking.courier import Outcome, ensure_delivery, wait_for_delivery
from neonym.lab.tracking.run import open_run
from neonym.lab.tracking.spool import open_segments
from neonym.lab.tracking.store import Store
from neonym.settings import read_configuration
from neonym.tracked.workspace import Files, log_evaluation, log_stages_before_evaluate, run_name

# What each stage leaves that the run is made of
OUTPUTS = {
    "train": ("models/model.npz", "reports/history.csv"),
    "sample": ("reports/names.csv",),
    "evaluate": ("reports/metrics.json", "reports/metrics.md", "reports/names_table.csv"),
}


@dataclass(frozen=True)
class Report:
    """What `sync` did."""

    outcome: Outcome
    stale: str
    """Why no run stands for the workspace, "" if one does."""


def sync(root: Path, seconds: float = 120.0) -> Report:
    """Deliver what waits, then see that the workspace and each DVC experiment have a finished run.

    Parameters
    ----------
    root
        The project.
    seconds
        How long to wait for MLflow at most.

    Raises
    ------
    UserError
        If `params.yaml` is there and wrong.
    """
    store = Store.of_project(root)
    stale = explain_stale(root)
    folder = None if stale else _spool_workspace(store, root)
    if open_segments(store.segments):
        store.status.unlink(missing_ok=True)  # that the server was away may no longer hold
        ensure_delivery(store)
    outcome = wait_for_delivery(store, seconds)
    if outcome.delivered and _spool_experiments(store, root):
        ensure_delivery(store)
        outcome = wait_for_delivery(store, seconds)
    if outcome.delivered and folder is not None:
        outcome = wait_for_delivery(store, seconds, folder)
    return Report(outcome, stale)


def _spool_experiments(store: Store, root: Path) -> int:
    """Spool those that ran no stage; how many."""
    experiments = untracked_experiments(store, root)
    for experiment in experiments:
        with checked_out(root, experiment) as tree, chdir(tree):
            if not explain_stale(tree):
                _spool_workspace(store, tree, experiment.name)
    return len(experiments)


def _spool_workspace(store: Store, root: Path, experiment: str | None = None) -> Path | None:
    """Spool the results in a folder, for the run of a DVC experiment or of any."""
    configuration = read_configuration(root / "params.yaml")
    if not configuration.tracking.enabled:
        return None
    files = Files.below(root)
    with open_run(
        store,
        configuration,
        kind="workspace",
        name=run_name(configuration),
        model_sha256=sha256_of_file(files.model),
        any_experiment=experiment is None,
        of_experiment=experiment,
    ) as run:
        log_stages_before_evaluate(run, files, configuration)
        log_evaluation(run.for_stage("evaluate"), files, configuration)
    return run.folder


def explain_stale(root: Path) -> str:
    """Why the workspace's results do not belong to its `params.yaml`; "" if they do.

    `dvc.lock` tells with which parameters each result was made, and its digest.
    """
    try:
        return _first_difference(root)
    except UserError as error:
        return str(error)
    except FileNotFoundError as error:
        return f"{error.filename} does not exist"
    except OSError as error:
        return f"{error.filename} cannot be read ({error.strerror})"
    except (yaml.YAMLError, ValueError, RecursionError):
        return "params.yaml is damaged"


def _first_difference(root: Path) -> str:
    lock = Lock(root / "dvc.lock")
    params = yaml.safe_load((root / "params.yaml").read_text(encoding="utf-8"))
    read_processed(root / "data/processed")
    for stage, outputs in OUTPUTS.items():
        for key, value in lock.params(stage).items():
            if value_at(params, key) != value:
                return f"{stage} has not run with the present params.yaml ({key} differs)"
        for path in outputs:
            if lock.md5(stage, path) != md5_of(root / path):
                return f"{path} is not what {stage} made"
    return ""
