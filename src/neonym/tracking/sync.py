"""Bring MLflow up to date: deliver the spool, and make one run stand for the workspace."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from neonym.configuration import read_configuration
from neonym.files import md5_of, sha256_of_file
from neonym.tracking.courier import Outcome, ensure_delivery, wait_for_delivery
from neonym.tracking.run import open_run
from neonym.tracking.spool import open_segments
from neonym.tracking.store import Store
from neonym.tracking.workspace import Files, log_workspace, run_name

# What each stage leaves that the run is made of
OUTPUTS = {
    "train": ("models/model.npz", "reports/history.csv"),
    "sample": ("reports/names.csv",),
    "evaluate": ("reports/metrics.json",),
}


@dataclass(frozen=True)
class Report:
    """What `sync` did."""

    outcome: Outcome
    stale: str
    """Why no run stands for the workspace, "" if one does."""


def sync(root: Path, seconds: float = 120.0) -> Report:
    """Deliver what waits, then make sure that one finished run stands for the workspace.

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
        ensure_delivery(store)
    outcome = wait_for_delivery(store, seconds)
    if outcome.delivered and folder is not None:
        outcome = wait_for_delivery(store, seconds, folder)
    return Report(outcome, stale)


def _spool_workspace(store: Store, root: Path) -> Path | None:
    configuration = read_configuration(root / "params.yaml")
    if not configuration.tracking.enabled:
        return None
    files = Files(root)
    with open_run(
        store,
        configuration,
        kind="workspace",
        name=run_name(configuration),
        model_sha256=sha256_of_file(files.model),
        any_experiment=True,
    ) as run:
        log_workspace(run, files, configuration)
    return run.folder


def explain_stale(root: Path) -> str:
    """Why the workspace's results do not belong to its `params.yaml`; "" if they do.

    `dvc.lock` tells with which parameters each result was made, and its digest.
    """
    try:
        lock = yaml.safe_load((root / "dvc.lock").read_text(encoding="utf-8"))["stages"]
        params = yaml.safe_load((root / "params.yaml").read_text(encoding="utf-8"))
        for stage, outputs in OUTPUTS.items():
            if not _params_agree(lock[stage], params):
                return f"{stage} has not run with the present params.yaml"
            for path in outputs:
                if _locked_md5(lock[stage], path) != md5_of(root / path):
                    return f"{path} is not what {stage} made"
    except FileNotFoundError as error:
        return f"{error.filename} does not exist"
    except (KeyError, TypeError, ValueError, yaml.YAMLError):
        return "dvc.lock does not tell which results belong to params.yaml"
    return ""


def _params_agree(stage: dict[str, Any], params: Any) -> bool:
    recorded = stage.get("params", {}).get("params.yaml", {})
    return all(_value_at(params, key) == value for key, value in recorded.items())


def _value_at(values: Any, key: str) -> Any:
    for part in key.split("."):
        values = values[part]
    return values


def _locked_md5(stage: dict[str, Any], path: str) -> str | None:
    return next((out.get("md5") for out in stage["outs"] if out["path"] == path), None)
