"""Files in the project's own store that no run and no model in it points to any more."""

import re
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from neonym.base.errors import UserError
from neonym.lab.delivery.store_check import check_usable
from neonym.lab.tracking.store import Store

RUN = re.compile(r"[0-9a-f]{32}")
MODEL = re.compile(r"m-[0-9a-f]{32}")
MODELS = "models"
WEEK_SECONDS = 7 * 24 * 3600


@dataclass(frozen=True)
class Unreferenced:
    """A folder or file that nothing points to."""

    path: Path
    size: int
    """Bytes of all files in it."""
    why: str


def unreferenced(
    store: Store, caches: Path | None, with_deleted: bool = False
) -> list[Unreferenced]:
    """What can be removed without a run, a model or a job missing it.

    Parameters
    ----------
    store
        Of the project; of another address only the caches are looked at.
    caches
        The folder of files that are made again when they are needed; None where there is none.
    with_deleted
        Also what belongs to runs that were deleted in MLflow, which could be restored until then.

    Raises
    ------
    UserError
        If the store cannot be used.
    """
    found = list(_artifacts(store, with_deleted)) if store.is_own else []
    unused = _unused(caches) if caches else ()
    return sorted([*found, *unused], key=lambda each: each.path)


def remove(found: Unreferenced) -> None:
    """Delete it.

    Raises
    ------
    UserError
        If that fails.
    """
    try:
        if found.path.is_dir() and not found.path.is_symlink():
            shutil.rmtree(found.path)
        else:
            found.path.unlink(missing_ok=True)
    except OSError as error:
        reason = f"{error.filename}: {error.strerror}"
        raise UserError(f"{found.path} cannot be removed ({reason}); check its rights") from None


def _artifacts(store: Store, with_deleted: bool) -> Iterator[Unreferenced]:
    if not store.artifacts.is_dir():
        return
    # First the folders: what is made meanwhile has its row before its folder
    runs = [path for path in store.artifacts.iterdir() if RUN.fullmatch(path.name)]
    models = [path for path in store.artifacts.glob(f"{MODELS}/*") if MODEL.fullmatch(path.name)]
    check_usable(store)
    kept_runs = _stages_of_life(store, "SELECT run_uuid, lifecycle_stage FROM runs")
    kept_models = _stages_of_life(store, "SELECT model_id, lifecycle_stage FROM logged_models")
    for path in runs:
        if path.name not in kept_runs:
            yield Unreferenced(path, _size(path), "of no run")
        elif with_deleted and kept_runs[path.name] == "deleted":
            yield Unreferenced(path, _size(path), "of a run that was deleted in MLflow")
    for path in models:
        # MLflow has no way to restore one
        if kept_models.get(path.name, "deleted") == "deleted":
            yield Unreferenced(path, _size(path), "of no model")


def _stages_of_life(store: Store, query: str) -> dict[str, str]:
    """What MLflow's database says of each id: `active` or `deleted`."""
    try:
        with closing(sqlite3.connect(store.database)) as database:
            return {str(key): str(stage) for key, stage in database.execute(query)}
    except sqlite3.Error as error:
        raise UserError(f"{store.database} cannot be read ({error}); try again later") from None


def _unused(caches: Path) -> Iterator[Unreferenced]:
    """Caches that nobody has taken for a week; whoever takes one touches it."""
    if not caches.is_dir():
        return
    for path in sorted(caches.iterdir()):
        if path.is_dir() and time.time() - path.stat().st_mtime > WEEK_SECONDS:
            yield Unreferenced(path, _size(path), "processed data, unused for a week")


def _size(path: Path) -> int:
    return sum(file.lstat().st_size for file in path.rglob("*") if not file.is_dir())
