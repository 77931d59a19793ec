"""`make setup` makes one environment, whole, however often it is started and cut short."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
# Makes an environment as Python does, whose tools take their time; notes each one that it begins
PYTHON = """#!/bin/sh
[ "$1" = -m ] || exit 0
echo begun >> begun
rm -rf "$4"; mkdir -p "$4/bin"
printf '#!/bin/sh\\nsleep 0.2\\n' > "$4/bin/pip"
printf '#!/bin/sh\\nsleep 0.2\\necho "$@" >> %s/installed\\n' "$4" > "$4/bin/uv"
chmod +x "$4/bin/pip" "$4/bin/uv"
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout in which no environment was made."""
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copyfile(PROJECT / name, tmp_path / name)
    (tmp_path / ".dvc").mkdir()
    (tmp_path / "python").write_text(PYTHON)
    (tmp_path / "python").chmod(0o755)
    return tmp_path


def setup(checkout: Path) -> "subprocess.Popen[bytes]":
    command = ["make", "setup", "PYTHON=./python"]
    own = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    return subprocess.Popen(
        command, cwd=checkout, env=own, start_new_session=True, stdout=subprocess.DEVNULL
    )


def begun(checkout: Path) -> int:
    path = checkout / "begun"
    return len(path.read_text().splitlines()) if path.exists() else 0


def wait_until_begun(checkout: Path, count: int) -> None:
    end = time.monotonic() + 10
    while begun(checkout) < count and time.monotonic() < end:
        time.sleep(0.01)


def test_started_twice_it_makes_one_whole_environment(checkout: Path) -> None:
    first = setup(checkout)
    wait_until_begun(checkout, 1)
    second = setup(checkout)
    assert [first.wait(timeout=30), second.wait(timeout=30)] == [0, 0]
    assert begun(checkout) == 1
    assert len((checkout / ".venv/installed").read_text().splitlines()) == 2
    assert setup(checkout).wait(timeout=30) == 0
    assert begun(checkout) == 1


def test_cut_short_it_makes_another(checkout: Path) -> None:
    first = setup(checkout)
    wait_until_begun(checkout, 1)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    assert not (checkout / ".venv/.ready").exists()
    assert setup(checkout).wait(timeout=30) == 0
    assert begun(checkout) == 2
    assert (checkout / ".venv/.ready").exists()
