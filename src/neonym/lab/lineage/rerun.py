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

from neonym.base.errors import UserError
from neonym.base.locks import locked
from neonym.base.nested import put_at, value_at
from neonym.lab.lineage.raw_data import Found, place
from neonym.lab.lineage.recorded import Recorded
from neonym.lab.lineage.worktree import Worktree
from neonym.lab.project import Project
from neonym.lab.tracking.store import Store
from neonym.lab.tracking.tracking_uri import TRACKING_URI, sqlite_uri

REPRODUCED = ".reproduced/list"  # in the folder of raw data


@dataclass
class Made:
    """What the stages made."""

    tags: dict[str, str] = field(default_factory=dict)
    splits: dict[str, str] = field(default_factory=dict)
    """Digests, by what the split is used for."""
    points: dict[str, dict[int, float]] = field(default_factory=dict)
    """The values of each metric by step, as a stage logged them while it ran."""
    filled: dict[str, dict[int, float]] = field(default_factory=dict)
    """The same as a later stage fills it in from files, for a run that lacks the stage."""
    files: dict[str, str] = field(default_factory=dict)
    """The sha256 of each file, under the path that it has among a run's artifacts."""

    def add(self, event: Mapping[str, Any], segment: Path) -> None:
        """Add what a stage logged."""
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


def stages_up_to(project: Project[Any], stages: list[str]) -> list[str]:
    """All stages that it takes to have the results of these."""
    known = list(project.outputs)
    last = max(known.index(stage) for stage in stages if stage in known)
    return known[: last + 1]


def rerun(
    recorded: Recorded,
    worktree: Worktree,
    found: Found | None,
    on_stage: Callable[[str, float], None],
) -> Made:
    """Run the stages of a run again.

    Parameters
    ----------
    recorded
        The run, whose configuration is there.
    worktree
        Where its code is.
    found
        The raw data that it used; None where the project's code alone knows of any.
    on_stage
        Called with each stage that has ended, and its seconds.

    Raises
    ------
    UserError
        If a stage fails.
    """
    project = recorded.store.project
    for path in (".neonym", *project.made):
        worktree.inside(path)  # whatever links the commit has
    store = Store(worktree.project, sqlite_uri(worktree.project / ".neonym/nowhere.db"), project)
    store.folder.mkdir(parents=True)
    given = _as_given(project, recorded.configuration or {})
    own = given
    if found:  # which the first stage reads
        own = _with_raw_data(project, worktree, given, found)
    with locked(store.lock):  # held, so that stages find delivery under way and start none
        for stage in stages_up_to(project, recorded.stages):
            text = yaml.safe_dump(own, sort_keys=False, allow_unicode=True)
            worktree.inside("params.yaml").write_text(text, encoding="utf-8")
            start = time.monotonic()
            _run(worktree, stage, store)
            on_stage(stage, time.monotonic() - start)
            own = given
        return collect(store)


def _as_given(project: Project[Any], configuration: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration without what only told where the run was tracked, and how it was begun."""
    given = deepcopy(dict(configuration))
    for key, value in {"tracking.wait_seconds": 0.0, **project.schema.of_execution}.items():
        if value_at(given, key) is not None:
            put_at(given, key, value)
    return given


def _with_raw_data(
    project: Project[Any], worktree: Worktree, given: Mapping[str, Any], found: Found
) -> dict[str, Any]:
    """The configuration that reads the raw data from where DVC's stages may read some."""
    changed = deepcopy(dict(given))
    suffix = PurePosixPath(value_at(given, project.raw_key)).suffix
    path = f"{project.raw}/{REPRODUCED}{suffix}"
    place(found, worktree.inside(path))
    put_at(changed, project.raw_key, path)
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
    """What stages logged into a spool.

    They may be of an older or newer neonym than this one, so nothing is asked of a line but that it
    begins with an event.
    """
    made, decoder = Made(), json.JSONDecoder()
    for segment in sorted(path for path in store.segments.iterdir() if path.name[0] != "."):
        for line in (segment / "events.jsonl").read_text(encoding="utf-8").splitlines():
            made.add(decoder.raw_decode(line)[0], segment)
    return made
