"""Time a training step against PyTorch and JAX: `python -m benchmarks.training_step`.

A step is forward, backward, clipping by the global norm and Adam, on a batch prepared beforehand.
All contenders take turns in one process, each with the same number of threads; we use them as
shards where that is faster, the peers in their own way. On one thread, time is that of the
processor, otherwise that of the clock. Writes `benchmarks/results.json`, from which
`python -m benchmarks.report` makes the tables of docs/speed.md; needs the `bench` extra.

Beside it `loss_and_gradients`, which begins with lists of token ids: packing and copies included.
"""

import argparse
import importlib
import json
import os
from collections.abc import Callable, Sequence
from itertools import cycle
from typing import Any, NamedTuple

import numpy as np
from benchmarks.measure import (
    Contender,
    in_process,
    interleaved,
    names_like_dinosaurs,
    replace_results,
)

from neonym.nn import Adam, RecurrentNetwork, Shards, clip_by_norm, pack

VOCABULARY = 27
BATCHES = 8
GATES = {"rnn": 1, "gru": 3, "lstm": 4}


class Case(NamedTuple):
    """One shape of network and batch."""

    cell: str
    hidden: int
    batch: int
    layers: int = 1


CASES = [
    Case(cell, hidden, batch)
    for cell in GATES
    for hidden, batch in ((64, 32), (128, 64), (128, 128), (256, 128))
] + [Case(cell, 128, 64, layers=2) for cell in GATES]

LIST_CASES = [
    Case(cell, hidden, batch) for cell in GATES for hidden, batch in ((64, 32), (128, 64))
]


def neonym_step(
    case: Case, batches: Sequence[list[np.ndarray]], shards: int, threads: int
) -> Contender:
    """Our step, going round the batches."""
    network = RecurrentNetwork(VOCABULARY, case.cell, case.hidden, case.layers)
    network.threads = threads
    optimizer = Adam()
    packed = cycle([pack(batch) for batch in batches])
    run = Shards(network, shards) if shards > 1 else network

    def step() -> None:
        run.forward_backward(next(packed))
        clip_by_norm(network.gradients, 1.0)
        optimizer.step(network.parameters, network.gradients, 1e-3)

    return step


def peer_step(step: Callable[..., float], prepared: Sequence[tuple[Any, Any]]) -> Contender:
    """A peer's step, going round its batches."""
    turns = cycle(prepared)
    return lambda: step(*next(turns))


def contenders(
    case: Case, batches: Sequence[list[np.ndarray]], threads: int
) -> dict[str, Contender]:
    """Everyone who takes part, by name."""
    pytorch = importlib.import_module("benchmarks.pytorch_peer")
    jax = importlib.import_module("benchmarks.jax_peer")
    cell, hidden, _, layers = case
    longest = max(len(name) for batch in batches for name in batch) + 1
    result = {
        f"neonym, {shards} shards": neonym_step(case, batches, shards, threads)
        for shards in {1, threads}
    }
    for name, prepare in (("padded", pytorch.padded), ("packed", pytorch.packed)):
        step = pytorch.TrainingStep(cell, hidden, layers)
        result[f"pytorch {name}"] = peer_step(step, [prepare(batch) for batch in batches])
    if pytorch.can_compile():
        step = pytorch.TrainingStep(cell, hidden, layers, compiled=True)
        result["pytorch compiled"] = peer_step(step, [pytorch.padded(batch) for batch in batches])
    for name, multiple in (("padded", longest), ("bucketed", 4)):
        step = jax.TrainingStep(cell, hidden, layers)
        result[f"jax {name}"] = peer_step(step, [jax.padded(batch, multiple) for batch in batches])
    return result


def list_contenders(
    case: Case, batches: Sequence[list[np.ndarray]], threads: int
) -> tuple[dict[str, Contender], list[Any]]:
    """Who computes loss and gradients of lists; also the loss of the first one, by each."""
    pytorch = importlib.import_module("benchmarks.pytorch_peer")
    cell, hidden, _, layers = case
    network = RecurrentNetwork(VOCABULARY, cell, hidden, layers)
    network.threads = threads
    functions: dict[str, Callable[..., tuple[float, Any]]] = {"neonym": network.loss_and_gradients}
    for kind in ("padded", "packed"):
        peer = pytorch.LossAndGradients(cell, hidden, layers, kind)
        pytorch.load_state(peer.network, network.state_dict())
        functions[f"pytorch {kind}"] = peer
    losses = [function(batches[0])[0] for function in functions.values()]
    return {name: going_round(function, batches) for name, function in functions.items()}, losses


def going_round(function: Callable[..., Any], batches: Sequence[Any]) -> Contender:
    """A call of the function with the next of the batches."""
    turns = cycle(batches)
    return lambda: function(next(turns))


def sgemm_seconds(case: Case) -> float:
    """Seconds a multiplication and addition take in the recurrent product of one time step."""
    generator = np.random.default_rng(0)
    rows = GATES[case.cell] * case.hidden
    h = generator.standard_normal((case.batch, case.hidden), dtype=np.float32)
    weights = generator.standard_normal((case.hidden, rows), dtype=np.float32)
    out = np.empty((case.batch, rows), dtype=np.float32)
    product = {"sgemm": lambda: np.matmul(h, weights, out=out)}
    return interleaved(product, rounds=5)["sgemm"].cpu / (case.batch * weights.size)


def multiplications(case: Case, batches: Sequence[list[np.ndarray]]) -> float:
    """Multiplications and additions that a step takes; look-ups count nothing.

    Beginnings that a batch shares are counted once, since they are computed once.
    """
    rows = float(np.mean([len(pack(batch).shared.inputs) for batch in batches]))
    gates = GATES[case.cell] * case.hidden
    products = (2 * case.layers - 1) * case.hidden * gates + case.hidden * VOCABULARY
    return 3 * rows * products  # forward, and the gradients of both factors


def measure(case: Case, threads: int, rounds: int) -> list[dict[str, Any]]:
    """The rows of one case: the training step, and what a second shard brings."""
    batches = [names_like_dinosaurs(case.batch, VOCABULARY, seed) for seed in range(BATCHES)]
    both = interleaved(contenders(case, batches, threads), rounds=rounds)
    times = {name: time.cpu if threads == 1 else time.wall for name, time in both.items()}
    shards = {count: times.pop(f"neonym, {count} shards") for count in sorted({1, threads})}
    ours = min(shards.values())
    work = multiplications(case, batches)
    step = {
        "benchmark": "training step",
        **case._asdict(),
        "threads": threads,
        "neonym": ours,
        "peers": times,
        "ratio": min(times.values()) / ours,
        "sgemm_share": work * sgemm_seconds(case) / ours / threads,
        "wall": {name: time.wall for name, time in both.items()},
    }
    if threads == 1:
        return [step]
    own = {"neonym": shards[threads], "peers": {"neonym, 1 shard": shards[1]}}
    ratio = shards[1] / shards[threads]
    return [step, {**step, "benchmark": "shards", **own, "ratio": ratio, "sgemm_share": None}]


def measure_lists(case: Case, threads: int, rounds: int) -> dict[str, Any]:
    """The row of one case for `loss_and_gradients`."""
    batches = [names_like_dinosaurs(case.batch, VOCABULARY, seed) for seed in range(BATCHES)]
    functions, losses = list_contenders(case, batches, threads)
    if not np.allclose(losses, losses[0], rtol=1e-4):
        raise AssertionError(f"they compute something else: {losses}")
    both = interleaved(functions, rounds=rounds)
    times = {name: time.cpu if threads == 1 else time.wall for name, time in both.items()}
    ours = times.pop("neonym")
    return {
        "benchmark": "loss and gradients",
        **case._asdict(),
        "threads": threads,
        "neonym": ours,
        "peers": times,
        "ratio": min(times.values()) / ours,
        "sgemm_share": None,
        "wall": {name: time.wall for name, time in both.items()},
    }


def measure_all(threads: int, rounds: int) -> list[dict[str, Any]]:
    """All cases, in a process of their own whose libraries have this number of threads."""
    arguments = ("--threads", str(threads), "--rounds", str(rounds))
    return in_process("training_step", *arguments, threads=threads)


def main() -> None:
    """Measure on one thread and on all, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, help="measure here with so many; for internal use")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    if options.threads:
        importlib.import_module("torch").set_num_threads(options.threads)
        for case in CASES:
            for row in measure(case, options.threads, options.rounds):
                print(json.dumps(row), flush=True)
        for case in LIST_CASES:
            print(json.dumps(measure_lists(case, options.threads, options.rounds)), flush=True)
        return
    counts = sorted({1, os.cpu_count() or 1})
    rows = [row for threads in counts for row in measure_all(threads, options.rounds)]
    replace_results(("training step", "shards", "loss and gradients"), rows)


if __name__ == "__main__":
    main()
