"""Runs that are written to the spool, and what MLflow must then hold: no more, no less."""

import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlflow.entities import Run
from mlflow.tracking import MlflowClient

from neonym.lab.tracking import tags
from neonym.lab.tracking.events import Artifact, Dataset, Event, Metrics, RunOpened, Tags
from neonym.lab.tracking.opening import open_job
from neonym.lab.tracking.spool import Segment
from neonym.lab.tracking.store import Store
from small_training import configuration


@dataclass(frozen=True)
class Written:
    """The events of a run and the contents of its files."""

    opened: RunOpened
    events: list[Event]
    files: dict[str, bytes]


def write_run(store: Store, number: int, points: int = 400) -> Written:
    """Log a run of every kind of event."""
    with open_job(store, configuration(seed=number), name=f"run {number}") as run:
        run.dataset("names", "training", f"{number:064d}", "names.txt", 15)
        for step in range(points):
            run.metrics({"train/loss": 1 / (step + 1), "train/lr": step * 1e-5}, step)
            if step % 100 == 50:
                run.tags({f"mark {step}": f"{number}"})
                run.text(f"note {step}.txt", f"{number} {step}\n" * 100, "notes")
        run.metrics({"val/nll": None}, points)
        run.table("names", ["name"], [["rex"]])
        assert run.folder is not None
        return _read(Segment(run.folder))


def _read(segment: Segment) -> Written:
    opened, *events = [event for event, _ in segment.events_from(0)]
    assert isinstance(opened, RunOpened)
    files = {
        f"{event.folder}/{Path(event.file).name}".lstrip("/"): segment.path_of(
            event.file
        ).read_bytes()
        for event in events
        if isinstance(event, Artifact)
    }
    return Written(opened, events, files)


def runs_of(client: MlflowClient) -> list[Run]:
    """All runs, in the order in which they began."""
    ids = [experiment.experiment_id for experiment in client.search_experiments()]
    return list(client.search_runs(ids, order_by=["attributes.start_time ASC"]))


def check(client: MlflowClient, written: list[Written], folder: Path) -> None:
    """See that each run is there once, finished, with every point, file and tag once."""
    runs = {run.data.tags[tags.RUN_KEY]: run for run in runs_of(client)}
    assert len(runs) == len(runs_of(client))
    assert set(runs) == {one.opened.key for one in written}
    for one in written:
        run = runs[one.opened.key]
        assert run.info.status == "FINISHED"
        assert run.data.params == one.opened.params
        assert _curves(client, run) == _expected_curves(one)
        for values in (event.values for event in one.events if isinstance(event, Tags)):
            assert values.items() <= run.data.tags.items()
        sets = [event.digest for event in one.events if isinstance(event, Dataset)]
        assert [found.dataset.digest for found in run.inputs.dataset_inputs] == sets
        target = folder / run.info.run_id
        target.mkdir()
        client.download_artifacts(run.info.run_id, "", str(target))
        assert {
            str(path.relative_to(target)): path.read_bytes()
            for path in target.rglob("*")
            if path.is_file()
        } == one.files


def _curves(client: MlflowClient, run: Run) -> dict[str, list[tuple[Any, ...]]]:
    """Every point of every curve, in the order of its time."""
    return {
        key: sorted(
            (point.timestamp, point.step, _shown(point.value))
            for point in client.get_metric_history(run.info.run_id, key)
        )
        for key in run.data.metrics
    }


def _expected_curves(written: Written) -> dict[str, list[tuple[Any, ...]]]:
    curves: dict[str, list[tuple[Any, ...]]] = {}
    for event in written.events:
        if isinstance(event, Metrics):
            for key, value in event.values.items():
                point = event.time_ms, event.step, _shown(math.nan if value is None else value)
                curves.setdefault(key, []).append(point)
    assert all(max(Counter(points).values()) == 1 for points in curves.values())
    return {key: sorted(points) for key, points in curves.items()}


def _shown(value: float) -> str:
    return f"{value:.12g}"
