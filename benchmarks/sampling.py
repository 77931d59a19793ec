"""Time the drawing of 10,000 names against PyTorch: `python -m benchmarks.sampling`.

Both draw from the same weights, trained for a moment so that names have lengths like real ones. We
draw as users do, log-probabilities included; PyTorch in loops as its good users write them. All
take turns in one process, with the same number of threads. Writes `benchmarks/results.json`;
needs the `bench` extra.
"""

import argparse
import importlib
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np
from benchmarks.measure import Contender, in_process, replace_results

from neonym.generation.sampling import sample
from neonym.nn import Adam, RecurrentNetwork, clip_by_norm

COUNT = 10_000
MAX_LENGTH = 52
STEPS = 300
HERE = Path(__file__).parent


class Case(NamedTuple):
    """One shape of network."""

    cell: str
    hidden: int
    embedding: int | None = None


CASES = [Case("rnn", 128), Case("gru", 128), Case("lstm", 128), Case("lstm", 192, 256)]


def trained(case: Case) -> RecurrentNetwork:
    """A network that knows roughly what dinosaurs are called."""
    lines = (HERE.parent / "data/raw/dinosaurs.csv").read_text(encoding="utf-8").lower().split()
    names = [[ord(letter) - 96 for letter in line] for line in lines if line.isalpha()]
    network = RecurrentNetwork(27, case.cell, case.hidden, embedding_size=case.embedding)
    optimizer, generator = Adam(), np.random.default_rng(0)
    for _ in range(STEPS):
        chosen = generator.choice(len(names), 64)
        network.forward_backward(network.pack([names[place] for place in chosen]))
        clip_by_norm(network.gradients, 5.0)
        optimizer.step(network.parameters, network.gradients, 3e-3)
    return network


def contenders(case: Case, threads: int) -> dict[str, Contender]:
    """Everyone who takes part, by name."""
    pytorch = importlib.import_module("benchmarks.pytorch_sampling")
    network = trained(case)
    peer = pytorch.Sampler(case.cell, case.hidden, case.embedding, network.state_dict())
    return {
        "neonym": lambda: sample(network, COUNT, seed=0, max_length=MAX_LENGTH, threads=threads),
        "pytorch whole": lambda: peer.names(COUNT, COUNT, MAX_LENGTH),
        "pytorch batches of 1000": lambda: peer.names(COUNT, 1000, MAX_LENGTH),
        "pytorch batches of 256": lambda: peer.names(COUNT, 256, MAX_LENGTH),
    }


def in_turns(contenders: Mapping[str, Contender], rounds: int, threads: int) -> dict[str, float]:
    """Seconds of each: the median over rounds, the first left out."""
    clock = time.process_time if threads == 1 else time.perf_counter
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds + 1):
        for name, contender in contenders.items():
            start = clock()
            contender()
            times[name].append(clock() - start)
    return {name: median(values[1:]) for name, values in times.items()}


def measure(case: Case, threads: int, rounds: int) -> dict[str, Any]:
    """One row of the results."""
    times = in_turns(contenders(case, threads), rounds, threads)
    ours = times.pop("neonym")
    return {
        "benchmark": "sampling",
        **case._asdict(),
        "batch": COUNT,
        "layers": 1,
        "threads": threads,
        "neonym": ours,
        "peers": times,
        "ratio": min(times.values()) / ours,
        "sgemm_share": None,
    }


def main() -> None:
    """Measure on one thread and on all, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, help="measure here with so many; for internal use")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    if options.threads:
        importlib.import_module("torch").set_num_threads(options.threads)
        for case in CASES:
            print(json.dumps(measure(case, options.threads, options.rounds)), flush=True)
        return
    counts = sorted({1, os.cpu_count() or 1})
    rows = [
        row
        for threads in counts
        for row in in_process("sampling", "--threads", str(threads), threads=threads)
    ]
    replace_results(("sampling",), rows)


if __name__ == "__main__":
    main()
