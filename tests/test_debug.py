"""The presets of `conf/debug/` show what they are there to show, apart from results."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from planned import plan
from test_declaring import VALUES, Settings, declared

from marked_project import mark
from neonym.lab.stage.execution import Stage
from neonym.lab.stage.profile import run_function
from test_experiments import composed, trained

PROJECT = Path(__file__).resolve().parent.parent
PRESETS = [
    path
    for place in ("conf", "examples/diabetes/conf")
    for path in (PROJECT / place).glob("debug/*")
]


@pytest.mark.parametrize("path", PRESETS, ids=lambda path: f"{path.parts[-4]} {path.stem}")
def test_a_preset_says_how_it_is_run_and_stands_among_no_results(path: Path) -> None:
    text = path.read_text()
    assert f"# python pipelines/sweep.py debug={path.stem}\n" in text
    assert "  experiment: debug" in text


def test_one_batch_is_one_step_and_twenty_names() -> None:
    run = trained("debug=one_batch", "model.hidden_size=8")
    assert len(run.running_losses) == 1
    assert run.configuration.sample.count == 20


def test_of_few_names_a_tenth_is_learned() -> None:
    run = trained("debug=few", "model.hidden_size=8", "train.epochs=1", "train.batch_size=1")
    assert len(run.running_losses) == pytest.approx(len(run.names) / 10, rel=0.1)


@pytest.mark.slow
def test_overfitting_knows_the_names_by_heart_while_val_rises() -> None:
    run = trained("debug=overfit")
    names = len(run.names) / 10
    letters = np.mean([len(name) + 1 for name in run.names])
    assert run.history[-1].train_nll == pytest.approx(np.log(names) / letters, abs=0.05)
    assert run.history[-1].val_nll > min(record.val_nll for record in run.history) + 0.3


def test_presets_are_swept_like_all_groups() -> None:
    jobs = plan("sweep", ["debug=few,overfit", "model=rnn", "seed=0,1"])
    assert jobs.first.tracking.experiment == "debug"
    assert composed("debug=profile", "model=rnn").tracking.profile is True
    assert composed().tracking.profile is None


def slow(stage: Stage[Any]) -> float:
    return float(sum(range(10_000)))


def failing(stage: Stage[Any]) -> float:
    slow(stage)
    raise ArithmeticError


def execution(folder: Path, name: str = "fit", by_hand: bool = True, profile: bool = True) -> Any:
    values = {**VALUES, "tracking": {**VALUES["tracking"], "profile": profile}}
    configuration = Settings.validated(values, "conf")
    return Stage(declared(), name, folder, by_hand=by_hand, configuration=configuration)


@pytest.mark.parametrize(("function", "calls"), [(slow, 1), (failing, 2)])
def test_a_profile_names_what_took_the_time_also_of_what_failed(
    tmp_path: Path, function: Callable[[Stage[Any]], float], calls: int
) -> None:
    stage = execution(tmp_path)
    if function is failing:
        with pytest.raises(ArithmeticError):
            run_function(stage, function)
    else:
        assert run_function(stage, function) == slow(stage)
    _, table = (tmp_path / "profile.txt").read_text().split("filename:lineno(function)\n")
    rows = table.strip().splitlines()
    assert rows[0].endswith(f"({function.__name__})")
    assert rows[calls - 1].endswith("(slow)")


def test_under_dvc_a_profile_is_no_output_and_composing_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(mark(tmp_path))
    run_function(execution(Path(), by_hand=False), slow)
    run_function(execution(Path(), "compose", by_hand=False), slow)
    run_function(execution(Path(), by_hand=False, profile=False), slow)
    assert [path.name for path in tmp_path.rglob("*.txt")] == ["fit.txt"]
    assert (tmp_path / ".neonym/profile/fit.txt").is_file()
