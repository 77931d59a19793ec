"""How time and memory grow with the list, and memory against PyTorch.

`python -m benchmarks.growth`

Time is that of the processor for a token: of an epoch of training with shuffled batches, and of
the exact likelihood. Memory is the largest resident set of a process, less what it was before the
list was made; of the training step, that of the whole process. Needs the `bench` extra.
"""

import argparse
import importlib
import json
import resource
import time
from typing import Any

import numpy as np
from benchmarks.measure import in_process, names_like_dinosaurs, replace_results

from neonym.nn import Adam, RecurrentNetwork, TokenSequences, clip_by_norm, pack

VOCABULARY = 27
SIZES = (1_000, 10_000, 100_000, 1_000_000)
LEAST_NAMES = 200_000  # to time: shorter lists are gone through several times
CELL, HIDDEN, BATCH = "rnn", 64, 128
STEPS = 30
CASES = (("rnn", 64, 32), ("gru", 128, 128), ("lstm", 256, 128))


def peak_bytes() -> int:
    """The largest resident set of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def train(network: RecurrentNetwork, names: list[np.ndarray]) -> None:
    """One epoch."""
    together = TokenSequences.of(names)
    optimizer = Adam()
    order = np.random.default_rng(0).permutation(len(names))
    for start in range(0, len(order), BATCH):
        network.forward_backward(pack(together.take(order[start : start + BATCH])))
        clip_by_norm(network.gradients, 1.0)
        optimizer.step(network.parameters, network.gradients, 1e-3)


def measure_growth(count: int) -> dict[str, Any]:
    """Nanoseconds and bytes a token for a list of so many names."""
    network = RecurrentNetwork(VOCABULARY, CELL, HIDDEN)
    few = names_like_dinosaurs(1_000, VOCABULARY, seed=1)
    train(network, few)
    network.negative_log_likelihood(few)
    before = peak_bytes()
    names = names_like_dinosaurs(count, VOCABULARY, seed=0)
    tokens = sum(len(name) + 1 for name in names)
    times, repeats = {}, max(1, LEAST_NAMES // count)
    for what, run in (
        ("training", lambda: train(network, names)),
        ("likelihood", lambda: network.negative_log_likelihood(names)),
    ):
        start = time.process_time()
        for _ in range(repeats):
            run()
        times[what] = (time.process_time() - start) / repeats / tokens
    return {
        "benchmark": "growth",
        "names": count,
        "cell": CELL,
        "hidden": HIDDEN,
        "batch": BATCH,
        "layers": 1,
        "threads": 1,
        "seconds_per_token": times,
        "bytes_per_token": (peak_bytes() - before) / tokens,
    }


def measure_memory(who: str, cell: str, hidden: int, batch: int) -> int:
    """Peak bytes of a process that takes some training steps."""
    names = names_like_dinosaurs(batch * STEPS, VOCABULARY, seed=0)
    batches = [names[start : start + batch] for start in range(0, len(names), batch)]
    if who == "neonym":
        network, optimizer = RecurrentNetwork(VOCABULARY, cell, hidden), Adam()
        for some in batches:
            network.forward_backward(pack(some))
            clip_by_norm(network.gradients, 1.0)
            optimizer.step(network.parameters, network.gradients, 1e-3)
    else:
        peer = importlib.import_module("benchmarks.pytorch_peer")
        step = peer.TrainingStep(cell, hidden, 1)
        for some in batches:
            step(*peer.padded(some))
    return peak_bytes()


def memory_row(cell: str, hidden: int, batch: int) -> dict[str, Any]:
    """Peak memory of ours beside PyTorch's."""
    arguments = cell, str(hidden), str(batch)
    ours, theirs = (
        in_process("growth", "--memory", who, *arguments)[0] for who in ("neonym", "pytorch")
    )
    return {
        "benchmark": "memory",
        "cell": cell,
        "hidden": hidden,
        "batch": batch,
        "layers": 1,
        "threads": 1,
        "neonym": ours,
        "peers": {"pytorch padded": theirs},
        "ratio": theirs / ours,
        "sgemm_share": None,
    }


def main() -> None:
    """Measure each figure in a process of its own, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--names", type=int, help="for internal use")
    parser.add_argument("--memory", nargs=4, help="for internal use")
    options = parser.parse_args()
    if options.names:
        print(json.dumps(measure_growth(options.names)))
    elif options.memory:
        who, cell, hidden, batch = options.memory
        print(measure_memory(who, cell, int(hidden), int(batch)))
    else:
        rows = [row for size in SIZES for row in in_process("growth", "--names", str(size))]
        rows += [memory_row(*case) for case in CASES]
        replace_results(("growth", "memory"), rows)


if __name__ == "__main__":
    main()
