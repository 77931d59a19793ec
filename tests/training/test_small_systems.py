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


def test_what_is_learned_and_coined_there_is_the_same(tmp_path: Path) -> None:
    network = run(configuration(train__shards=2, train__epochs=1)).network
    save_model(tmp_path / "model.npz", network, VOCABULARY, {"longest": 12, "lowercase": True})
    done = subprocess.run(
        [sys.executable, "-c", LACKING + PROGRAM, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "there.npz").read_bytes() == (tmp_path / "model.npz").read_bytes()
    names, lacks = json.loads(done.stdout)
    assert names == NameGenerator.load(tmp_path / "model.npz").sample(2000, seed=1)
    assert lacks


@pytest.mark.parametrize("shards", [2, 5])
def test_the_number_of_processors_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, shards: int
) -> None:
    found = []
    for limit in ("1", "2", "64"):
        monkeypatch.setenv("OMP_NUM_THREADS", limit)
        result = run(configuration(train__shards=shards, train__epochs=1))
        found.append((result.network.parameters.tobytes(), result.history))
    assert found[0] == found[1] == found[2]
