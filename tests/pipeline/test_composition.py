"""`conf/` is the only source of the configuration, and mistakes in it are one clear line."""

import pytest
from small_project import Project

from warm import Warm

DVC_COMPOSES = """
import os
from dvc.utils.hydra import compose_and_dump
compose_and_dump("dvc.yaml", os.path.abspath("conf"), None, "config", "plugins", ["seed=3"])
"""


def test_compose_writes_what_dvc_writes_for_an_experiment(project: Project) -> None:
    project.succeed("dvc", "repro", "compose")
    ours = project.root / "params.yaml"
    project.succeed("python", "-c", DVC_COMPOSES.replace('"dvc.yaml"', '"by_dvc.yaml"'))
    theirs = (project.root / "by_dvc.yaml").read_text()
    assert theirs.replace("seed: 3\n", "seed: 0\n", 1) == ours.read_text()


def test_params_edited_by_hand_are_refused_with_the_remedy(project: Project) -> None:
    project.succeed("dvc", "repro", "compose")
    project.edit("params.yaml", "hidden_size", "9")
    edited = (project.root / "params.yaml").read_bytes()
    done = project.run("dvc", "repro")
    assert done.returncode != 0
    assert "compose: params.yaml was changed by hand" in done.stdout
    assert "delete params.yaml" in done.stdout
    assert (project.root / "params.yaml").read_bytes() == edited


def test_deleted_params_are_composed_again(project: Project) -> None:
    project.succeed("dvc", "repro", "compose")
    composed = (project.root / "params.yaml").read_bytes()
    (project.root / "params.yaml").unlink()
    project.succeed("dvc", "repro", "compose")
    assert (project.root / "params.yaml").read_bytes() == composed


def test_an_edit_of_conf_replaces_params_that_compose_wrote(project: Project) -> None:
    project.succeed("dvc", "repro", "compose")
    project.edit("conf/optimizer/adamw.yaml", "lr", "0.5")
    project.succeed("dvc", "repro", "compose")
    assert project.params()["optimizer"]["lr"] == 0.5


@pytest.mark.parametrize(
    ("override", "line"),
    [
        ("model.hiden_size=3", "model.hiden_size: there is no such key; did you mean model.hidden"),
        ("+model.hiden_size=3", "unknown key model.hiden_size; did you mean model.hidden_size?"),
        ("model=nosuch", "model=nosuch: there is no such choice; known are gru, lstm, rnn"),
        ("nosuch=rnn", "nosuch: there is no such key; known are seed, data, model"),
        (
            "model.hidden_size=0",
            "model.hidden_size = 0: input should be greater than",
        ),
        ("model.hidden_size=big", 'model.hidden_size = "big": input should be a valid integer'),
        ("optimizer.lr=-1", "optimizer.lr = -1: input should be greater than 0"),
        ("train.clip_norm=nan", "train.clip_norm"),
        ("data.split.val=0.95", "val and test together must be less than 1"),
        ("model.hidden_size={", "Hydra reads only plain letters without quotes; write"),
        ("data.path=nosuch.txt", "nosuch.txt"),
        ("data.path=Élodie.txt", "data.path = Élodie.txt: Hydra reads only plain letters without"),
    ],
)
def test_a_wrong_configuration_is_one_line_and_status_2(
    project: Project, warm: Warm, override: str, line: str
) -> None:
    done = project.run_warm(warm, "python", "pipelines/preprocess.py", override)
    assert done.returncode == 2
    assert len(done.stdout.splitlines()) == 1, done.stdout
    assert done.stdout.startswith("preprocess: ")
    assert line in done.stdout
    assert not (project.root / "data/processed").exists()
