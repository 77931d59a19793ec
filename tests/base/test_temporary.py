"""What a killed process leaves of temporary folders goes at the next start, and nothing else."""

import subprocess
import sys
from pathlib import Path

import pytest

from neonym.base.temporary import held_folder, left_behind, temporary_folder

KILLED = """
import os, sys
from neonym.base.temporary import temporary_folder
with temporary_folder("neonym-test-") as folder:
    (folder / "file").touch()
    os.kill(os.getpid(), 9)
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_what_the_killed_left_goes_at_the_next_start_and_what_is_held_stays(place: Path) -> None:
    (place / "neonym-test-file").touch()
    (place / "elsewhere").mkdir()
    (place / "neonym-test-link").symlink_to(place / "elsewhere")
    others = {path.name for path in place.iterdir()}
    with held_folder("neonym-test-") as held:
        subprocess.run([sys.executable, "-c", KILLED], check=False)
        [left] = left_behind("neonym-test-")
        assert (left / "file").exists()
        with temporary_folder("neonym-test-") as folder:
            assert {path.name for path in place.iterdir()} == {*others, held.name, folder.name}
        assert {path.name for path in place.iterdir()} == {*others, held.name}
        held.rmdir()
    assert {path.name for path in place.iterdir()} == others
