"""What a `conf/` that was begun by hand lacks is named, before anything runs."""

import re
import shutil
import sys
from pathlib import Path
from typing import ClassVar

import pytest
from hydra.core.global_hydra import GlobalHydra
from own_projects import COPIED, EXAMPLE
from test_declaring import refused

from neonym import lab
from neonym.lab.composing import by_hand as by_hand_module
from neonym.lab.composing.by_hand import run_by_hand
from neonym.lab.stage.execution import Stage

DEFAULTS = """defaults:
  - hydra: default
  - data: points
  - tracking: default
  - sweep: default
  - _self_
  - override hydra/sweeper: planned

seed: 0
"""


class Data(lab.Section):
    path: lab.FileName


class Sweep(lab.Sweep):
    pruned_by: ClassVar[str] = "val.error"


class Settings(lab.Configuration):
    data: Data
    sweep: Sweep


def nothing(work: lab.Work[Settings]) -> None:
    """Compute nothing."""


PROJECT = lab.pipeline(
    "mine:PROJECT",
    Settings,
    [
        lab.Step("fit", nothing, model="models/model.txt"),
        lab.Step("judge", nothing, metrics="reports/metrics.json", returns=["val.error"]),
    ],
)


@pytest.fixture
def begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what docs/own-pipeline.md says to copy."""
    for name in COPIED:
        if name.startswith("conf/"):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            copy = shutil.copytree if (EXAMPLE / name).is_dir() else shutil.copyfile
            copy(EXAMPLE / name, tmp_path / name)
    for name in ("data/points", "debug/few"):
        (tmp_path / f"conf/{name}.yaml").parent.mkdir()
    (tmp_path / "conf/data/points.yaml").write_text("path: a.csv\n")
    (tmp_path / "conf/debug/few.yaml").write_text("# @package _global_\nseed: 1\n")
    (tmp_path / "conf/config.yaml").write_text(DEFAULTS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    monkeypatch.setattr(GlobalHydra.instance(), "hydra", None)
    return tmp_path


def by_hand(root: Path, *arguments: str, monkeypatch: pytest.MonkeyPatch) -> list[Stage[Settings]]:
    """Start the script with these words, and leave logging as it is; what it was called with."""
    called: list[Stage[Settings]] = []
    monkeypatch.setattr(by_hand_module, "log_to_terminal", lambda: None)
    quiet = ("hydra/job_logging=none", "hydra/hydra_logging=none")
    monkeypatch.setattr(sys, "argv", ["pipelines/sweep.py", *arguments, *quiet])
    run_by_hand(PROJECT, "sweep", called.append, root)
    return called


@pytest.mark.parametrize(
    ("line", "arguments", "reason"),
    [
        (
            "- override hydra/sweeper: planned",
            ("-m", "seed=0,1"),
            "conf/config.yaml lacks `- override hydra/sweeper: planned` among its `defaults`, by "
            "which -m is neonym's; examples/diabetes of neonym shows where",
        ),
        (
            "- hydra: default",
            ("-m", "seed=0,1"),
            "conf/config.yaml lacks `- hydra: default` among its `defaults`, by which -m is "
            "neonym's; examples/diabetes of neonym shows where",
        ),
        (
            "- tracking: default",
            (),
            "conf: tracking is missing; add `- tracking: default` to the `defaults` of "
            "conf/config.yaml",
        ),
        (
            "- sweep: default",
            ("-m", "seed=0,1"),
            "conf: sweep is missing; add `- sweep: default` to the `defaults` of conf/config.yaml",
        ),
        (
            "- data: points",
            (),
            "conf: data is missing; add `- data: points` to the `defaults` of conf/config.yaml",
        ),
        (
            "seed: 0",
            (),
            "conf: seed is missing; add it to conf/config.yaml, or as a group to its `defaults`",
        ),
        ("", ("~seed",), "conf: seed is missing"),
        (
            "",
            ("debug=few",),
            "debug: conf/config.yaml chooses nothing of conf/debug/; add `- debug: null` to its "
            "`defaults`, behind _self_, or write +debug=few",
        ),
        (
            "",
            ("-m", "seed=0,1", "hydra/sweeper=basic"),
            "hydra/sweeper cannot be chosen: sweep.search says how, as grid, random or tpe",
        ),
        (
            "",
            ("-m", "seed=0,1", "hydra/launcher=basic"),
            "hydra/launcher: basic is not ours: take in_process, joblib or slurm",
        ),
    ],
)
def test_a_line_that_conf_lacks_is_named_with_its_place(
    begun: Path,
    line: str,
    arguments: tuple[str, ...],
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text, lines = re.subn(rf"^ *{re.escape(line)}\n" if line else "^", "", DEFAULTS, flags=re.M)
    assert lines
    (begun / "conf/config.yaml").write_text(text)
    refused(reason, lambda: by_hand(begun, *arguments, monkeypatch=monkeypatch))
    assert not (begun / "multirun").exists()


@pytest.mark.parametrize(
    ("gone", "reason"),
    [
        ("data", "conf/data/points.yaml is asked for, and not there; add it, or correct the name"),
        *(
            (
                where,
                f"conf/{file}.yaml is asked for, and not there; copy it from examples/diabetes of "
                "neonym",
            )
            for where, file in {
                "hydra": "hydra/default",
                "hydra/launcher": "hydra/launcher/in_process",
                "hydra/sweeper": "hydra/sweeper/planned",
                "tracking": "tracking/default",
            }.items()
        ),
    ],
)
def test_a_file_that_conf_lacks_is_named(
    begun: Path, gone: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(begun / "conf" / gone)
    refused(reason, lambda: by_hand(begun, "-m", "seed=0,1", monkeypatch=monkeypatch))


def test_a_group_that_is_neither_chosen_nor_there_is_to_be_copied(
    begun: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(begun / "conf/tracking")
    (begun / "conf/config.yaml").write_text(DEFAULTS.replace("  - tracking: default\n", ""))
    refused(
        "conf: tracking is missing; copy conf/tracking/ from examples/diabetes of neonym, and add "
        "`- tracking: default` to the `defaults` of conf/config.yaml",
        lambda: by_hand(begun, monkeypatch=monkeypatch),
    )


def test_where_nothing_lacks_the_script_is_called(
    begun: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [stage] = by_hand(begun, "+debug=few", monkeypatch=monkeypatch)
    assert stage.configuration.seed == 1
