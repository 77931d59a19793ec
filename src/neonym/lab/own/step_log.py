"""What a run holds of the steps: data, model, curves, metrics and files, from what they left."""

import math
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from neonym.base.errors import UserError
from neonym.base.files import md5_of, read_json, sha256_of_file
from neonym.base.nested import flatten, sha256_of
from neonym.lab.configuration import Configuration
from neonym.lab.lockfile import Lock
from neonym.lab.own.curves_file import read_curves
from neonym.lab.own.declared import Pipeline, Step, logged_name
from neonym.lab.places import project_root
from neonym.lab.tracking import tags
from neonym.lab.tracking.checkout import where_kept
from neonym.lab.tracking.run import Run

ONE_VALUE = 0  # MLflow draws a metric at step 0 as a bar for each run, at any other as a curve
TABLES = {".csv": 1, ".tsv": 1, ".txt": 0, ".jsonl": 0}
"""Files with a row a line, and how many lines the head has."""


def log_whole(project: Pipeline[Any], run: Run, folder: Path, configuration: Configuration) -> None:
    """Log what all steps have left in a folder, each where the run lacks its stage."""
    for step in project.steps:
        own = run.for_stage(project.logged_by(step))
        # another's model is no MLflow model until it is promoted: saving it may run what it holds
        log_step(project, step, own, folder, configuration, as_model=False)
        log_points(own, step, folder)


def log_step(
    project: Pipeline[Any],
    step: Step[Any],
    run: Run,
    folder: Path,
    configuration: Configuration,
    *,
    as_model: bool = True,
) -> None:
    """Log what a step has left in a folder, but for the points of its curves.

    With `as_model` its model is an MLflow model besides, where the project says how to save one.
    """
    if step is project.steps[0]:
        _log_raw(project, run, configuration)
    if step.data:
        _log_data(project, step, run, folder, configuration)
    if step.model:
        path = folder / step.model
        digest = sha256_of_file(path)
        run.tags({tags.MODEL: digest, tags.MODEL_MD5: md5_of(path)})
        if as_model and project.saves_models:
            run.model(path, digest)
    for name in filter(None, (step.model, step.curves, step.metrics, *step.files)):
        run.artifact(folder / name, _folder(name))
    if step.metrics:
        metrics = read_metrics(folder / step.metrics)
        _log_metrics(project, run, folder, metrics)
        if step is project.steps[-1]:
            run.tags({tags.NOTE: describe(metrics), tags.RESULT: md5_of(folder / project.result)})


def log_points(run: Run, step: Step[Any], folder: Path) -> None:
    """Log the points of a step's curves from their file."""
    if step.curves:
        for at, values in read_curves(folder / step.curves):
            run.metrics(values, at)


def read_metrics(path: Path) -> dict[str, float | None]:
    """The metrics in a file, under dotted names.

    Raises
    ------
    UserError
        If it holds none.
    """
    try:
        values = flatten(read_json(path))
    except (OSError, ValueError, AttributeError):
        raise UserError(f"{path} holds no metrics; run the step that makes it again") from None
    return {name: value for name, value in values.items() if isinstance(value, int | float | None)}


def _folder(path: str) -> str:
    """The folder of artifacts for a file of the workspace's."""
    folder = str(PurePosixPath(path).parent)
    return "" if folder == "." else folder


def _log_metrics(
    project: Pipeline[Any], run: Run, folder: Path, metrics: Mapping[str, float | None]
) -> None:
    """Log single figures: behind their curves, where they have one, so that tables show them."""
    curves = [folder / step.curves for step in project.steps if step.curves]
    points = [point for path in curves if path.is_file() for point in read_curves(path)]
    curved = {name for _, values in points for name in values}
    end = max((at for at, _ in points), default=0) + 1
    named = {logged_name(name): value for name, value in metrics.items()}
    last = {name: value for name, value in named.items() if name in curved}
    if last:
        run.metrics(last, end)
    run.metrics({name: value for name, value in named.items() if name not in last}, ONE_VALUE)


def _log_data(
    project: Pipeline[Any], step: Step[Any], run: Run, folder: Path, configuration: Configuration
) -> None:
    """Log the splits as MLflow datasets, and their common digest."""
    source = project.raw_path(configuration.model_dump(mode="json"))
    called, digests = PurePosixPath(source).stem or project.registered_as, []
    for context, name in step.data.items():
        path = folder / name
        digest = sha256_of_file(path)
        digests.append(f"{context} {digest}")
        run.dataset(f"{called} {context}", context, digest, source or name, _rows(path))
    run.tags({tags.DATA: sha256_of(digests)})


def _rows(path: Path) -> int:
    """How many rows a table in text has; 0 for what is none."""
    if path.suffix not in TABLES:
        return 0
    return max(0, path.read_bytes().count(b"\n") - TABLES[path.suffix])


def _log_raw(project: Pipeline[Any], run: Run, configuration: Configuration) -> None:
    """Log which file the data were made from, and the file itself where it is nowhere else."""
    name = project.raw_path(configuration.model_dump(mode="json"))
    path = Path(name)
    if not name or not path.is_file() or _has_changed(project, name):
        return
    kept = where_kept(path, Path.cwd(), project_root())
    digests = {tags.RAW: sha256_of_file(path), tags.RAW_MD5: md5_of(path)}
    run.tags({**digests, tags.RAW_KEPT: kept})
    if kept == "artifact":
        run.artifact(path, "data")


def _has_changed(project: Pipeline[Any], name: str) -> bool:
    """Whether DVC's first stage has run with another file than is there now."""
    try:
        known = Lock(Path("dvc.lock")).dependency(project.steps[0].name, name)
    except UserError:
        return False
    return known is not None and known != md5_of(Path(name))


def describe(metrics: Mapping[str, float | None]) -> str:
    """A run's description, Markdown: its figures."""
    rows = [f"| {name} | {_shown(value)} |" for name, value in metrics.items()]
    return "\n".join(["| figure | value |", "|---|---:|", *rows])


def _shown(value: float | None) -> str:
    return "–" if value is None or not math.isfinite(value) else f"{value:.5g}"
