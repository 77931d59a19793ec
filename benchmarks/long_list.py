"""Time until a list of 30,000 names is learned, against PyTorch: `python -m benchmarks.long_list`.

The settings are those of `experiment=long_list`, the names composed ones. All start with the same
weights, take as many steps, with all threads, and judge both lists after each epoch. What counts is
the time, preparations included, to the first epoch whose val nll is at most `NLL`. Takes one to two
minutes; needs the `bench` extra.
"""

import argparse
import importlib
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import yaml
from benchmarks.likelihood import LETTERS, composed_names
from benchmarks.measure import in_process, replace_results

from neonym.base.streams import Purpose, seed_sequence
from neonym.experiment import Configuration
from neonym.lab.composing.composition import compose_text
from neonym.nn import RecurrentNetwork
from neonym.settings import Settings
from neonym.training.history import EpochRecord
from neonym.training.loop import train

COUNT, HELD_OUT = 30_000, 3_000
NLL = 1.623
"""Nats a token that all reach with the last epoch, and none before."""

Epochs = list[tuple[float, float]]  # seconds from the beginning, and val nll
Names = Sequence[np.ndarray]


class _Clock:
    """Notes the time of each epoch."""

    def __init__(self) -> None:
        self.began, self.epochs = time.perf_counter(), Epochs()

    def note(self, val_nll: float) -> None:
        self.epochs.append((time.perf_counter() - self.began, val_nll))

    def on_step(self, step: int, loss: float, lr: float) -> None:
        """Of no interest."""

    def on_epoch(self, record: EpochRecord) -> None:
        """After each epoch."""
        self.note(record.val_nll)

    def on_weights(self, record: EpochRecord, network: RecurrentNetwork, is_last: bool) -> None:
        """Of no interest."""


def settings() -> Settings:
    """Those of `experiment=long_list`."""
    folder = Path(__file__).parent.parent / "conf"
    text = compose_text(folder, Configuration, ["experiment=long_list"])
    return Configuration.validated(yaml.safe_load(text), "conf")


def lists() -> tuple[Names, Names]:
    """Train and val."""
    names = composed_names(COUNT + HELD_OUT)
    order = np.random.default_rng(0).permutation(len(names))
    shuffled = [names[place] for place in order]
    return shuffled[:COUNT], shuffled[COUNT:]


def learned(train_names: Names, val: Names, options: Settings) -> Epochs:
    """Our epochs, by the function that the stage calls."""
    clock = _Clock()
    train(train_names, val, LETTERS, options, listener=clock)
    return clock.epochs


def learned_by_pytorch(
    train_names: Names, val: Names, options: Settings, state: Mapping[str, np.ndarray], kind: str
) -> Epochs:
    """PyTorch's epochs."""
    peer = importlib.import_module("benchmarks.pytorch_long_list")
    clock = _Clock()
    for nll in peer.learn(train_names, val, options, state, kind):
        clock.note(nll)
    return clock.epochs


def seconds_to(nll: float, epochs: Epochs) -> float:
    """The time of the first epoch with at most these nats a token."""
    reached = [seconds for seconds, val_nll in epochs if val_nll <= nll]
    if not reached:
        raise AssertionError(f"{nll} is not reached: {epochs}")
    return reached[0]


def measure(threads: int, rounds: int) -> dict[str, Any]:
    """The row of the results."""
    names, val = lists()
    options = settings()
    seed = seed_sequence(options.seed, Purpose.INITIALISATION)
    state = RecurrentNetwork(LETTERS, seed=seed, **options.model.model_dump()).state_dict()
    contenders: dict[str, Callable[[], Epochs]] = {
        "neonym": partial(learned, names, val, options),
        "pytorch packed": partial(learned_by_pytorch, names, val, options, state, "packed"),
        "pytorch padded": partial(learned_by_pytorch, names, val, options, state, "padded"),
    }
    runs: dict[str, list[Epochs]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, contender in contenders.items():
            runs[name].append(contender())
    times = {
        name: median(seconds_to(NLL, epochs) for epochs in every) for name, every in runs.items()
    }
    ours = times.pop("neonym")
    return {
        "benchmark": "long list",
        "names": COUNT,
        "nll": NLL,
        "reached": {name: every[0][-1][1] for name, every in runs.items()},
        "cell": options.model.cell,
        "hidden": options.model.hidden_size,
        "batch": options.train.batch_size,
        "layers": options.model.num_layers,
        "threads": threads,
        "neonym": ours,
        "peers": times,
        "ratio": min(times.values()) / ours,
        "sgemm_share": None,
    }


def main() -> None:
    """Measure on all threads, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, help="measure here with so many; for internal use")
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    if options.threads:
        importlib.import_module("torch").set_num_threads(options.threads)
        print(json.dumps(measure(options.threads, options.rounds)), flush=True)
        return
    threads = os.cpu_count() or 1
    arguments = ("--threads", str(threads), "--rounds", str(options.rounds))
    replace_results(("long list",), in_process("long_list", *arguments, threads=threads))


if __name__ == "__main__":
    main()
