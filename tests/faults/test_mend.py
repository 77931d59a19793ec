"""What a killed DVC leaves and does not get over is mended, and nothing else is touched."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from formats import PROJECT

from marked_project import mark
from neonym.commands.mend import command


def mend() -> None:
    """`neonym mend` in the working directory."""
    command.main([], standalone_mode=False)


LOCK = (PROJECT / "dvc.lock").read_bytes()
HALF = LOCK[: len(LOCK) // 2].rpartition(b":")[0]
KILLED = {"read": {}, "write": {"models/model.npz": {"pid": 999999999, "cmd": "dvc repro"}}}


@pytest.fixture
def killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose run was killed."""
    monkeypatch.chdir(mark(tmp_path))
    (tmp_path / ".dvc/tmp").mkdir()
    (tmp_path / ".dvc/tmp/rwlock").write_text(json.dumps(KILLED))
    (tmp_path / "dvc.lock").write_bytes(LOCK)
    return tmp_path


def test_whole_files_stay_as_they_are(killed: Path) -> None:
    mend()
    assert (killed / "dvc.lock").read_bytes() == LOCK
    assert json.loads((killed / ".dvc/tmp/rwlock").read_text()) == KILLED


@pytest.mark.parametrize("users", [json.dumps(KILLED), "{}"])
def test_a_lock_that_was_cut_off_is_put_aside(killed: Path, users: str) -> None:
    (killed / ".dvc/tmp/rwlock").write_text(users)
    (killed / "dvc.lock").write_bytes(HALF)
    mend()
    assert not (killed / "dvc.lock").exists()
    assert (killed / ".dvc/tmp/dvc.lock.damaged").read_bytes() == HALF


def test_so_it_is_in_a_checkout_in_which_dvc_has_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(mark(tmp_path))
    Path("dvc.lock").write_bytes(HALF)
    mend()
    assert Path(".dvc/tmp/dvc.lock.damaged").read_bytes() == HALF


def test_a_list_of_users_that_was_cut_off_is_deleted(killed: Path) -> None:
    (killed / ".dvc/tmp/rwlock").write_bytes(b"")
    mend()
    assert not (killed / ".dvc/tmp/rwlock").exists()


def test_files_that_were_not_finished_are_deleted(killed: Path) -> None:
    (killed / "models").mkdir()
    (killed / "models/.model.npz.abc.part").write_bytes(b"half")
    (killed / "data/.processed.abc/fresh").mkdir(parents=True)
    (killed / "models/model.npz").write_bytes(b"whole")
    mend()
    assert [path.name for path in (killed / "models").iterdir()] == ["model.npz"]
    assert not list((killed / "data").iterdir())


def test_entries_of_the_cache_of_runs_that_were_not_finished_are_deleted(killed: Path) -> None:
    runs = killed / ".dvc/cache/runs"
    for entry in ("ab/empty", "cd/half", "ef/whole"):
        (runs / entry).mkdir(parents=True)
    (runs / "cd/half/.AbC.tmp").write_bytes(b"cmd: a")
    (runs / "ef/whole/0123").write_bytes(b"whole")
    mend()
    assert [path for path in runs.rglob("*") if path.parent.parent == runs] == [runs / "ef/whole"]
    assert (runs / "ef/whole/0123").read_bytes() == b"whole"


def test_nothing_is_mended_while_dvc_works(killed: Path) -> None:
    used = {"read": {"data": [{"pid": os.getpid(), "cmd": "dvc repro"}]}}
    (killed / ".dvc/tmp/rwlock").write_text(json.dumps(used))
    (killed / "dvc.lock").write_bytes(LOCK[:100])
    (killed / ".params.yaml.abc.part").write_bytes(b"half")
    mend()
    assert (killed / "dvc.lock").read_bytes() == LOCK[:100]
    assert (killed / ".params.yaml.abc.part").exists()


@pytest.mark.slow
def test_dvc_reads_whatever_lock_is_left_after_mending(killed: Path) -> None:
    (killed / "dvc.yaml").write_bytes((PROJECT / "dvc.yaml").read_bytes())
    (killed / ".dvc/config").write_text("[core]\n    no_scm = true\n")
    random = np.random.default_rng(6)
    for length in random.integers(len(LOCK), size=12):
        (killed / "dvc.lock").write_bytes(LOCK[:length])
        mend()
        done = subprocess.run(
            [sys.executable, "-m", "dvc", "status", "-q"],
            capture_output=True,
            check=False,
            text=True,
        )
        assert "failed" not in done.stderr and "dvc.lock" not in done.stderr, (
            f"cut at {length}: {done.stderr}"
        )
