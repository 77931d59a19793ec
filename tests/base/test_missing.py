"""Without the extra `pipeline`: what needs it says so in one line, the rest works."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pytest

from neonym import cli
from neonym.base.missing import BROUGHT, explain_missing
from neonym.corpus.vocabulary import Vocabulary
from neonym.models.model_file import save_model
from neonym.nn import RecurrentNetwork

PROJECT = Path(__file__).resolve().parents[2]
# Python runs it before anything else: as if some packages were not installed
SITECUSTOMIZE = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        root = name.partition(".")[0]
        if root in {without}:
            raise ModuleNotFoundError(f"No module named {{root!r}}", name=root)

sys.meta_path.insert(0, Missing())
"""
COMMANDS = """
import json, sys
from neonym.cli import run
for line in json.loads(sys.argv[1]):
    sys.argv = ["neonym", *line.split()]
    print("status", run(), file=sys.stderr)
"""
OF_PROJECTS = (
    "compare .",
    "lineage dvc.lock",
    "promote 0",
    "prune",
    "reproduce 0",
    "resume-sweep .",
    "runs",
    "summary",
    "sync",
    "ui",
)


class Python(NamedTuple):
    """A Python that has the packages of the environment, but for some."""

    folder: Path

    def __call__(
        self, *arguments: str, lacks: Iterable[str] = BROUGHT, cwd: Path = PROJECT
    ) -> "subprocess.CompletedProcess[str]":
        customized = SITECUSTOMIZE.format(without=sorted(lacks))
        (self.folder / "sitecustomize.py").write_text(customized)
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=cwd,
            env={**os.environ, "PYTHONPATH": str(self.folder)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def python(tmp_path_factory: pytest.TempPathFactory) -> Python:
    return Python(tmp_path_factory.mktemp("customized"))


def test_each_command_of_projects_says_in_one_line_what_is_not_installed(
    python: Python, tmp_path: Path
) -> None:
    names = cli.cli.list_commands(None)
    assert {line.split()[0] for line in OF_PROJECTS} | {"mend", *cli.ALONE} == set(names)
    done = python("-c", COMMANDS, json.dumps(["--help", *OF_PROJECTS]), cwd=tmp_path)
    assert all(f"\n  {name} " in done.stdout for name in names)  # of --help
    first, *said = done.stderr.splitlines()
    assert first == "status 0"
    assert said[1::2] == ["status 2"] * len(OF_PROJECTS)
    for line, words in zip(OF_PROJECTS, said[::2], strict=True):
        start, package, end = words.replace(")", "(").split("(")
        assert start == f"neonym: {line.split()[0]} needs what is not installed "
        assert package in BROUGHT.values()
        assert end == '; install it with: pip install "neonym[pipeline]"'


def test_what_needs_no_extra_does_its_work_without_one(python: Python, tmp_path: Path) -> None:
    vocabulary = Vocabulary.from_names(["abcdefghij"], "character")
    network = RecurrentNetwork(len(vocabulary), hidden_size=8, seed=0)
    metadata = {"longest": 12, "lowercase": True}
    save_model(tmp_path / "model.npz", network, vocabulary, metadata, ["abba"])
    (tmp_path / "names.txt").write_text("baba\nabba\n")
    lines = [
        "sample -n 3 --like abba --contains b --matches a. --new --model model.npz",
        "score --model model.npz names.txt",
        "export model.npz -o names.html",
        "export model.npz -o model.safetensors",
        "import model.safetensors -o again.npz",
        "sample -n 3 --like abba --contains b --matches a. --new --model again.npz",
    ]
    done = python("-c", COMMANDS, json.dumps(lines), cwd=tmp_path)
    assert done.stderr.count("status 0\n") == len(lines), done.stderr
    printed = done.stdout.splitlines()
    assert all("b" in name for name in printed[:3])
    assert printed[:3] == printed[-3:]


@pytest.mark.parametrize("script", sorted(path.stem for path in PROJECT.glob("pipelines/*.py")))
def test_each_script_says_in_one_line_what_is_not_installed(python: Python, script: str) -> None:
    done = python(f"pipelines/{script}.py")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"neonym: {script}.py needs what is not installed (pyyaml); "
        'install it with: pip install "neonym[pipeline]"\n'
    )


def test_a_module_that_is_run_says_in_one_line_what_is_not_installed(python: Python) -> None:
    done = python("-m", "neonym.lab.delivery.ui")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "neonym: ui.py needs what is not installed (pyyaml); "
        'install it with: pip install "neonym[pipeline]"\n'
    )


def test_what_else_is_missing_and_what_is_typed_in_is_told_as_ever(python: Python) -> None:
    own = ModuleNotFoundError("No module named 'mine'", name="mine")
    inside = ModuleNotFoundError("No module named 'mlflow.mine'", name="mlflow.mine")
    assert [explain_missing(error, "x") for error in (own, inside, ValueError())] == [""] * 3
    for arguments, lacks in (
        (["pipelines/train.py"], ["numpy"]),
        (["-c", "import neonym.lab.configuration"], BROUGHT),
        (["-i", "pipelines/train.py"], BROUGHT),
    ):
        done = python(*arguments, lacks=lacks)
        assert "\nModuleNotFoundError: No module named" in done.stderr
        assert done.returncode == (0 if "-i" in arguments else 1)
