"""`make ui`: what it serves, where, and what it says where it cannot."""

import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from marked_project import mark
from neonym import experiment
from neonym.base.errors import UserError
from neonym.lab.delivery.ui import check, listen
from neonym.lab.tracking.store import Store


def ui(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "neonym.lab.delivery.ui",
        "--project",
        experiment.PROJECT.reference,
        *words,
    ]
    return subprocess.run(command, cwd=mark(root), capture_output=True, text=True, check=False)


def test_a_port_that_is_taken_is_one_line_that_names_another(store: Store) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = ui(store.root, "--port", str(port))
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        f"ui: port {port} cannot be used (Address already in use); choose another: "
        f"make ui PORT={port + 1}\n"
    )


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_number_that_is_no_port_is_said(port: int) -> None:
    with pytest.raises(UserError, match=f"port {port} cannot be used .*PORT=5001"):
        listen(port)


def test_nobody_but_this_machine_reaches_the_socket() -> None:
    with listen(0) as listening:
        assert listening.getsockname()[0] == "127.0.0.1"


def test_a_project_without_runs_has_nothing_to_show(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    done = ui(tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "ui: nothing is tracked yet; run `dvc repro`\n"
    assert {path.name for path in tmp_path.iterdir()} == {".dvc", "dvc.yaml"}


def test_a_server_has_its_own_ui_and_its_password_is_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:secret@runs.example:5000")
    with pytest.raises(UserError) as caught:
        check(Store.of_project(experiment.PROJECT, tmp_path))
    assert str(caught.value) == (
        "runs are tracked at http://runs.example:5000: open it in a browser"
    )


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE alembic_version SET version_num = 'x'", "written by a newer MLflow"),
        ("UPDATE alembic_version SET version_num = '451aebb31d03'", "run `mlflow db upgrade"),
        ("UPDATE experiments SET artifact_location = '/a/mlartifacts'", "the checkout was moved"),
    ],
)
def test_a_store_that_cannot_be_used_is_explained(store: Store, statement: str, said: str) -> None:
    with closing(sqlite3.connect(store.database)) as database, database:
        database.execute(statement)
    with pytest.raises(UserError, match=said):
        check(store)
