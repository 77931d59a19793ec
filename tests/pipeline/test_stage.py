"""How a stage's script ends."""

import pytest

from neonym import experiment
from neonym.base.errors import UserError
from neonym.lab.composing.entry import main
from neonym.lab.stage.execution import Stage


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
