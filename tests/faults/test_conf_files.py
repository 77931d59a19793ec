"""A file of `conf/` that is no YAML is one line with the file and the line, however it is read."""

import shutil
from pathlib import Path

import pytest
from small_project import PROJECT

from neonym.base.errors import UserError
from neonym.experiment import Configuration
from neonym.lab.composing.composition import compose_text, refuse_resolvers_in_files

BROKEN = [
    (
        b"\tepochs: 3\n",
        ", line 1: not YAML (found character '\\t' that cannot start any token); ind",
    ),
    (
        b"epochs: 3\nepochs: 4\n",
        ", line 2: not YAML (found duplicate key epochs); correct the line",
    ),
    (b'epochs: "3\n', ", line 2: not YAML (found unexpected end of stream); correct the line"),
    (b"epochs: [3\n", ", line 2: not YAML (expected ',' or ']', but got '<stream end>'); correct"),
    (b"epochs: 3\x01\n", ": not YAML (special characters are not allowed); correct the line"),
    (b"\xff\xfee\0", ": not UTF-8; save the file as UTF-8"),
]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(PROJECT / "conf", tmp_path / "conf")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("content", "line"), BROKEN)
def test_a_file_that_is_no_yaml_is_told_with_its_line(
    project: Path, content: bytes, line: str
) -> None:
    (project / "conf/train/default.yaml").write_bytes(content)
    with pytest.raises(UserError) as caught:
        compose_text(project / "conf", Configuration)
    assert str(caught.value).startswith(f"conf/train/default.yaml{line}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"\tmodel: 3\n", b"\xff\xfem\0"])
def test_so_is_one_that_is_not_chosen(project: Path, content: bytes) -> None:
    (project / "conf/experiment/mine.yaml").write_bytes(content)
    with pytest.raises(UserError, match=r"^\S*conf/experiment/mine\.yaml(, line 1)?: not "):
        refuse_resolvers_in_files(project / "conf")


def test_so_is_the_first_file_where_a_group_is_left_out(project: Path) -> None:
    (project / "conf/config.yaml").write_bytes(b"\tdefaults:\n")
    with pytest.raises(UserError, match=r"^conf/config\.yaml, line 1: not YAML "):
        compose_text(project / "conf", Configuration, ["experiment=null"])
