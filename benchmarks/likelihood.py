"""Time the exact likelihood of a corpus against PyTorch: `python -m benchmarks.likelihood`.

Both begin with lists of token ids and give the nats of every name. PyTorch computes names of
similar length together, which is its fastest way; ours computes each distinct beginning once, so
what it gains depends on how much the names of a list share, and of threads on how long the list and
how large the network is. On one thread time is the processor's, on all it is the clock's. Needs the
`bench` extra.
"""

import argparse
import importlib
import json
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.measure import in_process, interleaved, replace_results

from neonym.nn import RecurrentNetwork

LETTERS = 27
CASES = (("rnn", 128), ("gru", 128), ("lstm", 128), ("lstm", 256))
COMPOSED = 10_000
PEER_BATCH = 128


def dinosaurs() -> list[np.ndarray]:
    """The dinosaurs of the main job."""
    path = Path(__file__).parent.parent / "data/raw/dinosaurs.csv"
    lines = path.read_text(encoding="utf-8").split()
    names = {name.lower() for line in lines for name in line.split(",") if name.isalpha()}
    return [np.array([ord(letter) - 96 for letter in name]) for name in sorted(names)]


def composed_names(count: int) -> list[np.ndarray]:
    """Names that the dinosaurs' trigrams compose: a longer list, which shares more beginnings."""
    generator, follows = np.random.default_rng(0), dict[tuple[int, int], list[int]]()
    for name in dinosaurs():
        letters = [0, 0, *name.tolist(), 0]
        for first, second, third in zip(letters, letters[1:], letters[2:], strict=False):
            follows.setdefault((first, second), []).append(third)
    names: set[tuple[int, ...]] = set()
    while len(names) < count:
        letters = [0, 0]
        while len(letters) < 30 and (len(letters) == 2 or letters[-1]):
            choices = follows[letters[-2], letters[-1]]
            letters.append(choices[generator.integers(len(choices))])
        if letters[-1] == 0 and len(letters) > 3:
            names.add(tuple(letters[2:-1]))
    return [np.array(name) for name in sorted(names)]


def measure(
    corpus: str, names: list[np.ndarray], cell: str, hidden: int, threads: int
) -> dict[str, Any]:
    """A row of the results."""
    peer = importlib.import_module("benchmarks.pytorch_peer")
    network = RecurrentNetwork(LETTERS, cell, hidden)
    theirs = peer.from_state(cell, network.state_dict())
    contenders: dict[str, Callable[[], np.ndarray]] = {
        "neonym": partial(network.negative_log_likelihood, names, threads),
        "pytorch padded": partial(peer.likelihood, theirs, names, PEER_BATCH, "padded"),
        "pytorch packed": partial(peer.likelihood, theirs, names, PEER_BATCH, "packed"),
    }
    for name, contender in contenders.items():
        if not np.allclose(contender(), contenders["neonym"](), rtol=1e-4):
            raise AssertionError(f"{name} computes something else")
    both = interleaved(contenders, rounds=5, warm_up=2)
    times = {name: time.cpu if threads == 1 else time.wall for name, time in both.items()}
    ours = times.pop("neonym")
    tokens = sum(len(name) + 1 for name in names)
    distinct = len({name[:n].tobytes() for name in names for n in range(len(name) + 1)})
    return {
        "benchmark": "exact likelihood",
        "corpus": f"{len(names):,} {corpus}",
        "distinct_share": distinct / tokens,
        "cell": cell,
        "hidden": hidden,
        "batch": len(names),
        "layers": 1,
        "threads": threads,
        "neonym": ours,
        "peers": times,
        "ratio": min(times.values()) / ours,
        "sgemm_share": None,
        "wall": {name: time.wall for name, time in both.items()},
    }


def main() -> None:
    """Measure on one thread and on all, in a process each, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, help="measure here with so many; for internal use")
    here = parser.parse_args().threads
    if not here:
        rows = [
            row
            for threads in sorted({1, os.cpu_count() or 1})
            for row in in_process("likelihood", "--threads", str(threads), threads=threads)
        ]
        replace_results(("exact likelihood",), rows)
        return
    importlib.import_module("torch").set_num_threads(here)
    corpora = {"dinosaurs": dinosaurs(), "composed names": composed_names(COMPOSED)}
    for corpus, names in corpora.items():
        for cell, hidden in CASES:
            print(json.dumps(measure(corpus, names, cell, hidden, here)), flush=True)


if __name__ == "__main__":
    main()
