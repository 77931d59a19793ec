"""Bring MLflow up to date: the spool, and one run for the workspace and each DVC experiment."""

import time
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from neonym.base.errors import UserError
from neonym.base.files import read_bytes, sha256_of_file
from neonym.base.nested import value_at
from neonym.lab.configuration import read_configuration
from neonym.lab.delivery.dvc_experiments import PassedOver, checked_out, untracked_experiments
from neonym.lab.dvc_cache import md5_of_output
from neonym.lab.lockfile import Lock
from neonym.lab.project import Project
from neonym.lab.tracking.courier import (
    Kept,
    Outcome,
    all_kept,
    ensure_delivery,
    take_back,
    wait_for_delivery,
)
from neonym.lab.tracking.opening import open_results
from neonym.lab.tracking.spool import UnwritableError, open_segments, stray_files
from neonym.lab.tracking.spools import take_over
from neonym.lab.tracking.store import Store


@dataclass(frozen=True)
class Report:
    """What `sync` did."""

    outcome: Outcome
    stale: str
    """Why no run stands for the workspace, "" if one does."""
    kept: list[Kept]
    """What is damaged, and what the store does not take."""
    strays: list[Path]
    """Files in the spool that are not neonym's."""
    passed_over: list[PassedOver]
    """The experiments of DVC's that cannot be read."""

    @property
    def is_complete(self) -> bool:
        """Whether all of it is delivered."""
        return self.outcome.delivered and not self.kept


def sync(store: Store, seconds: float = 120.0, rejected: bool = False) -> Report:
    """Deliver what waits, then see that the workspace and each DVC experiment have a finished run.

    Parameters
    ----------
    store
        Of the project.
    seconds
        How long to wait for MLflow at most.
    rejected
        Whether to try again what was put aside.

    Raises
    ------
    UserError
        If `params.yaml` is there and wrong, or the spool cannot be written.
    """
    end = time.monotonic() + seconds
    take_over(store)
    if rejected:
        take_back(store)
    # What waits goes first: that makes room for the rest
    waiting = [each.folder for each in open_segments(store.segments) if each.is_abandoned]
    outcome = _deliver(store, end, *waiting) if waiting else Outcome(True)
    root = store.root
    stale = explain_stale(store.project, root)
    if not stale:
        _spool_workspace(store, root)
    if not outcome.is_away:
        outcome = _deliver(store, end)
    passed_over: list[PassedOver] = []
    if not outcome.is_away and _spool_experiments(store, root, passed_over):
        outcome = _deliver(store, end)
    return Report(outcome, stale, all_kept(store), stray_files(store.segments), passed_over)


def _deliver(store: Store, end: float, *folders: Path) -> Outcome:
    """Have delivery try all that waits, until a time at most."""
    if open_segments(store.segments):
        store.status.unlink(missing_ok=True)  # what was refused, or away, may no longer be
        ensure_delivery(store)
    return wait_for_delivery(store, max(0.0, end - time.monotonic()), *folders)


def _spool_experiments(store: Store, root: Path, passed_over: list[PassedOver]) -> int:
    """Spool those that ran no stage, and note which cannot be read; how many there were."""
    experiments, unreadable = untracked_experiments(store, root)
    passed_over += unreadable
    for experiment in experiments:
        with checked_out(root, experiment) as tree, chdir(tree):
            try:
                if not explain_stale(store.project, tree):
                    _spool_workspace(store, tree, experiment.name)
            except UnwritableError:  # by which no experiment is damaged
                raise
            except Exception as error:  # results of others may be anything
                reason = next(iter(str(error).splitlines()), "")
                passed_over.append(
                    PassedOver(experiment.name, f"its results are damaged ({reason})")
                )
    return len(experiments)


def _spool_workspace(store: Store, root: Path, experiment: str | None = None) -> None:
    """Spool the results in a folder, for the run of a DVC experiment or of any."""
    project = store.project
    configuration = read_configuration(root / "params.yaml", project.schema)
    if not configuration.tracking.enabled:
        return
    with open_results(
        store,
        configuration,
        name=configuration.tracking.run_name or project.run_name(configuration),
        model_sha256=sha256_of_file(root / project.model),
        result=root / project.result,
        experiment=experiment,
    ) as run:
        project.log_results(run, root, configuration)


def explain_stale(project: Project[Any], root: Path) -> str:
    """Why the workspace's results do not belong to its `params.yaml`; "" if they do.

    `dvc.lock` tells with which parameters each result was made, and its digest.
    """
    try:
        return _first_difference(project, root)
    except UserError as error:
        return str(error)
    except FileNotFoundError as error:
        return f"{error.filename} does not exist"
    except OSError as error:
        return f"{error.filename} cannot be read ({error.strerror})"
    except (yaml.YAMLError, ValueError, RecursionError):
        return "params.yaml is damaged"


def _first_difference(project: Project[Any], root: Path) -> str:
    lock = Lock(root / "dvc.lock")
    made = lock.outputs
    params = yaml.safe_load(read_bytes(root / "params.yaml").decode())
    for stage, outputs in project.outputs.items():
        for key, value in lock.params(stage).items():
            if value_at(params, key) != value:
                return f"{stage} has not run with the present params.yaml ({key} differs)"
        # as after `dvc repro train`, which makes a model that nobody has evaluated
        for path, then in lock.read(stage).items():
            is_made = any(PurePosixPath(path).is_relative_to(output) for output in made)
            if is_made and then != (made.get(path) or md5_of_output(root / path)):
                return f"{stage} has not run with the present {path}"
        # a folder that holds several of them is looked at once
        for path, md5 in dict(lock.made(stage, path) for path in outputs).items():
            if md5 != md5_of_output(root / path):
                return f"{path} is not what {stage} made"
    return ""
