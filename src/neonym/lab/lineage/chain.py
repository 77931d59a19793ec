"""The chain behind a run: configuration, code, data, model, sweep, environment."""

from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from neonym.base.errors import UserError
from neonym.lab.delivery.dvc_experiments import experiments_of
from neonym.lab.git import git, has_commit
from neonym.lab.lineage.recorded import CONFIGURATION, DIFF, Recorded
from neonym.lab.lineage.refusal import explain_refusal
from neonym.lab.lineage.workspace_run import is_locked
from neonym.lab.lockfile import Lock
from neonym.lab.tracking import tags

Part = dict[str, Any]


def chain_of(recorded: Recorded, root: Path) -> dict[str, Any]:
    """All that a run is known to come from, as plain values.

    Parameters
    ----------
    recorded
        The run.
    root
        The project, in whose repository commits and experiments are looked for.
    """
    refusal = "" if recorded.kind == "sweep" else explain_refusal(recorded, root)
    return {
        "run": _run(recorded),
        "configuration": {
            "sha256": recorded.tag(tags.CONFIGURATION),
            "seed": recorded.tag(tags.SEED),
            "artifact": CONFIGURATION if CONFIGURATION in recorded.artifacts else "",
            "values": recorded.configuration,
        },
        "code": _code(recorded, root),
        "data": _data(recorded),
        **{
            what: {"sha256": recorded.tag(tag)}
            for tag, what in recorded.store.project.digests.items()
            if recorded.tag(tag)
        },
        "model": {
            "sha256": recorded.tag(tags.MODEL),
            "artifact": model_file(recorded),
        },
        "sweep": _sweep(recorded),
        "dvc": _dvc(recorded, root),
        "environment": dict(recorded.environments),
        "reproduce": {
            "possible": not refusal,
            "reason": refusal,
            "command": "" if refusal else f"neonym reproduce {recorded.id}",
        },
    }


def model_file(recorded: Recorded) -> str:
    """The model among the artifacts, or else the first of its kind; "" where there is none."""
    model = recorded.store.project.model
    if model in recorded.artifacts:
        return model
    kind = PurePosixPath(model).suffix
    return next((path for path in recorded.artifacts if PurePosixPath(path).suffix == kind), "")


def _run(recorded: Recorded) -> Part:
    info = recorded.run.info
    return {
        "id": recorded.id,
        "name": info.run_name,
        "kind": recorded.kind,
        "status": info.status,
        "stages": recorded.stages,
        "earlier": recorded.tag(tags.EARLIER),
        "script": recorded.tag(tags.SOURCE_NAME),
        "started": _time(info.start_time),
        "ended": _time(info.end_time),
        "user": recorded.tag(tags.USER),
        "checkout": recorded.tag(tags.CHECKOUT),
        "store": recorded.store.address,
    }


def _time(milliseconds: int | None) -> str:
    """A time as ISO 8601, UTC; "" where there is none."""
    if milliseconds is None:
        return ""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="seconds")


def _code(recorded: Recorded, root: Path) -> Part:
    commit = recorded.tag(tags.GIT_COMMIT)
    here = has_commit(root, commit)
    return {
        "version": recorded.tag(tags.VERSION),
        "commit": commit,
        "in_this_repository": here,
        "subject": git(root, "show", "--no-patch", "--format=%s", commit).strip() if here else "",
        "dirty": recorded.tag(tags.GIT_DIRTY) == "true",
        "diff": _diff(recorded),
    }


def _diff(recorded: Recorded) -> Part | None:
    """What was not committed; None where all was."""
    if recorded.tag(tags.GIT_DIRTY) != "true":
        return None
    heads = [line for line in recorded.diff.splitlines() if line.startswith("diff --git ")]
    return {
        "state": recorded.tag(tags.GIT_DIFF) or "unknown",
        "artifact": DIFF if DIFF in recorded.artifacts else "",
        "files": [head.partition(" b/")[2].rstrip('"') for head in heads],
        "text": recorded.diff,
    }


def _data(recorded: Recorded) -> Part:
    return {
        "sha256": recorded.tag(tags.DATA),
        "splits": recorded.splits,
        recorded.store.project.raw_called: {
            "path": recorded.store.project.raw_path(recorded.configuration),
            "sha256": recorded.tag(tags.RAW),
            "kept": recorded.tag(tags.RAW_KEPT),
        },
    }


def _sweep(recorded: Recorded) -> Part | None:
    """The sweep that a job belongs to, or that a run is; None where there is none."""
    if recorded.kind == "sweep":
        jobs = [child.id for child in recorded.children()]
        best = recorded.tag("sweep.best_run_id")
        return {"id": recorded.tag(tags.SWEEP), "run": recorded.id, "jobs": jobs, "best": best}
    if not recorded.tag(tags.SWEEP):
        return None
    parent = recorded.parent()
    return {
        "id": recorded.tag(tags.SWEEP),
        "run": parent.id if parent else "",
        "name": parent.run.info.run_name if parent else "",
        "best": parent.tag("sweep.best_run_id") if parent else "",
    }


def _dvc(recorded: Recorded, root: Path) -> Part | None:
    """How DVC knows the run; None where it was not started by DVC."""
    if recorded.kind != "workspace":
        return None
    experiment = recorded.tag(tags.DVC_EXPERIMENT)
    return {
        "experiment": experiment,
        "experiment_commit": _experiment_commit(experiment, root),
        "in_dvc_lock": _in_lock(recorded, root),
    }


def _experiment_commit(name: str, root: Path) -> str:
    """The commit in which DVC keeps an experiment; "" where it keeps none of this name."""
    if not name:
        return ""
    return next((each.commit for each in experiments_of(root) if each.name == name), "")


def _in_lock(recorded: Recorded, root: Path) -> bool:
    try:
        return is_locked(recorded, Lock(root / "dvc.lock"), root)
    except UserError:
        return False
