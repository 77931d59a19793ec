"""How a stage's script ends."""

import shutil
from pathlib import Path

import pytest

from neonym import experiment
from neonym.base.errors import UserError
from neonym.lab.composing.entry import main
from neonym.lab.stage.execution import Stage
from neonym.lab.tracking import courier

PARAMS = Path(__file__).parents[2] / "params.yaml"


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of its own, so that none of these delivers for the repository."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    monkeypatch.setattr(courier, "ensure_delivery", lambda _: None)
    shutil.copy(PARAMS, tmp_path)
    return tmp_path


def interrupt(_: Stage) -> None:
    raise KeyboardInterrupt


def fail_to_clean_up(_: Stage) -> None:
    try:
        raise KeyboardInterrupt
    finally:
        raise AttributeError("no attribute") from ValueError("a cause")


def blame_the_user(stage: Stage) -> None:
    try:
        fail_to_clean_up(stage)
    except AttributeError as error:
        raise UserError(f"train: {error}") from None


@pytest.mark.parametrize("function", [interrupt, fail_to_clean_up, blame_the_user])
def test_ctrl_c_is_no_mistake_of_the_users_whatever_fails_behind_it(function, monkeypatch, capsys):
    monkeypatch.setenv("DVC_STAGE", "train")
    with pytest.raises(SystemExit) as ended:
        main(experiment.PROJECT, "train", function)
    assert ended.value.code == 130
    assert capsys.readouterr().err == ""


def test_what_is_neither_ctrl_c_nor_the_users_mistake_comes_through(monkeypatch):
    def fail(_: Stage) -> None:
        raise AttributeError("no attribute")

    monkeypatch.setenv("DVC_STAGE", "train")
    with pytest.raises(AttributeError, match="no attribute"):
        main(experiment.PROJECT, "train", fail)


@pytest.mark.parametrize(
    ("stage", "expected"),
    [("compose", ["runs", "delivers"]), ("preprocess", ["delivers", "runs"])],
)
def test_delivery_starts_beside_a_stage_and_after_composing(stage, expected, monkeypatch):
    done = []
    monkeypatch.setattr(courier, "ensure_delivery", lambda _: done.append("delivers"))
    monkeypatch.setenv("DVC_STAGE", stage)
    main(experiment.PROJECT, stage, lambda _: done.append("runs"))
    assert done == expected


def test_no_delivery_starts_where_nothing_is_tracked(root, monkeypatch):
    done = []
    monkeypatch.setattr(courier, "ensure_delivery", lambda _: done.append("delivers"))
    monkeypatch.setenv("DVC_STAGE", "evaluate")
    text = PARAMS.read_text("utf-8")
    (root / "params.yaml").write_text(text.replace("\n  enabled: true", "\n  enabled: false"))
    main(experiment.PROJECT, "evaluate", lambda _: done.append("runs"))
    assert done == ["runs"]


@pytest.mark.parametrize("error", [UserError("cannot be written"), OSError(11, "no process")])
def test_a_stage_runs_where_delivery_cannot_be_started_beforehand(error, monkeypatch):
    def fail(_: object) -> None:
        raise error

    done = []
    monkeypatch.setattr(courier, "ensure_delivery", fail)
    monkeypatch.setenv("DVC_STAGE", "preprocess")
    main(experiment.PROJECT, "preprocess", lambda _: done.append("runs"))
    assert done == ["runs"]
