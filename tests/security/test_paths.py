"""Paths from the configuration stay in the project, or are absolute because that is meant."""

import shutil
from pathlib import Path

import pytest
from hydra.types import RunMode
from planned import loader
from small_project import PROJECT, Project, make_project

from neonym.base.errors import UserError
from neonym.lab.composing.by_hand import CONFIG
from neonym.lab.composing.result_folders import check_composed
from neonym.lab.composing.unfit_folders import explain_unfit
from small_training import configuration


@pytest.mark.parametrize("path", ["../x", "a/../../x", "./../x", "..", "a/b/../../../c"])
@pytest.mark.parametrize("key", ["data__path", "paths__processed", "paths__model", "paths__names"])
def test_a_relative_path_does_not_leave_the_project(key: str, path: str) -> None:
    with pytest.raises(UserError, match="leads out of the project; where that is meant"):
        configuration(**{key: path})


@pytest.mark.parametrize("path", ["data/raw/x.txt", "a/../b", "..x", "a/..x", "/elsewhere/x.txt"])
def test_other_paths_are_as_they_are_meant(path: str) -> None:
    assert configuration(data__path=path).data.path == path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project's folder, with links that lead out of it and back into it."""
    root = tmp_path / "project"
    for folder in (".dvc", ".git", "docs", "outputs/full", "outputs/earlier/.hydra", "src/neonym"):
        (root / folder).mkdir(parents=True)
    shutil.copyfile(PROJECT / "dvc.yaml", root / "dvc.yaml")
    (root / "outputs/full/notes.txt").touch()
    (root / "outputs/out").symlink_to(tmp_path)
    (root / "outputs/back").symlink_to(root / "src")
    return root


def refusal(root: Path, key: str, *words: str) -> str:
    """What is said of the folder that comes of these overrides; "" if it is taken."""
    mode = RunMode.RUN if key == "hydra.run.dir" else RunMode.MULTIRUN
    config = loader().load_configuration(CONFIG, list(words), mode)
    try:
        check_composed(config, key, root)
    except UserError as error:
        return str(error)
    return ""


OUT = "leads out of the project; where that is meant, write the absolute path"
OWN = "is the project's own folder; name one for results, as outputs/mine"


@pytest.mark.parametrize(
    ("folder", "said"),
    [
        ("../x", OUT),
        ("a/../../x", OUT),
        ("outputs/../../x", OUT),
        ("outputs/out", "contains the project; name one for results, as outputs/mine"),
        ("outputs/out/x", OUT),
        ("outputs/out/../x", OUT),
        (".", OWN),
        ("", OWN),
        ("outputs/..", OWN),
        ("/", "contains the project; name one for results, as outputs/mine"),
        ("/elsewhere/..", "contains the project; name one for results, as outputs/mine"),
        ("reports/figures", "would change reports/figures; name a folder"),
        ("reports", "would change reports/history.csv; name a folder"),
        ("data", "would change data/raw; name a folder"),
        ("data/processed/x", "would change data/processed; name a folder"),
        ("models/model.npz", "would change models/model.npz; name a folder"),
        ("params.yaml", "would change params.yaml; name a folder"),
        (".git/x", "would change .git; name a folder"),
        (".dvc/tmp", "would change .dvc; name a folder"),
        ("conf/x", "would change conf; name a folder"),
        ("src", "would change src; name a folder"),
        ("outputs/back/x", "would change src; name a folder"),
    ],
)
def test_results_neither_leave_the_project_nor_lie_over_it(
    root: Path, folder: str, said: str
) -> None:
    assert explain_unfit(folder, root).startswith(said)


@pytest.mark.parametrize(
    "folder", ["outputs/mine", "models/mine", "try 1", "../project/x", "/elsewhere/x", "a/../b"]
)
def test_results_may_go_elsewhere_in_the_project_or_where_an_absolute_path_says(
    root: Path, folder: str
) -> None:
    assert explain_unfit(folder, root) == ""


@pytest.mark.parametrize(
    "words",
    [
        ["hydra.job.name=../../../../esc"],
        ["hydra={run: {dir: ../x}, sweep: {dir: ../x}}"],
        ["hydra.job.name=../..", "hydra.run.dir='${hydra:job.name}/x'"],
    ],
)
def test_what_counts_is_the_folder_that_comes_of_all_overrides(
    root: Path, words: list[str]
) -> None:
    assert refusal(root, "hydra.run.dir", *words).endswith(OUT)


def test_the_folder_of_a_sweep_is_looked_at_too(root: Path) -> None:
    said = refusal(root, "hydra.sweep.dir", "hydra.job.name=../../esc")
    assert said.startswith("hydra.sweep.dir = multirun/../../esc/")
    assert said.endswith(OUT)


def test_results_are_not_put_among_other_things_but_may_go_on_where_they_were(root: Path) -> None:
    assert refusal(root, "hydra.run.dir", "hydra.run.dir=outputs/full") == (
        "hydra.run.dir = outputs/full: it holds other things than results; name a new folder"
    )
    earlier = root / "outputs/earlier"
    (earlier / "best").symlink_to(earlier / "3")
    assert refusal(root, "hydra.run.dir", "hydra.run.dir=outputs/earlier") == ""
    (earlier / "models").symlink_to(root.parent)
    for key in ("hydra.run.dir", "hydra.sweep.dir"):
        assert refusal(root, key, f"{key}=outputs/earlier") == (
            f"{key} = outputs/earlier: {earlier}/models leads out of it; delete the link"
        )


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("hydra.job.name=a/b", "hydra.job.name = a/b: it names a file; take letters without a /"),
        ("hydra.job.name=..", "hydra.job.name = ..: it names a file; take letters without a /"),
        ("hydra.output_subdir=../x", "hydra.output_subdir = ../x leads out of the folder of res"),
        ("hydra.output_subdir=.", "hydra.output_subdir = . leads out of the folder of results"),
        (
            "hydra.job_logging.handlers.file.filename=../x.log",
            f"hydra.job_logging.handlers.file.filename = ../x.log: {OUT}",
        ),
        (
            "hydra.job_logging.handlers.file.filename=params.yaml",
            "hydra.job_logging.handlers.file.filename = params.yaml: would change params.yaml; ",
        ),
    ],
)
def test_nothing_else_that_hydra_writes_leaves_the_folder_of_results(
    root: Path, word: str, said: str
) -> None:
    assert refusal(root, "hydra.run.dir", "hydra.run.dir=outputs/mine", word).startswith(said)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return make_project(tmp_path_factory.mktemp("paths") / "project")


@pytest.mark.parametrize(
    "words",
    [
        ["hydra.run={dir: ../x}"],
        ["-m", "seed=1,2", "hydra.sweep={dir: ../x}"],
        ["hydra.run.dir=outputs/${oc.env:TOKEN}"],
    ],
)
def test_hydra_makes_no_folder_that_is_refused(project: Project, words: list[str]) -> None:
    before, word = set(project.root.parent.iterdir()), "horse"
    done = project.run("python", "pipelines/preprocess.py", *words, PYTHONPATH="src", TOKEN=word)
    assert done.returncode == 2
    said = "preprocess: hydra.run.dir = " if "-m" not in words else "preprocess: hydra.sweep.dir = "
    assert done.stdout.startswith(said)
    assert done.stdout.count("\n") == 1
    assert word not in done.stdout
    assert set(project.root.parent.iterdir()) == before
    assert not (project.root / "outputs").exists()


@pytest.mark.slow
def test_under_dvc_no_link_leads_to_another_list(project: Project, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("rex\n" * 20)
    (project.root / "data/raw/link.txt").symlink_to(tmp_path / "secret.txt")
    project.edit("conf/data/dinosaurs.yaml", "path", "data/raw/link.txt")
    done = project.run("dvc", "repro", "preprocess")
    assert done.returncode != 0
    assert "DVC tracks the lists in data/raw" in done.stdout
    assert not (project.root / "data/processed").exists()
