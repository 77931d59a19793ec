"""Paths from the configuration stay in the project, or are absolute because that is meant."""

from pathlib import Path

import pytest
from small_project import Project, make_project

from neonym.base.errors import UserError
from small_training import configuration


@pytest.mark.parametrize("path", ["../x", "a/../../x", "./../x", "..", "a/b/../../../c"])
@pytest.mark.parametrize("key", ["data__path", "paths__processed", "paths__model", "paths__names"])
def test_a_relative_path_does_not_leave_the_project(key: str, path: str) -> None:
    with pytest.raises(UserError, match="leads out of the project; where that is meant"):
        configuration(**{key: path})


@pytest.mark.parametrize("path", ["data/raw/x.txt", "a/../b", "..x", "a/..x", "/elsewhere/x.txt"])
def test_other_paths_are_as_they_are_meant(path: str) -> None:
    assert configuration(data__path=path).data.path == path


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return make_project(tmp_path_factory.mktemp("paths") / "project")


@pytest.mark.parametrize(
    "word",
    ["hydra.run.dir=../x", "'hydra.run.dir=\"a/../../x\"'".strip("'"), "+hydra.sweep.subdir=../.."],
)
def test_results_do_not_leave_the_project(project: Project, word: str) -> None:
    before = set(project.root.parent.iterdir())
    done = project.run("python", "pipelines/preprocess.py", word, PYTHONPATH="src")
    assert done.returncode == 2
    assert done.stdout == (
        f"preprocess: {word} leads out of the project; "
        "where that is meant, write the absolute path\n"
    )
    assert set(project.root.parent.iterdir()) == before


@pytest.mark.slow
def test_under_dvc_no_link_leads_to_another_list(project: Project, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("rex\n" * 20)
    (project.root / "data/raw/link.txt").symlink_to(tmp_path / "secret.txt")
    project.edit("conf/data/dinosaurs.yaml", "path", "data/raw/link.txt")
    done = project.run("dvc", "repro", "preprocess")
    assert done.returncode != 0
    assert "DVC tracks the lists in data/raw" in done.stdout
    assert not (project.root / "data/processed").exists()
