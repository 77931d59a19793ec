"""A run beside its rerun: what was altered, added or removed in the store differs."""

import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest
import yaml
from mlflow.tracking import MlflowClient

from neonym.lab.delivery.replay import Replay
from neonym.lab.lineage.chain import model_file
from neonym.lab.lineage.comparison import compare
from neonym.lab.lineage.recorded import CONFIGURATION, Recorded
from neonym.lab.lineage.rerun import Made, collect
from neonym.lab.tracking.events import Artifact, Event, Metrics, RunOpened
from neonym.lab.tracking.spool import Segment, SegmentWriter
from neonym.lab.tracking.store import Store
from small_training import configuration

RUNNING = {step: 3 / step for step in (10, 20, 30, 40)}
OF_EPOCHS = {step: 5 / step for step in (13, 26, 39)}
VAL = {step: 7 / step for step in (13, 26, 39, 40)}
TRAINED = {"train/loss": RUNNING, "val/nll": VAL}
FILLED_IN = {"train/loss": OF_EPOCHS, "val/nll": VAL}

Curves = dict[str, dict[int, float]]


def events(curves: Curves, for_stage: str | None = None) -> list[Event]:
    return [
        Metrics(time_ms=1000 + step, step=step, values={name: value}, for_stage=for_stage)
        for name, curve in curves.items()
        for step, value in curve.items()
    ]


def spool(store: Store, *told: Event, resume: bool = False) -> SegmentWriter:
    opened = RunOpened(
        kind="job", key="k", name="run", stage="evaluate", time_ms=1000, experiment="names"
    )
    writer = SegmentWriter(store.segments, opened)
    values = configuration(train__resume=resume).model_dump(mode="json")
    file = writer.write_in(CONFIGURATION, yaml.safe_dump(values))
    for event in (Artifact(file=file), *told):
        writer.write(event)
    writer.close("FINISHED")
    return writer


def track(store: Store, curves: Curves, resume: bool = False) -> Recorded:
    Replay(store).deliver(Segment(spool(store, *events(curves), resume=resume).folder))
    return find(store)


def find(store: Store) -> Recorded:
    client = MlflowClient(store.uri)
    [run] = client.search_runs([one.experiment_id for one in client.search_experiments()])
    return Recorded.find(store, run.info.run_id)


@pytest.fixture
def made(store: Store) -> Made:
    """What the stages of a rerun tell: train what it trains, evaluate what it finds in files."""
    writer = spool(store, *events(TRAINED), *events(FILLED_IN, for_stage="train"))
    found = collect(store)
    Segment(writer.folder).remove()
    found.files.clear()
    return found


def differing(recorded: Recorded, made: Made) -> list[tuple[str, str, str]]:
    rows = [row for row in compare(recorded, made) if not row.equal]
    return [(row.what, row.recorded, row.again) for row in rows]


@pytest.mark.parametrize("curves", [TRAINED, FILLED_IN])
def test_what_was_told_while_it_ran_or_filled_in_from_files_is_equal(
    store: Store, made: Made, curves: Curves
) -> None:
    assert differing(track(store, curves), made) == []


@pytest.mark.parametrize("step", [10, 20, 40])
def test_a_point_that_is_missing_differs(store: Store, made: Made, step: int) -> None:
    recorded = track(store, TRAINED)
    with closing(sqlite3.connect(store.database)) as database:
        database.execute("DELETE FROM metrics WHERE key = 'train/loss' AND step = ?", [step])
        database.commit()
    where = "" if step == 40 else f" at step {step}"
    assert differing(recorded, made) == [(f"train/loss{where}", "–", repr(RUNNING[step]))]


def test_a_point_that_was_added_or_altered_differs(store: Store, made: Made) -> None:
    recorded = track(store, TRAINED)
    client = MlflowClient(store.uri)
    client.log_metric(recorded.id, "val/nll", 0.5, step=20)
    client.log_metric(recorded.id, "train/loss", 0.25, step=20)
    assert differing(find(store), made) == [
        ("train/loss at step 20", "0.25", repr(RUNNING[20])),
        ("val/nll at step 20", "0.5", "–"),
    ]


def test_a_curve_that_is_missing_differs(store: Store, made: Made) -> None:
    recorded = track(store, {"train/loss": RUNNING})
    assert differing(recorded, made) == [("val/nll", "–", repr(VAL[40]))]


def test_a_resumed_run_tells_its_running_loss_from_where_it_went_on(
    store: Store, made: Made
) -> None:
    later = {step: value for step, value in RUNNING.items() if step > 10}
    recorded = track(store, {**TRAINED, "train/loss": later}, resume=True)
    assert differing(recorded, made) == []


def test_the_model_of_a_run_is_the_projects_not_another_file_of_its_kind(store: Store) -> None:
    project = replace(store.project, model="models/model.json")
    recorded = track(replace(store, project=project), TRAINED)
    recorded.__dict__["artifacts"] = ["environment/fit.json", "models/model.json"]
    assert model_file(recorded) == "models/model.json"
