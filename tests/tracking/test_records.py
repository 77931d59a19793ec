"""A complete run is a record: nothing that is executed later changes it."""

from typing import Any

import pytest
from mlflow.entities import Run
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient
from test_replay import all_runs, later, loss, opened, trained, write

from neonym.lab.delivery.choice_of_run import number_of
from neonym.lab.delivery.replay import Replay
from neonym.lab.tracking import tags
from neonym.lab.tracking.events import Event, Metrics, RunOpened, Tags
from neonym.lab.tracking.store import Store


def of(events: list[Event], code: str, result: str | None = None, time_ms: int = 0) -> list[Event]:
    """The same events by other code, with other results, at another time."""
    first, *rest = events
    assert isinstance(first, RunOpened)
    own = {tags.CODE: code} | ({tags.RESULT: result} if result else {})
    if first.identity and first.identity.model:
        own[tags.MODEL] = first.identity.model
    changes: dict[str, Any] = {"tags": first.tags | own}
    if time_ms:
        changes["time_ms"] = time_ms
    return [first.model_copy(update=changes), Tags(values=own), *rest]


FOUND = loss(3, 0.125, for_stage="evaluate")


def evaluated(key: str, code: str, result: str = "r1") -> list[Event]:
    filled = [loss(1, 0.5, for_stage="train"), loss(2, 0.25, for_stage="sample")]
    return of(later(key, "evaluate", "m1", *filled, loss(3, 0.125)), code, result)


def deliver(store: Store, *segments: list[Event], status: str = "FINISHED") -> list[Run]:
    replay = Replay(store)
    for events in segments:
        assert replay.deliver(write(store, events, status))
    return sorted(all_runs(store), key=number_of)


def whole(store: Store, code: str = "c1") -> Run:
    [run] = deliver(
        store,
        of(trained("t", "m1"), code),
        of(later("s", "sample", "m1", loss(2, 0.25)), code),
        evaluated("e", code),
    )
    assert run.data.tags[tags.STAGES] == "train,sample,evaluate"
    return run


def said(store: Store, run: Run) -> tuple[Any, ...]:
    """All that MLflow says of a run."""
    client = MlflowClient(store.uri)
    now = client.get_run(run.info.run_id)
    history = client.get_metric_history(run.info.run_id, "train/loss")
    points = [(point.step, point.value, point.timestamp) for point in history]
    return (dict(now.info), now.data.params, now.data.tags, points)


@pytest.mark.parametrize("code", ["c2", "c1"], ids=["other code", "other results"])
def test_other_code_and_other_results_are_another_run_that_names_the_one_before(
    store: Store, code: str
) -> None:
    run = whole(store)
    client = MlflowClient(store.uri)
    for stage in ("train", "evaluate"):
        client.log_text(run.info.run_id, stage, f"environment/{stage}.json")
    before = said(store, run)
    [_, other] = deliver(store, evaluated("e2", code, "r2"))
    kept = client.list_artifacts(other.info.run_id, "environment")
    assert [file.path for file in kept] == ["environment/train.json"]  # of the stage that is reused
    assert said(store, run) == before
    assert other.data.tags[tags.EARLIER] == run.info.run_id
    assert other.data.tags[tags.STAGES] == "train,sample,evaluate"
    assert [value for _, value, _ in said(store, other)[3]] == [0.5, 0.25, 0.125]
    assert other.data.params == run.data.params


def test_stages_of_other_code_are_one_run_together(store: Store) -> None:
    run = whole(store)
    before = said(store, run)
    sampled = of(later("s2", "sample", "m1", loss(2, 0.75)), "c2")
    [_, other] = deliver(store, sampled, evaluated("e2", "c2", "r2"))
    assert said(store, run) == before
    assert other.data.tags[tags.STAGES] == "sample,train,evaluate"
    assert [value for _, value, _ in said(store, other)[3]] == [0.5, 0.75, 0.125]


def test_the_same_results_by_the_same_code_add_nothing_however_they_end(store: Store) -> None:
    before = said(store, whole(store))
    again = of(later("s2", "sample", "m1", loss(9, 9.0)), "c1")
    for status in ("FINISHED", "FAILED", "KILLED"):
        [run] = deliver(store, again, evaluated("e2", "c1"), status=status)
        assert said(store, run) == before


def test_results_that_are_only_found_belong_to_the_run_that_says_them(store: Store) -> None:
    runs = [whole(store), deliver(store, evaluated("e2", "c2", "r2"))[-1]]
    before = [said(store, run) for run in runs]
    for result in ("r1", "r2"):
        found = later("f", "", "m1", loss(9, 9.0, for_stage="train"), experiment=None)
        first, _, *rest = of(found, "c3", result)
        assert len(deliver(store, [first, *rest])) == 2
    assert [said(store, run) for run in runs] == before
    first, _, *rest = of(later("f", "", "m1", experiment=None), "c3", "r3")
    assert len(deliver(store, [first, *rest])) == 3


def test_a_run_that_was_cut_short_is_left_to_the_code_that_it_was_begun_with(store: Store) -> None:
    deliver(store, of(trained("t", "m1"), "c1"))
    [first, second] = deliver(store, evaluated("e2", "c2"))
    assert (first.info.status, first.data.tags[tags.SUPERSEDED_BY]) == ("KILLED", "e2")
    assert second.data.tags[tags.EARLIER] == first.info.run_id


def test_stages_join_the_training_before_them_wherever_the_clock_stands(store: Store) -> None:
    run = whole(store)
    before = said(store, run)
    yesterday = 1_700_000_000_000 - 24 * 3600 * 1000
    [_, second] = deliver(
        store,
        of(trained("t2", "m1"), "c1", time_ms=yesterday),
        of(later("s2", "sample", "m1"), "c1", time_ms=yesterday + 1),
        of(later("e2", "evaluate", "m1"), "c1", time_ms=yesterday + 2),
    )
    assert said(store, run) == before
    assert second.data.tags[tags.STAGES] == "train,sample,evaluate"
    assert second.data.tags[tags.EARLIER] == run.info.run_id
    assert second.info.start_time < run.info.start_time


def test_replaying_any_segment_of_a_complete_run_again_changes_nothing(store: Store) -> None:
    segments = [
        write(store, of(trained("t", "m1"), "c1")),
        write(store, of(later("s", "sample", "m1", loss(2, 0.25)), "c1")),
        write(store, evaluated("e", "c1")),
        write(store, of(later("s2", "sample", "m1", loss(2, 0.5)), "c2")),
        write(store, evaluated("e2", "c2", "r2")),
    ]
    for segment in segments:
        assert Replay(store).deliver(segment)
    runs = all_runs(store)
    before = [said(store, run) for run in runs]
    for segment in segments:
        segment.forget_cursor()
        assert Replay(store).deliver(segment)
    assert len(runs) == len(all_runs(store)) == 2
    assert [said(store, run) for run in runs] == before


def test_runs_of_an_earlier_version_are_records_too(store: Store) -> None:
    [run] = deliver(store, trained("t", "m1"), later("e", "evaluate", "m1"))
    assert tags.CODE not in run.data.tags
    before = said(store, run)
    assert len(deliver(store, evaluated("e2", "c2"))) == 2
    first, _, *rest = of(later("f", "", "m1", experiment=None), "c3", "r9")
    assert len(deliver(store, [first, *rest])) == 2
    assert said(store, run) == before


def test_a_run_of_a_job_is_numbered_in_the_order_in_which_runs_were_made(store: Store) -> None:
    runs = deliver(store, [opened("a")], trained("t", "m1"), [opened("b")])
    assert [run.data.tags[tags.RUN_KEY] for run in runs] == ["a", "t", "b"]
    assert [number_of(run) for run in runs] == [1, 2, 3]


def test_the_number_of_a_deleted_run_is_not_given_again(store: Store) -> None:
    [first, second] = deliver(store, [opened("a")], [opened("b")])
    client = MlflowClient(store.uri)
    client.delete_run(second.info.run_id)
    assert [number_of(run) for run in deliver(store, [opened("c")])] == [1, 3]
    client.delete_experiment(first.info.experiment_id)
    other = opened("d").model_copy(update={"experiment": "others"})
    assert [number_of(run) for run in deliver(store, [other])] == [4]


def test_what_waited_while_another_completed_its_run_changes_nothing_of_it(store: Store) -> None:
    refused = Metrics(time_ms=-1, step=0, values={"train/loss": 1.0})  # not before 1970
    mark = Tags(values={"colour": "red"})
    deliver(store, of(trained("t", "m1"), "c1"))
    waits = write(store, [*evaluated("e", "c1"), mark, refused, loss(9, 9.0)])
    replay = Replay(store)
    with pytest.raises(MlflowException):
        replay.deliver(waits)
    replay.give_up(waits)
    [run] = deliver(store, evaluated("e2", "c1"))
    assert run.info.status == "FINISHED"
    before = said(store, run)
    for _ in range(2):
        assert replay.deliver(waits)
        assert said(store, run) == before


def test_results_of_other_code_do_not_complete_a_run_that_goes_on(store: Store) -> None:
    """`neonym sync` finds those of before while `dvc repro` executes what was changed."""
    before = said(store, run := whole(store))
    deliver(store, of(trained("t2", "m1"), "c2"))
    first, _, *rest = of(later("f", "", "m1", FOUND, experiment=None), "c2", "r1")
    [_, other] = deliver(store, [first, *rest])
    assert other.data.tags[tags.STAGES] == "train"
    [_, other] = deliver(store, evaluated("e2", "c2", "r2"))
    assert (other.data.tags[tags.STAGES], other.data.tags[tags.RESULT]) == (
        "train,sample,evaluate",
        "r2",
    )
    assert said(store, run) == before
