"""How well short lists are learned: from the base model, from nothing, and by the best n-gram.

`python -m benchmarks.base_table` (needs the packages of `make base`)

Nats a token on 250 names that were held out, of lists that the base model has not seen (see
`benchmarks.base_names`). From the base it is as `neonym learn` does it, which chooses the epoch
without these names; what the best epoch would give stands beside it. The n-gram is of the order,
and the network from nothing of the epoch, that is best on the held-out names: what each can reach,
not what a choice without them does reach.
"""

import argparse
import random
from pathlib import Path
from statistics import fmean, stdev
from typing import NamedTuple

import yaml
from benchmarks.base_names import measured_lists

from neonym.base.types import Ids
from neonym.corpus.reading import to_corpus
from neonym.corpus.splits import split_names
from neonym.corpus.vocabulary import Vocabulary
from neonym.experiment import Configuration
from neonym.lab.composing.composition import compose_text
from neonym.models.ngram import fit
from neonym.steps.learning import Plan, plan, reading
from neonym.training.learner import Beginning
from neonym.training.loop import TrainingResult, mean_nll, train

SIZES = (30, 100, 300, 1000)
HELD_OUT = 250
ORDERS = range(1, 7)
# From nothing, a tenth of the default's batch for a tenth of its names
BATCH = {30: 8, 100: 16, 300: 32, 1000: 64}


class Row(NamedTuple):
    """Nats a token on the held-out names, and the epoch that was chosen without them."""

    ngram: float
    scratch: float
    base: float
    best: float
    epoch: int


def measure(kind: str, size: int, seed: int) -> Row:
    """Learn `size` names of a list, drawn by the seed."""
    names = list(measured_lists()[kind])
    vocabulary = Vocabulary.from_names(names, "character")
    random.Random(seed).shuffle(names)
    known, held_out = names[:size], names[-HELD_OUT:]
    ids, judging = vocabulary.encode_all(known), vocabulary.encode_all(held_out)
    ngrams = (fit(ids, len(vocabulary), order) for order in ORDERS)
    scratch = from_nothing(ids, judging, len(vocabulary), seed)
    chosen = planned(known, seed)
    base = from_base(chosen, known, vocabulary)
    best = best_from_base(chosen, ids, judging, vocabulary)
    return Row(
        min(mean_nll(ngram, judging) for ngram in ngrams),  # type: ignore[arg-type]
        scratch.best_val_nll,
        mean_nll(base.network, judging),
        best.best_val_nll,
        base.best_epoch,
    )


def from_nothing(known: list[Ids], held_out: list[Ids], symbols: int, seed: int) -> TrainingResult:
    """The default network, at the epoch that is best on the held-out names."""
    overrides = [f"train.batch_size={BATCH[len(known)]}", f"seed={seed}"]
    text = compose_text(Path("conf").resolve(), Configuration, overrides)
    configuration = Configuration.validated(yaml.safe_load(text), "conf")
    return train(known, held_out, symbols, configuration)


def planned(names: list[str], seed: int) -> Plan:
    """How `neonym learn` would learn a list, beginning with the base model."""
    settings = reading(path="list", separator="line").model_copy(update={"seed": seed})
    chosen = plan(to_corpus("\n".join(names).encode(), "list", settings.data), settings)
    assert chosen.start
    return chosen


def from_base(chosen: Plan, names: list[str], vocabulary: Vocabulary) -> TrainingResult:
    """The network that `neonym learn` makes of these names, with all letters of the list."""
    learned, val = names, list[str]()
    if not chosen.settings.train.folds:
        split = split_names(names, chosen.settings.data.split)
        learned, val = [*split.train, *split.test], split.val
    ids, val_ids = vocabulary.encode_all(learned), vocabulary.encode_all(val)
    return train(
        ids, val_ids, len(vocabulary), chosen.settings, beginning=_beginning(chosen, vocabulary)
    )


def best_from_base(
    chosen: Plan, known: list[Ids], held_out: list[Ids], vocabulary: Vocabulary
) -> TrainingResult:
    """The network of the epoch that is best on the held-out names."""
    options = chosen.settings.train.model_copy(update={"folds": None})
    settings = chosen.settings.model_copy(update={"train": options})
    beginning = _beginning(chosen, vocabulary)
    return train(known, held_out, len(vocabulary), settings, beginning=beginning)


def _beginning(chosen: Plan, vocabulary: Vocabulary) -> Beginning | None:
    return Beginning(chosen.start, vocabulary) if chosen.start else None


def main() -> None:
    """Print the table, mean and standard error over lists and seeds, and each list."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    arguments = parser.parse_args()
    print("| list | names | n-gram | from nothing | from the base | at its best | epochs |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for size in arguments.sizes:
        rows = {}
        for kind in measured_lists():
            rows[kind] = [measure(kind, size, seed) for seed in range(arguments.seeds)]
            show(kind, size, rows[kind])
        show("all", size, [row for each in rows.values() for row in each])


def show(kind: str, size: int, rows: list[Row]) -> None:
    """Print the means, and of all lists how far the base is below the others."""
    *nats, epoch = (fmean(column) for column in zip(*rows, strict=True))
    cells = " | ".join(f"{value:.3f}" for value in nats)
    print(f"| {kind} | {size} | {cells} | {epoch:.0f} |", flush=True)
    if kind == "all":
        for what, gaps in (
            ("n-gram", [row.ngram - row.base for row in rows]),
            ("from nothing", [row.scratch - row.base for row in rows]),
        ):
            error = stdev(gaps) / len(gaps) ** 0.5
            print(
                f"| below {what} | {size} | | | {fmean(gaps):.3f} ± {error:.3f} | | |", flush=True
            )


if __name__ == "__main__":
    main()
