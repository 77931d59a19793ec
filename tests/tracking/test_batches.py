"""What a run is given in one request arrives as if each event had its own."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient
from test_replay import all_runs, curve, loss, opened, write

from neonym.lab.delivery.batch import METRICS, TAGS, Batch
from neonym.lab.delivery.replay import Replay
from neonym.lab.tracking import tags
from neonym.lab.tracking.events import Artifact, Dataset, Metrics, Tags
from neonym.lab.tracking.spool import Segment, SegmentWriter
from neonym.lab.tracking.store import Store

REFUSED = Metrics(time_ms=-1, step=0, values={"train/loss": 1.0})  # not before 1970
SPLIT = Dataset(name="n", context="training", digest="0", source="s", profile={"num_rows": 1})


def table(writer: SegmentWriter, name: str) -> Artifact:
    return Artifact(file=writer.write_in(f"{name}.json", "{}"), is_table=True)


def counted(asked: Counter[str], name: str) -> Callable[..., Any]:
    function = getattr(MlflowClient, name)

    def call(*arguments: Any, **options: Any) -> Any:
        asked[name] += 1
        return function(*arguments, **options)

    return call


def test_points_tags_and_splits_of_a_job_take_one_request_each(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: Counter[str] = Counter()
    for name in ("log_batch", "log_inputs", "get_run", "set_tag", "update_run"):
        monkeypatch.setattr(MlflowClient, name, counted(asked, name))
    writer = SegmentWriter(store.segments, opened("k"))
    for step in range(3):
        for event in (Tags(values={f"tag{step}": "a", "last": f"{step}"}), loss(step, step)):
            writer.write(event)
        writer.write(SPLIT.model_copy(update={"digest": f"{step}"}))
        writer.write(table(writer, f"table{step}"))
    writer.close("FINISHED")
    assert Replay(store).deliver(Segment(writer.folder))
    assert asked == {"log_batch": 2, "log_inputs": 1}  # and one for the parameters
    [run] = all_runs(store)
    assert curve(store, run) == [(step, float(step)) for step in range(3)]
    assert {f"tag{step}" for step in range(3)} <= run.data.tags.keys()
    assert run.data.tags["last"] == "2"
    noted_tables = [each["path"] for each in json.loads(run.data.tags[tags.TABLES])]
    assert noted_tables == ["table0.json", "table1.json", "table2.json"]
    assert len(run.inputs.dataset_inputs) == 3


def test_what_came_before_something_refused_is_logged(store: Store) -> None:
    marks = [Tags(values={name: "1"}) for name in "ab"]
    segment = write(store, [opened("k"), loss(1, 3.0), marks[0], REFUSED, marks[1]])
    with pytest.raises(MlflowException, match="Timestamp must be"):
        Replay(store).deliver(segment)
    [run] = all_runs(store)
    assert run.data.tags["a"] == "1"
    assert "b" not in run.data.tags
    assert curve(store, run) == [(1, 3.0)]
    assert run.info.status == "RUNNING"


def test_what_is_not_logged_waits_and_is_read_again(store: Store) -> None:
    writer = SegmentWriter(store.segments, opened("k"))
    for event in (loss(1, 3.0), table(writer, "t"), Tags(values={"a": "1"})):
        writer.write(event)
    segment, client = Segment(writer.folder), MlflowClient

    def away(*_arguments, **_options):
        raise OSError("no way there")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client, "log_batch", away)
        with pytest.raises(OSError, match="no way there"):
            Replay(store).deliver(segment)
    writer.close("FINISHED")
    assert Replay(store).deliver(segment)
    [run] = all_runs(store)
    assert curve(store, run) == [(1, 3.0)]
    assert run.data.tags["a"] == "1"


def test_more_than_a_request_takes_is_all_logged(store: Store) -> None:
    Replay(store).deliver(write(store, [opened("k")]))
    [run] = all_runs(store)
    batch = Batch()
    for number in range(TAGS + 5):
        batch.add_tags({f"tag{number}": str(number)})
    for step in range(METRICS):
        batch.add_metrics(loss(step, step))
    batch.log(MlflowClient(store.uri), run.info.run_id)
    [run] = all_runs(store)
    assert all(run.data.tags[f"tag{number}"] == str(number) for number in range(TAGS + 5))
    assert curve(store, run) == [(step, float(step)) for step in range(METRICS)]
