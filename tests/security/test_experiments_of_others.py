"""A DVC experiment may be somebody else's: syncing it obeys nothing and follows no link."""

import hashlib
import json
from pathlib import Path

import pytest
import yaml

from neonym import experiment
from neonym.base.errors import UserError
from neonym.lab.delivery import dvc_experiments
from neonym.lab.delivery.dvc_experiments import (
    Experiment,
    PassedOver,
    checked_out,
    experiments_of,
    untracked_experiments,
)
from neonym.lab.delivery.synchronization import _spool_experiments
from neonym.lab.tracking.checkout import read_checkout
from neonym.lab.tracking.store import Store
from repositories import begin, git
from small_training import configuration

PRIVATE = "known to nobody\n"
OUTPUTS = {path for paths in experiment.PROJECT.outputs.values() for path in paths}


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


class Repository:
    """A project whose results lie in DVC's cache, and an experiment that others made of it."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.base = begin(root, {"src/code.py": "a = 1\n", "README.md": "Read\n"})
        monkeypatch.setattr(dvc_experiments, "_dvc", lambda *_: str(root / ".dvc/cache"))

    def cache(self, content: bytes, suffix: str = "") -> str:
        digest = md5(content)
        place = self.root / ".dvc/cache/files/md5" / digest[:2] / f"{digest[2:]}{suffix}"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        return digest + suffix

    def lock(self, **outputs: str) -> str:
        outs = [{"path": path.replace("__", "/"), "md5": md5} for path, md5 in outputs.items()]
        return yaml.safe_dump({"schema": "2.0", "stages": {"train": {"cmd": "x", "outs": outs}}})

    def commit(self, files: dict[str, str], links: dict[str, str] | None = None) -> Experiment:
        for name, text in files.items():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(text)
        for name, target in (links or {}).items():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).unlink(missing_ok=True)
            (self.root / name).symlink_to(target)
        git(self.root, "add", "-f", *files, *(links or {}))
        git(self.root, "commit", "-q", "-m", "Experiment")
        commit = git(self.root, "rev-parse", "HEAD").strip()
        reference = f"refs/exps/{self.base[:2]}/{self.base[2:]}/theirs"
        git(self.root, "update-ref", reference, commit)
        git(self.root, "reset", "-q", "--hard", self.base)
        [found] = experiments_of(self.root)
        assert found == Experiment("theirs", commit)
        return found


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    return Repository(tmp_path / "project", monkeypatch)


def test_results_are_what_the_lock_names_with_its_hash(repository: Repository) -> None:
    listed = [
        {"relpath": "train.txt", "md5": repository.cache(b"rex\n")},
        {"relpath": "../../src/code.py", "md5": repository.cache(b"evil\n")},
        {"relpath": "gone.txt", "md5": "0" * 32},
    ]
    folder = repository.cache(json.dumps(listed).encode(), ".dir")
    changed = repository.cache(b"changed since")
    place = repository.root / ".dvc/cache/files/md5" / changed[:2] / changed[2:]
    place.write_bytes(b"tampered with")
    lock = repository.lock(
        reports__figures=folder,
        models__model_npz=repository.cache(b"model"),
        reports__history_csv=changed,
        reports__metrics_json=md5(b"{}\n"),
        reports__metrics_md=md5(b"other"),
        **{"../outside.txt": repository.cache(b"outside"), ".git/config": repository.cache(b"x")},
    )
    found = repository.commit(
        {
            "dvc.lock": lock,
            "reports/figures/stray.txt": "stray\n",
            "reports/metrics_json": "{}\n",
            "reports/metrics_md": "mine\n",
        }
    )
    with checked_out(repository.root, found) as tree:
        files = {
            path.relative_to(tree).as_posix(): path.read_text()
            for path in tree.rglob("*")
            if path.is_file() and ".git" not in path.parts and path.name != "dvc.lock"
        }
        assert list(tree.parent.iterdir()) == [tree]
        checkout = read_checkout(tree)
    assert files == {
        "README.md": "Read\n",
        "src/code.py": "a = 1\n",
        "reports/figures/train.txt": "rex\n",
        "models/model_npz": "model",
        "reports/metrics_json": "{}\n",
    }
    assert (checkout.commit, checkout.dirty) == (found.commit, False)
    assert git(repository.root, "worktree", "list").count("\n") == 1
    assert not tree.exists()


def test_no_link_is_followed_in_or_out(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "private.txt").write_text(PRIVATE)
    (tmp_path / "folder").mkdir()
    links = {
        ".dvc/config.local": str(tmp_path / "private.txt"),
        "reports/figures/x.png": str(tmp_path / "private.txt"),
        "models": str(tmp_path / "folder"),
        "params.yaml": str(tmp_path / "private.txt"),
    }
    lock = repository.lock(models__model_npz=repository.cache(b"model"))
    found = repository.commit({"dvc.lock": lock}, links)
    with checked_out(repository.root, found) as tree:
        paths = [path for path in tree.rglob("*") if ".git" not in path.parts]
        assert [path for path in paths if path.is_symlink()] == []
        assert PRIVATE not in {path.read_text() for path in paths if path.is_file()}
    assert (tmp_path / "private.txt").read_text() == PRIVATE
    assert list((tmp_path / "folder").iterdir()) == []


def test_neither_filters_nor_hooks_are_run(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted = tmp_path / "noted"
    config = tmp_path / "gitconfig"
    config.write_text(f'[filter "evil"]\n    smudge = touch {noted}; cat\n    required = true\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    found = repository.commit({".gitattributes": "*.txt filter=evil\n", "a.txt": "a\n"})
    with checked_out(repository.root, found) as tree:
        assert (tree / "a.txt").read_text() == "a\n"
    assert not noted.exists()


@pytest.mark.parametrize(
    "params",
    [
        "a: 2001-99-99",
        "a: " + "[" * 5000,
        "a: 1" + "0" * 5000,
        "- 1",
        "\x00",
        "a: \x1b",
        "x" * 2**20,
    ],
    ids=["date", "depth", "number", "list", "nul", "control", "length"],
)
def test_a_configuration_that_is_none_is_passed_over_in_one_line(
    repository: Repository, params: str
) -> None:
    repository.commit({"params.yaml": params})
    store = Store(repository.root, "sqlite:///x.db", experiment.PROJECT)
    untracked, [said] = untracked_experiments(store, repository.root)
    assert untracked == []
    assert str(said).startswith("the experiment theirs is passed over: its params.yaml ")
    assert str(said).endswith("; `dvc exp remove theirs` if nobody needs it")
    assert len(str(said).splitlines()) == 1


def test_a_configuration_of_another_neonym_is_passed_over_in_silence(
    repository: Repository,
) -> None:
    repository.commit({"params.yaml": "seed: 1"})
    store = Store(repository.root, "sqlite:///x.db", experiment.PROJECT)
    assert untracked_experiments(store, repository.root) == ([], [])


def put_results(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> Store:
    """An experiment with results, all of which are no more than a line; where it is tracked."""
    values = configuration(tracking__enabled=True).model_dump(mode="json")
    outputs = {path: repository.cache(b"[]\n") for path in OUTPUTS}
    listed = [{"md5": repository.cache(b"rex\n"), "relpath": "train.txt"}]
    outputs["data/processed"] = repository.cache(json.dumps(listed).encode(), ".dir")
    stages = {
        stage: {"cmd": "x", "outs": [{"path": path, "md5": outputs[path]} for path in paths]}
        for stage, paths in experiment.PROJECT.outputs.items()
    }
    lock = yaml.safe_dump({"schema": "2.0", "stages": stages})
    repository.commit({"params.yaml": yaml.safe_dump(values), "dvc.lock": lock})
    monkeypatch.setattr("neonym.lab.tracking.opening.ensure_delivery", lambda _: None)
    return Store(repository.root, "sqlite:///x.db", experiment.PROJECT)


def test_damaged_results_of_others_are_passed_over_in_one_line(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = put_results(repository, monkeypatch)
    passed_over: list[PassedOver] = []
    _spool_experiments(store, repository.root, passed_over)
    assert [each.name for each in passed_over] == ["theirs"]
    assert "its results are damaged" in str(passed_over[0])


def test_an_experiment_is_not_called_damaged_where_the_spool_cannot_be_written(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = put_results(repository, monkeypatch)
    store.folder.parent.mkdir(parents=True)
    store.folder.touch()
    passed_over: list[PassedOver] = []
    with pytest.raises(UserError, match="segments cannot be written: Not a directory"):
        _spool_experiments(store, repository.root, passed_over)
    assert passed_over == []


def test_a_configuration_of_ours_is_tracked(repository: Repository) -> None:
    values = configuration().model_dump(mode="json")
    found = repository.commit({"params.yaml": yaml.safe_dump(values)})
    store = Store(repository.root, "sqlite:///x.db", experiment.PROJECT)
    assert untracked_experiments(store, repository.root) == ([found], [])


def test_a_name_that_is_no_text_is_passed_over_in_one_line(repository: Repository) -> None:
    ours = yaml.safe_dump(configuration().model_dump(mode="json"))
    found = repository.commit({"params.yaml": ours})
    theirs = f"refs/exps/{repository.base[:2]}/{repository.base[2:]}/a\udcff\u202e"
    git(repository.root, "update-ref", theirs, found.commit)
    store = Store.of_project(experiment.PROJECT, repository.root)
    untracked, [passed_over] = untracked_experiments(store, repository.root)
    assert untracked == [found]
    assert passed_over.reason == "its name holds what is no text"
