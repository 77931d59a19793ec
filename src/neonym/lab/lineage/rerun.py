"""Run a run's stages again in its worktree, and collect what they would tell MLflow.

Stages track into the worktree's own spool, which nobody delivers: it is read here instead. So the
project's MLflow store and workspace stay as they are.
"""

import hashlib
import json
import math
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import yaml
from filelock import FileLock

from neonym.base.errors import UserError
from neonym.lab.lineage.own_list import Found, place
from neonym.lab.lineage.worktree import Worktree
from neonym.lab.tracking.store import TRACKING_URI, Store

STAGES = ("preprocess", "train", "sample", "evaluate")
LIST = "data/raw/.reproduced/list"


@dataclass
class Made:
    """What the stages made."""

    tags: dict[str, str] = field(default_factory=dict)
    splits: dict[str, str] = field(default_factory=dict)
    """Digests, by what the split is used for."""
    points: dict[str, dict[int, float]] = field(default_factory=dict)
    """The values of each metric by step, as a stage told them while it ran."""
    filled: dict[str, dict[int, float]] = field(default_factory=dict)
    """The same as a later stage fills it in from files, for a run that lacks the stage."""
    files: dict[str, str] = field(default_factory=dict)
    """The sha256 of each file, under the path that it has among a run's artifacts."""

    def add(self, event: Mapping[str, Any], segment: Path) -> None:
        """Take in what a stage told."""
        match event["type"]:
            case "run":
                self.tags.update(event.get("tags", {}))
            case "tags":
                self.tags.update(event["values"])
            case "dataset":
                self.splits[event["context"]] = event["digest"]
            case "metrics":
                points = self.filled if event.get("for_stage") else self.points
                for name, value in event["values"].items():
                    number = math.nan if value is None else float(value)
                    points.setdefault(name, {})[event["step"]] = number
            case "artifact":
                file = segment / event["file"]
                name = str(PurePosixPath(event.get("folder", ""), file.name))
                self.files[name] = hashlib.sha256(file.read_bytes()).hexdigest()


def stages_up_to(stages: list[str]) -> list[str]:
    """All stages that it takes to have the results of these."""
    last = max(STAGES.index(stage) for stage in stages if stage in STAGES)
    return list(STAGES[: last + 1])


def rerun(
    worktree: Worktree,
    configuration: Mapping[str, Any],
    stages: list[str],
    names: Found,
    on_stage: Callable[[str, float], None],
) -> Made:
    """Run stages again.

    Parameters
    ----------
    worktree
        Where the run's code is.
    configuration
        The run's.
    stages
        Which, in their order.
    names
        The list that the run used.
    on_stage
        Is told each stage that has ended, and its seconds.

    Raises
    ------
    UserError
        If a stage fails.
    """
    store = Store(worktree.project, f"sqlite:///{worktree.project}/.neonym/nowhere.db")
    store.folder.mkdir(parents=True)
    given = _as_given(configuration)
    with FileLock(store.lock):  # held, so that stages find delivery under way and start none
        for stage in stages:
            own = _with_list(worktree, given, names) if stage == "preprocess" else given
            text = yaml.safe_dump(own, sort_keys=False, allow_unicode=True)
            worktree.inside("params.yaml").write_text(text, encoding="utf-8")
            start = time.monotonic()
            _run(worktree, stage, store)
            on_stage(stage, time.monotonic() - start)
        return collect(store)


def _as_given(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration without what only told where the run was tracked, and how it was begun."""
    given = deepcopy(dict(configuration))
    changes: dict[str, dict[str, Any]] = {
        "tracking": {"wait_seconds": 0.0},
        "train": {"resume": False},
    }
    for section, values in changes.items():
        for key, value in values.items():
            if key in given.get(section, {}):
                given[section][key] = value
    return given


def _with_list(worktree: Worktree, given: Mapping[str, Any], names: Found) -> dict[str, Any]:
    """The configuration that reads the list from where DVC's stages may read one."""
    changed = deepcopy(dict(given))
    path = LIST + PurePosixPath(given["data"]["path"]).suffix
    place(names, worktree.inside(path))
    changed["data"]["path"] = path
    return changed


def _run(worktree: Worktree, stage: str, store: Store) -> None:
    command = [sys.executable, f"pipelines/{stage}.py"]
    with tempfile.TemporaryFile() as log:
        environment = _environment(worktree, stage, store)
        with worktree.running(command, env=environment, stdout=log, stderr=log) as process:
            status = process.wait()
        if status:
            log.seek(0)
            said = log.read().decode("utf-8", errors="replace").strip().splitlines()
            raise UserError(
                f"its stage {stage} failed here (status {status}): {said[-1] if said else ''}"
            )


def _environment(worktree: Worktree, stage: str, store: Store) -> dict[str, str]:
    """What stages run in: the worktree's code, and none of this project's places."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("DVC_", "GIT_", "MLFLOW_"))
    }
    own = {"PYTHONPATH": str(worktree.project / "src"), "DVC_STAGE": stage, TRACKING_URI: store.uri}
    return {**kept, **own}


def collect(store: Store) -> Made:
    """What stages told into a spool.

    They may be of an older or newer neonym than this one, so nothing is asked of a line but that it
    begins with an event.
    """
    made, decoder = Made(), json.JSONDecoder()
    for segment in sorted(path for path in store.segments.iterdir() if path.name[0] != "."):
        for line in (segment / "events.jsonl").read_text(encoding="utf-8").splitlines():
            made.add(decoder.raw_decode(line)[0], segment)
    return made
