"""A search: the number of trials asked for, nothing twice, the same whether or not it was cut."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from planned import plan as plan_sweep

from neonym.base.errors import UserError
from neonym.lab.sweeps import search
from neonym.lab.sweeps.planning import Plan
from neonym.lab.sweeps.pruning import Pruning
from neonym.lab.sweeps.results import Result, read_result, write_result
from neonym.lab.sweeps.search import STUDY, Search, open_study
from neonym.lab.sweeps.sweep_folder import Sweep

SPACE = (
    "optimizer.lr=tag(log,interval(1e-3,1e-1))",
    "model.hidden_size=range(8,65,8)",
    "model=rnn,gru",
)
TPE = ("sweep.search=tpe", "sweep.trials=25", *SPACE)

Objective = Callable[[dict[str, str]], float]


def bowl(values: dict[str, str]) -> float:
    """Best at a learning rate of 0.01, a size of 40 and a gru."""
    distance = (math.log10(float(values["optimizer.lr"])) + 2) ** 2
    distance += (int(values["model.hidden_size"]) / 8 - 5) ** 2 / 10
    return distance + (values["model"] == "rnn")


@pytest.fixture(autouse=True)
def _fresh_studies() -> Iterator[None]:
    """Every search in a test begins as in a process of its own."""
    yield
    search.open_study.cache_clear()


def take_up(plan: Plan, folder: Path) -> Search:
    """The search in a folder, as a new process finds it."""
    search.open_study.cache_clear()
    return Search(plan, folder)


def run(source: Search, folder: Path, objective: Objective = bowl, count: int = 1000) -> list[int]:
    """Run jobs to their ends, one after the other; their numbers."""
    numbers = []
    while len(numbers) < count and (job := source.take()):
        end(folder, *job, objective)
        source.ended(job[0])
        numbers.append(job[0])
    return numbers


def run_side_by_side(source: Search, folder: Path, moments: np.random.Generator) -> list[int]:
    """Run as many jobs at a time as the search allows, any of which may end next; as they end."""
    running: dict[int, list[str]] = {}
    ended = []
    while True:
        while job := source.take():
            running[job[0]] = job[1]
        if not running:
            return ended
        number = int(moments.choice(list(running)))
        end(folder, number, running.pop(number), bowl)
        source.ended(number)
        ended.append(number)


def end(folder: Path, number: int, words: list[str], objective: Objective) -> None:
    """Leave the result that a job leaves."""
    values = dict(word.split("=", 1) for word in words)
    try:
        result = Result("finished", objective(values), words, "", "")
    except ZeroDivisionError as error:
        result = Result("failed", None, words, "", "", error=str(error))
    write_result(folder / str(number), result)


def jobs(folder: Path) -> list[Result]:
    paths = sorted(folder.glob("*/result.json"), key=lambda path: int(path.parent.name))
    return [read_result(path) for path in paths]


@pytest.fixture(scope="module")
def tpe() -> Plan:
    return plan_sweep("train", TPE)


def changed(plan: Plan, workers: int = 1, **settings: object) -> Plan:
    """The plan with other settings of the sweep, which cost nothing to plan anew."""
    sweep = plan.first.sweep.model_copy(update=settings)
    return replace(plan, first=plan.first.model_copy(update={"sweep": sweep}), workers=workers)


@pytest.mark.parametrize("kind", ["tpe", "random"])
def test_a_search_makes_as_many_different_trials_as_asked_for(
    kind: str, tpe: Plan, tmp_path: Path
) -> None:
    run(Search(changed(tpe, search=kind), tmp_path), tmp_path)
    asked = [tuple(result.overrides) for result in jobs(tmp_path)]
    assert len(set(asked)) == len(asked) == 25


def test_drawn_values_lie_in_the_space(tpe: Plan, tmp_path: Path) -> None:
    run(Search(tpe, tmp_path), tmp_path)
    values = [dict(word.split("=", 1) for word in job.overrides) for job in jobs(tmp_path)]
    assert all(1e-3 <= float(each["optimizer.lr"]) <= 1e-1 for each in values)
    assert {int(each["model.hidden_size"]) for each in values} <= set(range(8, 65, 8))
    assert {each["model"] for each in values} == {"rnn", "gru"}
    assert all(each["sweep.search"] == "tpe" for each in values)


def test_tpe_goes_where_values_were_good(tpe: Plan, tmp_path: Path) -> None:
    run(Search(tpe, tmp_path), tmp_path)
    values = [job.value for job in jobs(tmp_path)]
    assert sum(values[-10:]) < sum(values[:10])


def test_the_same_seed_draws_the_same_and_another_seed_others(tpe: Plan, tmp_path: Path) -> None:
    asked = []
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        plan = changed(tpe, seed=seed, trials=12)
        (tmp_path / name).mkdir()
        run(Search(plan, tmp_path / name), tmp_path / name)
        asked.append([job.overrides[2:5] for job in jobs(tmp_path / name)])
    assert asked[0] == asked[1]
    assert not any(job in asked[0] for job in asked[2])


def test_a_search_that_was_cut_goes_on_as_if_it_had_not_been(tpe: Plan, tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    for folder in (whole, cut):
        folder.mkdir()
    run(Search(tpe, whole), whole)
    for count in (3, 9, 1, 1000):
        run(take_up(tpe, cut), cut, count=count)
    assert [job.overrides for job in jobs(cut)] == [job.overrides for job in jobs(whole)]


def test_jobs_that_a_kill_left_running_are_run_again_with_their_numbers(
    tpe: Plan, tmp_path: Path
) -> None:
    source = Search(tpe, tmp_path)
    run(source, tmp_path, count=4)
    killed = source.take()
    again = take_up(tpe, tmp_path)
    assert again.take() == killed
    run(take_up(tpe, tmp_path), tmp_path)
    assert len(jobs(tmp_path)) == 25


def test_a_job_that_ended_just_before_the_kill_is_not_run_again(tpe: Plan, tmp_path: Path) -> None:
    source = Search(tpe, tmp_path)
    ended = source.take()
    assert ended
    end(tmp_path, *ended, bowl)
    following = take_up(tpe, tmp_path).take()
    assert following
    assert following[0] == ended[0] + 1


def test_failed_jobs_are_run_again_first_and_only_they(tpe: Plan, tmp_path: Path) -> None:
    def fails_for_rnn(values: dict[str, str]) -> float:
        return 1 / (values["model"] == "gru")

    run(Search(tpe, tmp_path), tmp_path, fails_for_rnn)
    failed = [number for number, job in enumerate(jobs(tmp_path)) if job.status == "failed"]
    assert failed
    assert run(take_up(tpe, tmp_path), tmp_path) == failed
    assert take_up(tpe, tmp_path).is_empty()


def test_more_trials_go_on_where_the_search_ended(tpe: Plan, tmp_path: Path) -> None:
    run(Search(tpe, tmp_path), tmp_path)
    before = jobs(tmp_path)
    run(take_up(changed(tpe, trials=30), tmp_path), tmp_path)
    after = jobs(tmp_path)
    assert len(after) == 30
    assert [job.overrides for job in after[:25]] == [job.overrides for job in before]


def test_a_small_space_is_searched_once_whole(tmp_path: Path) -> None:
    space = ("model=rnn,gru", "model.hidden_size=range(8,25,8)")
    plan = plan_sweep("train", ["sweep.search=tpe", "sweep.trials=50", *space])
    run(Search(plan, tmp_path), tmp_path, lambda values: float(values["model.hidden_size"]))
    assert len({tuple(job.overrides) for job in jobs(tmp_path)}) == len(jobs(tmp_path)) == 6


@pytest.mark.parametrize(
    ("workers", "settings", "count"),
    [
        (4, {"search": "random"}, 4),
        (4, {}, 4),
        (4, {"at_once": 3}, 3),
        (4, {"at_once": 9}, 4),
        (64, {}, 5),
        (64, {"search": "random"}, 25),
    ],
)
def test_as_many_trials_run_at_a_time_as_there_are_workers_and_fewer_where_tpe_would_not_learn(
    workers: int, settings: dict[str, object], count: int, tpe: Plan, tmp_path: Path
) -> None:
    source = Search(changed(tpe, workers, **settings), tmp_path)
    begun = []
    while job := source.take():
        begun.append(job)
    assert len(begun) == count
    end(tmp_path, *begun[1], bowl)
    source.ended(begun[1][0])
    following = source.take()
    assert (following and following[0]) == (count if count < 25 else None)
    assert source.take() is None


def test_a_random_search_tries_the_same_in_whatever_order_jobs_end(
    tpe: Plan, tmp_path: Path
) -> None:
    tried = []
    for seed in (0, 1):
        folder = tmp_path / str(seed)
        folder.mkdir()
        source = Search(changed(tpe, workers=4, search="random"), folder)
        ended = run_side_by_side(source, folder, np.random.default_rng(seed))
        assert ended != sorted(ended)
        tried.append([job.overrides for job in jobs(folder)])
    assert tried[0] == tried[1]


def test_tpe_chooses_by_all_that_has_ended_by_then_and_by_what_runs(
    tpe: Plan, tmp_path: Path
) -> None:
    plan = changed(tpe, workers=4)
    source = Search(plan, tmp_path)
    ended = run_side_by_side(source, tmp_path, np.random.default_rng(0))
    tried = [job.overrides for job in jobs(tmp_path)]
    assert len(set(map(tuple, tried))) == len(tried) == 25
    study = open_study(tmp_path / STUDY, "minimize")
    assert [trial.user_attrs["job"] for trial in study.trials] == list(range(25))
    assert sorted(ended, key=lambda job: study.trials[job].datetime_complete) == ended
    # the same search with its results in another order learns something else
    again = tmp_path / "again"
    again.mkdir()
    run_side_by_side(take_up(plan, again), again, np.random.default_rng(1))
    others = [job.overrides for job in jobs(again)]
    assert others[:4] == tried[:4]
    assert others != tried


def test_a_job_that_outlives_its_sweep_is_judged_for_the_one_that_goes_on(
    tpe: Plan, tmp_path: Path
) -> None:
    plan = changed(tpe, pruner="median")
    begun = Search(plan, tmp_path).take()
    assert begun
    settings = plan.first.sweep.model_copy(update={"job": begun[0]})
    judge = Pruning(tmp_path / "0", settings, steps=30)
    judge(1, 2.5)
    resumed = take_up(plan, tmp_path)
    judge(2, 2.0)
    assert resumed.take() == begun
    judge(3, 1.5)
    study = open_study(tmp_path / STUDY, "minimize")
    assert [trial.intermediate_values for trial in study.trials] == [{1: 2.5}, {3: 1.5}]


def test_a_line_that_was_cut_off_does_not_damage_the_study(tpe: Plan, tmp_path: Path) -> None:
    run(Search(tpe, tmp_path), tmp_path, count=5)
    with (tmp_path / STUDY).open("ab") as file:
        file.write(b'{"op_code": 4, "trial')
    run(take_up(tpe, tmp_path), tmp_path)
    assert len(jobs(tmp_path)) == 25


def test_a_damaged_study_is_told_in_one_line(tpe: Plan, tmp_path: Path) -> None:
    run(Search(tpe, tmp_path), tmp_path, count=2)
    path = tmp_path / STUDY
    path.write_bytes(path.read_bytes().replace(b'"op_code"', b"?", 1))
    with pytest.raises(UserError, match=r"study\.log is damaged"):
        take_up(tpe, tmp_path)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("optimizer.lr=tag(log,interval(1e-3,1e-2))", "space"),
        ("train.epochs=3", "configuration"),
    ],
)
def test_a_study_of_another_search_is_refused(
    change: str, what: str, tpe: Plan, tmp_path: Path
) -> None:
    run(Search(tpe, tmp_path), tmp_path, count=2)
    with pytest.raises(UserError, match=f"a search with another {what}"):
        take_up(plan_sweep("train", [*TPE, change]), tmp_path)


@pytest.mark.slow
def test_a_search_of_hundreds_of_jobs_finds_in_seconds_that_nothing_is_left(
    tpe: Plan, tmp_path: Path
) -> None:
    plan = changed(tpe, search="random", trials=200)
    run(Search(plan, tmp_path), tmp_path)
    began = time.monotonic()
    assert take_up(plan, tmp_path).is_empty()
    assert time.monotonic() - began < 10


def test_a_search_may_be_resumed_for_more_trials(
    tmp_path: Path,
) -> None:
    begun = Sweep.begin(tmp_path / "now", "train", ["sweep=tpe", "sweep.trials=5"])
    resumed = Sweep.last(tmp_path, "train", ["sweep=tpe", "sweep.trials=9"])
    assert (resumed.folder, resumed.id) == (begun.folder, begun.id)
    assert Sweep.read(begun.folder).arguments == ["sweep=tpe", "sweep.trials=9"]
    assert Sweep.last(tmp_path, "train", ["sweep=tpe", "++sweep.trials=12"]).id == begun.id
    with pytest.raises(UserError, match="no sweep of this command"):
        Sweep.last(tmp_path, "train", ["sweep=tpe", "sweep.seed=9"])
