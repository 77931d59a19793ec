"""How well short lists are learned: from the base model, from nothing, and by the best n-gram.

`python -m benchmarks.base_table` (needs the packages of `make base`)

Nats a token on 250 names that were held out, of lists that the base model has not seen (see
`benchmarks.base_names`). Networks are those of the epoch that is best on the held-out names, the
n-gram is of the order that is best on them: what each can reach, not what a choice without them
does reach.
"""

import argparse
import random
from pathlib import Path
from statistics import fmean, stdev
from typing import NamedTuple

import numpy as np
import yaml
from benchmarks.base_names import measured_lists

from neonym.base.types import Ids
from neonym.corpus.vocabulary import Vocabulary
from neonym.experiment import Configuration
from neonym.lab.composing.composition import compose_text
from neonym.models.ngram import fit
from neonym.models.starting import BASE, load_start
from neonym.training.learner import Beginning
from neonym.training.loop import mean_nll, train

SIZES = (30, 100, 300, 1000)
HELD_OUT = 250
ORDERS = range(1, 7)
# From nothing, a tenth of the default's batch for a tenth of its names
BATCH = {30: 8, 100: 16, 300: 32, 1000: 64}


class Row(NamedTuple):
    """Nats a token on the held-out names, and the best epochs of the networks."""

    ngram: float
    scratch: float
    base: float
    epochs: tuple[int, int]


def measure(kind: str, size: int, seed: int) -> Row:
    """Learn `size` names of a list, drawn by the seed."""
    names = list(measured_lists()[kind])
    vocabulary = Vocabulary.from_names(names, "character")
    random.Random(seed).shuffle(names)
    ids = vocabulary.encode_all(names)
    known, held_out = ids[:size], ids[-HELD_OUT:]
    ngrams = (fit(known, len(vocabulary), order) for order in ORDERS)
    beginning = Beginning(load_start(BASE), vocabulary)
    scratch = learn(
        [f"train.batch_size={BATCH[size]}", f"seed={seed}"], known, held_out, len(vocabulary)
    )
    base = learn(
        ["experiment=short_list", f"seed={seed}"], known, held_out, len(vocabulary), beginning
    )
    return Row(
        min(mean_nll(ngram, held_out) for ngram in ngrams),  # type: ignore[arg-type]
        scratch[0],
        base[0],
        (scratch[1], base[1]),
    )


def learn(
    overrides: list[str],
    known: list[Ids],
    held_out: list[Ids],
    symbols: int,
    beginning: Beginning | None = None,
) -> tuple[float, int]:
    """The lowest nats a token, and its epoch."""
    text = compose_text(Path("conf").resolve(), Configuration, overrides)
    configuration = Configuration.validated(yaml.safe_load(text), "conf")
    result = train(known, held_out, symbols, configuration, beginning=beginning)
    return result.best_val_nll, result.best_epoch


def main() -> None:
    """Print the table, mean and standard error over lists and seeds, and each list."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    arguments = parser.parse_args()
    print("| list | names | n-gram | from nothing | from the base | epochs |")
    print("|---|---:|---:|---:|---:|---:|")
    for size in arguments.sizes:
        rows = {}
        for kind in measured_lists():
            rows[kind] = [measure(kind, size, seed) for seed in range(arguments.seeds)]
            show(kind, size, rows[kind])
        show("all", size, [row for each in rows.values() for row in each])


def show(kind: str, size: int, rows: list[Row]) -> None:
    """Print the means, and of all lists how far the base is below the others."""
    ngram, scratch, base = (np.mean([row[place] for row in rows]) for place in range(3))
    epochs = fmean(row.epochs[1] for row in rows)
    print(f"| {kind} | {size} | {ngram:.3f} | {scratch:.3f} | {base:.3f} | {epochs:.0f} |")
    if kind == "all":
        for what, gaps in (
            ("n-gram", [row.ngram - row.base for row in rows]),
            ("from nothing", [row.scratch - row.base for row in rows]),
        ):
            error = stdev(gaps) / len(gaps) ** 0.5
            print(f"| below {what} | {size} | | | {fmean(gaps):.3f} ± {error:.3f} | |", flush=True)


if __name__ == "__main__":
    main()
