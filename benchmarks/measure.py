"""Fair timing on a machine that others use too: contenders take turns, ratios are of one run."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np

RESULTS = Path(__file__).parent / "results.json"
WARM_UP = 20  # enough to compile for every batch that a contender goes round
Contender = Callable[[], object]


class Seconds(NamedTuple):
    """What a call takes: of the processor, which other programs disturb less, and by the clock."""

    cpu: float
    wall: float


def interleaved(
    contenders: Mapping[str, Contender],
    *,
    rounds: int,
    seconds: float = 0.05,
    warm_up: int = WARM_UP,
) -> dict[str, Seconds]:
    """Seconds of one call of each contender: the median over rounds in which each has its turn.

    Parameters
    ----------
    contenders : mapping of str to callable
        What is timed; each is called `warm_up` times beforehand.
    rounds : int
        Number of turns.
    seconds : float
        About how long a turn lasts.
    warm_up : int
        Number of calls that are not timed.
    """
    calls = {name: _calls_in(seconds, contender, warm_up) for name, contender in contenders.items()}
    times: dict[str, list[Seconds]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, contender in contenders.items():
            times[name].append(_time(contender, calls[name]))
    return {
        name: Seconds(median(t.cpu for t in turns), median(t.wall for t in turns))
        for name, turns in times.items()
    }


def _time(contender: Contender, calls: int) -> Seconds:
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(calls):
        contender()
    return Seconds((time.process_time() - cpu) / calls, (time.perf_counter() - wall) / calls)


def _calls_in(seconds: float, contender: Contender, warm_up: int) -> int:
    for _ in range(warm_up):
        contender()
    return max(1, round(seconds / _time(contender, 1).wall))


def in_process(module: str, *arguments: str, threads: int = 1) -> list[Any]:
    """What a benchmark prints, each line as JSON, in a process whose libraries have these threads.

    Ours has one BLAS thread always. Settings for old versions of OpenBLAS are left out.
    """
    old = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
    environment = {name: value for name, value in os.environ.items() if name not in old}
    environment |= {
        "OMP_NUM_THREADS": str(threads),
        "OPENBLAS_NUM_THREADS": "1",
        "JAX_PLATFORMS": "cpu",
    }
    if threads == 1:
        environment["XLA_FLAGS"] = (
            "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
        )
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{module}", *arguments],
        env=environment,
        cwd=RESULTS.parent.parent,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def names_like_dinosaurs(count: int, vocabulary: int, seed: int) -> list[np.ndarray]:
    """Random token ids, 4 to 26 a name and 12 on average, as the dinosaurs have letters."""
    generator = np.random.default_rng(seed)
    lengths = 4 + generator.binomial(22, 8 / 22, count)
    tokens = generator.integers(1, vocabulary, lengths.sum(), dtype=np.int32)
    return np.split(tokens, np.cumsum(lengths)[:-1])


def replace_results(kinds: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows to `results.json`, in the place of those of the same benchmarks."""
    kept = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else []
    kept = [row for row in kept if row["benchmark"] not in kinds]
    RESULTS.write_text(json.dumps([*kept, *rows], indent=1) + "\n", encoding="utf-8")
