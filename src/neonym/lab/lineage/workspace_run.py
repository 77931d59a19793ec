"""From `dvc.lock` back to the runs that made what it describes."""

import json
from pathlib import Path
from typing import Any

from neonym.base.errors import UserError
from neonym.base.files import md5_of, sha256_of_file
from neonym.base.nested import flatten
from neonym.base.text import shortened
from neonym.lab.dvc_cache import cached, md5_inside
from neonym.lab.lineage.recorded import Recorded
from neonym.lab.lockfile import Lock
from neonym.lab.project import Project
from neonym.lab.tracking import tags
from neonym.lab.tracking.opening import MAX_PARAM
from neonym.lab.tracking.store import Store

MAX_PARAM_BEFORE = 500  # in runs of versions up to 0.1.0, which cut without a mark


def runs_of_lock(store: Store, path: Path, root: Path) -> list[Recorded]:
    """The runs whose results a `dvc.lock` describes, the newest first.

    Parameters
    ----------
    store
        Where to look.
    path
        The lock.
    root
        The project.

    Raises
    ------
    UserError
        If the lock is damaged or describes no model, or no run made it.
    """
    lock = Lock(path)
    md5 = _model_md5(store.project, lock, root)
    if not md5 or not md5.isalnum():
        raise UserError(f"{path} describes no trained model; run `dvc repro`")
    candidates = Recorded.with_tags(store, {tags.KIND: "workspace", tags.MODEL_MD5: md5})
    if not candidates and (digest := _sha256_of(store.project, md5, root)):
        candidates = Recorded.with_tags(store, {tags.KIND: "workspace", tags.MODEL: digest})
    found = [recorded for recorded in candidates if is_locked(recorded, lock, root)]
    if not found:
        raise UserError(
            f"no run in {store.address} made what {path} describes; `neonym sync` tracks one for "
            "the workspace"
        )
    return found


def is_locked(recorded: Recorded, lock: Lock, root: Path) -> bool:
    """Whether a run's model, parameters and results are those of a lock."""
    project = recorded.store.project
    md5 = _model_md5(project, lock, root)
    if not md5:
        return False
    known = recorded.tag(tags.MODEL_MD5)
    same = known == md5 if known else recorded.tag(tags.MODEL) == _sha256_of(project, md5, root)
    params = recorded.run.data.params
    result = _md5_of(lock, project.last_stage, project.result, root)
    return (
        same
        and recorded.tag(tags.RESULT) in ("", result)
        and all(
            _agree(params.get(key, ""), value)
            for key, value in _locked_params(project, lock).items()
        )
    )


def _model_md5(project: Project[Any], lock: Lock, root: Path) -> str | None:
    """The md5 of the model that a lock describes; None where it describes none."""
    found = (_md5_of(lock, stage, project.model, root) for stage in project.outputs)
    return next((md5 for md5 in found if md5), None)


def _md5_of(lock: Lock, stage: str, path: str, root: Path) -> str | None:
    """The md5 of a file that a stage made, on its own or in a folder; None where it made none."""
    output, md5 = lock.made(stage, path)
    return md5 and md5_inside(root, output, md5, path)


def _locked_params(project: Project[Any], lock: Lock) -> dict[str, Any]:
    """The parameters with which the stages of a lock ran."""
    values: dict[str, Any] = {}
    for stage in project.outputs:
        values |= lock.params(stage)
    return flatten(values)


def _agree(param: str, value: Any) -> bool:
    """Whether a parameter in MLflow, which is text, has the value that a lock has."""
    if value is None:  # what is not set need not stand among a run's parameters
        return param in ("", "null")
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return float(param) == value  # 1 in a lock is 1.0 where the schema wants a fraction
        except ValueError:
            return False
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return param in (shortened(text, MAX_PARAM), text[:MAX_PARAM_BEFORE])


def _sha256_of(project: Project[Any], md5: str, root: Path) -> str:
    """The sha256 of the model with an md5, if the workspace or DVC's cache has it; else ""."""
    for path in (root / project.model, cached(root, md5)):
        if path.is_file() and md5_of(path) == md5:
            return sha256_of_file(path)
    return ""
