"""Locks are held by one, looked at without a trace, and missed in one line where there are none."""

import errno
import fcntl
import os
from pathlib import Path

import pytest
from filelock import Timeout

from neonym.base.errors import UserError
from neonym.base.locks import is_held, locked
from neonym.experiment import PROJECT
from neonym.lab.lineage import registry
from neonym.lab.sweeps.sweep_folder import LOCK, Sweep
from neonym.lab.tracking.store import Store


def test_a_lock_is_held_by_one_until_it_lets_go(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with locked(path):
        assert is_held(path)
        with pytest.raises(Timeout), locked(path, seconds=0):
            pass
    assert not is_held(path)


def test_who_looks_at_a_lock_makes_neither_file_nor_folder(tmp_path: Path) -> None:
    assert not is_held(tmp_path / "gone" / "lock")
    assert list(tmp_path.iterdir()) == []


def test_a_file_system_without_locks_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "lock"
    path.touch()

    def without_locks(*_: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", without_locks)
    expected = (
        f"{path} cannot be locked (No locks available): this file system has no locks; "
        "work in a folder on another"
    )
    with pytest.raises(UserError) as caught, locked(path):
        pass
    assert str(caught.value) == expected
    with pytest.raises(UserError) as caught:
        is_held(path)
    assert str(caught.value) == expected


def test_promoting_where_there_are_no_locks_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_locks(*_: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", without_locks)
    store = Store(tmp_path, "sqlite:///x.db", PROJECT)
    expected = (
        r"promote\.lock cannot be locked \(No locks available\): this file system has no locks"
    )
    with pytest.raises(UserError, match=expected), registry._alone(store):
        pass


def test_a_sweep_whose_folder_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    sweep = Sweep.begin(tmp_path / "sweep", "train", ["seed=0,1"])
    lock = sweep.folder / LOCK
    lock.mkdir()
    with pytest.raises(UserError) as caught, sweep.alone():
        pass
    assert str(caught.value) == f"{lock} cannot be locked: Is a directory"


def test_a_sweep_runs_once_at_a_time(tmp_path: Path) -> None:
    sweep = Sweep.begin(tmp_path / "sweep", "train", ["seed=0,1"])
    with sweep.alone(), pytest.raises(UserError, match="is still running"), sweep.alone():
        pass
