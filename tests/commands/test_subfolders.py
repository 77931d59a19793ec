"""Commands find the project from its subfolders, as DVC does, and say in one line where none is."""

from pathlib import Path

import pytest

from marked_project import mark
from neonym.base.errors import UserError
from neonym.cli import run
from neonym.lab.places import DVC_ROOT, enter_project, in_project, project_root


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (DVC_ROOT, "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def test_the_root_is_the_next_folder_upward_that_dvc_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outer, inner = tmp_path / "a", tmp_path / "a/b/c"
    (inner / "docs").mkdir(parents=True)
    mark(outer)
    assert project_root(inner / "docs") == outer
    mark(inner)
    assert project_root(inner / "docs") == inner
    monkeypatch.setenv(DVC_ROOT, str(outer))  # which runs an experiment in a copy
    assert project_root(inner / "docs") == outer


def test_a_command_works_in_the_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "docs").mkdir()
    mark(tmp_path)
    monkeypatch.chdir("docs")
    assert in_project(Path("models/model.npz")) == Path("../models/model.npz")
    assert enter_project() == tmp_path == Path.cwd()
    assert in_project(Path("models/model.npz")) == Path("models/model.npz")


@pytest.mark.parametrize(
    "command",
    ["sync", "lineage 0123", "reproduce 0123", "promote 0123", "resume-sweep x", "mend"],
)
def test_outside_of_a_project_there_is_one_line(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.argv", ["neonym", *command.split()])
    assert run() == 2
    said = capsys.readouterr().err
    assert said == (
        f"neonym: {tmp_path} is in no project of neonym's; go to the folder with dvc.yaml\n"
    )
    assert list(tmp_path.iterdir()) == []


COMMANDS = [
    *("runs", "lineage 0123", "lineage dvc.lock", "reproduce 0123", "promote 0123", "ui", "sync"),
    *("prune", "compare a", "resume-sweep x"),
]
UNNAMED = (
    "pyproject.toml says nothing of tool.neonym.project; write [tool.neonym] and "
    'project = "MODULE:PROJECT" there'
)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    "half",
    [
        (["dvc.yaml"], "{} has dvc.yaml, and no DVC: run `dvc init` there, in a git repository"),
        ([".dvc/config"], "{} has DVC, and no dvc.yaml, in which the stages of a project stand"),
        ([".dvc/config", "dvc.yaml"], UNNAMED),
    ],
)
def test_what_half_a_project_lacks_is_told(
    command: str,
    half: tuple[list[str], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    files, reason = half
    for name in files:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("stages:\n  fit:\n    cmd: 'true'\n")
    monkeypatch.setattr("sys.argv", ["neonym", *command.split()])
    if command == "compare a" and reason != UNNAMED:  # which works outside of a project too
        reason = "a holds no finished job of pipelines/sweep.py; name its folder"
    assert run() == 2
    assert capsys.readouterr().err == f"neonym: {reason.format(tmp_path)}\n"


def test_a_summary_is_of_names_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mark(tmp_path)
    (tmp_path / "pyproject.toml").write_text('[tool.neonym]\nproject = "mine:PROJECT"\n')
    monkeypatch.setattr("sys.argv", ["neonym", "summary"])
    assert run() == 2
    assert capsys.readouterr().err == (
        "neonym: summary is of names; `dvc metrics show` and `neonym runs` show the figures here\n"
    )


@pytest.mark.parametrize("folder", ["", "docs/pictures"])
def test_files_of_the_project_are_named_as_seen_from_the_subfolder(
    folder: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    mark(tmp_path)
    monkeypatch.chdir(tmp_path / folder)
    up = "../../" if folder else ""
    for command, missing in (("sample", "models/model.npz"), ("summary", "reports/metrics.json")):
        monkeypatch.setattr("sys.argv", ["neonym", command])
        assert run() == 2
        assert capsys.readouterr().err.startswith(f"neonym: {up}{missing} ")


def test_a_start_outside_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".dvc").mkdir()  # another's, without a pipeline
    with pytest.raises(UserError, match="has DVC, and no dvc"):
        project_root(tmp_path)
