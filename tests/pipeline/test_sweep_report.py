"""What a sweep tells at its end: means over seeds, the best, what was pruned and what failed."""

import io
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from rich.console import Console

from neonym.base.errors import UserError
from neonym.lab.sweeps.importance import importance_of
from neonym.lab.sweeps.launching import Listed, Prepared
from neonym.lab.sweeps.results import Result, write_result
from neonym.lab.sweeps.sweep_folder import Sweep
from neonym.lab.sweeps.sweep_report import Report, print_report, summarize
from neonym.lab.sweeps.sweep_tracking import HOW_TO_READ, describe
from neonym.lab.sweeps.sweeper import _told_how_to_go_on
from small_training import configuration


def report_of(folder: Path, results: list[Result], *arguments: str) -> Report:
    for number, result in enumerate(results):
        write_result(folder / str(number), result)
    return summarize(Sweep(folder, "0" * 32, "sweep", list(arguments)), configuration())


def result(status: str, value: float | None, *words: str, error: str = "") -> Result:
    repetition = " ".join(word for word in words if not word.startswith("seed="))
    return Result(status, value, list(words), " ".join(words), repetition, "key", error)


MIXED = [
    result("finished", 1.0, "model=rnn", "seed=0"),
    result("finished", 3.0, "model=rnn", "seed=1"),
    result("finished", 1.5, "model=gru", "seed=0"),
    result("pruned", None, "model=gru", "seed=1", error="stopped at 3 of 9"),
    result("failed", None, "model=lstm", "seed=0", error="training diverged"),
]


def test_what_the_report_needs_is_prepared_once_beside_the_last_jobs() -> None:
    begun, ends, order = Event(), Event(), []

    def prepare() -> None:
        order.append("prepare")
        begun.set()
        assert ends.wait(10)
        order.append("prepared")

    source = Prepared(Listed([(0, ["seed=0"]), (1, ["seed=1"])]), prepare)
    assert [source.take(), source.take()] == [(0, ["seed=0"]), (1, ["seed=1"])]
    assert source.is_empty()
    assert order == []
    assert source.take() is None
    assert begun.wait(10)
    source.ended(1)  # nobody waits for it
    assert source.take() is None
    ends.set()
    assert source._thread is not None
    source._thread.join()
    assert order == ["prepare", "prepared"]


def test_means_are_over_the_finished_seeds_of_a_configuration(tmp_path: Path) -> None:
    groups = report_of(tmp_path, MIXED).groups
    assert [(group.overrides, group.count, group.shown) for group in groups] == [
        ("model=gru", 1, "1.5"),
        ("model=rnn", 2, "2 ± 1"),
    ]


def test_pruned_jobs_are_no_failures(tmp_path: Path) -> None:
    report = report_of(tmp_path, MIXED)
    assert [job.number for job in report.pruned] == [3]
    assert [job.number for job in report.failed] == [4]
    note = describe(report, "none")
    assert "3 jobs finished, 1 pruned, 1 failed" in note
    assert "- model=lstm seed=0: training diverged" in note


def test_who_had_failures_is_told_the_command_that_runs_them_again(tmp_path: Path) -> None:
    for folder, results in (("a b", MIXED), ("c", MIXED[:4])):
        (tmp_path / folder).mkdir()
        text = io.StringIO()
        report = report_of(tmp_path / folder, results)
        print_report(report, Console(file=text, width=200))
        command = f"neonym resume-sweep '{tmp_path / folder}'"
        assert (command in text.getvalue()) is bool(report.failed)


def test_a_sweep_that_is_cut_short_names_the_command_that_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sweep = Sweep(tmp_path, "0" * 32, "sweep", [])
    for error in (KeyboardInterrupt, UserError):
        with pytest.raises(error), _told_how_to_go_on(sweep):
            raise error
        assert capsys.readouterr().err.endswith(f": neonym resume-sweep {tmp_path}\n")


def test_the_description_of_a_large_sweep_is_as_short_as_mlflow_keeps_it(tmp_path: Path) -> None:
    long = " ".join(f"model.some_key_{key}={key}" for key in range(20))
    ended = [result("finished", float(job), f"a={job} {long}") for job in range(30)]
    failed = [result("failed", None, f"b={job} {long}", error="_" * 2000) for job in range(30)]
    note = describe(report_of(tmp_path, [*ended, *failed]), "none")
    assert len(note) <= 8000
    assert "- b=9 model" in note
    assert "- 20 more, in `jobs.json`" in note
    assert note.endswith(HOW_TO_READ)


def test_the_best_is_run_again_with_what_its_preset_says_besides(tmp_path: Path) -> None:
    report = report_of(tmp_path, MIXED, "sweep=capacity", "model=rnn,gru,lstm")
    assert report.command == "python pipelines/sweep.py sweep=capacity model=rnn seed=0"


def test_what_all_jobs_have_is_said_once(tmp_path: Path) -> None:
    jobs = [
        result("finished", 1.0, "train.epochs=9", "model=rnn", "seed=0"),
        result("finished", 2.0, "train.epochs=9", "model=gru", "seed=0"),
    ]
    report = report_of(tmp_path, jobs)
    assert [group.overrides for group in report.groups] == ["model=rnn", "model=gru"]
    assert report.shared == ["train.epochs=9", "seed=0"]
    note = describe(report, "none")
    assert "| model=rnn | 1 | 1 |" in note
    assert "All with train.epochs=9 seed=0." in note
    (tmp_path / "alone").mkdir()
    [alone] = report_of(tmp_path / "alone", jobs[:1]).groups
    assert alone.overrides == "train.epochs=9 model=rnn"


def test_keys_that_vary_are_those_that_were_swept(tmp_path: Path) -> None:
    jobs = [
        result("finished", 1.0, "a=1", "b=2", "c=3"),
        result("finished", 2.0, "a=2", "b=2", "c=3"),
    ]
    assert report_of(tmp_path, jobs).swept == {0: {"a": "1"}, 1: {"a": "2"}}


def grid(cells: tuple[str, ...], sizes: tuple[int, ...], seeds: int) -> list[dict[str, str]]:
    return [
        {"cell": cell, "size": str(size), "seed": str(seed)}
        for cell in cells
        for size in sizes
        for seed in range(seeds)
    ]


def test_a_key_that_decides_alone_has_the_whole_share() -> None:
    values = grid(("rnn", "gru", "lstm"), (32, 64), 3)
    metric = [{"rnn": 1.0, "gru": 2.0, "lstm": 3.0}[each["cell"]] for each in values]
    shares = importance_of(values, metric)
    assert isinstance(shares, dict)
    assert next(iter(shares)) == "cell"
    assert shares["cell"] > 0.95
    assert sum(shares.values()) == pytest.approx(1)


def test_shares_are_in_the_order_of_what_keys_change() -> None:
    values = grid(("rnn", "gru", "lstm"), (32, 64, 96, 128, 160, 192), 3)
    noise = np.random.default_rng(0).normal(size=len(values))
    metric = [
        0.1 * ("rnn", "gru", "lstm").index(each["cell"]) + int(each["size"]) / 1000 + 0.01 * chance
        for each, chance in zip(values, noise, strict=True)
    ]
    shares = importance_of(values, metric)
    assert list(shares) == ["cell", "size", "seed"]
    assert shares == importance_of(values, metric)


@pytest.mark.parametrize(
    ("values", "metric", "reason"),
    [
        ([], [], "fewer than two keys"),
        ([{"seed": "0"}] * 20, [1.0] * 20, "fewer than two keys"),
        (grid(("rnn", "gru"), (1, 2), 2), [1.0] * 8, "10 finished jobs are needed and there are 8"),
        (grid(("rnn", "gru"), (1, 2), 3), [1.0] * 12, "all jobs came to the same"),
    ],
)
def test_where_shares_would_mean_nothing_the_reason_is_told(
    values: list[dict[str, str]], metric: list[float], reason: str
) -> None:
    assert reason in importance_of(values, metric)
