"""Replay into a real MLflow store: once, whole, in order, whatever is repeated."""

import json
from pathlib import Path

import pytest
from mlflow.entities import Run
from mlflow.tracking import MlflowClient

from neonym.lab.delivery.replay import Replay
from neonym.lab.tracking import tags
from neonym.lab.tracking.events import Artifact, Dataset, Event, Identity, Metrics, RunOpened, Tags
from neonym.lab.tracking.spool import CURSOR, Segment, SegmentWriter
from neonym.lab.tracking.store import Store


def opened(key: str, stage: str = "", identity: Identity | None = None) -> RunOpened:
    return RunOpened(
        kind="workspace" if identity else "job",
        key=key,
        name=f"run {key}",
        stage=stage,
        time_ms=1_700_000_000_000,
        experiment="names",
        identity=identity,
        tags={
            tags.CONFIGURATION: identity.configuration if identity else "c",
            tags.DVC_EXPERIMENT: (identity and identity.experiment) or "",
            tags.CHECKOUT: "here",
        },
        params={"model.cell": "rnn", "seed": "0"},
    )


def trained(key: str, model: str, configuration: str = "c", experiment: str = "") -> list[Event]:
    identity = Identity(configuration=configuration, model=None, experiment=experiment)
    return [opened(key, "train", identity), Tags(values={tags.MODEL: model}), loss(1, 0.5)]


def later(
    key: str, stage: str, model: str, *events: Event, experiment: str | None = ""
) -> list[Event]:
    identity = Identity(configuration="c", model=model, experiment=experiment)
    return [opened(key, stage, identity), *events]


def loss(step: int, value: float | None, for_stage: str | None = None) -> Metrics:
    return Metrics(
        time_ms=1_700_000_000_000 + step,
        step=step,
        values={"train/loss": value},
        for_stage=for_stage,
    )


def write(store: Store, events: list[Event], status: str | None = "FINISHED") -> Segment:
    writer = SegmentWriter(store.segments, events[0])
    for event in events[1:]:
        writer.write(event)
    if status:
        writer.close(status)  # type: ignore[arg-type]
    else:
        writer.abandon()
    return Segment(writer.folder)


def all_runs(store: Store) -> list[Run]:
    client = MlflowClient(store.uri)
    ids = [experiment.experiment_id for experiment in client.search_experiments()]
    return list(client.search_runs(ids, order_by=["attributes.start_time ASC"]))


def curve(store: Store, run: Run) -> list[tuple[int, float]]:
    history = MlflowClient(store.uri).get_metric_history(run.info.run_id, "train/loss")
    return [(point.step, point.value) for point in history]


def test_a_segment_becomes_a_finished_run(store: Store) -> None:
    events = [opened("k"), loss(1, 3.0), loss(2, 2.0), Tags(values={"colour": "red"})]
    assert Replay(store).deliver(write(store, events))
    [run] = all_runs(store)
    assert run.info.status == "FINISHED"
    assert run.info.run_name == "run k"
    assert run.data.params == {"model.cell": "rnn", "seed": "0"}
    assert run.data.tags["colour"] == "red"
    assert curve(store, run) == [(1, 3.0), (2, 2.0)]


def test_every_table_is_noted_once_so_that_the_ui_shows_it(store: Store) -> None:
    writer = SegmentWriter(store.segments, opened("k"))
    for name in ("names", "names_table"):
        file = writer.write_in(f"{name}.json", '{"columns": ["name"], "data": [["rex"]]}')
        writer.write(Artifact(file=file, is_table=True))
    writer.close("FINISHED")
    segment = Segment(writer.folder)
    for _ in range(2):
        assert Replay(store).deliver(segment)
        (segment.folder / CURSOR).unlink()
    [run] = all_runs(store)
    noted = json.loads(run.data.tags[tags.TABLES])
    assert [table["path"] for table in noted] == ["names.json", "names_table.json"]


def test_replaying_everything_again_adds_nothing(store: Store, tmp_path: Path) -> None:
    (tmp_path / "names.csv").write_text("name\n")
    writer = SegmentWriter(store.segments, opened("k"))
    writer.write(loss(1, 3.0))
    writer.write(Artifact(file=writer.copy_in(tmp_path / "names.csv"), folder="reports"))
    writer.write(
        Dataset(name="d", context="training", digest="0" * 36, source="s", profile={"num_rows": 1})
    )
    writer.close("FINISHED")
    segment = Segment(writer.folder)
    for _ in range(3):
        assert Replay(store).deliver(segment)
        (segment.folder / CURSOR).unlink()
    [run] = all_runs(store)
    assert curve(store, run) == [(1, 3.0)]
    assert len(run.inputs.dataset_inputs) == 1
    artifacts = MlflowClient(store.uri).list_artifacts(run.info.run_id, "reports")
    assert [artifact.path for artifact in artifacts] == ["reports/names.csv"]


def test_delivery_goes_on_where_it_ended(store: Store) -> None:
    writer = SegmentWriter(store.segments, opened("k"))
    writer.write(loss(1, 3.0))
    segment = Segment(writer.folder)
    assert not Replay(store).deliver(segment)
    [run] = all_runs(store)
    assert (run.info.status, curve(store, run)) == ("RUNNING", [(1, 3.0)])
    writer.write(loss(2, 2.0))
    writer.close("FINISHED")
    assert Replay(store).deliver(segment)
    [run] = all_runs(store)
    assert (run.info.status, curve(store, run)) == ("FINISHED", [(1, 3.0), (2, 2.0)])


def test_the_run_of_a_killed_writer_is_closed_as_killed(store: Store) -> None:
    assert Replay(store).deliver(write(store, [opened("k"), loss(1, 3.0)], status=None))
    [run] = all_runs(store)
    assert (run.info.status, curve(store, run)) == ("KILLED", [(1, 3.0)])


def test_the_run_of_a_failed_writer_is_closed_as_failed(store: Store) -> None:
    Replay(store).deliver(write(store, [opened("k")], status="FAILED"))
    [run] = all_runs(store)
    assert run.info.status == "FAILED"


def test_a_value_that_is_not_a_number_is_delivered(store: Store) -> None:
    Replay(store).deliver(write(store, [opened("k"), loss(1, None)]))
    [run] = all_runs(store)
    [(_, value)] = curve(store, run)
    assert value != value  # noqa: PLR0124 (that is what makes it NaN)


def test_a_later_stage_joins_the_run_that_made_its_model(store: Store) -> None:
    replay = Replay(store)
    replay.deliver(write(store, trained("k1", "m1")))
    replay.deliver(write(store, later("k2", "sample", "m1", loss(2, 0.25))))
    [run] = all_runs(store)
    assert curve(store, run) == [(1, 0.5), (2, 0.25)]
    assert run.data.tags[tags.STAGES] == "train,sample"
    assert run.info.status == "FINISHED"


@pytest.mark.parametrize(
    ("model", "experiment"), [("m2", ""), ("m1", "angry-bird")], ids=["model", "experiment"]
)
def test_a_later_stage_opens_a_run_where_none_matches(
    store: Store, model: str, experiment: str
) -> None:
    replay = Replay(store)
    replay.deliver(write(store, trained("k1", "m1")))
    replay.deliver(write(store, later("k2", "sample", model, experiment=experiment)))
    assert len(all_runs(store)) == 2


@pytest.mark.parametrize("name", ["it's", """a'b"c"""])
def test_an_experiment_may_have_any_name_that_dvc_takes(store: Store, name: str) -> None:
    replay = Replay(store)
    for experiment in (name, "it", "s"):
        replay.deliver(write(store, trained(experiment * 32, "m", experiment=experiment)))
    replay.deliver(write(store, later("2", "sample", "m", experiment=name)))
    stages = {
        run.data.tags[tags.DVC_EXPERIMENT]: run.data.tags[tags.STAGES] for run in all_runs(store)
    }
    assert stages == {name: "train,sample", "it": "train", "s": "train"}


def test_what_another_stage_logged_is_not_logged_again(store: Store) -> None:
    replay = Replay(store)
    replay.deliver(write(store, trained("k1", "m1")))
    replay.deliver(write(store, later("k2", "sample", "m1", loss(7, 9.0, for_stage="train"))))
    [run] = all_runs(store)
    assert curve(store, run) == [(1, 0.5)]


def test_what_another_stage_did_not_log_is_filled_in(store: Store) -> None:
    filled = loss(7, 9.0, for_stage="train")
    Replay(store).deliver(write(store, later("k2", "sample", "m1", filled)))
    [run] = all_runs(store)
    assert curve(store, run) == [(7, 9.0)]
    assert run.data.tags[tags.STAGES] == "train,sample"


def test_a_writer_without_a_stage_that_brings_nothing_changes_nothing(store: Store) -> None:
    replay = Replay(store)
    replay.deliver(write(store, trained("k1", "m1", experiment="angry-bird")))
    [before] = all_runs(store)
    repeated = loss(7, 9.0, for_stage="train")
    replay.deliver(write(store, later("k2", "", "m1", repeated, experiment=None)))
    [after] = all_runs(store)
    assert after.info.end_time == before.info.end_time
    assert after.data.tags == before.data.tags


def test_training_again_closes_what_was_cut_short(store: Store) -> None:
    replay = Replay(store)
    replay.deliver(write(store, trained("k1", "m1")))
    replay.deliver(write(store, trained("k2", "m1")))
    first, second = sorted(all_runs(store), key=lambda run: str(run.data.tags[tags.RUN_KEY]))
    assert (first.info.status, second.info.status) == ("KILLED", "FINISHED")
    assert first.data.tags[tags.SUPERSEDED_BY] == "k2"


def test_training_again_leaves_a_complete_run_alone(store: Store) -> None:
    replay = Replay(store)
    replay.deliver(write(store, trained("k1", "m1")))
    replay.deliver(write(store, later("k2", "evaluate", "m1")))
    replay.deliver(write(store, trained("k3", "m1")))
    assert [run.info.status for run in all_runs(store)] == ["FINISHED", "FINISHED"]


def test_a_line_that_is_no_event_is_refused(store: Store) -> None:
    writer = SegmentWriter(store.segments, opened("k"))
    with (writer.folder / "events.jsonl").open("ab") as file:
        file.write(b"nonsense\n")
    writer.close("FINISHED")
    with pytest.raises(ValueError, match="not an event"):
        Replay(store).deliver(Segment(writer.folder))
