"""Learning and coining where the system has no processes, threads or locks to give."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from neonym import NameGenerator
from neonym.models.model_file import save_model
from small_training import VOCABULARY, configuration, run

RIVERS = ["allier", "aude", "cher", "loire", "oise", "yonne"]
# A browser has none of these, a small container not all
LACKING = """
import os, sys, threading

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name in ("_multiprocessing", "_posixshmem", "_posixsubprocess", "fcntl"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

def refuse(self):
    raise RuntimeError("can't start new thread")

sys.meta_path.insert(0, Missing())
del os.sched_getaffinity
threading.Thread.start = refuse
"""
PROGRAM = """
import json, sys
from pathlib import Path
from neonym import NameGenerator
from small_training import VOCABULARY, configuration, run
from neonym.models.model_file import save_model

folder = Path(sys.argv[1])
network = run(configuration(train__shards=2, train__epochs=1)).network
save_model(folder / "there.npz", network, VOCABULARY, {"longest": 12, "lowercase": True})
names = NameGenerator.load(folder / "there.npz").sample(2000, seed=1)
print(json.dumps([names, "_multiprocessing" not in sys.modules]))
"""


def python(program: str, *arguments: object) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_is_learned_and_coined_there_is_the_same(tmp_path: Path) -> None:
    network = run(configuration(train__shards=2, train__epochs=1)).network
    save_model(tmp_path / "model.npz", network, VOCABULARY, {"longest": 12, "lowercase": True})
    names, lacks = json.loads(python(LACKING + PROGRAM, tmp_path))
    assert (tmp_path / "there.npz").read_bytes() == (tmp_path / "model.npz").read_bytes()
    assert names == NameGenerator.load(tmp_path / "model.npz").sample(2000, seed=1)
    assert lacks


@pytest.mark.slow
def test_a_list_is_learned_there_to_the_same_model_and_the_same_names(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("\n".join(RIVERS))
    program = "from neonym.cli import main; main()"
    arguments = ("learn", tmp_path / "names.txt", "--json", "-o")
    here, there = tmp_path / "here.npz", tmp_path / "there.npz"
    printed = json.loads(python(program, *arguments, here))
    same = json.loads(python(LACKING + program, *arguments, there))
    assert same["names"] == printed["names"] != []
    assert there.read_bytes() == here.read_bytes()
