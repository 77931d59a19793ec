"""Damaged and foreign files: one line, no traceback, no hang, no wrong answer, little memory."""

import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest
from feed import feed
from formats import FORMATS

from neonym.base.errors import UserError
from neonym.generation.generator import NameGenerator

TESTS = Path(__file__).resolve().parents[1]
SEED = 20_250_101
NAMED = ("model", "checkpoint", "processed vocabulary.json", "params", "spool")
MANY = 10_000
SLOW_TO_READ = {
    **{"params": 3000, "checkpoint": 4000, "lock": 2000},
    **{"forged model": 800, "forged mixture": 400, "altered params": 600},
}
OTHERS = 1000


@pytest.mark.parametrize("name", FORMATS)
def test_a_damaged_file_is_one_line_or_no_damage(name: str) -> None:
    assert feed(name, SEED, 200 if name in NAMED else 40) == []


def count_of(name: str) -> int:
    return SLOW_TO_READ.get(name, MANY if name in NAMED else OTHERS)


@pytest.mark.slow
@pytest.mark.parametrize("half", [0, 1])
def test_thousands_of_damaged_files_take_little_memory(half: int) -> None:
    asked = [word for name in list(FORMATS)[half::2] for word in (name, str(count_of(name)))]
    done = subprocess.run(
        [sys.executable, "feed.py", str(SEED + 1), *asked],
        cwd=Path(__file__).parent,
        env={**os.environ, "PYTHONPATH": str(TESTS), "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=1200,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]


def test_an_array_that_claims_four_gigabytes_takes_no_memory(tmp_path: Path) -> None:
    path = FORMATS["model"].make(tmp_path)
    content = bytearray(path.read_bytes())
    stored_size = content.index(b"PK\x01\x02") + 20  # in the zip's directory
    content[stored_size : stored_size + 4] = b"\xf0\xff\xff\xff"
    path.write_bytes(content)
    tracemalloc.start()
    with pytest.raises(UserError, match="or is damaged"):
        NameGenerator.load(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20
